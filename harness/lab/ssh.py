"""How a host is reached: by OpenSSH's client, with the keys, known hosts and settings of whoever calls it."""

import shlex
from dataclasses import dataclass
from pathlib import Path

CONNECT_S = 10
KEEP_ALIVE_S = 5
KEEP_ALIVES = 3
"""A connection over which nothing comes is given up after as many questions of the client without an answer."""

_OPTIONS = (
    "BatchMode=yes",  # nobody is there to type a password
    "StrictHostKeyChecking=yes",  # a host that nobody has vouched for is none of ours
    f"ConnectTimeout={CONNECT_S}",
    f"ServerAliveInterval={KEEP_ALIVE_S}",
    f"ServerAliveCountMax={KEEP_ALIVES}",
    # One connection carries all that is said with a host, so nothing is left behind and no other one's settings count.
    "ControlMaster=no",
    "ControlPath=none",
    "ClearAllForwardings=yes",  # a port of the user's settings may be taken by another connection
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RequestTTY=no",
    "RemoteCommand=none",
    "LogLevel=ERROR",
)


@dataclass(frozen=True, slots=True)
class Host:
    """A bench as the lab file describes it.

    Attributes:
        name: Its name in the lab.
        ssh: What ssh is told to connect to.
        harness: The words of the command that is the harness there.
        folder: The folder where commands run there; empty for the home folder.
        runs: The folder of runs there.
        boards: The boards that are connected to it.
    """

    name: str
    ssh: str
    harness: tuple[str, ...]
    folder: str
    runs: str
    boards: tuple[str, ...]


def command(host: Host, words: tuple[str, ...], config: Path | None) -> list[str]:
    """Return the command line that runs the harness of a host with these words.

    Args:
        host: The host.
        words: The words behind the harness's own.
        config: The file of settings that ssh reads instead of the user's; None for the user's.
    """
    there = " ".join(map(_quoted, [*host.harness, *words]))
    if host.folder:
        there = f"cd -- {_quoted(host.folder)} && exec {there}"
    options = [word for option in _OPTIONS for word in ("-o", option)]
    own = [] if config is None else ["-F", str(config)]
    # A shell of the user's choice reads the line; that it is sh which takes it apart is certain only this way.
    return ["ssh", *own, *options, "-T", "--", host.ssh, f"exec sh -c {shlex.quote(there)}"]


def _quoted(word: str) -> str:
    """Return a word that stands for itself in sh; ~/ at its beginning alone is the home folder there."""
    return f'"$HOME"/{shlex.quote(word[2:])}' if word.startswith("~/") else shlex.quote(word)
