"""Writes a long console: captures between the output of other programs, garbage and endless lines.

python -m tests.logcheck.console_flood MEGABYTES
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path

SAMPLES = Path(__file__).parents[1] / "samples"


def pieces(size: int) -> Iterator[bytes]:
    """Give at least `size` bytes of console; the same ones each time."""
    rule = random.Random(7)
    everything = [path.read_bytes() + b"\n" for path in sorted(SAMPLES.glob("*.log"))]
    # A device whose randoms come again is broken, so a capture with codes comes once.
    once = [capture for capture in everything if b"2~2~" in capture or b"0~2~" in capture]
    captures = [capture for capture in everything if capture not in once]
    yield from once
    poll = b"<LS_LOG> net_poll %d: rx %d bytes from 192.168.1.%d, queue" + b" %d" * 60 + b", state ok\n"
    tagged = b"".join(poll % (n, n * 7 % 2000, n % 255, *range(n, n + 60)) for n in range(1000))
    beacon = b"[%6d.%06d] wlan0: beacon %08x rssi -%d rates" + b" %02x" * 90 + b"\n"
    other = b"".join(
        beacon % (n, n, n * 2654435761 % 2**32, n % 90, *range(n % 160, n % 160 + 90)) for n in range(1000)
    )
    junk = rule.randbytes(1 << 20)
    written = 0
    for number in range(sys.maxsize):
        parts = [captures[number % len(captures)], tagged, other]
        if number % 8 == 0:
            parts.append(junk + b"\n")
        if number % 40 == 0:
            parts.append(b"x~" * (5 << 19) + b"\n")
        for part in parts:
            yield part
            written += len(part)
        if written >= size:
            return


if __name__ == "__main__":
    for piece in pieces(int(sys.argv[1]) * 1_000_000):
        sys.stdout.buffer.write(piece)
