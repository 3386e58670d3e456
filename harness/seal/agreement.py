"""Whether what a run wrote agrees with itself: journal, header and recordings, by what they say and by their clocks."""

from collections.abc import Collection, Sequence

from harness.run import reader
from harness.run.events import Event
from harness.run.folder import RunFolder
from harness.seal import journal, times
from harness.seal.problems import Findings
from harness.transport.recording.format import SUFFIXES


def check(run: RunFolder, paths: Collection[str], findings: Findings) -> None:
    """Check that journal, header and recordings of a run agree, and that its clocks ran forwards.

    Raises:
        HarnessError: a file cannot be read.
    """
    events = reader.read(run.journal).events
    check_journal(run, events, findings)
    check_recordings(run, paths, events, findings)


def check_journal(run: RunFolder, events: Sequence[Event], findings: Findings) -> None:
    """Check a journal that was read already, with the header beside it.

    Raises:
        BenchError: a file cannot be read.
    """
    journal.check(run, events, findings)
    name = next((event.run for event in events if event.event == "run-started"), "")
    times.check_journal(events, name, findings)


def check_recordings(
    run: RunFolder, paths: Collection[str], events: Sequence[Event], findings: Findings
) -> None:
    """Check the clocks of those of the files that are recordings.

    Raises:
        BenchError: one cannot be read.
    """
    recordings = [path for path in paths if path.startswith("transport/") and path.endswith(SUFFIXES)]
    times.check_recordings(run.path, sorted(recordings), events, findings)
