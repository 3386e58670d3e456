"""Errors that a caller of a transport decides by; everything else is a plain `BenchError`."""

from harness.errors import BenchError, DeviceError


class I2cNack(BenchError):  # noqa: N818 - the bus's own word for it
    """The addressed device did not acknowledge: it is absent, unpowered, or busy and to be asked again."""


class Silent(BenchError):  # noqa: N818 - says what happened
    """What was asked gave no answer in its time; whether it is still there, this does not say."""


class UsbSilent(Silent):
    """A USB device brought nothing, or took nothing, in its time."""


class UsbStall(DeviceError):  # noqa: N818 - the bus's own word for it
    """A USB device halted an endpoint or refused a request: it answers, and it says no."""


class CardAbsent(BenchError):  # noqa: N818 - says what happened
    """There is no card in the reader, or it was taken out."""
