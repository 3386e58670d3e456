"""Hardware-in-the-loop harness for ID² boards and chips."""

__version__ = "0.1.0"
