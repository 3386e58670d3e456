"""The run folder: what lies where, how it is made, how it is found again."""

import errno
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from harness.disk import writing
from harness.errors import BenchError, UsageError

LATEST = "latest"
_TRIES = 1_000
_DRAFT = re.compile(r"\.(?:latest\.)?[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-.+\.([0-9]+)\.tmp")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One run folder, by its real path."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "RunFolder":
        """Return the run folder at `path`; links such as `runs/latest` are followed.

        Raises:
            UsageError: there is nothing, or something that is no run folder.
        """
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            elsewhere = "" if path.parent == Path("runs") else f" --runs {path.parent}"
            hint = (
                "run the suites on a board first"
                if path.name == LATEST
                else f"harness runs{elsewhere} lists those that there are"
            )
            raise UsageError(f"{path}: there is no such run", hint=hint) from error
        folder = cls(real)
        begun = folder.header.is_file() or folder.journal.is_file()
        # Of a run that was killed in its first moment the draft may be all there is, and it may be empty.
        if not begun and not (real.is_dir() and _DRAFT.fullmatch(real.name)):
            raise UsageError(
                f"{path}: is no run folder (it has no run.json and no journal.jsonl)",
                hint="name a folder below runs/, e.g. runs/latest",
            )
        return folder

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def header(self) -> Path:
        """The header, `run.json`."""
        return self.path / "run.json"

    @property
    def journal(self) -> Path:
        """The journal, `journal.jsonl`."""
        return self.path / "journal.jsonl"

    @property
    def transport(self) -> Path:
        """The folder of the recordings."""
        return self.path / "transport"

    @property
    def beside(self) -> Path:
        """The folder of the recordings that are of no transport: the ID² service, the links."""
        return self.path / "beside"

    @property
    def evidence(self) -> Path:
        """The folder of the evidence."""
        return self.path / "evidence"

    @property
    def manifest(self) -> Path:
        """The manifest, `manifest.json`."""
        return self.path / "manifest.json"

    @property
    def closed(self) -> bool:
        """Whether it has its manifest, which is written last: without it nothing says that its files are whole."""
        return os.path.lexists(self.manifest)


def create(
    root: Path, board: str, now: datetime, begin: Callable[[RunFolder, str], None] | None = None
) -> RunFolder:
    """Make a new run folder below `root`, with its `transport` and `evidence` folders.

    The name is the UTC time to the millisecond and the board's name, so names sort by time. When another run
    took the same name in the same millisecond, a number is added. The folder gets its name when it is whole: a
    process that is killed before leaves a hidden draft, which the next run removes.

    Args:
        root: Where run folders go.
        board: The board's name.
        now: When the run begins.
        begin: Writes the first files into the draft of the folder, which is to have this name; asked again when
            another run took the name in the meantime.

    Raises:
        BenchError: the disk refuses.
    """
    with writing(root):
        root.mkdir(parents=True, exist_ok=True)
    _remove_drafts(root)
    moment = f"{now.astimezone(UTC):%Y%m%dT%H%M%S}.{now.microsecond // 1000:03d}Z"
    name = f"{moment}-{safe_name(board, fallback='board')}"
    for number in range(1, _TRIES):
        path = root / (name if number == 1 else f"{name}-{number}")
        if not os.path.lexists(path) and _created(path, begin):
            return RunFolder(path)
    raise BenchError(f"{root / name}: {_TRIES} runs of this board began in the same millisecond")


def _created(path: Path, begin: Callable[[RunFolder, str], None] | None) -> bool:
    """Make a folder whole beside its place, then put it there; False when its place is taken."""
    draft = RunFolder(path.with_name(f".{path.name}.{os.getpid()}.tmp"))
    with writing(path):
        try:
            draft.path.mkdir()
        except FileExistsError:
            return False
    try:
        with writing(path):
            draft.transport.mkdir()
            draft.evidence.mkdir()
        if begin is not None:
            begin(draft, path.name)
        with writing(path):
            try:
                # Only an empty folder would be replaced, and a run folder never is.
                draft.path.rename(path)
            except OSError as error:
                if error.errno not in {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}:
                    raise
                shutil.rmtree(draft.path, ignore_errors=True)
                return False
    except BaseException:
        shutil.rmtree(draft.path, ignore_errors=True)
        raise
    return True


def _remove_drafts(root: Path) -> None:
    """Remove what processes that were killed left unfinished; what cannot be removed does no harm."""
    for path in root.glob(".*.tmp"):
        found = _DRAFT.fullmatch(path.name)
        if found is None or alive(int(found[1])):
            continue
        if path.is_symlink():
            with suppress(OSError):
                path.unlink()
        else:
            shutil.rmtree(path, ignore_errors=True)


def alive(process: int) -> bool:
    """Whether there is a process of this number."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def point_latest(root: Path, folder: RunFolder) -> None:
    """Let `root/latest` point at `folder`; a reader sees the old link or the new one, never none.

    Raises:
        BenchError: the disk refuses, or something else stands at that name.
    """
    link = root / LATEST
    draft = root / f".{LATEST}.{folder.name}.{os.getpid()}.tmp"
    with writing(link):
        try:
            draft.symlink_to(folder.name, target_is_directory=True)
            draft.replace(link)
        except OSError:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise


def safe_name(text: str, *, limit: int = 60, fallback: str = "unnamed") -> str:
    """Return `text` as a file name of letters, digits, dot, dash and underscore, with no dot at its ends."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:limit].strip(".-")
    return name or fallback


def create_file(path: Path, data: bytes) -> None:
    """Write `data` to a file that must not exist yet; no link is followed.

    Raises:
        BenchError: the disk refuses, or the file exists; no part of it stays.
    """
    with writing(path):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(data)
        except OSError:
            with suppress(OSError):
                path.unlink()
            raise
