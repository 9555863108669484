"""Tests of the decisions: values in, values out."""
