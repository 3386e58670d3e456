"""What the shell offers when a word of a command line is half typed: boards, runs and faults.

A shell waits for it at each press of Tab, so nothing heavy is imported; nothing here may fail.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

_BOARDS, _RUNS = Path("boards"), Path("runs")
_SHIPPED = Path(__file__).parents[1] / "boards"
_SUFFIXES = (".yaml", ".yml")
_HEADER = "run.json"
_MOST = 200


def boards(incomplete: str) -> list[str]:
    """Return names of boards in `boards/` and of shipped ones, and board files and folders below what is typed."""
    names = {path.stem for path in (*_listed(_BOARDS), *_listed(_SHIPPED)) if path.suffix in _SUFFIXES}
    found = sorted(name for name in names if name.startswith(incomplete))
    if "/" in incomplete or not found:
        found += _paths(incomplete, lambda path: path.suffix in _SUFFIXES)
    return found[:_MOST]


def runs(incomplete: str) -> list[str]:
    """Return run folders below `runs/`, the newest first, and those below another path that is typed."""
    found = [
        str(path)
        for path in sorted(_listed(_RUNS), key=lambda path: path.name, reverse=True)
        if str(path).startswith(incomplete) and _is_run(path)
    ]
    if not found:
        found = _paths(incomplete, lambda _path: False)
    return found[:_MOST]


def boards_with_runs(incomplete: str) -> list[str]:
    """Return the boards that have run folders below `runs/`, by the names of these."""
    names = {path.name.partition("Z-")[2] for path in _listed(_RUNS) if _is_run(path)}
    return sorted(name for name in names if name and name.startswith(incomplete))[:_MOST]


def verdicts(incomplete: str) -> list[str]:
    """Return the verdicts that a run can have."""
    from harness.run.verdict import Verdict

    return [each.value for each in Verdict if each.value.startswith(incomplete)]


def runs_to_replay(incomplete: str) -> list[str]:
    """Return what `--replay` takes: `latest`, and run folders."""
    latest = ["latest"] if "latest".startswith(incomplete) else []
    return latest + runs(incomplete)


def boards_and_reports(incomplete: str) -> list[str]:
    """Return what `verify` takes: boards, run folders, zips and PDFs."""
    found = boards(incomplete) + runs(incomplete)
    found += _paths(incomplete, lambda path: path.suffix in {".zip", ".pdf"})
    return list(dict.fromkeys(found))[:_MOST]


def run_folder(named: Path) -> Path:
    """Return the run folder that a command line names: a path, or a name below runs/."""
    return named if named.exists() or len(named.parts) > 1 else _RUNS / named


def runs_to_compare(incomplete: str) -> list[str]:
    """Return what `compare` takes: `latest`, names of runs below `runs/`, the newest first, and paths of others."""
    if "/" in incomplete:
        return runs(incomplete)
    names = sorted((path.name for path in _listed(_RUNS) if _is_run(path)), reverse=True)
    return [name for name in dict.fromkeys(["latest", *names]) if name.startswith(incomplete)][:_MOST]


def report_formats(incomplete: str) -> list[str]:
    """Return what `report --format` takes."""
    from harness.report.renderer import RENDERERS

    return [name for name in ("all", *RENDERERS.names, "terminal") if name.startswith(incomplete)]


def device_faults(incomplete: str) -> list[tuple[str, str]]:
    """Return the ways in which a simulated device can be broken, each with what it does."""
    from harness.simulator.faults.catalogue import FAULTS

    return [(fault.name, fault.summary) for fault in FAULTS if fault.name.startswith(incomplete)]


def transport_faults(incomplete: str) -> list[str]:
    """Return `TRANSPORT=KIND` for each kind of fault; without a transport yet, those that boards usually have."""
    from harness.transport.faults.plan import FaultKind

    transport, equals, kind = incomplete.partition("=")
    if not equals:
        return [f"{name}=" for name in ("chip", "console") if name.startswith(transport)]
    return [f"{transport}={one.value}" for one in FaultKind if one.value.startswith(kind)]


def _paths(incomplete: str, wanted: Callable[[Path], bool]) -> list[str]:
    folder, _, start = incomplete.rpartition("/")
    head = f"{folder}/" if "/" in incomplete else ""
    found = []
    for path in sorted(_listed(Path(head or "."))):
        if path.name.startswith(start) and (start.startswith(".") or not path.name.startswith(".")):
            if _is_folder(path):
                found.append(f"{head}{path.name}/")
            elif wanted(path):
                found.append(f"{head}{path.name}")
    return found


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except (OSError, ValueError):
        return


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_run(path: Path) -> bool:
    try:
        return (path / _HEADER).is_file()
    except OSError:
        return False
