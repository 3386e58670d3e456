"""Smart card readers spoken to directly over USB, without a PC/SC service: power, APDUs, more time, slot changes."""

import time
from contextlib import suppress

from harness.errors import BenchError, DeviceError, HarnessError, UsageError
from harness.transport.base import Capability, CardReset, Operation
from harness.transport.errors import CardAbsent, UsbSilent
from harness.transport.identity import UsbSelector
from harness.transport.usb import pyusb
from harness.transport.usb.apdu import LONGEST, UsbApduTransport
from harness.transport.usb.ccid_messages import (
    CARDS_OWN,
    HEADER,
    Answer,
    CardStatus,
    CcidFormatError,
    Chain,
    CommandStatus,
    Level,
    ReaderFacts,
    Reply,
    Request,
    SlotChange,
    SlotError,
    build,
    describe_error,
    has_descriptor,
    message_size,
    parse,
    parse_descriptor,
    slot_changes,
)
from harness.transport.usb.functions import UsbFunction
from harness.transport.usb.link import UsbLink

_CAPABILITIES = frozenset({Capability.APDU, Capability.CARD})
_CCID_CLASS = 0x0B
_VENDOR_CLASS = 0xFF
_SHORT_APDU = 261  # bytes of the longest short command
_POWER_TIME = 5.0  # seconds for the card to send its ATR
_STATUS_TIME = 1.0  # seconds for an answer of the reader itself
_NOTICE_TIME = 0.001  # seconds to wait for a notice that may be there
_NOTICES = 16  # bytes read from the interrupt endpoint
_WITH_EXTENSIONS = 7.5  # how many times the time limit a command may take when the card asks for more time
_CONTACTS = (
    SlotError.CARD_MUTE,
    SlotError.HARDWARE_ERROR,
    SlotError.OVERRUN,
    SlotError.PARITY_ERROR,
    SlotError.BAD_ATR_TS,
    SlotError.BAD_ATR_TCK,
)
_BUSY = (SlotError.SLOT_BUSY, SlotError.BUSY_WITH_AUTO_SEQUENCE)


