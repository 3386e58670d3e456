"""What is missing for an official run, told at once, before a board is touched."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from harness.board.opening import official
from harness.board.reading.file import BoardFile, load
from harness.board.reading.lab import LAB_FILE, lab_of
from harness.cli.json_document import print_json
from harness.cli.suites import check_plugins, collected
from harness.errors import UsageError
from harness.fixtures.official_run import Standing, of_board
from harness.fixtures.options import PlanOptions, RunOptions
from harness.report.text import visible


def require_official(
    boards: Sequence[BoardFile], options: RunOptions, *, select: str, plugins: Sequence[str]
) -> None:
    """Refuse a run that cannot be official on all of these boards.

    Raises:
        UsageError: It cannot; all that is missing on the first such board is told.
    """
    for board in boards:
        standing = standing_of(board, options, select=select, plugins=plugins)
        if standing.missing:
            raise official.refusal(board, standing.missing)


def dry_run(
    boards: Sequence[Path], options: RunOptions, *, select: str, plugins: Sequence[str], as_json: bool
) -> int:
    """Say what is missing for an official run on each board; nothing is touched, and no run folder is made.

    Returns:
        0 when nothing is missing, else 2.

    Raises:
        UsageError: A board file or the lab file is wrong, or a plugin is not there.
    """
    check_plugins(plugins)
    files = [load(board) for board in boards]
    lab = lab_of(options.lab).source.path
    found = [(file, standing_of(file, options, select=select, plugins=plugins)) for file in files]
    code = UsageError.exit_code if any(standing.missing for _, standing in found) else 0
    if as_json:
        print_json({"exit_code": code, "boards": [_record(file, standing) for file, standing in found]})
    else:
        for file, standing in found:
            for line in _lines(file, standing):
                print(visible(line))
        for line in _next(found, lab):
            print(visible(f"  try: {line}"))
    return code


def standing_of(board: BoardFile, options: RunOptions, *, select: str, plugins: Sequence[str]) -> Standing:
    """Return where an official run on a board stands; its suites are collected, and it is not touched.

    Raises:
        UsageError: The suites or the lab file are wrong.
    """
    assert board.source.path is not None, "a run starts from a board file on disk"
    by_board = of_board(board, lab_of(options.lab), options, plugins)
    shared = {name: getattr(options, name) for name in PlanOptions.__dataclass_fields__ if name != "official"}
    more = ["--destructive"] if options.destructive else []
    more += [word for plugin in plugins for word in ("-p", plugin)] + (["-k", select] if select else [])
    by_plan = collected(board.source.path, PlanOptions(**shared, official=True), more).standing
    if by_plan is None:
        return by_board + Standing((f"--select {select}: no scenario of the plan would run",))
    return by_board + by_plan


def _record(board: BoardFile, standing: Standing) -> dict[str, object]:
    return {
        "board": board.name,
        "file": str(board.source.path),
        "missing": list(standing.missing),
        "refused": [asdict(one) for one in standing.refused],
        "named": [asdict(one) for one in standing.named],
    }


def _lines(board: BoardFile, standing: Standing) -> list[str]:
    if standing.missing:
        lines = [f"{board.name}: for an official run this is missing or must not be:"]
        lines += [f"  {one}" for one in standing.missing]
    else:
        lines = [f"{board.name}: nothing is missing for an official run"]
    if standing.named:
        lines += ["  its report would name, as the policy of the laboratory says:"]
        lines += [f"    {one.detail}" for one in standing.named]
    return lines


def _next(found: Sequence[tuple[BoardFile, Standing]], lab: Path | None) -> list[str]:
    """Return what to try next, of all boards once: where to write what is missing, and what may allow the refused."""
    lines = []
    missing = [one for _, standing in found for one in standing.missing]
    place = f"in {lab}" if lab is not None else f"in a file {LAB_FILE} here, which begins with `version: 1`"
    if any(one.startswith("report.") for one in missing):
        lines.append(f"write report: in the board file; what is the same for every board of the lab, {place}")
    refused = dict.fromkeys(one.matter for _, standing in found for one in standing.refused)
    if "destructive_left_out" in refused:
        lines.append("--destructive has those scenarios run, too, on a board that may be used up")
    if refused:
        allowing = ", ".join(f"{matter}: name" for matter in refused)
        lines.append(
            f"`policy: {{{allowing}}}` {place}, has the report name what is refused, as for a demonstration; the "
            "head of the lab decides"
        )
    if lines:
        lines.append("docs/official-runs.md and `harness boards schema --lab` have every field")
    return lines
