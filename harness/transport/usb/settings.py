"""USB devices that carry whole APDUs, driven through libusb: a vendor's own interface, CCID and HID."""

from typing import Annotated, Literal

from pydantic import Field

from harness.settings.words import Number8
from harness.transport.base import Capability
from harness.transport.drafted import Drafted, usb_lines
from harness.transport.found import VENDORS_CCID, Found
from harness.transport.usb.ccid import CcidTransport
from harness.transport.usb.framing import LengthPrefix, PipeFraming
from harness.transport.usb.hid import HidTransport
from harness.transport.usb.kind import UsbKind
from harness.transport.usb.pipe import PipeKind, UsbPipe, UsbPipeTransport
from harness.transport.usb_identity import UsbIdentity

LengthSize = Annotated[int, Field(description="Bytes of the length before an APDU.", ge=1, le=4)]
LengthOrder = Annotated[
    Literal["big", "little"], Field(description="Byte order of the length before an APDU.")
]

_READERS = frozenset({"ccid", VENDORS_CCID})


class UsbSettings(UsbKind):
    """A vendor's own USB interface that carries whole APDUs, driven through libusb."""

    kind: Literal["usb"] = Field(description="A vendor's USB interface.")
    usb: UsbIdentity = Field(
        description="The device. Without an interface, the one of the vendor class is taken."
    )
    pipe: PipeKind = Field(
        default=PipeKind.BULK, description="What carries the bytes: a pair of endpoints, or control requests."
    )
    messages: PipeFraming = Field(
        default=PipeFraming.PLAIN,
        description="Where an APDU ends: with the transfer (plain), or its length stands before it.",
    )
    length_size: LengthSize = 2
    length_order: LengthOrder = "big"
    endpoint_out: Number8 | None = Field(
        default=None, description="Endpoint to the device, such as 0x01; the first of its kind when left out."
    )
    endpoint_in: Number8 | None = Field(
        default=None,
        description="Endpoint from the device, such as 0x81; the first of its kind when left out.",
    )
    request_out: Number8 = Field(
        default=0x01, description="control only: vendor request that carries a command."
    )
    request_in: Number8 = Field(
        default=0x02,
        description="control only: vendor request that fetches the answer; no bytes: not ready yet.",
    )

    def _transport(self, name: str) -> UsbPipeTransport:
        pipe = UsbPipe(
            kind=self.pipe,
            framing=self.messages,
            prefix=LengthPrefix(self.length_size, self.length_order),
            endpoint_out=self.endpoint_out,
            endpoint_in=self.endpoint_in,
            request_out=self.request_out,
            request_in=self.request_in,
        )
        return UsbPipeTransport(name, self.usb.selector(), pipe)

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: whole APDUs."""
        return frozenset({Capability.APDU})

    @classmethod
    def draft(cls, found: Found) -> Drafted | None:
        """Return a device with an interface of the vendor's class, and neither a reader nor HID."""
        kinds = {interface.kind for interface in found.interfaces}
        fits = "vendor" in kinds and not kinds & {*_READERS, "hid"}
        return Drafted(("kind: usb", *usb_lines(found)), "direct") if fits else None


class CcidSettings(UsbKind):
    """A smart card reader or token of USB's CCID class, spoken to directly, without a PC/SC service."""

    kind: Literal["ccid"] = Field(description="A CCID reader.")
    usb: UsbIdentity = Field(description="The reader.")
    slot: int = Field(default=0, description="Slot of a reader with several, from 0.", ge=0, le=255)

    def _transport(self, name: str) -> CcidTransport:
        return CcidTransport(name, self.usb.selector(), slot=self.slot)

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: whole APDUs, and the card's power."""
        return frozenset({Capability.APDU, Capability.CARD})

    @classmethod
    def draft(cls, found: Found) -> Drafted | None:
        """Return a reader."""
        kinds = {interface.kind for interface in found.interfaces}
        fits = bool(kinds & _READERS)
        return Drafted(("kind: ccid", *usb_lines(found)), "direct") if fits else None


class HidSettings(UsbKind):
    """A USB HID interface that carries APDUs in reports: a length and the APDU, cut into reports of one size."""

    kind: Literal["hid"] = Field(description="A USB HID interface.")
    usb: UsbIdentity = Field(description="The device.")
    report_id: Number8 | None = Field(
        default=None, description="First byte of every report; left out for a device that numbers none."
    )
    report_size: int | None = Field(
        default=None,
        description="Bytes of a report with its id; the endpoint's packet size when left out.",
        ge=4,
        le=4096,
    )
    length_size: LengthSize = 2
    length_order: LengthOrder = "big"

    def _transport(self, name: str) -> HidTransport:
        return HidTransport(
            name,
            self.usb.selector(),
            report_id=self.report_id,
            report_size=self.report_size,
            prefix=LengthPrefix(self.length_size, self.length_order),
        )

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: whole APDUs."""
        return frozenset({Capability.APDU})

    @classmethod
    def draft(cls, found: Found) -> Drafted | None:
        """Return a HID device that is no reader."""
        kinds = {interface.kind for interface in found.interfaces}
        fits = "hid" in kinds and not kinds & _READERS
        return Drafted(("kind: hid", *usb_lines(found)), "direct") if fits else None
