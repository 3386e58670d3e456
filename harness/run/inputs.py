"""What a run takes from chance and from the clock and shows to the device: kept, so that the run can be replayed.

A device's answer to a challenge is worth something only beside that challenge. So a replay draws the recorded
challenges again, in the recorded order, each purpose in a row of its own.

The file `inputs.jsonl` in the run folder holds one value a line: `{"for":"device random","x":"00ff…"}` or
`{"for":"service time","n":1790000000000}`. None of them is secret: a device or an auth code shows each of them.
"""

import json
import os
import secrets
import stat
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from harness.disk import writing
from harness.errors import BenchError, UsageError

FILE = "inputs.jsonl"
"""Name of the file in a run folder."""

_MAX_BYTES = 64 << 20


class Inputs(Protocol):
    """Where a run takes its random bytes and its times from."""

    def random(self, purpose: str, size: int) -> bytes:
        """Return `size` random bytes."""

    def number(self, purpose: str, now: Callable[[], int]) -> int:
        """Return a number that `now` tells, such as the time."""

    def begin(self) -> None:
        """Make the file that the values are written down in: a run that takes none has an empty one."""


def require_regular(path: Path) -> None:
    """Check that a file of a run is there and is a file: a named pipe in its place would never end.

    Raises:
        UsageError: it is missing or something else; the message names it.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such file: the run folder is not whole",
            hint="replay a run folder that nobody has changed",
        ) from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path}: is not a regular file", hint="replay a run folder that nobody has changed")


def drawing(inputs: Inputs, purpose: str) -> Callable[[int], bytes]:
    """Return a source of random bytes for one purpose."""
    return lambda size: inputs.random(purpose, size)


class RecordedInputs:
    """Fresh values, each written down before it is used. Any thread may take some.

    Args:
        path: Returns the file; it is asked when the first value is taken.
    """

    def __init__(self, path: Callable[[], Path]) -> None:
        self._notebook = _Notebook(path)

    def begin(self) -> None:
        """Make the file.

        Raises:
            BenchError: the disk refuses.
        """
        self._notebook.add(b"")

    def random(self, purpose: str, size: int) -> bytes:
        """Return `size` bytes of the system's randomness.

        Raises:
            BenchError: the disk refuses.
        """
        value = secrets.token_bytes(size)
        self._notebook.write(purpose, value)
        return value

    def number(self, purpose: str, now: Callable[[], int]) -> int:
        """Return what `now` tells.

        Raises:
            BenchError: the disk refuses.
        """
        value = now()
        self._notebook.write(purpose, value)
        return value


class _Notebook:
    """The file that values are written down in; any thread may write."""

    def __init__(self, path: Callable[[], Path]) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write(self, purpose: str, value: bytes | int) -> None:
        """Write one value down.

        Raises:
            BenchError: the disk refuses.
        """
        record: dict[str, str | int] = {"for": purpose}
        if isinstance(value, bytes):
            record["x"] = value.hex()
        else:
            record["n"] = value
        self.add(json.dumps(record).encode() + b"\n")

    def add(self, line: bytes) -> None:
        """Add a line to the file, which is made if need be.

        Raises:
            BenchError: the disk refuses.
        """
        path = self._path()
        with self._lock, writing(path):
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            try:
                os.write(file, line)
            finally:
                os.close(file)


class ReplayedInputs:
    """The values of a recorded run, in their order. Any thread may take some.

    Args:
        run: The folder of the recorded run.
        path: Returns the file in which the values are written down again, so that a replay can be replayed.
        kept: Whether the run has such a file; the first runs kept nothing, and have no value to give.

    Raises:
        UsageError: the run has no such file, or it is none.
    """

    def __init__(self, run: Path, path: Callable[[], Path], *, kept: bool = True) -> None:
        self._path = run / FILE
        self._notebook = _Notebook(path)
        self._lock = threading.Lock()
        self._values: defaultdict[str, deque[bytes | int]] = defaultdict(deque)
        if kept:
            self._load()

    def _load(self) -> None:
        require_regular(self._path)
        try:
            with self._path.open("rb") as file:
                data = file.read(_MAX_BYTES + 1)
        except OSError as error:
            raise UsageError(
                f"{self._path}: cannot be read: {(error.strerror or str(error)).lower()}"
            ) from error
        if len(data) > _MAX_BYTES:
            raise UsageError(f"{self._path}: holds more than {_MAX_BYTES} bytes: no run takes that many")
        for number, line in enumerate(data.splitlines(keepends=True), 1):
            if line.endswith(b"\n"):  # else its writer was killed
                self._take(line, number)

    def begin(self) -> None:
        """Make the file of this run.

        Raises:
            BenchError: the disk refuses.
        """
        self._notebook.add(b"")

    def random(self, purpose: str, size: int) -> bytes:
        """Return the next recorded bytes for this purpose.

        Raises:
            BenchError: there are none left, or they are of another size: the run does not follow the recorded one.
        """
        value = self._next(purpose)
        if not isinstance(value, bytes) or len(value) != size:
            raise self._differs(
                f"{size} bytes for {purpose!r} are asked for, the recorded run took another value"
            )
        self._notebook.write(purpose, value)
        return value

    def number(self, purpose: str, now: Callable[[], int]) -> int:
        """Return the next recorded number for this purpose; `now` is not asked.

        Raises:
            BenchError: as for `random`.
        """
        del now
        value = self._next(purpose)
        if not isinstance(value, int):
            raise self._differs(f"a number for {purpose!r} is asked for, the recorded run took bytes")
        self._notebook.write(purpose, value)
        return value

    def _take(self, line: bytes, number: int) -> None:
        try:
            record = json.loads(line)
            value = bytes.fromhex(record["x"]) if "x" in record else record["n"]
            if not isinstance(value, bytes | int):
                raise TypeError("a number of a run is whole")  # noqa: TRY301 - one sentence for all of them
            self._values[str(record["for"])].append(value)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UsageError(f"{self._path}:{number}: is no value of a run") from error

    def _next(self, purpose: str) -> bytes | int:
        with self._lock:
            row = self._values.get(purpose)
            if not row:
                raise self._differs(f"one more {purpose!r} is asked for than the recorded run took")
            return row.popleft()

    def _differs(self, problem: str) -> BenchError:
        return BenchError(
            f"{self._path}: the run does not follow the recorded one: {problem}",
            hint="replay with the board file, the suites and the harness that it was recorded with",
        )
