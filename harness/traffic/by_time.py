"""Opens a recording of either version so that its records are found by time."""

from pathlib import Path

from harness.traffic.indexed import IndexedRecording
from harness.traffic.indexed_binary import BinaryByTime
from harness.traffic.indexed_lines import JsonLinesByTime
from harness.transport.recording.format import VERSION
from harness.transport.recording.recording import Reading


def by_time(path: Path) -> IndexedRecording:
    """Open a recording; no link is followed.

    Raises:
        BenchError: It cannot be read.
        UsageError: It is no recording.
    """
    reading = Reading(path, follow=False)
    try:
        if reading.version == VERSION:
            return BinaryByTime(reading.stored, reading.end, reading.operations)
        return JsonLinesByTime(reading.stored)
    except BaseException:
        reading.close()
        raise
