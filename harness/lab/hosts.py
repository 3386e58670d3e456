"""The hosts of a lab, and which of their boards a command means."""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from harness.board.models.lab_file import LabFile
from harness.errors import UsageError
from harness.lab.ssh import Host
from harness.settings.suggest import nearest

_FEW = 8


def hosts_of(lab: LabFile) -> tuple[Host, ...]:
    """Return the hosts that the lab file describes.

    Raises:
        UsageError: It describes none.
    """
    if not lab.hosts:
        raise UsageError(
            f"{lab.source.path or 'lab.yaml'}: no host of the lab is described",
            hint="add hosts: with a name, ssh: and boards: for each (docs/lab.md), or name the file with --lab",
        )
    return tuple(
        Host(name, one.ssh, tuple(shlex.split(one.harness)), one.folder or "", one.runs, one.boards)
        for name, one in lab.hosts.items()
    )


def chosen(hosts: Sequence[Host], words: Sequence[str], only: Sequence[str] = ()) -> tuple[Host, ...]:
    """Return the hosts that take part, each with those of its boards that are meant.

    Args:
        hosts: All hosts.
        words: Names of boards, patterns such as `se-*`, or one of both behind a host's name: `bench-1:se-*`. Without
            one all boards are meant.
        only: Names of hosts that alone may take part; all when empty.

    Raises:
        UsageError: A word means no board, or one on several hosts; two words without a pattern mean the same board;
            there is no such host.
    """
    known = {host.name: host for host in hosts}
    for name in only:
        if name not in known:
            raise UsageError(f"there is no host {name[:60]!r}", hint=_near(name, list(known)))
    open_ = [host for host in hosts if not only or host.name in only]
    if not words:
        return tuple(open_)
    meant: dict[str, dict[str, None]] = {}
    written: dict[tuple[str, str], str] = {}
    for word in words:
        found = _found(open_, word)
        single = not any(sign in word for sign in "*?[")
        if not found:
            raise UsageError(
                f"{word[:80]!r}: no host of the lab has such a board", hint=_near(word, _boards(open_))
            )
        if len(found) > 1 and single:
            raise UsageError(
                f"{word[:80]!r} stands on several hosts: {', '.join(host for host, _ in found)}",
                hint=f"say which: {found[0][0]}:{word}",
            )
        if single and found[0] in written:
            before = written[found[0]]
            raise UsageError(
                f"{word[:80]!r}: the same board is named twice"
                + (f", as {before[:80]!r} too" if before != word else ""),
                hint="name it once; harness lab run --repeat 2 runs it twice",
            )
        if single:
            written[found[0]] = word
        for host, board in found:
            meant.setdefault(host, {})[board] = None
    return tuple(replace(host, boards=tuple(meant[host.name])) for host in open_ if host.name in meant)


def board_name(board: str) -> str:
    """Return the name of a board out of the word that stands for it: that of its file."""
    return Path(board).name.removesuffix(".yaml")


def place_names(hosts: Iterable[Host]) -> dict[tuple[str, str], str]:
    """Return the place of each board of each host: its name, or HOST:NAME where several hosts have one of that name."""
    each = [(host.name, board) for host in hosts for board in host.boards]
    count = Counter(board_name(board) for _, board in each)
    return {
        (host, board): name if count[name := board_name(board)] == 1 else f"{host}:{name}"
        for host, board in each
    }


def _found(hosts: Sequence[Host], word: str) -> list[tuple[str, str]]:
    place, colon, pattern = word.partition(":")
    on = [host for host in hosts if host.name == place] if colon else list(hosts)
    wanted = pattern if colon else word
    return [
        (host.name, board)
        for host in on
        for board in host.boards
        if fnmatchcase(board, wanted) or fnmatchcase(board_name(board), wanted)
    ]


def _boards(hosts: Sequence[Host]) -> list[str]:
    return [board_name(board) for host in hosts for board in host.boards]


def _near(word: str, names: list[str]) -> str:
    close = nearest(word, names)
    if close:
        return f"did you mean {close}?"
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"there is {', '.join(names[:_FEW])}{more}"
