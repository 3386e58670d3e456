"""The code in the how-to pages on chips and transports works as it stands there."""

import re
from pathlib import Path

import pytest

from harness.chip.session import ChipSession
from harness.errors import BenchError
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport

DOCS = Path(__file__).parents[2] / "docs"


def names_of(page):
    text = (DOCS / page).read_text()
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 1
    names = {}
    exec(compile(blocks[0], page, "exec"), names)
    return names


class Loopback(Transport):
    """A stream that gives back what was written to it."""

    capabilities = frozenset({Capability.STREAM})
    identity = "loopback"
    _bytes = None

    def open(self):
        self._bytes = bytearray()

    def close(self):
        self._bytes = None

    def do(self, operation):
        if self._bytes is None:
            raise BenchError("loopback: not open")
        if isinstance(operation, StreamWrite):
            self._bytes += operation.data
            return b""
        taken = bytes(self._bytes[: operation.limit])
        del self._bytes[: operation.limit]
        return taken


def test_transport_and_framing_fit_together():
    transport = Loopback("loop")
    channel = names_of("add-a-chip.md")["Framed"](transport)
    with ChipSession(channel) as session:
        answer = session.send_raw(bytes.fromhex("AABB9000"))  # what goes in comes back
        assert answer.ok
        assert answer.data == b"\xaa\xbb"
        transport.do(StreamWrite(b"\x05\x00"))
        transport.do(StreamRead(1, 0))


@pytest.mark.parametrize("page", ["add-a-chip.md", "add-a-transport.md"])
def test_every_file_that_a_page_names_is_there(page):
    text = (DOCS / page).read_text()
    named = set(re.findall(r"`((?:harness|tests)/[\w/.]+)", text))
    assert named
    for path in named:
        assert (DOCS.parent / path.rstrip(".")).exists(), f"{page} names {path}"
