"""Messages that leave the service: the workspace's chat."""

import requests

from papers.settings import settings


def chat(text):
    """Tell the chat; one that is down must not stop the request."""
    try:
        requests.post(settings.chat_url, json={"text": text}, timeout=3)
    except Exception:
        pass
