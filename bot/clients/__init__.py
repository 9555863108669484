"""One door per outside system."""
