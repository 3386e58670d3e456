"""For each bus the same exchange twice: by the library alone, and by the harness as a run does it, recording on."""

import importlib.util
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import serial
import usb.core
import usb.util
from bus_devices import ANSWER, COMMAND, LINE, usb_device
from smbus2 import SMBus, i2c_msg

from harness.chip.apdu import MAX_ANSWER
from harness.chip.fm1280_frame import OVERHEAD, Fm1280Command, Frame
from harness.errors import HarnessError
from harness.simulator.chip.fm1280 import ADDRESS, build_frame
from harness.transport.base import Exchange, I2cRead, I2cWrite, StreamRead, StreamWrite, Transport
from harness.transport.i2c.bus import I2cTransport
from harness.transport.identity import UsbSelector
from harness.transport.pcsc.reader import PcscTransport
from harness.transport.reconnecting import Reconnecting
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.writer import Recording
from harness.transport.serial.port import SerialTransport
from harness.transport.usb import pyusb
from harness.transport.usb.pipe import UsbPipeTransport
from tools.usb_backend import MemoryBackend

LIMIT = 10.0  # seconds for an answer
_OUT, _IN = 0x01, 0x81
_PIPE_READ = 4096
READER = "Nitrokey"  # what libccid's own list calls the identity that the simulated token borrows

Exchanging = AbstractContextManager[Callable[[], bytes]]


class NotHere(Exception):  # noqa: N818 - no error: one bus less
    """This machine lacks what a bus needs; says what."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two contestants for one device; each takes it, exchanges, and lets it go again.

    Attributes:
        label: Bus and exchange.
        library: The library, whose calls are made as its own examples make them.
        answer: What each exchange must bring.
        bare: The library alone.
        ours: The harness.
        on_kernel: Whether the bus is one of the kernel's, for which the goal stands.
    """

    label: str
    library: str
    answer: bytes
    bare: Callable[[], Exchanging]
    ours: Callable[[], Exchanging]
    on_kernel: bool = True


class OurSide:
    """A transport as `harness/board` stacks it, and its recording, which all turns share."""

    def __init__(self, folder: Path, make: Callable[[], Transport]) -> None:
        inner = Reconnecting(make, limit=LIMIT)
        self.recording = Recording(folder / f"{inner.name}.rec", inner)
        self.transport = Recorded(inner, self.recording)

    def exchanging(self, exchange: Callable[[Transport], bytes]) -> Callable[[], Exchanging]:
        """Return what opens the transport for a turn."""

        @contextmanager
        def turn() -> Iterator[Callable[[], bytes]]:
            with self.transport as transport:
                yield lambda: exchange(transport)

        return turn


def i2c(path: str, folder: Path) -> Pair:
    """An FM1280 frame out, and a read as long as the longest answer."""
    frame = Frame(Fm1280Command.I_BLOCK, COMMAND).to_bytes()
    length = OVERHEAD + MAX_ANSWER
    ours = OurSide(folder, lambda: I2cTransport("i2c", path))

    @contextmanager
    def bare() -> Iterator[Callable[[], bytes]]:
        def exchange() -> bytes:
            bus.i2c_rdwr(i2c_msg.write(ADDRESS, frame))
            message = i2c_msg.read(ADDRESS, length)
            bus.i2c_rdwr(message)
            return bytes(message)

        with SMBus(path) as bus:
            yield exchange

    def exchange(transport: Transport) -> bytes:
        transport.do(I2cWrite(ADDRESS, frame))
        return transport.do(I2cRead(ADDRESS, length))

    answer = build_frame(0, ANSWER).ljust(length, b"\xff")
    label = f"I2C, {path}: {len(frame)} bytes out, {length} in"
    return Pair(label, "smbus2", answer, bare, ours.exchanging(exchange))


