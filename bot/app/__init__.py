"""What the GitHub App does: reviews, answers to commands, catching up; each with a token of one installation."""
