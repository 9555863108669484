"""The tests, laid out as bot/ is."""
