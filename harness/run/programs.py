"""Programs of others that a run starts: in a process group of their own, which ends with the run whatever happens."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from harness.errors import UsageError
from harness.run import orphans

_GRACE_S = 5.0


def start_program(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    named_in: str,
    package: str = "",
    given: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program without a shell; what it prints, on either stream, is in `stdout`.

    Args:
        command: Program and arguments.
        folder: Where it runs.
        environment: Its environment.
        named_in: The section of the board file that names it.
        package: Where the program can be had, when it is one that is known; for the hint.
        given: A file that it reads from its standard input; nothing when left out.

    Raises:
        UsageError: It cannot be started.
    """
    try:
        orphans.prepare()
        process = subprocess.Popen(  # noqa: S603 - the person who wrote the board file names the program
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL if given is None else given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        orphans.not_started()
        reason = error.strerror if isinstance(error, OSError) else "its arguments cannot be passed on"
        raise UsageError(
            f"{named_in}: {command[0]!r} cannot be started: {reason}",
            hint=f"install {package}, or name the program by a path"
            if package
            else "name the program by a path, or use {python} for this Python",
        ) from None
    orphans.watch(process.pid)
    return process


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started: SIGTERM, then SIGKILL to what is left after a while."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_GRACE_S)
    # Children that outlive their parent are still in its group.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    orphans.forget(process.pid)
    process.wait()
