"""Starting campaigns: each a process of its own session, which outlives this one, and none twice for one request."""

import fcntl
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.disk import is_locked, writing
from harness.progress.campaigns import CAMPAIGN_ID

_KEY = re.compile(r"[0-9a-f]{32}")
_KEPT = 500
_PATIENCE_S = 60.0
_UNDER_WAY_S = 10.0  # that a request waits for an earlier one of the same form
_LOOK_S = 0.05
_OUTPUT_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be started.

    Attributes:
        boards: Board files.
        quick: Leave out what takes long.
        official: For an official report.
        suites: Further suites, beside the shipped ones.
        rounds: How often each board runs.
        jobs: How many boards run at once; 0 for as many as this machine can.
        set_aside: Run boards too that are set aside for their health.
        select: Only scenarios whose name matches, as `-k` of `harness run`; empty for all.
    """

    boards: tuple[str, ...]
    quick: bool = True
    official: bool = False
    suites: tuple[str, ...] = ()
    rounds: int = 1
    jobs: int = 0
    set_aside: bool = False
    select: str = ""

    def words(self) -> list[str]:
        """Return the options and boards of `harness run`."""
        words = [f"--suites={suite}" for suite in self.suites]
        words += ["--quick"] if self.quick else []
        words += ["--official"] if self.official else []
        words += ["--no-set-aside"] if self.set_aside else []
        words += [f"--select={self.select}"] if self.select else []
        words += [f"--repeat={self.rounds}"] if self.rounds > 1 else []
        words += [f"-j{self.jobs or 'auto'}"] if len(self.boards) > 1 else []
        return [*words, "--", *self.boards]


@dataclass(frozen=True, slots=True)
class Started:
    """What came of an order.

    Attributes:
        campaign: The campaign that began; empty when none did, or when nobody can tell.
        said: What the command said when it refused.
        again: The same request had come before, and this one started nothing.
        under_way: The same request is being worked on, so that nobody knows yet what comes of it.
    """

    campaign: str = ""
    said: str = ""
    again: bool = False
    under_way: bool = False


class Starter:
    """Starts campaigns in one folder of runs."""

    def __init__(self, runs: Path, words: Sequence[str] = ()) -> None:
        """Take where runs go.

        Args:
            runs: The folder of runs.
            words: Options of `harness run` that each order gets, such as the lab file.
        """
        self._runs = runs
        self._words = tuple(words)
        self._folder = runs / ".bench-page"

    def start(self, order: Order, key: str) -> Started:
        """Start a campaign, unless the same request did already; then tell what came of that, once it is known.

        Args:
            order: What is to be started.
            key: Names the request: 32 hex digits, made with the form.

        Raises:
            BenchError: Nothing can be written, so that a second request could not be told from the first.
        """
        if not _KEY.fullmatch(key):
            return Started(said="the form is not one of this page: load the page again")
        request = self._folder / key
        with writing(request):
            self._folder.mkdir(parents=True, exist_ok=True)
            claim = _claimed(request)
        if claim is None:
            return _what_came_of(request)
        try:
            made = self._run(order)
            _write(request, made)
        finally:
            os.close(claim)
        self._prune()
        return made

    def missing(self, order: Order) -> str:
        """Return all that an official run lacks, as the command tells it; nothing is touched."""
        _, said, output = self._command(order, "--dry-run")
        return f"{output}{said}".strip()

    def _run(self, order: Order) -> Started:
        # Not as JSON: what the campaign prints from then on is shown to people.
        code, said, output = self._command(order, "--detach")
        campaign = output.strip()
        if code == 0 and CAMPAIGN_ID.fullmatch(campaign):
            return Started(campaign)
        return Started(said=said.strip() or f"harness run ended with exit code {code} and said nothing")

    def _command(self, order: Order, *words: str) -> tuple[int, str, str]:
        """Return exit code, stderr and stdout of `harness run`; both are cut to what a page can show."""
        line = [sys.executable, "-m", "harness", "run", f"--runs={self._runs}", *words, *self._words]
        try:
            done = subprocess.run(  # noqa: S603 - our own command; boards stand behind `--`
                [*line, *order.words()],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_PATIENCE_S,
                check=False,
                # Ctrl-C at the terminal of the page ends the page, and no run.
                start_new_session=True,
            )
        except subprocess.TimeoutExpired:
            return -1, f"harness run did not answer within {_PATIENCE_S:.0f} s; see whether it began", ""
        except OSError as error:
            return -1, f"harness run cannot be started: {error.strerror}", ""
        return done.returncode, _decoded(done.stderr), _decoded(done.stdout)

    def _prune(self) -> None:
        with suppress(OSError):
            for old in sorted(self._folder.iterdir(), key=lambda path: path.lstat().st_mtime)[:-_KEPT]:
                old.unlink()


def _claimed(request: Path) -> int | None:
    """Take a request, and return the descriptor that keeps it locked while it is worked on; None when it was taken.

    It has its name only when it is locked: one that is not has been worked on, or its server was killed.
    """
    draft = request.with_name(f".{secrets.token_hex(8)}.tmp")
    claim = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX)
        os.link(draft, request)
    except FileExistsError:
        os.close(claim)
        return None
    except BaseException:
        os.close(claim)
        raise
    finally:
        with suppress(OSError):
            draft.unlink()
    return claim


def _what_came_of(request: Path) -> Started:
    """Return what came of a request that had come before, as soon as that is known."""
    end = time.monotonic() + _UNDER_WAY_S
    while is_locked(request):
        if time.monotonic() >= end:
            return Started(again=True, under_way=True)
        time.sleep(_LOOK_S)
    return _read(request)


def _read(request: Path) -> Started:
    """Return what came of a request that nobody works on; nothing is known of one whose server was killed."""
    with suppress(OSError, ValueError, RecursionError):
        told = json.loads(request.read_bytes()[: 2 * _OUTPUT_MAX])
        if isinstance(told, dict):
            return Started(str(told.get("campaign", "")), str(told.get("said", "")), again=True)
    return Started(again=True)


def _write(request: Path, made: Started) -> None:
    # What cannot be written is no harm: the name is taken, and the request starts nothing again.
    with suppress(OSError):
        request.write_text(json.dumps({"campaign": made.campaign, "said": made.said}), encoding="utf-8")


def _decoded(data: bytes) -> str:
    return data[-_OUTPUT_MAX:].decode("utf-8", "replace")
