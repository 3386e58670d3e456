"""Starts a campaign that outlives its terminal: a process in a session of its own."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from harness.cli.json_document import print_json
from harness.errors import BenchError, HarnessError
from harness.fixtures.refused import as_text
from harness.progress.writer import ProgressWriter

Campaign = Callable[[Callable[[ProgressWriter], None]], int]
"""Runs a campaign; calls what it is given once its progress is written, before anything else is shown."""

_DEFECT = 4
_LONGEST_PATH = 4096  # what a pipe takes and gives as one piece, too


def detached(campaign: Campaign, *, as_json: bool) -> int:
    """Start a campaign, print its name once others can follow it, and return.

    What it prints from then on goes into `output.txt` of its folder.

    Raises:
        BenchError: It could not begin; it has said why.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _in_child(campaign, writer)
    os.close(writer)
    # It is written at once. The end of the pipe may be long in coming: who tells commands of the campaign has it, too.
    folder = Path(os.fsdecode(os.read(reader, _LONGEST_PATH)))
    os.close(reader)
    if not folder.name:
        os.waitpid(pid, 0)
        raise BenchError("the campaign could not begin", hint="run it without --detach to see why")
    if as_json:
        print_json({"campaign": folder.name, "folder": str(folder), "pid": pid})
    else:
        print(folder.name)
    return 0


def _in_child(campaign: Campaign, writer: int) -> NoReturn:
    code = _DEFECT
    try:
        os.setsid()
        _onto(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), 0)
        code = campaign(lambda progress: _begun(progress, writer))
    except HarnessError as error:
        print(as_text(error), file=sys.stderr)
        code = error.exit_code
    except BaseException as error:  # noqa: BLE001 - nothing may come back into the command that has returned
        print(f"error: a defect of the harness: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _begun(progress: ProgressWriter, writer: int) -> None:
    """Write into the campaign's folder from now on, and tell who waits for it which that is."""
    if not progress.written:
        raise BenchError(
            "a campaign that nobody can follow is not detached",
            hint="see that the folder of runs can be written, or leave --detach out",
        )
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    output = os.open(progress.folder.output, flags, 0o644)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.dup2(output, 1)
    _onto(output, 2)
    os.write(writer, os.fsencode(progress.folder.path.resolve()))
    os.close(writer)


def _onto(file: int, number: int) -> None:
    os.dup2(file, number)
    os.close(file)
