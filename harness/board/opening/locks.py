"""One board, one run: locks on this machine that name their holder and die with the process.

Each lock is a `flock` on a file in one machine-wide folder, so a killed run leaves nothing to clean up.
Beside it lies a small file that says who holds it; it is only for people, a stale one means nothing.
"""

import hashlib
import json
import os
import pwd
import re
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import FileLock, Timeout

from harness.errors import BenchError
from harness.settings.problems import printable

FOLDER_NAME = "id2-harness"
FOLDER_VARIABLE = "HARNESS_LOCKS"
IN_USE = "is in use by"
"""What the message says of a lock that another run holds: that run is no fault of the board, nor of the bench."""

_MAX_HOLDER_BYTES = 4096
_KERNEL_LOCKS = Path("/proc/locks")
_PLACE = 5  # place of the file in a line of it
_EVERYONE = 0o666
_EVERYONE_FOLDER = 0o1777  # everybody may add, nobody may take away what another has put there
_RUN_LOCK = Path("/run/lock")
_TEMPORARY = Path("/tmp")  # noqa: S108 - the same folder for everybody, whatever a user's TMPDIR says


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock.

    Attributes:
        pid: Process id.
        user: Login name.
        since: When the lock was taken, ISO 8601 in UTC; empty, as are the fields below, when no note says it.
        board: Name of the board.
        run: Name of the run, empty when there is none.
    """

    pid: int
    user: str
    since: str = ""
    board: str = ""
    run: str = ""

    def __str__(self) -> str:
        told = (("since", self.since), ("board", self.board), ("run", self.run))
        return ", ".join(
            [f"pid {self.pid}, user {self.user}", *(f"{name} {text}" for name, text in told if text)]
        )


class Locks:
    """Takes several locks at once, or none.

    Args:
        names: What is locked, in words, e.g. `board lab-1` or `/dev/ttyUSB0`.
        board: Name of the board, for the holder's note and for messages.
        run: Name of the run, for the holder's note.
        folder: Where the lock files are; the machine-wide folder when left out.
        wait: Seconds to wait for all locks together.
        on_wait: Told, in one sentence that names the holder, for what it begins to wait.
    """

    def __init__(
        self,
        names: Sequence[str],
        *,
        board: str,
        run: str = "",
        folder: Path | None = None,
        wait: float = 0,
        on_wait: Callable[[str], None] | None = None,
    ) -> None:
        self._names = sorted(set(names))  # one order for everyone, so that two runs never wait for each other
        self._board = board
        self._run = run
        self._folder = folder
        self._wait = wait
        self._on_wait = on_wait
        self._held = ExitStack()

    @property
    def names(self) -> tuple[str, ...]:
        """What is locked, in words."""
        return tuple(self._names)

    def acquire(self) -> None:
        """Take all locks.

        Raises:
            BenchError: One is held; the message names the holder. Or the lock folder cannot be used.
        """
        if not self._names:
            return
        folder = self._folder or machine_folder()
        deadline = time.monotonic() + self._wait
        with ExitStack() as stack:
            for name in self._names:
                stack.enter_context(self._one(folder, name, deadline))
            self._held = stack.pop_all()

    def release(self) -> None:
        """Let all locks go; may be called more than once."""
        self._held.close()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _one(self, folder: Path, name: str, deadline: float) -> "_Lock":
        """Return a lock that is held; a run that has to wait says so first."""
        try:
            return _Lock(folder, name, self._holder(), 0).taken()
        except LockedError as busy:
            left = deadline - time.monotonic()
            if left <= 0:
                raise
            if self._on_wait is not None:
                self._on_wait(f"{busy.message}; waiting for it, {left:.0f} s at most")
            return _Lock(folder, name, self._holder(), left).taken()

    def _holder(self) -> Holder:
        return Holder(
            os.getpid(), user_name(), datetime.now(UTC).isoformat(timespec="seconds"), self._board, self._run
        )


class LockedError(BenchError):
    """Another run holds what is to be locked."""


class _Lock:
    def __init__(self, folder: Path, name: str, holder: Holder, wait: float) -> None:
        stem = _file_stem(name)
        self._name = name
        self._holder = holder
        self._file = folder / f"{stem}.lock"
        self._note = _note_of_mine(folder, stem)
        # Not `thread_local`: a run may take its locks in one thread and end in another.
        self._lock = FileLock(self._file, timeout=wait, mode=_EVERYONE, thread_local=False)

    def taken(self) -> Self:
        """Take the lock, within its time.

        Raises:
            LockedError: It is held by another.
            BenchError: The lock folder cannot be used.
        """
        try:
            self._lock.acquire()
        except Timeout:
            raise self._busy() from None
        except OSError as error:
            raise BenchError(
                f"{self._name}: the lock {self._lock.lock_file} cannot be taken: {_reason(error)}",
                hint=f"make the folder writable, or set {FOLDER_VARIABLE} to one that is",
            ) from None
        _write_note(self._note, self._holder)
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # the note is for people only; the lock must be let go in any case
            self._note.unlink(missing_ok=True)
        self._lock.release()

    def _busy(self) -> LockedError:
        # A holder in another container is not in this one's list; its note is.
        folder, stem = self._file.parent, self._file.stem
        holder = _holder_now(folder, stem) or next(_known_holders(folder, stem), None)
        who = str(holder) if holder else "another process, which left no note"
        return LockedError(
            f"{self._name} {IN_USE} {who}",
            hint=f"wait for it: harness run {self._holder.board or 'BOARD'} --wait 600; or ask who holds it to end it",
            board=self._holder.board,
        )


def machine_folder() -> Path:
    """Return the folder of the locks of this machine, made if need be.

    It is `$HARNESS_LOCKS`, else a folder in `/run/lock` where everybody may write there, else one in `/tmp`.
    Who asks plays no part in the choice, root included: locks in two folders would keep nobody out.

    Raises:
        BenchError: It cannot be made or used.
    """
    named = os.environ.get(FOLDER_VARIABLE, "")
    place = Path(named) if named else (_RUN_LOCK if _is_for_everyone(_RUN_LOCK) else _TEMPORARY) / FOLDER_NAME
    if _usable(place):
        return place
    raise BenchError(
        f"no folder for locks: {place} cannot be written to",
        hint=f"set {FOLDER_VARIABLE} to a folder that every user of this machine can write to",
    )


def holder_of(name: str, folder: Path | None = None) -> Holder | None:
    """Return who holds the lock on `name` now; None when nobody does.

    The kernel's list of locks is read: trying the lock would get in the way of a run that begins just then,
    and a note that a killed run left behind means nothing.

    Raises:
        BenchError: The lock folder cannot be used.
    """
    place = folder or machine_folder()
    return _holder_now(place, _file_stem(name))


def _holder_now(folder: Path, stem: str) -> Holder | None:
    """Return who holds a lock as the kernel says it, with what a note adds if it is that process's."""
    try:
        file = (folder / f"{stem}.lock").stat()
        kernel = _KERNEL_LOCKS.read_text()
    except OSError:
        return None
    # Some file systems (btrfs, overlays) show another device here than in the kernel's list, so a note that names
    # a process on the same inode counts. Without one the device must fit too: inodes are unique on one device only.
    pids = {pid: device for pid, device, inode in _flocks(kernel) if inode == str(file.st_ino)}
    for holder in _known_holders(folder, stem):
        if holder.pid in pids:
            return holder
    here = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}"
    certain = [pid for pid, device in pids.items() if device == here]
    return Holder(certain[0], _user_of(certain[0])) if certain else None


