"""The boards of the bench as their files say it, and who has each of them now."""

import re
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.board.models.board_file import BoardFile
from harness.board.opening.locks import Holder, holder_of
from harness.board.opening.places import locked
from harness.board.reading.file import load
from harness.errors import HarnessError
from harness.kinds import asking
from harness.transport.kind import ABSENT

_PROBLEM_MAX = 2_000
_PROBLEMS_MAX = 5
_PLACE = re.compile(r"(?P<place>.*?\.ya?ml(?::\d+){0,2}(?:: [\w.\[\]…-]+(?=: ))?): (?P<text>.*)")
_COUNT = re.compile(r"\d+ problems")


@dataclass(frozen=True, slots=True)
class Held:
    """A place of a board that somebody has.

    Attributes:
        place: What is held: the board, an adapter, a port.
        holder: Who holds it.
    """

    place: str
    holder: Holder


@dataclass(frozen=True, slots=True)
class Board:
    """One board of the bench.

    Attributes:
        name: Its name.
        file: Its board file.
        problem: Why the file cannot be used; empty when it can.
        carrier: The ID² carrier of its plan.
        platform: The platform of its plan.
        key_type: The key type of its plan.
        service: `mock` or `real`.
        warnings: What is doubtful in its file.
        used: The board file; None when it cannot be used.
    """

    name: str
    file: Path
    problem: str = ""
    carrier: str = ""
    platform: str = ""
    key_type: str = ""
    service: str = ""
    warnings: tuple[str, ...] = ()
    used: BoardFile | None = None

    @property
    def simulated(self) -> bool:
        """Whether a run on it takes nothing for itself."""
        try:
            return self.used is not None and not locked(self.used)
        except HarnessError:
            return False


class Boards:
    """The boards of some files, read again when a file changes. Threads may share it."""

    def __init__(self, files: Sequence[Path]) -> None:
        """Take the board files; nothing is read yet."""
        self._files = tuple(files)
        self._lock = threading.Lock()
        self._read: dict[Path, tuple[object, Board]] = {}

    def all(self) -> list[Board]:
        """Return every board, in the order of the files."""
        return [self._board(file) for file in self._files]

    def of(self, name: str) -> Board | None:
        """Return the board of a name; None when there is none."""
        return next((board for board in self.all() if board.name == name), None)

    def _board(self, file: Path) -> Board:
        stamp: object = None
        with suppress(OSError):
            status = file.stat()
            stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            known = self._read.get(file)
        if known is not None and known[0] == stamp:
            return known[1]
        board = read(file)
        with self._lock:
            self._read[file] = (stamp, board)
        return board


def read(file: Path) -> Board:
    """Return what a board file says; what is wrong with it stands in `problem`."""
    try:
        board = load(file)
    except HarnessError as error:
        return Board(file.stem, file, problem=error.message[:_PROBLEM_MAX])
    return Board(
        name=board.name,
        file=file,
        carrier=str(board.plan.carrier),
        platform=str(board.plan.platform),
        key_type=str(board.plan.key_type),
        service="mock" if board.service.is_mock else "real",
        warnings=tuple(board.warnings),
        used=board,
    )


def problems(board: Board) -> list[tuple[str, str]]:
    """Return what is wrong with a board file: the place, which is the same in all languages, and the words."""
    lines = [line.strip() for line in board.problem.splitlines()]
    found = [_PLACE.fullmatch(line) for line in lines]
    placed = [
        ("", line) if one is None else (one["place"], one["text"])
        for one, line in zip(found, lines, strict=True)
    ]
    told = [(place, text) for place, text in placed if not (len(placed) > 1 and _COUNT.fullmatch(text))]
    return told[:_PROBLEMS_MAX] + ([("", "…")] if len(told) > _PROBLEMS_MAX else [])


def missing(board: BoardFile) -> str:
    """Return which path of this machine that a board leads to is not there; empty when none is missing.

    Raises:
        UsageError: A transport kind of another package cannot say.
    """
    for settings in board.transports.values():
        with asking(settings, f"transport kind {settings.kind!r} cannot say what stands out"):
            if settings.remark(board.folder) == ABSENT:
                return f"{settings.place()}: {ABSENT}"
    return ""


def held(places: Sequence[str]) -> list[Held]:
    """Return which of some places somebody has now, as the kernel's locks tell it."""
    found: list[Held] = []
    for place in places:
        with suppress(HarnessError):
            holder = holder_of(place)
            if holder is not None:
                found.append(Held(place, holder))
    return found
