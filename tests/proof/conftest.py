"""Nothing here runs unless it is asked for: HYPOTHESIS_PROFILE=proof, as `make proof` sets it."""

import os

from tests.databases import either, postgres, postgres_server, postgres_url, url

__all__ = ["either", "postgres", "postgres_server", "postgres_url", "url"]

collect_ignore_glob = [] if os.environ.get("HYPOTHESIS_PROFILE") == "proof" else ["test_*.py"]
