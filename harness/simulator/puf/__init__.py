"""Simulated boards whose ID² key is that of a PUF: an ECC key that the chip makes of itself."""
