"""Tells commands of a campaign while it goes on, out of a process of its own.

That process has a thread for each command, so that none holds up another; the campaign's own process runs none, as it
forks the processes of its boards.
"""

import json
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from harness.campaign.notify.account import Account
from harness.campaign.notify.hook import Hook
from harness.settings.notify import Occasion

_MOST_WAITING = 100
_AFTER_KILL_S = 10.0  # SIGTERM, a while, SIGKILL

_Told = tuple[Occasion, bytes]


class Notifier:
    """Takes the events of a campaign, and has commands told of what they want to know.

    Made before the campaign's files are opened, so that nothing of them is kept open by who tells. Nothing that goes
    wrong with a command raises, and none decides anything of a run.

    Args:
        hooks: The commands.
        runs: The folder of runs.
        environment: Environment of the commands.
        on_trouble: Told at the end, in a sentence each, what went wrong.
    """

    def __init__(
        self,
        hooks: Sequence[Hook],
        runs: Path,
        environment: Mapping[str, str],
        on_trouble: Callable[[str], None],
    ) -> None:
        self._account = Account(runs)
        self._on_trouble = on_trouble
        self._wanted = frozenset(occasion for hook in hooks for occasion in hook.on)
        self._limit = sum(_most_seconds(hook) for hook in hooks)
        context = multiprocessing.get_context("fork")
        self._theirs, end = context.Pipe()
        self._teller = context.Process(
            target=_serve, args=(end, self._theirs, hooks, dict(environment)), name="notify", daemon=True
        )
        self._teller.start()
        end.close()

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event; returns at once."""
        found = self._account.take(event)
        if found is not None:
            self.tell(*found)

    def tell(self, occasion: Occasion, document: Mapping[str, Any]) -> None:
        """Have the commands told that want to know of it; returns at once."""
        if occasion not in self._wanted:
            return
        with suppress(OSError):  # who tells is gone, which is told at the end
            self._theirs.send((occasion, json.dumps(document).encode() + b"\n"))

    def close(self) -> None:
        """Wait until the commands have been told, each within three times its time, and tell what went wrong.

        An interruption ends the commands that still run.
        """
        problems = None
        try:
            problems = self._answer(None, self._limit)
        except KeyboardInterrupt:
            problems = self._answer("stop", 2 * _AFTER_KILL_S)
        self._theirs.close()
        self._teller.join(_AFTER_KILL_S if problems is not None else 0)
        if self._teller.is_alive():
            self._teller.kill()
        for problem in (
            ["who tells the commands is gone; some were not told"] if problems is None else problems
        ):
            self._on_trouble(problem)

    def _answer(self, word: str | None, limit: float) -> list[str] | None:
        """Ask for the end; return what went wrong, None when there is no answer."""
        try:
            self._theirs.send(word)
            if self._theirs.poll(limit):
                answer = self._theirs.recv()
                return answer if isinstance(answer, list) else None
        except (OSError, EOFError):
            pass
        return None


def _most_seconds(hook: Hook) -> float:
    return 3 * hook.timeout_s + 2 * _AFTER_KILL_S


def _serve(
    events: Connection, others: Connection, hooks: Sequence[Hook], environment: Mapping[str, str]
) -> None:
    """Tell the commands what comes, until the campaign asks for the end or is gone."""
    others.close()  # or its end would never be seen
    os.setsid()
    _let_go_of_streams(events.fileno())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A terminal or a service manager signals all at once; the end is still to be told. Not SIG_IGN, which commands
        # would inherit.
        signal.signal(number, lambda _number, _frame: None)
    tellers = [_Teller(hook, environment) for hook in hooks]
    try:
        while (told := events.recv()) is not None:
            for teller in tellers:
                teller.tell(*told)
        for teller in tellers:
            teller.close()
        while any(teller.works for teller in tellers):
            if events.poll(0.05) and events.recv() == "stop":
                break
    except (EOFError, OSError):
        pass  # the campaign was killed: nobody is told what has not happened
    for teller in tellers:
        teller.stop()
    with suppress(OSError):
        events.send([problem for teller in tellers for problem in teller.problems()])


def _let_go_of_streams(kept: int) -> None:
    """Leave stdin, stdout and stderr: who reads the campaign's output would wait for the commands' end, too."""
    nowhere = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for number in {0, 1, 2} - {kept}:
        os.dup2(nowhere, number)


class _Teller:
    """Runs one command, once for each thing that it is told, in their order."""

    def __init__(self, hook: Hook, environment: Mapping[str, str]) -> None:
        self._hook = hook
        self._environment = environment
        self._waiting: queue.Queue[_Told | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._until = float("inf")
        self._missed = 0
        self._failed: list[str] = []

    def tell(self, occasion: Occasion, document: bytes) -> None:
        """Have the command told, when it wants to be."""
        if occasion not in self._hook.on:
            return
        if self._waiting.qsize() >= _MOST_WAITING and occasion is not Occasion.END:
            self._missed += 1
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="notify", daemon=True)
            self._thread.start()
        self._waiting.put((occasion, document))

    def close(self) -> None:
        """Take no more; what still waits has twice the time of one, and the campaign's end its own."""
        self._until = time.monotonic() + 2 * self._hook.timeout_s
        self._waiting.put(None)

    @property
    def works(self) -> bool:
        """Whether it still has something to tell."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """End the command that still runs."""
        self._stop.set()
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(_AFTER_KILL_S)

    def problems(self) -> list[str]:
        """Return what went wrong: the first failure, and how many there were."""
        told = self._failed[:1]
        who = f"{self._hook.named_in}: {self._hook.command[0]!r}"
        if len(self._failed) > 1:
            told.append(f"{who} failed {len(self._failed)} times")
        if self._missed:
            told.append(f"{who} was too slow: it was not told {self._missed} times")
        return told

    def _work(self) -> None:
        while (told := self._waiting.get()) is not None:
            occasion, document = told
            # The end of the campaign is what nobody may miss.
            if self._stop.is_set() or (time.monotonic() > self._until and occasion is not Occasion.END):
                self._missed += 1
                continue
            try:
                problem = self._hook.tell(occasion, document, self._environment, self._stop)
            except Exception as error:  # noqa: BLE001 - a command that cannot be run harms no run, whatever the reason
                problem = f"{self._hook.named_in}: {type(error).__name__}: {error}"
            if problem:
                self._failed.append(problem)
