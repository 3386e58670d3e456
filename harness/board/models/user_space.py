"""Buses that are driven from user space: USB through libusb, smart cards, FTDI bridges."""

from typing import Annotated, Literal

from pydantic import Field

from harness.settings.words import I2cAddress, Number8, Section, Text
from harness.transport.ftdi.bridge import FtdiI2c, FtdiSpi
from harness.transport.pcsc.calls import CardProtocol, Share
from harness.transport.pcsc.reader import PcscTransport
from harness.transport.usb.ccid import CcidTransport
from harness.transport.usb.framing import LengthPrefix, PipeFraming
from harness.transport.usb.hid import HidTransport
from harness.transport.usb.pipe import PipeKind, UsbPipe, UsbPipeTransport
from harness.transport.usb_identity import UsbIdentity

LengthSize = Annotated[int, Field(description="Bytes of the length before an APDU.", ge=1, le=4)]
LengthOrder = Annotated[
    Literal["big", "little"], Field(description="Byte order of the length before an APDU.")
]


class UsbSettings(Section):
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

    def make(self, name: str) -> UsbPipeTransport:
        """Return the transport, not opened."""
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


class CcidSettings(Section):
    """A smart card reader or token of USB's CCID class, spoken to directly, without a PC/SC service."""

    kind: Literal["ccid"] = Field(description="A CCID reader.")
    usb: UsbIdentity = Field(description="The reader.")
    slot: int = Field(default=0, description="Slot of a reader with several, from 0.", ge=0, le=255)

    def make(self, name: str) -> CcidTransport:
        """Return the transport, not opened."""
        return CcidTransport(name, self.usb.selector(), slot=self.slot)


class HidSettings(Section):
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

    def make(self, name: str) -> HidTransport:
        """Return the transport, not opened."""
        return HidTransport(
            name,
            self.usb.selector(),
            report_id=self.report_id,
            report_size=self.report_size,
            prefix=LengthPrefix(self.length_size, self.length_order),
        )


class PcscSettings(Section):
    """A card in a reader of the PC/SC service; needs the extra [pcsc]."""

    kind: Literal["pcsc"] = Field(description="A PC/SC reader.")
    reader: Annotated[Text, Field(min_length=1)] = Field(
        description="Name of the reader, as pcsc_scan shows it, or a part that only one reader has."
    )
    share: Share = Field(
        default=Share.EXCLUSIVE, description="Whether other programs may use the card meanwhile."
    )
    protocol: CardProtocol = Field(
        default=CardProtocol.ANY, description="How reader and card talk: T=0, T=1 or any."
    )

    def make(self, name: str) -> PcscTransport:
        """Return the transport, not opened."""
        return PcscTransport(name, self.reader, share=self.share, protocol=self.protocol)


class FtdiI2cSettings(Section):
    """An I²C bus behind an FTDI bridge in MPSSE mode, without a kernel driver; needs the extra [ftdi]."""

    kind: Literal["ftdi-i2c"] = Field(description="An I²C bus behind an FTDI bridge.")
    usb: UsbIdentity = Field(description="The bridge; interface is its port, from 0.")
    address: I2cAddress = Field(default=0x71, description="7-bit address of the chip.")
    frequency_hz: int = Field(default=100_000, description="Clock.", ge=10_000, le=1_000_000)
    clock_stretching: bool = Field(
        default=False, description="Let the chip hold the clock; AD7 must be joined to AD0."
    )

    def make(self, name: str) -> FtdiI2c:
        """Return the transport, not opened."""
        return FtdiI2c(
            name,
            self.usb.selector(),
            frequency=self.frequency_hz,
            clock_stretching=self.clock_stretching,
        )


class FtdiSpiSettings(Section):
    """An SPI bus behind an FTDI bridge in MPSSE mode, without a kernel driver; needs the extra [ftdi]."""

    kind: Literal["ftdi-spi"] = Field(description="An SPI bus behind an FTDI bridge.")
    usb: UsbIdentity = Field(description="The bridge; interface is its port, from 0.")
    frequency_hz: int = Field(default=1_000_000, description="Clock.", ge=1_000, le=30_000_000)
    mode: int = Field(default=3, description="SPI mode; 1 and 3 need a bridge of the H series.", ge=0, le=3)
    chip_select: int = Field(default=0, description="Select line, from AD3 on.", ge=0, le=4)

    def make(self, name: str) -> FtdiSpi:
        """Return the transport, not opened."""
        return FtdiSpi(
            name,
            self.usb.selector(),
            frequency=self.frequency_hz,
            mode=self.mode,
            chip_select=self.chip_select,
        )


UserSpaceSettings = (
    UsbSettings | CcidSettings | HidSettings | PcscSettings | FtdiI2cSettings | FtdiSpiSettings
)
"""Buses driven from user space; their settings make the transport, and it says what it occupies."""
