"""The bench page: what the boards of one host do, for people with a browser, and what they may do about it."""
