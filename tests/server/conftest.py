"""The databases that the tests of this folder work on."""

from tests.databases import either, postgres, postgres_server, postgres_url, url

__all__ = ["either", "postgres", "postgres_server", "postgres_url", "url"]
