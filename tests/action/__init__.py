"""The Action, as its runner runs it."""
