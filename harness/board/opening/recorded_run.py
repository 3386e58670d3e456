"""The run that a replay is made from: checked as a whole before anything begins, and what was done to it on purpose."""

import json
import os
from pathlib import Path

from harness.board.models import BoardFile
from harness.errors import BenchError, UsageError
from harness.run import manifest, reader
from harness.run.events import TransportOpened
from harness.run.folder import RunFolder
from harness.run.inputs import FILE, require_regular
from harness.transport.printable import safe_text
from harness.transport.recording.steps import load

_HEADER_LIMIT = 8 << 20
_MOST = 50  # fault plans of a foreign header
_PLAN_LIMIT = 2000  # characters of one of them
_HINT = "name a run folder, such as runs/latest, of a run of this board file"


def check(run: Path, board: BoardFile) -> None:
    """Check that a board can be replayed from a run folder.

    A transport that the recorded run never opened needs no recording.

    Raises:
        UsageError: it is no run folder, a run of another board, or a file of it is missing or is not what it should
            be; the message names the file.
    """
    header = _header(run)
    if header.get("board") != board.name:
        other = safe_text(str(header.get("board")), 60)
        raise UsageError(
            f"{run / 'run.json'}: a run of the board {other!r}, not of {board.name!r}",
            hint=_HINT,
        )
    _check_manifest(run)
    require_regular(run / FILE)
    try:
        opened = {
            event.name
            for event in reader.read(run / "journal.jsonl").events
            if isinstance(event, TransportOpened)
        }
        for name in board.transports:
            file = run / "transport" / f"{name}.jsonl"
            if name in opened or os.path.lexists(file):
                require_regular(file)
                load(file)
    except BenchError as error:
        raise UsageError(error.message, hint=error.hint or _HINT) from error


def _check_manifest(run: Path) -> None:
    """Check that the recorded run is as its manifest says; without one it is taken as it is, and `remarks` says so."""
    try:
        changed = manifest.rewritten(RunFolder(run.resolve()))
    except BenchError as error:
        raise UsageError(error.message, hint=error.hint or _HINT) from error
    if changed:
        names = safe_text(", ".join(changed[:_MOST]), _PLAN_LIMIT)
        raise UsageError(
            f"{run}: is not as its manifest.json says: {names}",
            hint="replay an unchanged copy of it; to replay it as it is, replay a copy without manifest.json, and the "
            "reports will say that nothing vouches for it",
        )


def remarks(run: Path) -> list[str]:
    """Return what the reports of a replay must say of the recorded run."""
    if os.path.lexists(RunFolder(run).manifest):
        return []
    return [f"{run.name} has no manifest.json: nothing shows whether its recordings were changed"]


def faults_of(run: Path) -> dict[str, str]:
    """Return the fault plans that a run was made with, by transport; those of the run that it replayed too.

    Raises:
        UsageError: it is no run folder.
    """
    options = _header(run).get("options")
    options = options if isinstance(options, dict) else {}
    replay = options.get("replay")
    found: dict[str, str] = {}
    for faults in (replay.get("faults") if isinstance(replay, dict) else None, options.get("faults")):
        for name, plan in list(faults.items())[:_MOST] if isinstance(faults, dict) else ():
            where, what = safe_text(str(name), 60), safe_text(str(plan), _PLAN_LIMIT)
            found[where] = f"{found[where]}, and on its replay {what}" if where in found else what
    return found


def _header(run: Path) -> dict[str, object]:
    file = RunFolder(run).header
    if not os.path.lexists(file):
        raise UsageError(f"{run}: is no run folder: it has no run.json", hint=_HINT)
    require_regular(file)
    try:
        with file.open("rb") as opened:
            header = json.loads(opened.read(_HEADER_LIMIT))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise UsageError(f"{file}: is not the header of a run", hint=_HINT)
    return header
