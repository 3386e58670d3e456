"""Tells commands of a campaign while it goes on: each has a thread of its own, so that none holds up the runs."""

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
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

    Nothing that goes wrong with a command raises, and none decides anything of a run.

    Args:
        hooks: The commands.
        runs: The folder of runs.
        environment: Environment of the commands.
        on_trouble: Told, in a sentence, of the first thing that goes wrong with each command, from another thread.
    """

    def __init__(
        self,
        hooks: Sequence[Hook],
        runs: Path,
        environment: Mapping[str, str],
        on_trouble: Callable[[str], None],
    ) -> None:
        self._account = Account(runs)
        self._tellers = [_Teller(hook, environment, on_trouble) for hook in hooks]

    def take(self, event: Mapping[str, Any]) -> None:
        """Take one event; returns at once."""
        if not self._tellers:
            return
        found = self._account.take(event)
        if found is None:
            return
        occasion, document = found
        data = json.dumps(document).encode() + b"\n"
        for teller in self._tellers:
            teller.tell(occasion, data)

    def close(self) -> None:
        """Wait until the commands have been told, each within three times its time, and tell what went wrong since.

        An interruption ends the commands that still run.
        """
        try:
            for teller in self._tellers:
                teller.close()
            for teller in self._tellers:
                teller.wait()
        except KeyboardInterrupt:
            pass
        for teller in self._tellers:
            teller.stop()


class _Teller:
    """Runs one command, once for each thing that it is told, in their order."""

    def __init__(self, hook: Hook, environment: Mapping[str, str], on_trouble: Callable[[str], None]) -> None:
        self._hook = hook
        self._environment = environment
        self._on_trouble = on_trouble
        self._waiting: queue.Queue[_Told | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._until = float("inf")
        self._missed = 0
        self._failed = 0

    def tell(self, occasion: Occasion, document: bytes) -> None:
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
        """Take no more; what still waits has twice the time of one."""
        self._until = time.monotonic() + 2 * self._hook.timeout_s
        self._waiting.put(None)

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join(max(0.0, self._until - time.monotonic()) + self._hook.timeout_s + _AFTER_KILL_S)

    def stop(self) -> None:
        """End the command that still runs, and tell what went wrong beside the first failure."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_AFTER_KILL_S)
        who = f"{self._hook.named_in}: {self._hook.command[0]!r}"
        if self._failed > 1:
            self._on_trouble(f"{who} failed {self._failed} times")
        if self._missed:
            self._on_trouble(f"{who} was too slow: it was not told {self._missed} times")

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
                self._failed += 1
                if self._failed == 1:
                    self._on_trouble(problem)