def _flocks(kernel: str) -> Iterator[tuple[int, str, str]]:
    """Give process, device and inode of the locks on whole files: `1: FLOCK ADVISORY WRITE pid dev:dev:inode …`."""
    for words in map(str.split, kernel.splitlines()):
        if len(words) > _PLACE and words[1] == "FLOCK" and words[_PLACE - 1].isdecimal():
            device, _, inode = words[_PLACE].rpartition(":")
            yield int(words[_PLACE - 1]), device, inode


def _note_of_mine(folder: Path, stem: str) -> Path:
    """Return where this user writes who holds a lock: what another user's killed run left cannot be replaced."""
    return folder / f"{stem}.{os.geteuid()}.holder"


def _known_holders(folder: Path, stem: str) -> Iterator[Holder]:
    """Give the holders that the notes of all users name, the newest first."""
    dated: list[tuple[int, Path]] = []
    for note in folder.glob(f"{stem}.*.holder"):
        with suppress(OSError):
            dated.append((note.lstat().st_mtime_ns, note))
    yield from (
        holder for _, note in sorted(dated, reverse=True) if (holder := read_holder(note)) is not None
    )


def _user_of(pid: int) -> str:
    try:
        return _name_of(Path(f"/proc/{pid}").stat().st_uid)
    except OSError:  # it ended just now
        return "unknown"


def read_holder(note: Path) -> Holder | None:
    """Return who holds a lock, from the note beside it; None when there is no note or it is not one."""
    try:
        descriptor = os.open(note, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            record = json.loads(file.read(_MAX_HOLDER_BYTES))
        texts = {name: printable(str(record.get(name, ""))) for name in ("user", "since", "board", "run")}
        return Holder(pid=int(record["pid"]), **texts)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _is_for_everyone(folder: Path) -> bool:
    try:
        mode = folder.stat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and bool(mode & stat.S_IWOTH)


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A link that somebody put there first would lead the locks, and the mode below, to a folder of his choice.
        if folder.is_symlink() and folder.name == FOLDER_NAME:
            return False
        with suppress(PermissionError):  # another user made it, and then set its mode as we would
            if stat.S_IMODE(folder.stat().st_mode) != _EVERYONE_FOLDER and folder.name == FOLDER_NAME:
                folder.chmod(_EVERYONE_FOLDER)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _write_note(note: Path, holder: Holder) -> None:
    """Write the note anew, without following a link that somebody may have put there."""
    with suppress(OSError):
        note.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(note, flags, 0o644), "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o644)  # for others to read, whatever the umask
            json.dump(asdict(holder), file)


def _file_stem(name: str) -> str:
    """Return a file name for what is locked: readable, and different for different things."""
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.")[:60]
    return f"{readable}-{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()[:12]}"


def _reason(error: OSError) -> str:
    return os.strerror(error.errno).lower() if error.errno else str(error)


def user_name() -> str:
    """Return who really runs this: the environment's word for it outlives a change of the user."""
    return _name_of(os.geteuid())


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a user without an entry, as in some containers
        return str(uid)
