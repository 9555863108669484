"""How good reviews are: whether a model is shown what it needs to see a defect, and what comes of that."""
