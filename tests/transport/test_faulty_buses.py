"""Every fault on every bus: the real transports in front of far ends in this process, recorded, with one fault each."""

import socket
import threading

import pytest

from harness.errors import BenchError
from harness.simulator.bus.i2c import SimulatedI2c
from harness.simulator.bus.spi import SimulatedSpi
from harness.simulator.usb.apdu_pipe import ApduPipe
from harness.simulator.usb.ccid import CcidToken
from harness.simulator.usb.descriptors import TransferType
from harness.transport.base import Exchange, I2cRead, I2cWrite, SpiTransfer, StreamRead, StreamWrite
from harness.transport.faults.faulty import Faulty
from harness.transport.faults.plan import FaultKind
from harness.transport.faults.syntax import parse
from harness.transport.ftdi.bridge import FtdiI2c, FtdiSpi
from harness.transport.identity import UsbSelector
from harness.transport.pcsc.reader import PcscTransport
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.recording import read
from harness.transport.recording.writer import Recording
from harness.transport.serial.port import SerialTransport
from harness.transport.socket import SocketTransport
from harness.transport.usb.ccid import CcidTransport
from harness.transport.usb.framing import PipeFraming
from harness.transport.usb.hid import HidTransport
from harness.transport.usb.pipe import PipeKind, UsbPipe, UsbPipeTransport
from tests.transport.far_ends import ControlPipe, EchoChip, EchoSlave, HidToken, PrefixedPipe, echo
from tests.transport.test_ftdi import BridgeBench
from tests.transport.test_pcsc import Service
from tools.usb_backend import MemoryBackend

HERE = UsbSelector(location="1-1")
COMMAND = b"\x80\xf6\x00\x01\x05hello"
PLANS = {
    FaultKind.NAK: "nak side=request",
    FaultKind.TIMEOUT: "timeout",
    FaultKind.FLIP: "flip bit=9",
    FaultKind.TRUNCATE: "truncate keep=1",
    FaultKind.DELAY: "delay ms=1 side=request",
    FaultKind.DUPLICATE: "duplicate",
    FaultKind.DISCONNECT: "disconnect side=request",
    FaultKind.BROWNOUT: "brownout ms=300 side=request",
}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Backwards:
    """An SPI slave that drives what it was sent, the last byte first."""

    def transfer(self, data, length):
        return data[::-1][:length].ljust(length, b"\xff")


class Bus:
    """One exchange that works on a kind of transport: `ask` brings `answer`."""

    clocked = False

    def __init__(self, transport, answer):
        self.transport = transport
        self.answer = answer


class Apdus(Bus):
    def __init__(self, transport):
        super().__init__(transport, echo(COMMAND))

    def ask(self, transport):
        return transport.do(Exchange(COMMAND, 5.0))


class I2c(Bus):
    clocked = True

    def __init__(self, transport):
        super().__init__(transport, b"\x03\x02\x01")

    def ask(self, transport):
        transport.do(I2cWrite(0x48, b"\x01\x02\x03"))
        return transport.do(I2cRead(0x48, 3))


class Spi(Bus):
    clocked = True

    def __init__(self, transport):
        super().__init__(transport, b"\x03\x02\x01")

    def ask(self, transport):
        return transport.do(SpiTransfer(b"\x01\x02\x03", 3))


class Lines(Bus):
    """A stream whose far end gives back each line as it is."""

    def __init__(self, transport):
        super().__init__(transport, b"hello\n")

    def ask(self, transport):
        transport.do(StreamWrite(b"hello\n"))
        return self.rest(transport)

    def rest(self, transport):
        data = b""
        while len(data) < len(self.answer):
            part = transport.do(StreamRead(len(self.answer) - len(data), 0.5))
            if not part:
                raise BenchError("silence")
            data += part
        return data


def usb(device, make):
    backend = MemoryBackend()
    backend.plug(device)
    return Apdus(make(backend))


def pipe(device, *arguments, **settings):
    return usb(
        device,
        lambda backend: UsbPipeTransport("t", HERE, UsbPipe(*arguments, **settings), backend=backend),
    )


