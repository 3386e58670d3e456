"""Rounds of a campaign: what begins after each, what they come to, and the table at the end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from harness.campaign.health.store import HealthStore
from harness.campaign.job import Ended, Job
from harness.campaign.soak.rounds import Going, Rounds
from harness.campaign.soak.tally import Tally
from harness.disk import write_whole
from harness.errors import HarnessError
from harness.report.text import folder_label, one_line
from harness.report.text import seconds as duration

FILE = "soak.json"
_BETWEEN_S = 5.0
_MOST_LINES = 20
_NAME = 24

Document = Mapping[str, Any]


class Soak:
    """The rounds of a campaign.

    Args:
        rounds: What is asked.
        runs: The folder of runs.
        folder: The campaign's folder, where what the rounds come to is kept; None for nowhere.
        leaves_out: Whether boards wait, or end, that are set aside between two rounds.
    """

    def __init__(self, rounds: Rounds, runs: Path, folder: Path | None, *, leaves_out: bool = True) -> None:
        self._rounds = rounds
        self._leaves_out = leaves_out
        self._going = Going(rounds)
        self._runs = runs
        self._file = None if folder is None else folder / FILE
        self._tally = Tally()
        self._began = self._written = time.monotonic()
        self._taken: set[tuple[str, int]] = set()
        self._why_ended = ""
        self.aside: dict[str, str] = {}
        """Boards whose rounds ended because they were set aside, each with what is to be said."""

    def said_before(self) -> str:
        """Return what a person should know before the first round; empty for nothing."""
        if not self._rounds.several:
            return ""
        words = [] if self._rounds.repeat is None else [f"each board runs {self._rounds.repeat} times"]
        if self._rounds.seconds is not None:
            until = datetime.now(UTC) + timedelta(seconds=self._rounds.seconds)
            words.append(
                f"rounds begin until {until:%Y-%m-%d %H:%M:%S} UTC; those that run then come to their end"
            )
        return "; ".join(words)

    def after(
        self,
        ended: Ended,
        start_no_more: Callable[[str], None],
        set_aside: Callable[[Job, Mapping[str, Any]], None],
    ) -> Job | None:
        """Take the end of a round, and return the board's next one; None for none.

        Args:
            ended: What became of the round.
            start_no_more: Has nothing start any more.
            set_aside: Told when a board is set aside between two rounds.
        """
        job = ended.job
        if ended.not_begun:
            return None
        verdict = self._take(ended)
        self._going.take(one_line(job.name), verdict, lost=bool(ended.lost))
        if self._going.ended:
            start_no_more(self._going.ended)
        if not self._going.another(job.round):
            return None
        return self._next(replace(job, round=job.round + 1, not_before=0.0), set_aside)

    def take_the_rest(self, turns: Sequence[Ended], why_ended: str) -> None:
        """Take the rounds that ended when no more were to begin.

        Args:
            turns: What became of all turns.
            why_ended: Why the campaign ended early; empty when it did not.
        """
        self._why_ended = why_ended
        for one in turns:
            if not one.not_begun and (one.job.name, one.job.round) not in self._taken:
                self._take(one)

    def _take(self, ended: Ended) -> str:
        self._taken.add((ended.job.name, ended.job.round))
        memory = None if ended.result is None else ended.result.get("memory_mib")
        verdict = self._tally.take(
            ended.job.name,
            ended.job.round,
            folder=self._runs / ended.folder if ended.folder else None,
            lost=bool(ended.lost),
            memory_mib=memory if isinstance(memory, int | float) else None,
        )
        if time.monotonic() - self._written >= _BETWEEN_S:
            self.write()
        return verdict

    def _next(self, job: Job, set_aside: Callable[[Job, Mapping[str, Any]], None]) -> Job | None:
        """Return a board's next round, later when it is set aside; None when that is after the end."""
        health = HealthStore(self._runs).of(job.name)
        now = datetime.now(UTC)
        if not self._leaves_out or not health.set_aside or health.due(now):
            return job
        wait = (datetime.fromisoformat(health.until).astimezone(UTC) - now).total_seconds()
        left = None if self._rounds.seconds is None else self._began + self._rounds.seconds - time.monotonic()
        if left is None or wait >= left:
            self.aside[job.name] = (
                f"{one_line(job.name)}: no round after {job.round - 1}, as it was set aside: "
                f"{one_line(health.reason)}"
            )
            return None
        set_aside(job, {"reason": health.reason, "until": health.until})
        return replace(job, not_before=time.monotonic() + wait)

    def document(self) -> dict[str, object]:
        """Return what the rounds came to."""
        asked = {
            "repeat": self._rounds.repeat,
            "for_s": self._rounds.seconds,
            "stop_on_failure": self._rounds.stop_on_failure,
        }
        return {
            **self._tally.document(),
            "asked": asked,
            "ended": self._why_ended or self._going.ended,
            "seconds": round(time.monotonic() - self._began, 3),
            "set_aside": list(self.aside),
        }

    def write(self) -> None:
        """Keep what several rounds came to beside the progress; a disk that refuses harms nothing."""
        self._written = time.monotonic()
        if self._file is None or not self._rounds.several:
            return
        try:
            write_whole(self._file, json.dumps(self.document(), indent=1).encode() + b"\n")
        except HarnessError:
            self._file = None

    @property
    def file(self) -> Path | None:
        """Where it is kept; None when it is not."""
        return self._file

    @property
    def several(self) -> bool:
        """Whether boards may run more than once."""
        return self._rounds.several


