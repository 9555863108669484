"""Stateful stand-ins of the outside systems, over real HTTP on 127.0.0.1."""
