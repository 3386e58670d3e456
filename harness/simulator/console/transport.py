"""The kind of transport that leads to a simulated console."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from harness.errors import UsageError
from harness.settings.problems import Problem, printable
from harness.settings.words import PathText, Word, wrong
from harness.simulator.bus.line import SimulatedLine
from harness.simulator.chip.kinds import SimulatedChip, make_chip
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.console.board import ConsoleBoard, ConsoleConfig, ConsoleDevice, PlayedConsole
from harness.simulator.faults.catalogue import find
from harness.simulator.faults.fault import Fault, Layer
from harness.simulator.kind import SimulatedKind, require_layer, wrong_fault
from harness.simulator.link.app import Behaviour
from harness.simulator.link.board import LinkBoard
from harness.simulator.usb import cdc_acm
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.twin import UsbTwin, named
from harness.transport.base import Capability, Transport
from harness.transport.kind import StandIn, TransportContext, absent

_FINGERPRINT_MAX = 100  # bytes; device-protocol.md g, ls_hal_get_dev_id
_IROT_TYPES = {"km": 1, "tee": 4}
_OTHER_STREAM = 0x5EED  # the board's random numbers are not those of its chip


class SimulatedConsoleSettings(SimulatedKind):
    """A board's serial console: a capture that is played back, or a simulated program that prints its own."""

    kind: Literal["simulated-console"] = Field(description="A console that is played back or simulated.")
    file: PathText | None = Field(
        default=None,
        description="Captured console to play back, relative to this file. With a file nothing is simulated.",
    )
    app: Literal["id2_app", "link_app"] = Field(
        default="id2_app",
        description="Program that the simulated board runs: the vendor's test program, or a firmware on Soft-KM that "
        "does what the link section says (link_app).",
    )
    provisioning: Literal["wrapper", "handshake"] = Field(
        default="wrapper",
        description="link_app only: how a board without an ID² gets one, by an exchange of its own or inside the "
        "handshake.",
    )
    fingerprint: Annotated[str, StringConstraints(pattern=r"^[ -~]{6,100}$")] | None = Field(
        default=None,
        description="link_app only: the device id that the board is provisioned by; made of its name when left out.",
    )
    device: SimulatedChip | None = Field(
        default=None, description="The device behind the console; with a file: the device that was captured."
    )
    fault: Word | None = Field(default=None, description="The one fault of the console; none when left out.")

    @model_validator(mode="after")
    def _something_prints(self) -> Self:
        if self.app == "link_app":
            if self.file is not None or self.device is not None:
                raise wrong("runs link_app, whose ID² comes over the link; leave out file and device")
        elif self.file is None and self.device is None:
            raise wrong("has neither file nor device: there is nothing to print")
        return self

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream."""
        return frozenset({Capability.STREAM})

    def make(self, context: TransportContext) -> Transport:
        """Return the line, not opened; the board prints from its opening on."""
        if self.runs_link_app:
            firmware = self.firmware(context)
            return SimulatedLine(context.name, lambda: firmware, firmware.identity)
        board = self.board(context)
        return SimulatedLine(context.name, lambda: board, board.identity)

    def usb_twin(self, context: TransportContext) -> UsbTwin:
        """Return a CDC-ACM port with the console behind it."""
        if self.runs_link_app:
            raise UsageError(
                f"transport {context.name!r}: a device that runs link_app cannot be plugged into the kernel"
            )
        self.board(context)  # what cannot be is said now, not when a program opens the port
        return UsbTwin(
            CdcAcm(lambda: self.board(context), named(cdc_acm.DEFAULT, context)), "ttyACM*", "serial"
        )

    def firmware(self, context: TransportContext) -> LinkBoard:
        """Return the board that runs `link_app`.

        Raises:
            UsageError: There is no link, or the board cannot be as the settings say.
        """
        return LinkBoard(self.behaviour(context), context.flash, fault=self._fault_of_link())

    def _fault_of_link(self) -> Fault | None:
        fault = find(self.fault, (Layer.LINK,)) if self.fault else None
        require_layer(fault, (Layer.LINK,), "a board that runs link_app")
        return fault

    def behaviour(self, context: TransportContext) -> Behaviour:
        """Return what the firmware of `link_app` was written to do.

        Raises:
            UsageError: There is no link.
        """
        does = context.link
        if does is None:
            raise UsageError(
                "simulated console: link_app needs to know what its link does",
                hint="write a link section into the board file",
            )
        return Behaviour(
            key_type=context.key_type,
            fingerprint=self.fingerprint or f"simulated {context.board}"[:_FINGERPRINT_MAX],
            device_name=does.device_name,
            mqtt=does.mqtt,
            topics=None if does.echo is None else (does.echo.subscribe, does.echo.publish),
            keepalive=does.keepalive_s,
            by_wrapper=self.provisioning == "wrapper",
            irot_type=_IROT_TYPES[context.carrier],
        )

    def board(
        self,
        context: TransportContext,
        *,
        on_power: bool = True,
        server_code: str = "",
        cipher_text: str = "",
    ) -> ConsoleDevice:
        """Return the board that prints: a captured console, or one that runs `id2_app`.

        Args:
            context: What the transport is made for.
            on_power: Whether it prints at power on; a line sent to it always makes it print.
            server_code: Server code that is compiled into `id2_app`; empty for none.
            cipher_text: Ciphertext of the ID in hex that is compiled into `id2_app`; empty for none.

        Raises:
            UsageError: The board cannot be as the settings say.
        """
        if self.file is not None:
            return PlayedConsole(context.folder / self.file, on_power=on_power, fault=self._fault())
        device = self.device
        assert device is not None, "a console without a file has a device"
        key = context.simulated_key(device)
        chip = device.config(key)
        fault = self._fault()
        config = ConsoleConfig(
            id_text=chip.id_text,
            key=key,
            chip=None if context.carrier == "demo" else make_chip(chip),
            random=SeededRandom(device.seed + _OTHER_STREAM),
            server_code=server_code,
            cipher_text=cipher_text,
            fault=fault if fault is not None and fault.layer is Layer.CONSOLE else None,
        )
        return ConsoleBoard(config, on_power=on_power)

    def _fault(self) -> Fault | None:
        """Return the one fault, which may stand at the console or at its device.

        Raises:
            UsageError: There are two, or none of this name, or one that sits elsewhere.
        """
        own = find(self.fault, (Layer.CONSOLE,)) if self.fault else None
        require_layer(own, (Layer.CONSOLE,), "a console itself")
        inner = self._fault_of_device()
        if own is not None and inner is not None:
            raise UsageError(
                f"simulated console: faults {own.name!r} and {inner.name!r}; a device has one",
                hint="leave one of them out",
            )
        return own or inner

    def _fault_of_device(self) -> Fault | None:
        layers = (Layer.CHIP, Layer.CONSOLE)
        fault = None if self.device is None else self.device.named_fault(layers)
        require_layer(fault, layers, "a console")
        return fault

    def place(self) -> str:
        """Return what prints."""
        if self.file:
            return f"played back from {self.file}"
        if self.device is not None:
            return self.device.summary
        broken = f", fault {self.fault}" if self.fault else ""
        return f"simulated Soft-KM board that runs {self.app}{broken}"

    def remark(self, folder: Path) -> str:
        """Return whether the capture is not there."""
        return absent(folder / self.file if self.file else None)

    def errors(self, folder: Path) -> Iterator[Problem]:
        """Give a capture that is not there, and a fault that cannot be."""
        if self.file is not None and not (folder / self.file).is_file():
            yield Problem(("file",), f"there is no file {printable(str(folder / self.file))}")
        inner = tuple(wrong_fault(("device", "fault"), self._fault_of_device))
        yield from inner or wrong_fault(
            ("fault",), self._fault_of_link if self.runs_link_app else self._fault
        )

    def advice(self) -> Iterator[Problem]:
        """Give a fault that a capture cannot have."""
        if self.file and self.device is not None and (self.fault or self.device.fault):
            yield Problem((), "a console that is played back from a file has no faults of its own")

    @property
    def stands_in(self) -> StandIn | None:
        """The capture does, or the simulator."""
        return StandIn.PLAYED_BACK if self.file else StandIn.SIMULATED

    @property
    def simulated_device(self) -> SimulatedChip | None:
        """The device behind the console, or the one that was captured."""
        return self.device

    @property
    def runs_link_app(self) -> bool:
        """Whether the program is link_app."""
        return self.app == "link_app"
