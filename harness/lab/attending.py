"""A campaign on many hosts, attended to by one client: all are looked at first, then all begin and are followed."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from harness.errors import UsageError
from harness.lab.checks import Checks
from harness.lab.client_files import BEGUN, REFUSED, Asked, ClientFiles
from harness.lab.identity import Identity
from harness.lab.turns import Turns
from harness.lab.watcher import GIVEN_UP, UNREACHABLE, Watcher

PATIENCE_S = 300.0
"""Seconds that a host may be unreachable before it is given up, when nobody says otherwise."""

_BETWEEN_S, _AT_LEAST_S = 0.15, 0.25


@dataclass(frozen=True, slots=True)
class Manner:
    """How a campaign is attended to.

    Attributes:
        patience: Seconds that a host may be unreachable before it is given up.
        config: ssh's file of settings; None for the user's.
    """

    patience: float = PATIENCE_S
    config: Path | None = None


class Attending:
    """Attends to a campaign with a thread for each host.

    Args:
        files: Where the client keeps what it knows; locked by this process.
        asked: The campaign.
        manner: How.
        may_begin: Whether it may be begun; who attaches only follows.
    """

    def __init__(self, files: ClientFiles, asked: Asked, manner: Manner, *, may_begin: bool) -> None:
        self._changed = threading.Event()
        here, turns, checks = Identity.here(asked.suites), Turns(), Checks()
        self._files = files
        self.asked = asked
        self.watchers = tuple(
            Watcher(
                host,
                asked,
                files,
                here,
                may_begin=may_begin,
                patience=manner.patience,
                config=manner.config,
                turns=turns,
                checks=checks,
                on_change=self._changed.set,
            )
            for host in asked.hosts
        )

    def look(self, tick: Callable[[], None], until: Callable[[], bool] = lambda: False) -> None:
        """Connect to every host, and see that each has this computer's harness; nothing is begun yet.

        Hosts that cannot be reached are no reason to refuse the others: they begin when they come back in time.

        Args:
            tick: Called now and then meanwhile.
            until: Asked as often, whether to look no longer.

        Raises:
            UsageError: A host has another harness or other suites, or none can be reached.
        """
        for one in self.watchers:
            one.start()
        while not all(one.looked_at.is_set() for one in self.watchers):
            if until():
                return
            self._pause(tick)
        differ = [one for one in self.watchers if one.differs]
        if differ:
            raise UsageError(
                "; ".join(f"{one.host.name} {one.differs}" for one in differ),
                hint="; ".join((*dict.fromkeys(one.differs_hint for one in differ), "nothing was touched")),
            )
        if all(one.phase in {UNREACHABLE, GIVEN_UP} for one in self.watchers):
            raise UsageError(
                "no host can be reached: "
                + "; ".join(f"{one.host.name}: {one.reason}" for one in self.watchers),
                hint="try ssh with the same name by hand; it must connect without a question (key, known_hosts)",
            )

    def begin(self) -> None:
        """Let every host go on: begin the campaign, or follow it."""
        for one in self.watchers:
            one.go_on.set()
            one.wake.set()

    def follow(self, tick: Callable[[], None], until: Callable[[], bool] = lambda: False) -> None:
        """Attend until all is over everywhere.

        Args:
            tick: Called a few times a second, and whenever something changed.
            until: Asked as often, whether to end earlier.
        """
        while any(one.is_alive() and not one.over for one in self.watchers) and not until():
            self._pause(tick)
        tick()

    def settle(self) -> None:
        """Leave out hosts that took no part, when another client began the campaign and a host knows which did.

        Raises:
            UsageError: No host knows the campaign.
            BenchError: The disk refuses.
        """
        if not self.asked.guessed:
            return
        if all(one.knows_nothing for one in self.watchers):
            raise UsageError(
                f"{self.asked.campaign}: no host of the lab knows such a campaign",
                hint="name it whole, as harness lab run printed it, and the lab file of its hosts with --lab",
            )
        told = {name: boards for one in self.watchers for name, boards in one.told_hosts.items()}
        if not told:
            return
        self.watchers = tuple(one for one in self.watchers if one.host.name in told)
        for one in self.watchers:
            one.host = replace(one.host, boards=told[one.host.name])
        self.asked = replace(self.asked, hosts=tuple(one.host for one in self.watchers), guessed=False)
        self._files.write_asked(self.asked)

    def stop(self) -> None:
        """Have every host end what runs, in order."""
        for one in self.watchers:
            one.stop.set()
            one.wake.set()

    def call_off(self) -> None:
        """Leave before `begin`: no host has begun anything."""
        self.leave()
        for one in self.watchers:
            one.call_off()

    def leave(self) -> None:
        """End the connections; what runs goes on."""
        for one in self.watchers:
            one.leave.set()
            one.wake.set()
        deadline = time.monotonic() + 5
        for one in self.watchers:
            if one.ident is not None:
                one.join(max(0.0, deadline - time.monotonic()))

    @property
    def begun_or_refused(self) -> bool:
        """Whether every host has told that the campaign began there, or did not."""
        return all(one.note.begin in {BEGUN, REFUSED} or one.over for one in self.watchers)

    def _pause(self, tick: Callable[[], None]) -> None:
        # Not at every event: a thousand boards have hundreds a second, and all of them are gone through.
        time.sleep(_BETWEEN_S)
        self._changed.wait(_AT_LEAST_S)
        self._changed.clear()
        tick()
