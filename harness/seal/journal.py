"""Whether a journal agrees with itself and its header: each line read one way, attempts in order."""

import re
from collections.abc import Sequence
from pathlib import Path

from harness.errors import BenchError
from harness.run.events import Event, RunFinished, RunStarted, ScenarioStarted
from harness.run.folder import RunFolder
from harness.seal import strict_json
from harness.seal.problems import Findings

_JOURNAL, _HEADER = "journal.jsonl", "run.json"
_SHARED = ("run", "board", "harness", "mode")
_DEFAULTS = {"mode": "development"}


def check(folder: RunFolder, events: Sequence[Event], findings: Findings) -> None:
    """Check the journal of a run, whose events were read already, and its header against the first of them.

    Raises:
        BenchError: a file cannot be read.
    """
    _check_lines(folder.journal, findings)
    _check_ends(events, findings)
    _check_attempts(events, findings)
    if events and isinstance(events[0], RunStarted):
        _check_header(folder, events[0], findings)


def _check_lines(path: Path, findings: Findings) -> None:
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        findings.wrong("removed", _JOURNAL)
        return
    except OSError as error:
        raise BenchError(f"{path}: cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            strict_json.read(line)
        except strict_json.TwiceError as error:
            findings.wrong("contradicts", _JOURNAL, f"line {number}: {error}")
        except ValueError:
            continue  # what cannot be read at all is in the report


def _check_ends(events: Sequence[Event], findings: Findings) -> None:
    for kind, words in ((RunStarted, "beginning"), (RunFinished, "end")):
        count = sum(isinstance(event, kind) for event in events)
        if count > 1:
            findings.wrong("contradicts", _JOURNAL, f"the run has {count} {words}s")
    if events and not isinstance(events[0], RunStarted):
        findings.wrong(
            "contradicts", _JOURNAL, f"begins with {events[0].event}, not with the start of the run"
        )
    if events and any(isinstance(event, RunFinished) for event in events[:-1]):
        findings.wrong("contradicts", _JOURNAL, "goes on after the end of the run")


def _check_attempts(events: Sequence[Event], findings: Findings) -> None:
    """Check that no attempt is named twice, and that they are numbered in the order in which they were made."""
    attempts: dict[str, int] = {}
    seen: set[str] = set()
    for event in events:
        if not isinstance(event, ScenarioStarted):
            continue
        if event.scenario in seen:
            findings.wrong("contradicts", _JOURNAL, f"{event.scenario} begins twice: one hides the other")
            continue
        seen.add(event.scenario)
        number = re.fullmatch(re.escape(event.info.id) + r"(?:#([1-9][0-9]*))?", event.scenario)
        if number is None:
            findings.wrong("contradicts", _JOURNAL, f"{event.scenario} is no attempt at {event.info.id}")
            continue
        attempt = int(number[1] or 1)
        expected = attempts.get(event.info.id, 0) + 1
        if attempt != expected:
            findings.wrong(
                "contradicts",
                _JOURNAL,
                f"attempt {attempt} at {event.info.id} stands where attempt {expected} belongs",
            )
        attempts[event.info.id] = attempt


def _check_header(folder: RunFolder, start: RunStarted, findings: Findings) -> None:
    try:
        said = strict_json.read(folder.header.read_bytes())
    except FileNotFoundError:
        findings.wrong("removed", _HEADER)
        return
    except OSError as error:
        raise BenchError(f"{folder.header}: cannot be read: {error.strerror}") from error
    except strict_json.TwiceError as error:
        findings.wrong("contradicts", _HEADER, str(error))
        return
    except ValueError:
        findings.wrong("contradicts", _HEADER, "is no JSON")
        return
    if not isinstance(said, dict):
        findings.wrong("contradicts", _HEADER, "is no header of a run")
        return
    for name in _SHARED:
        mine, its = getattr(start, name), said.get(name, _DEFAULTS.get(name))
        if mine != its:
            findings.wrong(
                "contradicts", _HEADER, f"{name} is {its!r}, and {mine!r} in the first line of the journal"
            )
    if said.get("started") != start.wall:
        findings.wrong(
            "contradicts",
            _HEADER,
            f"the run began at {said.get('started')!r}, and {start.wall!r} by the journal",
        )
