"""The conformance list of the model's wire: one test for each case, named by its number, over a real socket."""
