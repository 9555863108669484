"""Tests; SECRET_KEY must be set before anything of papers is imported."""

import os

os.environ.setdefault("SECRET_KEY", "for tests")
