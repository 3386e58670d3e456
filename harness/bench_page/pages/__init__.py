"""The pages of the bench page, a module each."""