class CcidTransport(UsbApduTransport):
    """One slot of a CCID reader; opening it powers the card.

    A reader must take short or extended APDUs as they are. One that wants single characters or blocks needs a
    driver: use kind `pcsc`.
    """

    def __init__(
        self, name: str, device: UsbSelector, *, slot: int = 0, backend: pyusb.Backend | None = None
    ) -> None:
        """Describe the slot; nothing is touched before `open`.

        Args:
            name: Name of the transport in the board file.
            device: Which reader.
            slot: Slot of a reader with several, from 0.
            backend: libusb when left out.
        """
        super().__init__(name, UsbLink(device, _is_reader, "CCID reader", backend))
        self._slot = slot
        self._sequence = 0
        self._facts = ReaderFacts(Level.EXTENDED_APDU, LONGEST, 1, (0,))
        self._out = 0
        self._notices: int | None = None
        self.atr = b""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Carries whole APDUs and switches the card's power."""
        return _CAPABILITIES

    @property
    def identity(self) -> str:
        """What is looked for; from open on the reader that was found, and the card's ATR."""
        atr = f", ATR {self.atr.hex()}" if self.atr else ""
        slot = f", slot {self._slot}" if self._slot else ""
        return f"{self._link.identity}{slot}{atr}"

    def open(self) -> None:
        """Find the reader, take it, and power the card.

        Raises:
            CardAbsent: there is no card.
            BenchError: no reader, no permission, in use (pcscd), or a card that does not answer.
            UsageError: several readers fit, no such slot, or a reader that takes no whole APDUs.
        """
        self.atr = b""
        super().open()

    def close(self) -> None:
        """Take the power from the card and give the reader back; wakes a waiting exchange within 0.1 s."""
        # An exchange that waits must end first; then nothing is lost if the reader is silent here.
        if self.atr and self._link.busy.acquire(blocking=False):
            try:
                with suppress(HarnessError):
                    self._power_off()
            finally:
                self._link.busy.release()
        self._link.close()

    def _answer(self, operation: Operation) -> bytes:
        if not isinstance(operation, CardReset):
            return super()._answer(operation)
        self._power_off()
        self.atr = self._power_on()
        return self.atr

    def slot_changes(self, timeout: float = _NOTICE_TIME) -> tuple[SlotChange, ...]:
        """Return the slot changes that the reader reported since the last call; waits at most `timeout` seconds.

        Raises:
            BenchError: not open, or unplugged.
        """
        if self._notices is None:
            return ()
        with self._link.busy:
            try:
                notice = self._link.read(self._notices, _NOTICES, timeout, "waiting for a slot change")
            except UsbSilent:
                return ()
        return slot_changes(notice, self._facts.slots)

    def _learn(self, function: UsbFunction) -> None:
        self._read_descriptors(function)
        self._clear_notices()
        self.atr = self._power_on()

    def _read_descriptors(self, function: UsbFunction) -> None:
        ends = list(function.descriptor)
        extra = bytes(function.descriptor.extra_descriptors) + b"".join(
            bytes(each.extra_descriptors) for each in ends
        )
        try:
            facts = parse_descriptor(extra)
        except CcidFormatError as error:
            raise DeviceError(f"{self.identity}: {error}") from error
        if facts.level in (Level.CHARACTER, Level.TPDU):
            raise UsageError(
                f"{self.identity}: takes no whole APDUs (exchange level {facts.level.name.lower()})",
                hint="use kind pcsc for this reader: its driver cuts APDUs as the reader wants them",
            )
        if self._slot >= facts.slots:
            raise UsageError(f"{self.identity}: there is no such slot; the reader has {facts.slots}, from 0")
        for each in ends:
            address, kind = each.bEndpointAddress, pyusb.transfer_type(each)
            if kind == pyusb.INTERRUPT:
                self._notices = address
            elif kind == pyusb.BULK and address & pyusb.DIRECTION_IN:
                self._in, self._packet = address, max(1, each.wMaxPacketSize)
            elif kind == pyusb.BULK:
                self._out = address
        if not (self._in and self._out):
            raise DeviceError(f"{self.identity}: has no bulk endpoint each way")
        self._facts = facts

    def _clear_notices(self) -> None:
        while self.slot_changes():
            pass

    def _power_on(self) -> bytes:
        refused: HarnessError | None = None
        for selection in self._facts.voltages:
            try:
                reply = self._request(
                    Request.POWER_ON, b"", bytes((selection, 0, 0)), _POWER_TIME, "powering the card"
                )
            except HarnessError as error:
                if error.code is None or isinstance(error, CardAbsent):
                    raise
                refused = error  # another voltage may suit this card
                continue
            if reply.kind != Answer.DATA:
                raise DeviceError(f"{self.identity}: answered a power-on with message {reply.kind:#04x}")
            return reply.data
        assert refused is not None
        raise refused

    def _power_off(self) -> None:
        self._request(Request.POWER_OFF, b"", b"\0\0\0", _STATUS_TIME, "taking the power from the card")
        self.atr = b""

    def _exchange(self, command: bytes, timeout: float) -> bytes:
        if self._facts.level is Level.SHORT_APDU and len(command) > _SHORT_APDU:
            raise UsageError(
                f"{self.identity}: a command of {len(command)} bytes; this reader takes short APDUs only "
                f"({_SHORT_APDU} bytes)",
                hint="use a reader that takes extended APDUs",
            )
        reply = self._send_command(command, timeout)
        answer = reply.data
        while reply.chain in (Chain.FIRST, Chain.MIDDLE):
            if len(answer) > LONGEST:
                raise DeviceError(f"{self.identity}: an answer of more than {LONGEST} bytes")
            reply = self._transfer(b"", Chain.GO_ON, timeout, "fetching the next part of the answer")
            answer += reply.data
        return answer

    def _send_command(self, command: bytes, timeout: float) -> Reply:
        room = self._facts.longest - HEADER
        if self._facts.level is Level.SHORT_APDU or len(command) <= room:
            return self._transfer(command, Chain.WHOLE, timeout, "waiting for the answer")
        last = (len(command) - 1) // room * room
        for start in range(0, last, room):
            part = Chain.MIDDLE if start else Chain.FIRST
            reply = self._transfer(
                command[start : start + room], part, timeout, "sending the command in parts"
            )
            if reply.chain != Chain.GO_ON:
                raise DeviceError(
                    f"{self.identity}: did not ask for the rest of a command that was sent in parts "
                    f"(chain parameter {reply.chain:#04x})"
                )
        return self._transfer(command[last:], Chain.LAST, timeout, "waiting for the answer")

    def _transfer(self, data: bytes, chain: Chain, timeout: float, moment: str) -> Reply:
        parameters = bytes((0,)) + int(chain).to_bytes(2, "little")
        reply = self._request(Request.TRANSFER, data, parameters, timeout, moment)
        if reply.kind != Answer.DATA:
            raise DeviceError(f"{self.identity}: answered an APDU with message {reply.kind:#04x}")
        return reply

    def _request(
        self, request: Request, data: bytes, parameters: bytes, timeout: float, moment: str
    ) -> Reply:
        """Send one message and return its reply; each request for more time starts the time limit anew."""
        self._sequence = (self._sequence + 1) % 256
        message = build(request, self._slot, self._sequence, data, parameters)
        self._link.write(self._out, message, timeout, moment)
        started = time.monotonic()
        while True:
            left = started + _WITH_EXTENSIONS * timeout - time.monotonic()
            if left <= 0:
                raise UsbSilent(f"{self.identity}: asked for more time again and again while {moment}")
            reply = self._reply(min(timeout, left), moment)
            if reply.status is CommandStatus.MORE_TIME:
                continue
            if reply.status is not CommandStatus.DONE:
                raise self._refused(reply, moment)
            return reply

    def _reply(self, timeout: float, moment: str) -> Reply:
        """Return the next message that belongs to the last request."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                raise UsbSilent(f"{self.identity}: no answer within {timeout:g} s while {moment}")
            raw = self._link.read(self._in, self._packet, left, moment)
            if not raw:  # the empty packet that ends a message of full ones
                continue
            try:
                size = message_size(raw)
                self._check_size(size)
                while len(raw) < size:
                    rest = -(-(size - len(raw)) // self._packet) * self._packet
                    raw += self._link.read(self._in, rest, max(0.001, deadline - time.monotonic()), moment)
                reply = parse(raw)
            except CcidFormatError as error:
                raise DeviceError(f"{self.identity}: {error}", hint="power-cycle the reader") from error
            if reply.slot == self._slot and reply.sequence == self._sequence:
                return reply

    def _check_size(self, size: int) -> None:
        if size > self._facts.longest:
            raise CcidFormatError(f"a message of {size} bytes, the longest is {self._facts.longest}")

    def _refused(self, reply: Reply, moment: str) -> HarnessError:
        if reply.card is CardStatus.ABSENT:
            return CardAbsent(
                f"{self.identity}: there is no card, seen while {moment}",
                hint="put the card in",
                code=reply.error,
            )
        text = f"{self.identity}: {describe_error(reply.error)}, while {moment}; {reply.card.meaning}"
        if reply.card is CardStatus.INACTIVE and self.atr:
            return CardAbsent(
                text,
                hint="the card was taken out or lost its power: put it back, open anew",
                code=reply.error,
            )
        if reply.error in CARDS_OWN:
            return DeviceError(text, code=reply.error)
        return BenchError(text, hint=_hint(reply.error), code=reply.error)


def _is_reader(interface: pyusb.Interface) -> bool:
    """Tell whether an interface is a reader's: some from before the class was agreed on have the vendor's class."""
    if interface.bInterfaceClass == _CCID_CLASS:
        return True
    extra = bytes(interface.extra_descriptors) + b"".join(bytes(each.extra_descriptors) for each in interface)
    return interface.bInterfaceClass == _VENDOR_CLASS and has_descriptor(extra)


def _hint(error: int) -> str:
    """Return what to try when a reader reports an error that says nothing about the card."""
    if error in _CONTACTS:
        return "check how the card lies in the reader, and its contacts"
    if error in _BUSY:
        return "another program uses the reader, or it still starts the card: end pcscd, wait, and run again"
    return "power-cycle the reader; try another one, or kind pcsc, which knows this reader's driver"
