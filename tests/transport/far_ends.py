"""What stands at the far end of a transport in the contract tests; the same on every tier."""

from harness.simulator.chip.fm1280 import NotAcknowledged
from harness.simulator.usb import hid
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface, TransferType
from harness.simulator.usb.device import Stall, UsbDevice

LONG = b"\x80\xe1\x00\x00\x00"
"""The command that the echo chip answers with 256 bytes and a status word."""


def echo(command):
    """What the echo chip answers to a command."""
    return (bytes(range(256)) if command == LONG else command[::-1]) + b"\x90\x00"


EXCHANGES = tuple(
    (command, echo(command))
    for command in (
        b"\x00\xa4\x04\x00",
        b"\x80\xf6\x00\x01\x05hello",
        LONG,
        bytes(range(62)),  # with its answer's status word a full packet of 64 bytes
        bytes(range(64)),
        bytes(range(200)),
        bytes(261),
    )
)


class EchoChip:
    """A chip that gives back what it gets, the last byte first, with 9000; `silent` it answers nothing."""

    identity = "echo chip"

    def session(self):
        return self

    def process(self, command):
        return echo(command)

    def delay(self, command):
        return 0.0


class EchoSlave:
    """An I²C slave that gives back what was written, the last byte first; busy it does not acknowledge."""

    def __init__(self):
        self.answer = b""
        self.busy = 0

    def write(self, data):
        self._check()
        self.answer = data[::-1]

    def read(self, length):
        self._check()
        return self.answer[:length].ljust(length, b"\xff")

    def _check(self):
        if self.busy:
            self.busy -= 1
            raise NotAcknowledged


class PrefixedPipe(UsbDevice):
    """A vendor's pipe with a length before each message; interrupt or bulk, in two transfers when `torn`."""

    def __init__(self, *, transfer=TransferType.BULK, size=2, order="big", torn=False, serial_number="P1"):
        pipes = (Endpoint(0x02, transfer), Endpoint(0x83, transfer))
        identity = Identity(0x1209, 0x2001, serial_number, product="length pipe")
        super().__init__(Descriptors(identity, (Interface(0, pipes),)))
        self.size, self.order, self.torn = size, order, torn
        self.taken = b""
        self.spoil = 0

    def received(self, endpoint, data):
        self.taken += data
        length = int.from_bytes(self.taken[: self.size], self.order)
        if len(self.taken) < self.size + length:
            return
        command, self.taken = self.taken[self.size :], b""
        answer = echo(command)
        frame = (len(answer) + self.spoil).to_bytes(self.size, self.order) + answer
        if self.torn and len(frame) > 64:
            self.send(0x83, frame[:64])
            self.send(0x83, frame[64:])
        else:
            self.send(0x83, frame)


class ControlPipe(UsbDevice):
    """A vendor's pipe of control requests; `busy` times it has no answer yet."""

    def __init__(self, *, busy=0):
        super().__init__(Descriptors(Identity(0x1209, 0x2002, "C1"), (Interface(0, ()),)))
        self.answer = b""
        self.busy = self.left = busy

    def control(self, setup, data):
        if setup.request == 0x01 and setup.kind == 0x41:
            self.answer, self.left = echo(data), self.busy
            return b""
        if setup.request == 0x02 and setup.kind == 0xC1:
            if self.left:
                self.left -= 1
                return b""
            return self.answer
        raise Stall


class HidToken(hid.HidToken):
    """The simulated HID token with the echo chip; keeps the reports that it got."""

    def __init__(self, *, report_id=None, out=True):
        who = Identity(0x1209, 0x2003, "H1")
        super().__init__(EchoChip(), who, report_id=report_id, out_pipe=out)
        self.reports = []

    def received(self, endpoint, data):
        self.reports.append(data)
        super().received(endpoint, data)
