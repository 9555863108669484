"""The databases that the tests of this folder work on."""

from tests.databases import postgres, postgres_server, postgres_url, url

__all__ = ["postgres", "postgres_server", "postgres_url", "url"]
