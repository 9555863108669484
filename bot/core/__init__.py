"""Decisions: pure functions of values; no clock, disk, network, environment or logging."""
