"""Tests of durable jobs, with the real engine."""