def words(document: Document) -> list[str]:
    """Return the table of what the rounds came to, as lines."""
    boards: Sequence[Document] = document["boards"]
    rounds = sum(board["rounds"] for board in boards)
    ended = f"; ended: {document['ended']}" if document["ended"] else ""
    lines = [
        f"{_count(rounds, 'round')} of {_count(len(boards), 'board')} in {duration(document['seconds'])}{ended}"
    ]
    names = min(max((len(board["board"]) for board in boards), default=0), _NAME)
    lines += [_board(board, names) for board in boards]
    flaky = [one for one in document["scenarios"] if one["flaky"]]
    lines += _some("flaky scenarios", flaky, _flaky)
    other = [one for one in document["scenarios"] if set(one["verdicts"]) - {"passed"} and not one["flaky"]]
    lines += _some("scenarios that did not always pass", other, _flaky)
    drifted = [one for one in document["measurements"] if one["drifted"]]
    lines += _some("measurements that drifted, first to last", drifted, _drift)
    return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _board(board: Document, names: int) -> str:
    counts = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in board["verdicts"].items())
    line = f"  {one_line(board['board'], names):<{names}}  {counts}"
    if spent := board["seconds"]:
        known = spent["statistics"]
        line += f"; {duration(known['median'])} ({duration(known['min'])} to {duration(known['max'])})"
        line += _drifted(spent)
    if memory := board["memory_mib"]:
        line += f"; {memory['statistics']['median']:.0f} MiB{_drifted(memory)}"
    if (first := board["first_not_passed"]) is not None:
        where = f": {one_line(first['run'])}" if first["run"] else ""
        line += f"; first {first['verdict'].replace('_', ' ')} in round {first['round']}{where}"
    return line


def _drifted(spread: Document) -> str:
    return f", drifted {spread['first']:.3g} → {spread['last']:.3g}" if spread["drifted"] else ""


def _flaky(one: Document) -> str:
    counts = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in one["verdicts"].items())
    first = one["first_not_passed"]
    where = f"; first in round {first['round']}: {one_line(first['run'])}" if first else ""
    title = f"{folder_label(one['step'])}  {one_line(one['title'], 80)}"
    return f"{one_line(one['board'], _NAME)}  {title}: {counts}{where}"


def _drift(one: Document) -> str:
    share = f" ({one['change'] / one['first']:+.0%})" if one["first"] else ""
    return (
        f"{one_line(one['board'], _NAME)}  {one_line(one['name'], 60)}: "
        f"{one['first']:.4g} → {one['last']:.4g} {one_line(one['unit'], 20)}{share}"
    )


def _some(title: str, found: Sequence[Document], line: Callable[[Document], str]) -> list[str]:
    if not found:
        return []
    more = [f"  … and {len(found) - _MOST_LINES} more"] if len(found) > _MOST_LINES else []
    return [title, *(f"  {line(one)}" for one in found[:_MOST_LINES]), *more]