def line(path: str, folder: Path) -> Pair:
    """A line out, and its answer."""
    name = path.replace("/", "-")
    ours = OurSide(folder, lambda: SerialTransport(name, path))

    @contextmanager
    def bare() -> Iterator[Callable[[], bytes]]:
        def exchange() -> bytes:
            port.write(LINE)
            return port.read(len(LINE))  # read_until would take byte by byte

        with serial.Serial(path, 115200, timeout=LIMIT, exclusive=True) as port:
            yield exchange

    def exchange(transport: Transport) -> bytes:
        transport.do(StreamWrite(LINE))
        got = b""
        while not got.endswith(b"\n"):
            got += transport.do(StreamRead(65536, LIMIT))
        return got

    label = f"serial, {path}: a line of {len(LINE)} bytes and its answer"
    return Pair(label, "pyserial", LINE.upper(), bare, ours.exchanging(exchange))


def pipe(place: str, folder: Path, backend: MemoryBackend | None = None) -> Pair:
    """An APDU through the bulk pipes of a vendor's interface."""
    wanted = UsbSelector(location=place)
    ours = OurSide(folder, lambda: UsbPipeTransport("pipe", wanted, backend=backend))

    @contextmanager
    def bare() -> Iterator[Callable[[], bytes]]:
        bus, _, ports = place.partition("-")
        where = (int(bus), tuple(int(port) for port in ports.split(".")))
        device = usb.core.find(
            backend=backend or pyusb.libusb(),
            custom_match=lambda each: (each.bus, each.port_numbers) == where,
        )
        usb.util.claim_interface(device, 0)

        def exchange() -> bytes:
            device.write(_OUT, COMMAND, int(LIMIT * 1000))
            return bytes(device.read(_IN, _PIPE_READ, int(LIMIT * 1000)))

        yield exchange
        usb.util.release_interface(device, 0)
        usb.util.dispose_resources(device)

    bus = "in memory" if backend else f"usbfs {place}"
    label = f"USB pipe, {bus}: an APDU of {len(COMMAND)} bytes, {len(ANSWER)} back"
    return Pair(label, "pyusb", ANSWER, bare, ours.exchanging(exchange_apdu), on_kernel=backend is None)


def pipe_in_memory(folder: Path) -> Pair:
    """The same where no kernel takes part: pyusb over a backend in this process."""
    backend = MemoryBackend()
    backend.plug(usb_device("pipe"), "1-1")
    return pipe("1-1", folder, backend)


def pcsc(folder: Path) -> Pair:
    """An APDU through pcscd and libccid."""
    from smartcard import scard

    ours = OurSide(folder, lambda: PcscTransport("pcsc", READER))

    @contextmanager
    def bare() -> Iterator[Callable[[], bytes]]:
        _, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
        reader = next(each for each in scard.SCardListReaders(context, [])[1] if READER in each)
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, card, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, protocols)
        assert code == 0, scard.SCardGetErrorMessage(code)
        command = list(COMMAND)

        def exchange() -> bytes:
            return bytes(scard.SCardTransmit(card, protocol, command)[1])

        yield exchange
        scard.SCardDisconnect(card, scard.SCARD_LEAVE_CARD)
        scard.SCardReleaseContext(context)

    label = f"PC/SC, pcscd: an APDU of {len(COMMAND)} bytes, {len(ANSWER)} back"
    return Pair(label, "pyscard", ANSWER, bare, ours.exchanging(exchange_apdu))


def exchange_apdu(transport: Transport) -> bytes:
    return transport.do(Exchange(COMMAND, LIMIT))


@contextmanager
def pcsc_service() -> Iterator[None]:
    """See that pcscd runs; one that was started here is ended here.

    Raises:
        NotHere: no pyscard, or no pcscd.
    """
    if importlib.util.find_spec("smartcard") is None:
        raise NotHere("no pyscard")
    if _answers():
        yield
        return
    program = shutil.which("pcscd", path="/usr/sbin:/usr/bin")
    if program is None:
        raise NotHere("no pcscd")
    with subprocess.Popen([program, "--foreground"], stdout=subprocess.DEVNULL) as service:
        try:
            yield
        finally:
            service.terminate()


def await_reader(patience: float = 60.0) -> None:
    """Wait until pcscd has found the token's reader.

    Raises:
        NotHere: it does not.
    """
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with suppress(HarnessError):
            PcscTransport("pcsc", READER).place()
            return
        time.sleep(0.2)
    raise NotHere(f"pcscd found no reader within {patience:.0f} s")


def _answers() -> bool:
    from smartcard import scard

    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if code == 0:
        scard.SCardReleaseContext(context)
    return code == 0
