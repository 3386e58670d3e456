"""What the console answers: one module for each item of its menu."""
