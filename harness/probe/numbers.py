"""Results of a probe that are numbers, big-endian. Source: docs/probe-protocol.md, groups and functions."""

import struct

from harness.probe.errors import ProbeProtocolError
from harness.probe.link import Answer


def numbers_in(answer: Answer, count: int) -> tuple[int, ...]:
    """Return the unsigned 32-bit numbers of a result.

    Raises:
        ProbeProtocolError: The result does not hold that many: the probe itself makes it, whatever the board does.
    """
    if len(answer.data) != 4 * count:
        raise ProbeProtocolError(
            f"a result of {count} numbers has {len(answer.data)} bytes (rc {answer.rc})",
            hint="build the firmware with the probe of this harness's version (firmware/probe)",
        )
    return struct.unpack(f">{count}I", answer.data)
