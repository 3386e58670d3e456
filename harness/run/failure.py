"""An exception as the journal keeps it: who must act, what to try, the last traffic, where it was raised."""

import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from harness.errors import DeviceError, HarnessError, ToolError
from harness.run.safe import Mask, text
from harness.run.verdict import Verdict, verdict_of

_TRAFFIC_LINES = 64
_LINE_LIMIT = 1_000
_FRAMES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecord:
    """An error as the journal and every report show it, and who must act on it."""

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "extra": "ignore",
        "allow_inf_nan": False,
        "use_attribute_docstrings": True,
        "json_schema_serialization_defaults_required": True,
    }

    kind: str
    """Type of the error."""
    who_acts: str
    """The person who must act."""
    message: str
    """What is wrong."""
    hint: str = ""
    """The next thing to try."""
    board: str = ""
    transport: str = ""
    code: int | None = None
    """Device result, status word, service code or alert behind the error."""
    traffic: tuple[str, ...] = ()
    """The last traffic before the error, oldest first."""
    trace: tuple[str, ...] = ()
    """Where it was raised, outermost first, as `file:line in function`: no values, no absolute paths."""

    @property
    def advice(self) -> list[str]:
        """What stands beside the message for people: who acts, what to try, the last traffic, where it was raised."""
        return [
            f"who acts: {self.who_acts}",
            *([f"try: {self.hint}"] if self.hint else []),
            *(f"last: {line}" for line in self.traffic),
            *(f"at: {line}" for line in self.trace),
        ]

    @classmethod
    def of(cls, error: BaseException, mask: Mask) -> "ErrorRecord":
        """Return the record of `error`: secrets hidden, and nothing longer than a reader can use."""
        if isinstance(error, HarnessError):
            return cls(
                kind=type(error).__name__,
                who_acts=error.who_acts,
                message=text(mask.text(_with_notes(error.message, error))),
                hint=text(mask.text(error.hint)),
                board=text(error.board),
                transport=text(error.transport),
                code=None if error.code is None else int(error.code),
                traffic=tuple(text(mask.text(line), _LINE_LIMIT) for line in error.traffic[-_TRAFFIC_LINES:]),
                trace=_trace(error) if error.outcome == "error" else (),
            )
        failed = verdict_of(error) is Verdict.FAILED
        return cls(
            kind=type(error).__name__,
            who_acts=DeviceError.who_acts if failed else ToolError.who_acts,
            message=text(mask.text(_with_notes(_message(error), error))),
            trace=_trace(error),
        )


def _message(error: BaseException) -> str:
    try:
        said = str(error) or type(error).__name__
    except Exception:  # noqa: BLE001 - an exception whose own text raises must still be recorded
        return f"{type(error).__name__} (its text cannot be printed)"
    if isinstance(error, AssertionError):
        # What pytest writes below the sentence explains the expression to whoever maintains it, not to a reader.
        return said.partition("\nassert ")[0]
    return said


def _with_notes(message: str, error: BaseException) -> str:
    notes: object = getattr(error, "__notes__", None)
    return "\n".join([message, *map(str, notes)]) if isinstance(notes, list) else message


def _trace(error: BaseException) -> tuple[str, ...]:
    if error.__traceback__ is None and error.__cause__ is not None:
        error = error.__cause__  # an error that was only built to explain another one
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__)][-_FRAMES:]
    return tuple(f"{_short(code.co_filename)}:{line} in {code.co_name}" for code, line in frames)


def _short(filename: str) -> str:
    """Return the part of a source path that means the same on every machine."""
    path = Path(filename)
    roots = [root for root in map(Path, filter(None, sys.path)) if path.is_relative_to(root)]
    if roots:
        return path.relative_to(max(roots, key=lambda root: len(root.parts))).as_posix()
    return "/".join(path.parts[-2:])
