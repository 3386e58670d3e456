"""A run folder as it arrives from a bench: in a draft, bounded, checked, and only then among the client's runs.

A bench is another computer: whatever it names may lie nowhere but in the draft, and is no larger than was told first.
"""

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.disk import writing
from harness.errors import BenchError, HarnessError
from harness.lab.messages import Message
from harness.lab.names import RUN_NAME, ClientFolder
from harness.run import manifest
from harness.run.folder import RunFolder
from harness.seal import zip_names
from harness.seal.check import check
from harness.seal.names import SUMS
from harness.seal.tree import Tree, sha256

MOST_FILES = 50_000
MOST_BYTES = 8 * 1024 * 1024 * 1024
"""What one run folder may hold at most."""

_SHOWN = 3
_END = 1 << 18  # bytes at the end of a journal that hold its last event


class DamagedError(BenchError):
    """What arrived is not what the run wrote, or is no run folder."""


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
        """
        files, odd = message.pairs("files"), message.pairs("odd")
        empty = message.texts("empty")
        wrong = zip_names.problems([*files, *(f"{name}/" for name in empty)])
        for name, why in wrong.items():
            raise self._damaged(f"holds {name[:80]!r}, which {why}")
        for name, kind in odd.items():
            raise self._damaged(f"holds {name[:80]!r}, which is {str(kind)[:40]}")
        sizes = {name: size for name, size in files.items() if isinstance(size, int) and size >= 0}
        if len(files) > MOST_FILES or len(sizes) < len(files) or sum(sizes.values()) > MOST_BYTES:
            raise self._damaged(f"would come to {len(files)} files and {sum(sizes.values())} bytes")
        for name, size in self.have().items():
            if sizes.get(name, -1) < size:
                self._remove(name)
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
        """
        name, at = message.text("path"), message.number("at")
        if self._sizes is None or name not in self._sizes:
            raise self._damaged(f"sends {name[:80]!r}, which its list does not name")
        path = self._draft / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags, 0o644), "ab") as file:
                if file.tell() != at or at + len(message.body) > self._sizes[name]:
                    raise self._damaged(f"sends {name[:80]!r} with a gap, or more of it than it told")
                file.write(message.body)

    def whole(self, verdict: str = "") -> Arrived:
        """Check what arrived, and put it among the client's runs.

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
        digest = _manifest(self._draft)
        return Arrived(self._put(digest), digest)

    def _put(self, digest: str) -> Path:
        place = self._runs / self.run
        if place.is_dir():
            # Pulled before, by a client that was ended before it could say so.
            if digest and _manifest(place) == digest:
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

    def _remove(self, name: str) -> None:
        with suppress(OSError):
            (self._draft / name).unlink()

    def _damaged(self, what: str) -> DamagedError:
        return DamagedError(
            f"{self._host}: run folder {self.run} {what}",
            hint="it is still on the bench: look at it there (harness verify, harness report --check)",
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
