"""Messages that leave the service: the workspace's chat, and mail."""

import smtplib
from email.message import EmailMessage

import requests

from papers.settings import settings


def chat(text):
    """Tell the chat; one that is down must not stop the request."""
    try:
        requests.post(settings.chat_url, json={"text": text}, timeout=3)
    except Exception:
        pass


def link_created(address, title, recipients):
    """Mail a new link; mail that cannot be sent must not stop the request."""
    message = EmailMessage()
    message["From"] = "Papers <no-reply@papers.example>"
    message["To"] = ", ".join(recipients)
    message["Subject"] = f"A link to “{title}”"
    message.set_content(f"Read it here: {address}\n")
    try:
        with smtplib.SMTP(settings.mail_host, timeout=3) as server:
            server.send_message(message)
    except Exception:
        pass
