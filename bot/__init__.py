"""Plumbline reviews GitHub pull requests and accounts for every changed line."""

__version__ = "0.1.0"
