import pytest

from harness.chip.direct import Direct
from harness.chip.ica.chip import IcaChip
from harness.chip.session import ChipSession
from harness.errors import BenchError, UsageError
from harness.transport.base import Capability, Exchange, Transport


class Reader(Transport):
    """A card reader with one card, which knows its ID."""

    capability = Capability.APDU

    def __init__(self):
        super().__init__("reader")
        self.is_open = False
        self.operations = []

    @property
    def capabilities(self):
        return frozenset({self.capability})

    @property
    def identity(self):
        return "a reader"

    def open(self):
        self.is_open = True

    def close(self):
        self.is_open = False

    def do(self, operation):
        if not self.is_open:
            raise BenchError("not open")
        self.operations.append(operation)
        return bytes.fromhex("81800C" + "11" * 12 + "9000")


def test_an_apdu_goes_through_as_it_is():
    reader = Reader()
    with ChipSession(Direct(reader, timeout=3.0)) as session:
        assert IcaChip(session).get_id().id_bytes == b"\x11" * 12
        assert reader.operations == [Exchange(bytes.fromhex("80F8000000"), 3.0)]
    assert not reader.is_open


def test_errors_of_the_transport_get_the_traffic():
    session = ChipSession(Direct(Reader()))
    with pytest.raises(BenchError) as caught:
        IcaChip(session).get_id()
    assert caught.value.traffic == ("> 80F8000000", "< (not open)")
    assert caught.value.transport == "reader"


def test_the_transport_must_carry_apdus():
    class Stream(Reader):
        capability = Capability.STREAM

    with pytest.raises(UsageError, match="needed apdu, supplied stream"):
        Direct(Stream())
