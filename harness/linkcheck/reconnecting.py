"""How a board connects again: pauses between attempts, sessions that are fresh, and recovery from a stream cut."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from harness.gateway.session_record import SessionRecord
from harness.itls.events import Direction
from harness.itls.misbehaviour import catalogue
from harness.itls.records import ContentType
from harness.linkcheck.hellos import hellos_in

NS = 1_000_000_000
_SLACK = 1.25
"""A pause that is meant to be as long as the one before may be measured shorter by this factor."""

_HELLOS = 2
_CUT_NAME = catalogue.cut(0).name.rstrip("0")


@dataclass(frozen=True, slots=True)
class Attempts:
    """How a device went on after something ended its connection.

    Attributes:
        count: Connections that it opened.
        pauses: Seconds between the end of one and the beginning of the next, oldest first.
    """

    count: int
    pauses: tuple[float, ...]


def attempts(records: Sequence[SessionRecord]) -> Attempts:
    """Measure connections that followed each other."""
    pauses = [
        (after.opened_ns - before.closed_ns) / NS
        for before, after in pairwise(records)
        if before.closed_ns is not None
    ]
    return Attempts(len(records), tuple(max(0.0, pause) for pause in pauses))


def pause_problems(tried: Attempts, *, least_s: float) -> list[str]:
    """Return how a board overloads a service that refuses it; empty when it does not.

    Args:
        tried: What it did.
        least_s: Seconds that each pause must have.
    """
    problems = []
    short = [pause for pause in tried.pauses if pause < least_s]
    if short:
        problems.append(
            f"{len(short)} of {len(tried.pauses)} pauses are shorter than {least_s:g} s, the shortest is "
            f"{min(short):.4f} s"
        )
    shrinking = next(
        ((before, after) for before, after in pairwise(tried.pauses) if after * _SLACK < before),
        None,
    )
    if shrinking is not None:
        problems.append(f"a pause of {shrinking[0]:.3f} s is followed by one of {shrinking[1]:.3f} s")
    return problems


def freshness_problem(session: SessionRecord, id2: str | None, randoms: set[bytes]) -> str | None:
    """Return what a session repeats that it must not, or changes; None when it is a fresh one of the same device.

    Args:
        session: The session.
        id2: The ID² of the sessions before.
        randoms: Client randoms of the sessions before; those of this one are added.
    """
    if session.id2 != id2:
        return f"the device is {session.id2}, it was {id2}"
    if session.provisioned is not None:
        return "the device was provisioned once more"
    hellos = hellos_in(session.seen)
    if len(hellos) != _HELLOS:
        return f"{len(hellos)} hellos"
    for hello in hellos:
        if hello.random in randoms:
            return "a random of the device repeats"
        randoms.add(hello.random)
    return None


def chosen_cuts(total: int, edges: Iterable[int], *, seconds_each: float, budget_s: float) -> list[int]:
    """Choose after how many bytes of the handshake the stream is cut.

    All of them when the time allows; else every k-th with the smallest k that does, and the first and last byte of
    every record in any case.

    Args:
        total: Bytes of the server's side of the handshake.
        edges: Offsets at which records begin.
        seconds_each: How long one cut takes.
        budget_s: How long all of them may take.
    """
    at_edges = {place for edge in edges for place in (edge - 1, edge, edge + 1) if 0 <= place < total}
    room = max(1, int(budget_s / max(seconds_each, 0.001)) - len(at_edges))
    step = max(1, -(-total // room))
    return sorted(at_edges.union(range(0, total, step)))


def handshake_edges(session: SessionRecord) -> tuple[list[int], int]:
    """Return where the records of the server's handshake begin, and where the last one ends."""
    edges, at = [], 0
    for one in session.seen:
        if one.direction is Direction.OUT and one.kind is ContentType.HANDSHAKE:
            edges.append(at)
            at += len(one.wire)
    return edges, at


def cut_places(records: Iterable[SessionRecord]) -> set[int]:
    """Return after how many bytes the server's stream really ended, in sessions in which it was cut."""
    return {record.bytes_out for record in records if record.misbehaviour.startswith(_CUT_NAME)}
