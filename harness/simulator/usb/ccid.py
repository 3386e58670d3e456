"""A token of the smart-card class (CCID) with a chip in its one slot, at the level of extended APDUs.

Source: USB CCID 1.1, chapters 5 and 6.
"""

import struct
from enum import IntEnum

from harness.simulator.chip.model import ChipModel
from harness.simulator.usb.descriptors import Descriptors, Endpoint, Identity, Interface, TransferType
from harness.simulator.usb.device import Setup, Stall, UsbDevice

DEFAULT = Identity(0x20A0, 0x4108, product="simulated CCID token")
"""Debian's libccid takes devices by a list; this is an identity on it."""

OUT, IN, NOTIFY = 0x01, 0x81, 0x82
ATR = bytes.fromhex("3B80800101")

_HEAD = struct.Struct("<BIBB3s")
_LONGEST = 65544 + 10
_ABSENT, _INACTIVE, _ACTIVE = 2, 1, 0
_FAILED, _MORE_TIME = 0x40, 0x80
_NO_CARD, _UNSUPPORTED = 0xFE, 0x00
_BAD_PROTOCOL = 7  # where in the message the number of the protocol stands
_ABORT = 1
_PARAMETERS = {0: bytes.fromhex("1100000A00"), 1: bytes.fromhex("11100045000000")}
_DEFAULT_PROTOCOL = 1
_CLASS = bytes((54, 0x21)) + struct.pack(
    "<HBBIIIBIIBIIIIIBBHBB",
    *(0x0110, 0, 7, 3),  # version, one slot, 5 V, 3 V and 1.8 V, T=0 and T=1
    *(4000, 4000, 0, 10752, 10752, 0, 254, 0, 0),  # clocks, rates, IFSD
    *(0x000404BA, _LONGEST, 0, 0, 0, 0, 1),  # automatic settings, extended APDUs
)


class _Ask(IntEnum):
    POWER_ON = 0x62
    POWER_OFF = 0x63
    SLOT_STATUS = 0x65
    TRANSFER = 0x6F
    GET_PARAMETERS = 0x6C
    RESET_PARAMETERS = 0x6D
    SET_PARAMETERS = 0x61


class _Tell(IntEnum):
    DATA = 0x80
    STATUS = 0x81
    PARAMETERS = 0x82


class CcidToken(UsbDevice):
    """A token with one chip.

    Args:
        chip: The chip.
        identity: Identifies it among other devices.
        extensions: How often it asks for more time before each answer.
    """

    def __init__(self, chip: ChipModel, identity: Identity = DEFAULT, *, extensions: int = 0) -> None:
        pipes = (Endpoint(OUT), Endpoint(IN), Endpoint(NOTIFY, TransferType.INTERRUPT, 8, 16))
        super().__init__(Descriptors(identity, (Interface(0, pipes, code=(0x0B, 0, 0), extra=_CLASS),)))
        self._chip = chip
        self._session = chip.session()
        self._extensions = extensions
        self._taken = b""
        self._present = True
        self._powered = False
        self._protocol = _DEFAULT_PROTOCOL

    def insert_card(self, *, present: bool) -> None:
        """Put the chip into the slot or take it out, and notify the host."""
        self._present, self._powered = present, False
        self.send(NOTIFY, bytes((0x50, 0x02 | present)))

    def control(self, setup: Setup, data: bytes) -> bytes:
        """Take an abort; there are no clocks or rates to tell of."""
        del data
        if setup.request == _ABORT:
            return b""
        raise Stall

    def received(self, endpoint: int, data: bytes) -> None:
        """Collect a message and answer it."""
        del endpoint
        self._taken += data
        while len(self._taken) >= _HEAD.size:
            kind, length, slot, number, rest = _HEAD.unpack_from(self._taken)
            end = _HEAD.size + length
            if end > _LONGEST:
                self._taken = b""
                raise Stall
            if len(self._taken) < end:
                return
            body, self._taken = self._taken[_HEAD.size : end], self._taken[end:]
            if kind == _Ask.SET_PARAMETERS and not self._chose(rest[0]):
                self._tell(
                    _Tell.PARAMETERS, slot, number, status=_FAILED | self._state(), error=_BAD_PROTOCOL
                )
            else:
                self._answer(kind, slot, number, body)

    def unplugged(self) -> None:
        """Forget what was under way."""
        self._taken, self._powered = b"", False
        super().unplugged()

    def _answer(self, kind: int, slot: int, number: int, body: bytes) -> None:
        if kind in (_Ask.POWER_ON, _Ask.TRANSFER) and not self._present:
            self._tell(_Tell.DATA, slot, number, status=_FAILED | _ABSENT, error=_NO_CARD)
        elif kind == _Ask.POWER_ON:
            self._session = self._chip.session()
            self._powered, self._protocol = True, _DEFAULT_PROTOCOL
            self._tell(_Tell.DATA, slot, number, ATR)
        elif kind == _Ask.TRANSFER and self._powered:
            for _ in range(self._extensions):
                self._tell(_Tell.DATA, slot, number, status=_MORE_TIME, error=1)
            self._tell(_Tell.DATA, slot, number, self._session.process(body))
        elif kind == _Ask.TRANSFER:
            self._tell(_Tell.DATA, slot, number, status=_FAILED | _INACTIVE, error=_NO_CARD)
        elif kind in (_Ask.GET_PARAMETERS, _Ask.RESET_PARAMETERS, _Ask.SET_PARAMETERS):
            if kind == _Ask.RESET_PARAMETERS:
                self._protocol = _DEFAULT_PROTOCOL
            protocol, status = self._protocol, self._state()
            self._tell(_Tell.PARAMETERS, slot, number, _PARAMETERS[protocol], status=status, chain=protocol)
        elif kind in (_Ask.POWER_OFF, _Ask.SLOT_STATUS):
            self._powered = self._powered and kind == _Ask.SLOT_STATUS
            self._tell(_Tell.STATUS, slot, number, status=self._state())
        else:
            self._tell(_Tell.STATUS, slot, number, status=_FAILED | self._state(), error=_UNSUPPORTED)

    def _chose(self, protocol: int) -> bool:
        """Note the protocol that the host wants; tell whether there is such a one."""
        if protocol in _PARAMETERS:
            self._protocol = protocol
        return protocol in _PARAMETERS

    def _state(self) -> int:
        if not self._present:
            return _ABSENT
        return _ACTIVE if self._powered else _INACTIVE

    def _tell(
        self,
        kind: _Tell,
        slot: int,
        number: int,
        body: bytes = b"",
        *,
        status: int = _ACTIVE,
        error: int = 0,
        chain: int = 0,
    ) -> None:
        self.send(IN, _HEAD.pack(kind, len(body), slot, number, bytes((status, error, chain))) + body)
