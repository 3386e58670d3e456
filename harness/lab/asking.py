"""What hosts say of their boards, each asked over ssh, all at once; who cannot be asked is told, and no error."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import BenchError
from harness.lab.link import Link
from harness.lab.ssh import Host
from harness.report.text import one_line

_ANSWER_S = 90.0
_MOST_AT_ONCE = 32
_LONGEST_REASON = 400


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What a host says of its boards.

    Attributes:
        host: The host.
        reason: Why it cannot be asked; empty when it was.
        document: What `harness lab status --json` prints there. It comes from another host.
    """

    host: Host
    reason: str = ""
    document: Mapping[str, Any] = field(default_factory=dict)

    def entries(self, name: str) -> list[Mapping[str, Any]]:
        """Return the objects of a list of the document."""
        told = self.document.get(name)
        return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def statuses(hosts: Sequence[Host], config: Path | None) -> list[HostStatus]:
    """Ask each host for the health of its boards and who has them.

    Args:
        hosts: The hosts.
        config: ssh's file of settings; None for the user's.
    """
    with ThreadPoolExecutor(min(len(hosts), _MOST_AT_ONCE)) as pool:
        return list(pool.map(lambda host: _status(host, config), hosts))


def _status(host: Host, config: Path | None) -> HostStatus:
    try:
        with Link(host, ("lab", "bench", f"--runs={host.runs}"), config) as link:
            link.say("status", boards=list(host.boards))
            deadline = time.monotonic() + _ANSWER_S
            while time.monotonic() < deadline:
                message = link.next(1.0)
                if message is not None and message.kind == "status":
                    return HostStatus(host, document=message.pairs("document"))
                if message is not None and message.kind == "refused":
                    return HostStatus(host, one_line(message.text("message"), _LONGEST_REASON))
    except BenchError as error:
        return HostStatus(host, one_line(error.message.removeprefix(f"{host.name}: "), _LONGEST_REASON))
    return HostStatus(host, f"gives no answer within {_ANSWER_S:.0f} s")
