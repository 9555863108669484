"""Values that are asked for often, kept for a while in this process."""

import threading
import time

from papers.settings import settings

_entries = {}
_lock = threading.Lock()


def get(key):
    with _lock:
        value, until = _entries.get(key, (None, 0.0))
        if until < time.monotonic():
            _entries.pop(key, None)
            return None
        return value


def put(key, value):
    with _lock:
        _entries[key] = (value, time.monotonic() + settings.cache_seconds)


def forget(key):
    with _lock:
        _entries.pop(key, None)