def bridge(kind):
    bench = BridgeBench()
    return kind("t", UsbSelector(serial_number="F1"), backend=bench.backend, connect=bench.connect)


BUSES = {
    "usb bulk": lambda: pipe(ApduPipe(EchoChip())),
    "usb interrupt": lambda: pipe(
        PrefixedPipe(transfer=TransferType.INTERRUPT),
        PipeKind.INTERRUPT,
        framing=PipeFraming.LENGTH_PREFIXED,
    ),
    "usb control": lambda: pipe(ControlPipe(), PipeKind.CONTROL),
    "ccid": lambda: usb(CcidToken(EchoChip()), lambda backend: CcidTransport("t", HERE, backend=backend)),
    "hid": lambda: usb(HidToken(), lambda backend: HidTransport("t", HERE, backend=backend)),
    "pcsc": lambda: Apdus(PcscTransport("t", "simulated reader", scard=Service())),
    "i2c": lambda: I2c(SimulatedI2c("t", {0x48: EchoSlave()})),
    "ftdi-i2c": lambda: I2c(bridge(FtdiI2c)),
    "spi": lambda: Spi(SimulatedSpi("t", Backwards())),
    "ftdi-spi": lambda: Spi(bridge(FtdiSpi)),
}


@pytest.fixture
def lines():
    """A server that gives back what it gets, each connection anew."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                while data := connection.recv(4096):
                    connection.sendall(data)

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


@pytest.fixture(params=[*BUSES, "socket", "serial"])
def bus(request):
    if request.param in BUSES:
        return BUSES[request.param]()
    port = request.getfixturevalue("lines")
    if request.param == "socket":
        return Lines(SocketTransport("t", host="127.0.0.1", port=port))
    return Lines(SerialTransport("t", f"socket://127.0.0.1:{port}"))


def expect_strike(kind, bus, transport, clock):
    """Ask once under the fault, and see what the documented table says."""
    lost = kind in {FaultKind.NAK, FaultKind.TIMEOUT, FaultKind.DISCONNECT, FaultKind.BROWNOUT}
    cut = kind is FaultKind.TRUNCATE and isinstance(bus, Lines)  # the end of the line is what is lost
    if lost or cut:
        with pytest.raises(BenchError):
            bus.ask(transport)
    elif kind is FaultKind.FLIP:
        spoiled = bytearray(bus.answer)
        spoiled[1] ^= 2
        assert bus.ask(transport) == spoiled
    elif kind is FaultKind.TRUNCATE:
        rest = len(bus.answer) - 1 if bus.clocked else 0
        assert bus.ask(transport) == bus.answer[:1] + b"\xff" * rest
    else:
        assert bus.ask(transport) == bus.answer
    if kind is FaultKind.DISCONNECT:
        with pytest.raises(BenchError, match="the device is gone"):
            bus.ask(transport)
        transport.close()
        transport.open()
    if kind is FaultKind.BROWNOUT:
        with pytest.raises(BenchError):
            bus.ask(transport)
        clock.now = 0.3


@pytest.mark.parametrize("kind", FaultKind)
def test_each_fault_on_each_bus(bus, kind, tmp_path):
    told, clock = [], Clock()
    path = tmp_path / "recording.jsonl"
    faulty = Faulty(bus.transport, parse(PLANS[kind]), on_strike=told.append, clock=clock)
    with Recording(path, faulty) as recording, Recorded(faulty, recording) as transport:
        expect_strike(kind, bus, transport, clock)
        (strike,) = told
        assert str(strike).startswith(f"fault {PLANS[kind].removesuffix(' side=request')}")
        if kind is FaultKind.DUPLICATE and isinstance(bus, Lines):
            assert bus.rest(transport) == bus.answer
        assert bus.ask(transport) == bus.answer
    assert len(told) == 1
    with read(path) as reading:
        assert bus.answer in b"".join(record.data for record in reading if record.direction == "<")
