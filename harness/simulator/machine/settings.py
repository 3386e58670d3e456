"""The kind of transport that builds our own firmware, runs it and leads to its console."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from harness.errors import UsageError
from harness.settings.problems import Problem
from harness.settings.suggest import not_valid
from harness.settings.words import PathText, Word, wrong
from harness.simulator.chip.kinds import SimulatedChip, make_chip
from harness.simulator.faults.fault import Layer
from harness.simulator.kind import SimulatedKind, require_layer, wrong_fault
from harness.simulator.machine.build import build
from harness.simulator.machine.chip_link import ChipLink
from harness.simulator.machine.image import program_of
from harness.simulator.machine.link_start import LinkStart
from harness.simulator.machine.linux import LinuxMachine
from harness.simulator.machine.machine import Machine
from harness.simulator.machine.qemu import QemuMachine
from harness.simulator.machine.sources import Platform, Recipe, dialects, faults, platform_macro
from harness.simulator.machine.stream import MachinePort
from harness.simulator.machine.transport import CAPABILITIES, MachineTransport
from harness.simulator.usb import cdc_acm
from harness.simulator.usb.cdc_acm import CdcAcm
from harness.simulator.usb.twin import UsbTwin, named
from harness.transport.base import Capability
from harness.transport.kind import TransportContext
from harness.transport.serial.lines import LineStep
from harness.transport.serial.settings import LineStepSettings

_FAMILIES = ("3DES", "AES", "SM4")  # of which firmware/client has the ciphers


class FirmwareSettings(SimulatedKind):
    """The console of a board that runs our own firmware: built from its sources, and run on this machine."""

    kind: Literal["firmware"] = Field(
        description="The console of a board that runs the harness's own firmware, built and run on this machine."
    )
    machine: Platform = Field(
        description="What runs it: a process of this machine (linux, needs gcc), or QEMU's Arm MPS2 board (cortex-m3, "
        "needs arm-none-eabi-gcc and qemu-system-arm)."
    )
    carrier: Literal["demo", "se", "km", "tee"] = Field(
        description="Carrier that is compiled in: demo holds ID and key itself, se asks a chip at its second line, km "
        "keeps them in its storage, which is empty until the device is provisioned, tee has a trusted "
        "application do so, which may have got them in the factory."
    )
    link: bool = Field(
        default=False,
        description="Whether the firmware connects by iTLS, as the link section says; needs a carrier other than se, "
        "and machine linux.",
    )
    device: SimulatedChip | None = Field(
        default=None,
        description="demo, tee: ID and key that are compiled in; left out, the device has none. se: the chip; left "
        "out, no chip answers.",
    )
    dialect: Word | None = Field(
        default=None,
        description="The system around the client, as its console shows it: start, shell, log, crash "
        "(docs/dialects.md). Left out: the client alone, which prints its self-tests at each start.",
    )
    boot_ms: int = Field(
        default=0, ge=0, le=120_000, description="Milliseconds from the reset until the client starts, about."
    )
    chatter_ms: int = Field(
        default=0,
        ge=0,
        le=60_000,
        description="Milliseconds between lines that other tasks log, between those of the client; 0 for none.",
    )
    clock_offset_s: int = Field(
        default=0, ge=-(10**9), le=10**9, description="Seconds by which the firmware's clock is wrong."
    )
    probe: bool = Field(
        default=True, description="Whether the probe is linked in; a firmware to be shipped has none."
    )
    fault: Word | None = Field(
        default=None, description="The one fault that is compiled into the firmware; none when left out."
    )
    image: PathText | None = Field(
        default=None,
        description="File that stands for the board's program flash, relative to the board file: what a flash "
        "controller has written there runs from the next reset on. While it is not there, the firmware of these "
        "settings runs.",
    )
    actions: dict[Word, Annotated[tuple[LineStepSettings, ...], Field(min_length=1, max_length=100)]] = Field(
        default_factory=dict,
        description="Named sequences of DTR and RTS. RTS on holds the machine in reset, off starts it anew; DTR off "
        "takes its power away at once, on gives it back. Opening switches it on, with DTR on and RTS off.",
        max_length=16,
    )

    @field_validator("fault")
    @classmethod
    def _has_fault(cls, fault: str | None) -> str | None:
        if fault is not None and fault not in (known := faults()):
            raise wrong(not_valid(fault, known))
        return fault

    @field_validator("dialect")
    @classmethod
    def _speaks(cls, dialect: str | None) -> str | None:
        if dialect is not None and dialect not in (known := dialects()):
            raise wrong(not_valid(dialect, known))
        return dialect

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        if self.device is not None and self.device.key_type.family not in _FAMILIES:
            raise wrong(
                f"the firmware cannot have {self.device.key_type}; it has {', '.join(_FAMILIES)} keys"
            )
        return self

    @model_validator(mode="after")
    def _can_have_link(self) -> Self:
        if self.carrier == "km" and self.device is not None:
            raise wrong("has carrier km, whose ID² comes by provisioning; leave out device")
        if self.link and self.machine is not Platform.LINUX:
            raise wrong(f"has a link, and {self.machine} has no network; write machine: {Platform.LINUX}")
        if self.link and self.carrier == "se":
            raise wrong("has a link, whose firmware keeps its key itself; write carrier: km")
        return self

    @classmethod
    def can_supply(cls) -> frozenset[Capability]:
        """Return what it carries: a stream, and the lines beside it."""
        return CAPABILITIES

    def make(self, context: TransportContext) -> MachineTransport:
        """Return the console, not opened; the firmware is built and started by its opening."""
        recipe = self.recipe(context)
        chip = self._chip(context)
        link = self._link_start(context)
        image = None if self.image is None else context.folder / self.image
        program = program_of(image, self.machine, lambda: build(recipe))
        return MachineTransport(
            context.name,
            lambda: self._machine(program, chip, link, image),
            f"simulated board: {self.place()}",
        )

    def usb_twin(self, context: TransportContext) -> UsbTwin:
        """Return a CDC-ACM port with the console behind it: DTR switches the board's power, RTS its reset.

        Raises:
            UsageError: The firmware cannot be as the settings say.
        """
        port = MachinePort(self.make(context))
        twin = CdcAcm(port.stream, named(cdc_acm.DEFAULT, context), set_lines=port.set_lines)
        return UsbTwin(twin, "ttyACM*", "serial")

    def recipe(self, context: TransportContext) -> Recipe:
        """Return what the firmware is made of.

        Raises:
            UsageError: The key of the device cannot be read.
        """
        family = (context.key_type if self.device is None else self.device.key_type).family
        if family not in _FAMILIES:
            raise UsageError(
                f"the firmware cannot have {context.key_type}", hint=f"it has {', '.join(_FAMILIES)} keys"
            )
        defines = [f"ID2_FAMILY=ID2_FAMILY_{family}"]
        if self.carrier in {"demo", "tee"}:
            key = b"" if self.device is None else context.simulated_key(self.device).reveal()
            id_text = "" if self.device is None else self.device.reported_id
            defines += [f'ID2_DEMO_ID="{id_text}"', f'ID2_DEMO_KEY="{key.hex().upper()}"']
        return Recipe(
            self.machine,
            self.carrier,
            tuple(defines),
            self._local(),
            probe=self.probe,
            link=self.link,
            fault=self.fault or "",
        )

    def place(self) -> str:
        """Return what runs where."""
        where = "a process of Linux" if self.machine is Platform.LINUX else "an emulated Cortex-M3"
        broken = f", fault {self.fault}" if self.fault else ""
        named = f", actions {', '.join(self.actions)}" if self.actions else ""
        spoken = f", dialect {self.dialect}" if self.dialect else ""
        linked = " and a link" if self.link else ""
        return f"firmware with carrier {self.carrier}{linked} on {where}{spoken}{broken}{named}"

    def errors(self, folder: Path) -> Iterator[Problem]:
        """Give a fault that the chip cannot have."""
        del folder
        if self.carrier == "se":
            yield from wrong_fault(("device", "fault"), self._fault_of_chip)

    def advice(self) -> Iterator[Problem]:
        """Give a fault of a chip that is not there."""
        if self.carrier != "se" and self.device is not None and self.device.fault:
            text = f"carrier {self.carrier} has no chip that could have it: write `fault` beside the device"
            yield Problem(("device", "fault"), text)

    @property
    def runs_link_app(self) -> bool:
        """Whether it connects by itself."""
        return self.link

    @property
    def simulated_device(self) -> SimulatedChip | None:
        """What the firmware is as a device, or its chip."""
        return self.device

    def line_steps(self) -> Mapping[str, tuple[LineStep, ...]]:
        """Return the actions of the board."""
        return {name: tuple(each.step() for each in steps) for name, steps in self.actions.items()}

    def _local(self) -> tuple[str, ...]:
        numbers = {
            "ID2_BOOT_MS": self.boot_ms,
            "ID2_CHATTER_MS": self.chatter_ms,
            "ID2_CLOCK_OFFSET_S": self.clock_offset_s,
        }
        return (
            *((platform_macro(self.dialect),) if self.dialect else ()),
            *(f"{name}={number}" for name, number in numbers.items() if number),
        )

    def _machine(
        self,
        program: Callable[[], Path],
        chip: ChipLink | None,
        link: LinkStart | None,
        image: Path | None = None,
    ) -> Machine:
        if self.machine is Platform.LINUX:
            return LinuxMachine(program, chip, link, image)
        return QemuMachine(program, chip)

    def _link_start(self, context: TransportContext) -> LinkStart | None:
        if not self.link:
            return None
        if context.link is None:
            raise UsageError(
                "the firmware needs to know what its link does",
                hint="write a link section into the board file, or leave out link: true",
            )
        return LinkStart(context.link, context.flash)

    def _chip(self, context: TransportContext) -> ChipLink | None:
        if self.carrier != "se" or self.device is None:
            return None
        self._fault_of_chip()
        return ChipLink(make_chip(self.device.config(context.simulated_key(self.device))))

    def _fault_of_chip(self) -> None:
        if self.device is not None:
            layers = (Layer.CHIP,)
            require_layer(self.device.named_fault(layers), layers, "a chip behind a driver")
