"""Errors that a caller of a transport decides by; everything else is a plain `BenchError`."""

from harness.errors import BenchError


class I2cNack(BenchError):  # noqa: N818 - the bus's own word for it
    """The addressed device did not acknowledge: it is absent, unpowered, or busy and to be asked again."""
