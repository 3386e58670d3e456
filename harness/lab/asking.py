"""What hosts say of their boards, each asked over ssh, all at once; who cannot be asked is told, and no error."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from harness.errors import BenchError
from harness.lab.link import Link
from harness.lab.ssh import Host
from harness.report.text import one_line

_ANSWER_S = 90.0
_MOST_AT_ONCE = 32
_LONGEST_REASON = 400
_NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What a host says of its boards.

    Attributes:
        host: The host.
        reason: Why it cannot be asked; empty when it was.
        document: What `harness lab status --json` prints there. It comes from another host.
        put_back: The boards that it took for healthy again, as it told them: `board`, and what it `was`.
    """

    host: Host
    reason: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)
    put_back: Sequence[Mapping[str, Any]] = ()

    def entries(self, name: str) -> list[Mapping[str, Any]]:
        """Return the objects of a list of the document."""
        return _entries(self.document, name)


def statuses(
    hosts: Sequence[Host], config: Path | None, put_back: Mapping[str, Sequence[str]] = _NOTHING
) -> list[HostStatus]:
    """Ask each host for the health of its boards and who has them.

    Args:
        hosts: The hosts.
        config: ssh's file of settings; None for the user's.
        put_back: Boards that are taken for healthy again before that, by the names of their hosts.
    """
    with ThreadPoolExecutor(min(len(hosts), _MOST_AT_ONCE)) as pool:
        return list(pool.map(lambda host: _status(host, config, put_back.get(host.name, ())), hosts))


def _status(host: Host, config: Path | None, put_back: Sequence[str]) -> HostStatus:
    changed: Sequence[Mapping[str, Any]] = ()
    try:
        with Link(host, ("lab", "bench", f"--runs={host.runs}"), config) as link:
            if put_back:
                # Another kind of message, not a field of it: a harness that does not know it must not pass it over.
                changed = _entries(_answer(link, "put back", put_back), "put_back")
            return HostStatus(host, document=_answer(link, "status", host.boards), put_back=changed)
    except BenchError as error:
        reason = one_line(error.message.removeprefix(f"{host.name}: "), _LONGEST_REASON)
        return HostStatus(host, reason, put_back=changed)


def _answer(link: Link, kind: str, boards: Sequence[str]) -> Mapping[str, Any]:
    """Have a host print what `harness lab status --json` does of these boards, and return it.

    Raises:
        BenchError: It says why it cannot, or nothing, or the connection is gone.
    """
    link.say(kind, boards=list(boards))
    deadline = time.monotonic() + _ANSWER_S
    while time.monotonic() < deadline:
        message = link.next(1.0)
        if message is not None and message.kind == "status":
            return message.pairs("document")
        if message is not None and message.kind == "refused":
            raise BenchError(message.text("message"))
    raise BenchError(f"gives no answer within {_ANSWER_S:.0f} s")


def _entries(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    told = document.get(name)
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
