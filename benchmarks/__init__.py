"""What the product costs in time and memory, measured: `make bench`."""
