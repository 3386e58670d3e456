"""`harness lab status`: how the boards are, and who has them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.declared import Boards, LabFile, Tags

if TYPE_CHECKING:
    from harness.board.models import BoardFile
    from harness.board.opening.locks import Holder
    from harness.campaign.health.last_runs import LastRun
    from harness.campaign.health.state import Health
    from harness.campaign.health.store import HealthStore


def status(
    boards: Boards = None,
    tag: Tags = None,
    lab: LabFile = None,
    runs: Annotated[Path, typer.Option(help="Where the run folders are.", metavar="DIR")] = Path("runs"),
    put_back: Annotated[
        list[str] | None,
        typer.Option(
            "--put-back",
            help="Take this board, or those like this pattern, for healthy again, whatever its last runs were. Of a "
            "lab with hosts: on the host that has it. May be repeated.",
            metavar="BOARD",
        ),
    ] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(help="Of a lab with hosts: only this one; may be repeated.", metavar="NAME"),
    ] = None,
    here: Annotated[
        bool, typer.Option("--here", help="Boards of this computer, also when the lab file has hosts.")
    ] = False,
    ssh_config: Annotated[
        Path | None,
        typer.Option(
            "--ssh-config",
            help="ssh's file of settings, in the place of the user's (ssh -F).",
            metavar="FILE",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")] = False,
) -> None:
    """Show how boards are; opens no device, so it may be asked at any time."""
    import sys

    from harness.board.reading.file import load
    from harness.board.reading.lab import lab_of
    from harness.board.reading.selection import select
    from harness.campaign.health.last_runs import last_runs
    from harness.campaign.health.store import HealthStore
    from harness.cli.json_document import print_json
    from harness.errors import UsageError
    from harness.report.text import one_line

    known = lab_of(lab)
    if known.hosts and not (here or tag):
        from harness.cli.lab_status_hosts import show

        words = [str(word) for word in boards or ()]
        raise typer.Exit(show(known, words, host or (), ssh_config, put_back=put_back or (), as_json=as_json))
    if host:
        raise UsageError("--host goes with a lab file that has hosts", hint="docs/lab.md shows one")
    found = select([str(word) for word in boards or ()], known, tags=tag or (), all_by_default=True)
    for doubt in found.doubts:
        print(f"warning: {doubt}", file=sys.stderr)
    files: list[BoardFile] = []
    broken: list[tuple[str, str]] = []
    for path in found.paths:
        try:
            files.append(load(path))
        except UsageError as error:
            broken.append((str(path), one_line(error.message.partition("\n")[0])))
    store = HealthStore(runs)
    changed = [each for word in put_back or () for each in _put_back(word, files, store)]
    earlier = last_runs(runs, [file.name for file in files])
    now = datetime.now(UTC)
    each = [(file, store.of(file.name), _use(file), earlier[file.name]) for file in files]
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "runs": str(runs),
                "boards": [_plain(*one, now) for one in each],
                "not_read": [{"file": file, "problem": problem} for file, problem in broken],
                "put_back": changed,
            }
        )
    else:
        _show(each, broken, now)
    if boards and broken:
        raise typer.Exit(UsageError.exit_code)  # asked for by name, and it is none, or cannot be read


def _put_back(word: str, files: "Sequence[BoardFile]", store: "HealthStore") -> list[dict[str, str]]:
    """Take boards for healthy again; return each with what it was before.

    Raises:
        UsageError: No board of the selection is meant.
        BenchError: Their health cannot be written.
    """
    import sys
    from fnmatch import fnmatchcase

    from harness.campaign.health.state import Health
    from harness.errors import UsageError
    from harness.settings.problems import printable
    from harness.settings.suggest import meant

    names = [
        file.name
        for file in files
        if fnmatchcase(file.name, word)
        or (file.source.path is not None and word in {file.source.path.stem, str(file.source.path)})
    ]
    if not names:
        raise UsageError(
            f"--put-back {printable(word)}: is none of the boards{meant(word, [file.name for file in files])} "
            "name one that `harness lab status` shows"
        )
    changed = []
    for name in names:
        before, _ = store.change(name, lambda known: Health(known.board))
        changed.append({"board": name, "was": before.words(datetime.now(UTC))})
        print(put_back_words(**changed[-1]), file=sys.stderr)
    return changed


def put_back_words(board: str, was: str) -> str:
    """Return the sentence that says that a board was put back."""
    return f"{board}: was healthy" if was == "healthy" else f"{board}: put back (was {was})"


@dataclass(frozen=True, slots=True)
class _Use:
    """Who has what a board needs: the board itself, or a place that another board file names as well."""

    place: str
    holder: "Holder"
    whole: bool

    def __str__(self) -> str:
        return f"in use: {self.holder}" if self.whole else f"its place {self.place} is in use: {self.holder}"


def _use(file: "BoardFile") -> _Use | None:
    from harness.board.opening.locks import holder_of
    from harness.board.opening.places import locked
    from harness.errors import HarnessError

    board = f"board {file.name}"
    places = [board]
    with suppress(HarnessError):  # what is not there holds nobody up
        places += locked(file)
    for place in places:
        holder = holder_of(place)
        if holder is not None:
            return _Use(place, holder, whole=place == board)
    return None


def _show(
    each: "Sequence[tuple[BoardFile, Health, _Use | None, Sequence[LastRun]]]",
    broken: Sequence[tuple[str, str]],
    now: datetime,
) -> None:
    from harness.cli.width import fitted, hanging, width
    from harness.report.text import one_line

    names = max((len(file.name) for file, *_ in each), default=0)
    for file, health, use, runs in each:
        state = health.words(now) if runs or health.blocked else "no run yet"
        words = f"{file.name:<{names}}  {state}"
        if runs:
            verdicts = [
                _verdict(one, runs_now=one is runs[0] and use is not None and use.whole) for one in runs
            ]
            words += f" · {', '.join(verdicts)} ({ago(runs[0].started, now)})"
        print(hanging(words, names + 2, width()))
        indent = " " * (names + 2)
        if health.blocked:
            print(hanging(f"{indent}{one_line(health.reason)}", names + 4, width()))
        if use is not None:
            print(hanging(f"{indent}{one_line(str(use))}", names + 4, width()))
    for path, problem in broken:
        print(fitted(f"{one_line(path)}: cannot be read: {problem}"))
    if not each and not broken:
        print("no board is there; `harness plan --new` starts a board file")


def _verdict(run: "LastRun", *, runs_now: bool) -> str:
    return run.verdict.replace("_", " ") or ("runs now" if runs_now else "no end")


def ago(moment: str, now: datetime) -> str:
    """Return how long ago a moment was, in words."""
    try:
        seconds = (now - datetime.fromisoformat(moment)).total_seconds()
    except ValueError:
        return "at an unknown time"
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size or (size < 86_400 and seconds >= size):
            return f"{seconds // size:.0f} {unit} ago"
    return "just now"


def _plain(
    file: "BoardFile", health: "Health", use: _Use | None, runs: "Sequence[LastRun]", now: datetime
) -> dict[str, object]:
    from dataclasses import asdict

    aside = {"since": health.since, "until": health.until, "due": health.due(now), "times": health.times}
    return {
        "board": file.name,
        "file": str(file.source.path),
        "tags": list(file.tags),
        "state": _state(health, runs),
        "blocked_in_a_row": health.blocked,
        "reason": health.reason,
        "run": health.run,
        "set_aside": aside if health.set_aside else None,
        "in_use": None if use is None else asdict(use.holder) | {"place": use.place},
        "last_runs": [
            {"run": one.run, "verdict": one.verdict or None, "started": one.started} for one in runs
        ],
    }


def _state(health: "Health", runs: "Sequence[LastRun]") -> str:
    if health.set_aside:
        return "set aside"
    if health.blocked:
        return "blocked"
    return "healthy" if runs else "no run yet"
