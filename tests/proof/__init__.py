"""Slower proofs of the service: `make proof` runs them, and their figures stand in its output."""
