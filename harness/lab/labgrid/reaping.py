"""Freeing places at the lab's coordinator whose campaign is gone: it keeps them for ever when their user is killed."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import BenchError
from harness.lab.labgrid.coordinator import Coordinator, Place
from harness.lab.link import Link
from harness.lab.ssh import Host
from harness.lab.starting import BEGUN, RUNNING
from harness.progress.campaigns import CAMPAIGN_ID

FREE_FOR_S = 60
"""Seconds that the locks of a campaign must be free before its places are."""

_ANSWER_S = 30.0


@dataclass(frozen=True, slots=True)
class Reaped:
    """What was decided about a place that somebody has.

    Attributes:
        place: Its name.
        holder: Who has it.
        freed: Whether it was freed.
        reason: Why, or why not.
    """

    place: str
    holder: str
    freed: bool
    reason: str


def reap(address: str, hosts: Sequence[Host], config: Path | None) -> Iterator[Reaped]:
    """Free the places of campaigns that have been gone for a while; give what was decided about each.

    Whether a campaign is gone is told by the kernel's locks on its bench, so a bench that cannot be asked keeps its
    places. Those of people and of other programs are left alone.

    Args:
        address: HOST:PORT of the coordinator.
        hosts: The hosts of the lab.
        config: ssh's file of settings; None for the user's.

    Raises:
        BenchError: The coordinator does not answer.
    """
    with Coordinator(address, "harness-reap") as coordinator:
        by_holder: dict[str, list[Place]] = {}
        for place in coordinator.places().values():
            if place.acquired:
                by_holder.setdefault(place.acquired, []).append(place)
        for holder, places in by_holder.items():
            quiet, reason = _quiet(holder, places, hosts, config)
            for place in places:
                if quiet:
                    coordinator.release(place.name, holder)
                yield Reaped(place.name, holder, quiet, reason)


def _quiet(
    holder: str, places: Sequence[Place], hosts: Sequence[Host], config: Path | None
) -> tuple[bool, str]:
    """Return whether the campaign that holds places is gone, and the reason."""
    name, _, campaign = holder.partition("/")
    host = next((one for one in hosts if one.name == name), None)
    if host is None or not CAMPAIGN_ID.fullmatch(campaign):
        return False, "it is no campaign of a host of this lab"
    try:
        state, quiet = _asked(host, campaign, config)
    except BenchError as error:
        return False, error.message
    if state in {RUNNING, BEGUN}:
        return False, f"its campaign is {state}"
    if quiet is None:
        quiet = int(time.time() - max(place.changed for place in places))
    if quiet <= FREE_FOR_S:
        return False, f"its campaign is gone for {quiet} s, and has {FREE_FOR_S}"
    return True, f"its campaign is gone for {quiet} s: {state}"


def _asked(host: Host, campaign: str, config: Path | None) -> tuple[str, int | None]:
    """Return what a bench knows of a campaign, and for how many seconds it was quiet; None when it knows nothing."""
    with Link(host, ("lab", "bench", f"--runs={host.runs}"), config) as link:
        link.say("find", campaign=campaign)
        deadline = time.monotonic() + _ANSWER_S
        while time.monotonic() < deadline:
            message = link.next(1.0)
            if message is not None and message.kind == "found":
                return message.text("state"), message.number("quiet_s") if message.fields.get(
                    "known"
                ) else None
    raise BenchError(f"{host.name}: gives no answer")
