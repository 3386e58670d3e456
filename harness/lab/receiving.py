"""A run folder as it arrives from a bench: in a draft, bounded, checked, and only then among the client's runs.

A bench is another computer: whatever it names may lie nowhere but in the draft, and is no larger than was told first.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.disk import bring_to_disk, sync, writing
from harness.errors import BenchError, HarnessError
from harness.lab.messages import Message
from harness.lab.names import RUN_NAME, ClientFolder
from harness.lab.room import MOST_BYTES, MOST_DEEP, MOST_ENTRIES, check_room
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.seal import zip_names
from harness.seal.check import check
from harness.seal.names import SUMS
from harness.seal.tree import Tree, sha256

_BLOCK = 4096  # what a file or folder takes of a disk beside its bytes
_SHOWN = 3
_NAMING = threading.Lock()  # two benches may have a run of the same name at once
_ON_BENCH = "it is still on the bench: look at it there (harness verify, harness report --check)"
_END = 1 << 18  # bytes at the end of a journal that hold its last event


class DamagedError(BenchError):
    """What arrived is not what the run wrote, or is no run folder."""


class TooMuchError(DamagedError):
    """A run folder is larger than what is taken of any; asking once more changes nothing."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A run folder that is among the client's runs.

    Attributes:
        path: Where it lies.
        manifest: SHA-256 of its manifest; empty when it has none.
    """

    path: Path
    manifest: str


class Receiving:
    """Takes the messages that bring one run folder over.

    Args:
        folder: What the client keeps of the campaign.
        runs: The client's folder of runs.
        host: The bench that it comes from.
        run: The run folder's name.
    """

    def __init__(self, folder: ClientFolder, runs: Path, host: str, run: str) -> None:
        if not RUN_NAME.fullmatch(run):
            raise DamagedError(f"{host}: tells of a run folder whose name is none")
        self.run = run
        self._host = host
        self._runs = runs
        self._draft = folder.draft(run)
        self._sizes: dict[str, int] | None = None

    def have(self) -> dict[str, int]:
        """Return how many bytes of which file are there already, from a connection that broke.

        Raises:
            BenchError: The draft cannot be made or read.
        """
        with writing(self._draft):
            self._draft.mkdir(parents=True, exist_ok=True)
        return Tree.of(self._draft).files

    def listing(self, message: Message) -> None:
        """Take the list of what comes.

        Raises:
            DamagedError: It names what no run folder holds, or too much.
            BenchError: There is no room for it.
        """
        files, odd = message.pairs("files"), message.pairs("odd")
        empty = message.texts("empty")
        sizes = {name: size for name, size in files.items() if isinstance(size, int) and size >= 0}
        self._check_limits(len(files) + len(empty) + len(odd), sum(sizes.values()), [*files, *empty])
        wrong = zip_names.problems([*files, *(f"{name}/" for name in empty)])
        for name, why in wrong.items():
            raise self._damaged(f"holds {name[:80]!r}, which {why}")
        for name, kind in odd.items():
            raise self._damaged(f"holds {name[:80]!r}, which is {str(kind)[:40]}")
        if len(sizes) < len(files):
            raise self._damaged("tells of files without a size")
        for name, size in self.have().items():
            if sizes.get(name, -1) < size:
                self._remove(name)
        there = self.have()
        folders = {name.rpartition("/")[0] for name in sizes} | {*empty}
        missing = sum(sizes.values()) - sum(there.values())
        new = len(sizes) - len(there) + len(folders)
        check_room(self._draft, self._host, f"run folder {self.run}", missing + new * _BLOCK)
        with writing(self._draft):
            for name in empty:
                (self._draft / name).mkdir(parents=True, exist_ok=True)
            for name, size in sizes.items():
                if not size:
                    (self._draft / name).parent.mkdir(parents=True, exist_ok=True)
                    (self._draft / name).touch()
        self._sizes = sizes

    def piece(self, message: Message) -> None:
        """Take a piece of a file, which goes behind what is there.

        Raises:
            DamagedError: It belongs to no file of the list, or leaves a gap, or is too much.
            BenchError: There is no room for it, or the disk refuses.
        """
        name, at = message.text("path"), message.number("at")
        if self._sizes is None or name not in self._sizes:
            raise self._damaged(f"sends {name[:80]!r}, which its list does not name")
        # Asked for each piece: other benches fill the same disk.
        check_room(self._draft, self._host, f"run folder {self.run}", len(message.body))
        path = self._draft / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o644), "ab") as file:
                if file.tell() != at or at + len(message.body) > self._sizes[name]:
                    raise self._damaged(f"sends {name[:80]!r} with a gap, or more of it than it told")
                file.write(message.body)

    @property
    def listed(self) -> bool:
        """Whether the list of what comes was taken."""
        return self._sizes is not None

    def drop(self) -> None:
        """Remove what is here of a run folder that is not taken; all of it is on the bench."""
        shutil.rmtree(self._draft, ignore_errors=True)

    def check(self, verdict: str = "") -> None:
        """Check what arrived; `put` it among the client's runs then.

        Args:
            verdict: What the bench told of the run's end; empty when it told none.

        Raises:
            DamagedError: It is not as its manifest or its seal says; the draft is gone.
            BenchError: The disk refuses.
        """
        if self._sizes is None or Tree.of(self._draft).files != self._sizes:
            raise self._damaged("did not arrive whole")
        wrong = _wrong(self._draft) or _contradiction(self._draft, verdict)
        if wrong:
            shutil.rmtree(self._draft, ignore_errors=True)
            more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
            raise self._damaged(f"is not as it was written: {', '.join(wrong[:_SHOWN])}{more}")

    def put(self) -> Arrived:
        """Put what was checked among the client's runs, and bring it to the disk: the bench may drop it then.

        Raises:
            BenchError: The disk refuses.
        """
        bring_to_disk(self._draft)
        digest = _manifest(self._draft)
        with _NAMING:
            place = self._put(digest)
        sync(self._runs)
        return Arrived(place, digest)

    def _put(self, digest: str) -> Path:
        place = self._runs / self.run
        if place.is_dir():
            # Pulled before, by a client that was ended before it could say so.
            if digest and _manifest(place) == digest:
                bring_to_disk(place)
                shutil.rmtree(self._draft, ignore_errors=True)
                return place
            place = self._runs / f"{self.run}-{self._host}"
        number = 1
        while place.exists():
            number += 1
            place = self._runs / f"{self.run}-{self._host}-{number}"
        with writing(place):
            self._draft.rename(place)
        return place

    def _check_limits(self, entries: int, size: int, names: Iterable[str]) -> None:
        """Refuse what no run comes to, before its names are looked at: they may be made to take long."""
        if entries > MOST_ENTRIES or size > MOST_BYTES:
            raise TooMuchError(
                f"{self._host}: run folder {self.run} comes to {entries} files and {size} bytes; "
                f"{MOST_ENTRIES} files and {MOST_BYTES >> 30} GiB are taken at most",
                hint=_ON_BENCH,
            )
        if any(name.count("/") > MOST_DEEP for name in names):
            raise TooMuchError(
                f"{self._host}: run folder {self.run} has folders within each other, more than {MOST_DEEP} deep",
                hint=_ON_BENCH,
            )

    def _remove(self, name: str) -> None:
        with suppress(OSError):
            (self._draft / name).unlink()

    def _damaged(self, what: str) -> DamagedError:
        return DamagedError(
            f"{self._host}: run folder {self.run} {what}",
            hint=_ON_BENCH,
        )


def _wrong(folder: Path) -> list[str]:
    """Return what is wrong with a run folder, compared with what itself says of its files."""
    run = RunFolder(folder)
    if not (run.header.is_file() or run.journal.is_file()):
        return ["it is no run folder"]
    try:
        if (folder / SUMS).is_file():
            return [f"{one.word} {one.name}" for one in check(folder).problems]
        changes = manifest.verify(run)
    except manifest.NoManifestError:
        return ["it has no manifest"]
    except HarnessError as error:
        return [error.message]
    return [f"{word} {name}" for word, names in changes.by_word().items() for name in names]


def _contradiction(folder: Path, told: str) -> list[str]:
    """Return how the verdict that a bench told differs from that of the journal, which is what counts."""
    if not told:
        return []
    path = RunFolder(folder).journal
    with writing(path), path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _END))
        lines = file.read().splitlines()
    for line in reversed(lines):
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and event.get("event") == "run-finished":
            written = event.get("verdict")
            return (
                []
                if written == told
                else [f"its journal says {str(written)[:20]}, and the bench told {told[:20]}"]
            )
    return [f"its journal has no end, and the bench told {told[:20]}"]


def _manifest(folder: Path) -> str:
    path = RunFolder(folder).manifest
    return sha256(path) if path.is_file() else ""
