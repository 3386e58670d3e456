"""Closes the run folder that a process has left without an end: as an aborted run, with its reports."""

import json
import os
import time
from pathlib import Path

from harness.disk import writing
from harness.report import close, model
from harness.report.records import RunReport
from harness.run.events import RunFinished
from harness.run.folder import RunFolder
from harness.run.journal import encode
from harness.run.safe import Mask


def close_aborted(folder: Path, reason: str, *, without: tuple[str, ...] = ()) -> RunReport:
    """Write the end that a run's journal lacks, render its reports, and return what they say.

    What was seen stays; what ran has no verdict of its own; the run as a whole has neither passed nor failed by what is
    not known. A run that has its end keeps it, and is only
    rendered if it was not. The process that wrote the folder must be gone.

    Args:
        folder: The run folder.
        reason: What became of the process, in words: the report says that the run was interrupted by it.
        without: Reports that are left out.

    Raises:
        HarnessError: The folder cannot be read or written.
    """
    run = RunFolder.open(folder)
    report = model.load(run.path)
    if report.finished is None:
        end = RunFinished(
            verdict=report.verdict,
            exit_code=report.exit_code,
            interrupted=reason,
            t=max(time.monotonic_ns(), _last_time(run.journal)),
        )
        # Of a line that was cut short nothing can be known: it is closed off, and stays.
        line = (b"" if _is_whole(run.journal) else b"\n") + encode(end, Mask())
        with writing(run.journal):
            file = os.open(run.journal, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                os.write(file, line)
                os.fsync(file)
            finally:
                os.close(file)
    if not run.manifest.exists():  # it is made once, and last
        close(run.path, without)
    return model.load(run.path)


def _is_whole(journal: Path) -> bool:
    with writing(journal), journal.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if not size:
            return True
        file.seek(size - 1)
        return file.read(1) == b"\n"


def _last_time(journal: Path) -> int:
    """Return the time of the last whole event: after a restart of the machine the clock begins anew."""
    last = 0
    with writing(journal), journal.open("rb") as file:
        for line in file:
            try:
                t = json.loads(line)["t"]
            except (ValueError, KeyError, TypeError, RecursionError):
                continue
            last = t if isinstance(t, int) else last
    return last
