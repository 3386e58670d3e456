"""What can go wrong between the harness and a probe, each with who must act."""

from harness.errors import BenchError, DeviceError


class NoProbeError(BenchError):
    """Nothing answers as a probe, or nothing that this harness can talk to."""


class ProbeTooSmallError(NoProbeError):
    """A call does not fit into the buffers of a probe; other calls do."""


class UnansweredCallError(NoProbeError):
    """A call was acknowledged and never came back: it may have been carried out.

    That alone is no evidence against a device; a scenario that asks for an end of the call may make it one.
    """


class CallLostError(BenchError):
    """The board started anew, and nobody had asked for it: what it knew is gone, and so is a call that was running."""


class CrashedError(DeviceError):
    """The board started anew in the middle of a call, and its console shows a crash."""


class MissingFunctionError(DeviceError):
    """The firmware does not have a function.

    Attributes:
        function: Its three letters.
    """

    def __init__(self, message: str, function: str, *, hint: str = "", transport: str = "") -> None:
        super().__init__(message, hint=hint, transport=transport)
        self.function = function


class ProbeProtocolError(DeviceError):
    """A reply with a right check sum holds what no probe says."""
