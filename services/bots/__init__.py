"""The bots: which there are, and how each is doing."""
