"""Tests of the doors to outside systems, over the real thing."""
