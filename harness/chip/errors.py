"""Errors of the chip layer: what a chip can do wrong, and the codes behind it."""

from harness.chip.apdu import Command
from harness.errors import DeviceError
from harness.id2.codes import StatusWord, describe_status


class ChipError(DeviceError):
    """The chip did something wrong."""


class FramingError(ChipError):
    """The frame around an APDU is wrong or late; `code` is the driver's number or the chip's frame status.

    Attributes:
        spoke: Whether what came shows that it was the chip that spoke, and no empty bus or other device.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        transport: str = "",
        code: int | None = None,
        spoke: bool = False,
    ) -> None:
        super().__init__(message, hint=hint, transport=transport, code=code)
        self.spoke = spoke


class ChipTimeoutError(ChipError):
    """A chip that had answered before gave no answer in its time; whether it is still there, this does not say."""


class FrameTimeoutError(FramingError, ChipTimeoutError):
    """No frame came in time."""


class AnswerError(ChipError):
    """What came is no answer to the command: wrong length, wrong form, wrong check sum."""


class AnswerTimeoutError(AnswerError, ChipTimeoutError):
    """No answer came in time, or not the whole of it."""


class StatusError(ChipError):
    """The chip refused a command.

    Attributes:
        sw: The status word, 0x0000 to 0xFFFF.
        status: The same as an enum member; None for one that is not listed, or that
            belongs to a family (61xx, 63Cx, 6Cxx, 95xx).
        command: The refused command.
    """

    def __init__(
        self, command: Command, sw: int, *, message: str = "", hint: str = "", transport: str = ""
    ) -> None:
        described = describe_status(sw)
        super().__init__(
            message or f"{command} was refused with {sw:04X}: {described.meaning}",
            hint=hint or described.hint,
            transport=transport,
            code=sw,
        )
        self.sw = sw
        self.status = StatusWord[described.name] if described.name else None
        self.command = command


class PinError(StatusError):
    """A PIN was wrong, or is blocked.

    Attributes:
        tries_left: How often it may still be tried; 0 when it is blocked.
    """

    def __init__(self, command: Command, sw: int, tries_left: int, *, transport: str = "") -> None:
        left = f"{tries_left} tries left" if tries_left else "the PIN is blocked"
        super().__init__(
            command, sw, message=f"{command.name} was refused with {sw:04X}: {left}", transport=transport
        )
        self.tries_left = tries_left
