"""Which boards of hosts have tags: each host is asked, as tags stand in the board files that are there."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from harness.errors import BenchError, UsageError
from harness.lab.hosts import board_name
from harness.lab.identity import Identity, difference
from harness.lab.link import Link
from harness.lab.messages import Message
from harness.lab.ssh import Host
from harness.report.text import one_line

_ANSWER_S = 60.0


def tagged(
    hosts: Sequence[Host], tags: Sequence[str], config: Path | None
) -> tuple[tuple[Host, ...], tuple[str, ...]]:
    """Return the hosts that have boards with these tags, each with those boards, and what is doubtful about it.

    Args:
        hosts: The hosts, with the boards that are meant otherwise.
        tags: Tags that each board must have, as `harness run --tag` takes them.
        config: ssh's file of settings; None for the user's.

    Raises:
        UsageError: A host cannot be asked, so that nobody knows which boards are meant; or no board has the tags.
    """
    with ThreadPoolExecutor(len(hosts)) as pool:
        answers = list(pool.map(lambda host: _asked(host, tags, config), hosts))
    found = tuple(
        replace(host, boards=boards) for host, (boards, _) in zip(hosts, answers, strict=True) if boards
    )
    if not found:
        raise UsageError(f"no board of these hosts has the tags {', '.join(tags)[:200]}")
    return found, tuple(doubt for _, doubts in answers for doubt in doubts)


def _asked(host: Host, tags: Sequence[str], config: Path | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        with Link(host, ("lab", "bench", f"--runs={host.runs}"), config) as link:
            there = Identity.read(_answer(link, host, "hello").pairs("harness"))
            if differs := difference(Identity.here(), there):
                raise UsageError(f"{host.name} {one_line(differs.words)}", hint=differs.hint)
            link.say("tagged", boards=list(host.boards), tags=list(tags))
            answer = _answer(link, host, "tagged")
    except BenchError as error:
        raise UsageError(
            f"{host.name} cannot be asked which of its boards have the tags: {one_line(error.message, 400)}",
            hint="leave it out by naming the others with --host, or name boards",
        ) from None
    having = set(answer.texts("boards"))
    doubts = tuple(f"{host.name}: {one_line(text, 400)}" for text in answer.texts("doubts")[:20])
    # Only what was asked for: a bench adds no board of its own.
    return tuple(board for board in host.boards if board in having or board_name(board) in having), doubts


def _answer(link: Link, host: Host, kind: str) -> Message:
    deadline = time.monotonic() + _ANSWER_S
    while time.monotonic() < deadline:
        message = link.next(1.0)
        if message is not None and message.kind == kind:
            return message
        if message is not None and message.kind == "refused":
            raise BenchError(f"{host.name}: {message.text('message')}")
    raise BenchError(f"{host.name}: gives no answer within {_ANSWER_S:.0f} s")
