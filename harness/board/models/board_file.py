"""The whole board file."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr

from harness.board.models.declaration import Declaration
from harness.board.models.parts import Chip, Console, Device, Limits, Network
from harness.board.models.plan import Plan, PlannedCarrier
from harness.board.models.server import Server
from harness.board.models.service import Service
from harness.carrier.kind import CARRIERS, CarrierKind
from harness.carrier.se_kind import SeOverChip
from harness.console.dialect import DIALECTS, Dialect, with_texts
from harness.controller.kind import CONTROLLERS, Ability, Controller
from harness.controller.serial_lines import SerialLines
from harness.probe.settings import Probe
from harness.settings.link import Link
from harness.settings.particulars import Particulars
from harness.settings.tagged import Tagged
from harness.settings.words import Section, Tag, Text, Word, wrong
from harness.transport.kind import StandIn, TransportKind
from harness.transport.kinds import TRANSPORTS

VERSION = 1


def _known_version(value: int) -> int:
    if value != VERSION:
        raise wrong(f"is {value}; this harness reads version {VERSION}")
    return value


@dataclass(frozen=True, slots=True)
class Source:
    """Where a board file came from.

    Attributes:
        path: The file as it was named; None for one that was made in memory.
        sha256: Hex digest of the bytes that were read; empty for one that was made in memory.
        warnings: Doubtful things in it, each `file:line: field: text`.
        left: The fields, each with its line, that a starting board file left to fill in; they are warnings too.
    """

    path: Path | None = None
    sha256: str = ""
    warnings: tuple[str, ...] = field(default=())
    left: tuple[str, ...] = field(default=())


def _empty_is_default(value: object) -> object:
    # A section whose lines are all commented out is there and says nothing.
    return {} if value is None else value


def _none_is_empty(value: object) -> object:
    return () if value is None else value


def _each_once(tags: tuple[str, ...]) -> tuple[str, ...]:
    for tag in tags:
        if tags.count(tag) > 1:
            raise wrong(f"has {tag} twice")
    return tags


class BoardFile(Section):
    """One board on the bench, described by one file."""

    version: Annotated[int, AfterValidator(_known_version)] = Field(
        description="Version of the board file format: 1.", json_schema_extra={"const": VERSION}
    )
    name: Word = Field(
        description="Name of the board: in run folders, reports and locks. Best the name of the file."
    )
    description: Text = Field(default="", description="One sentence for people.")
    tags: Annotated[
        tuple[Tag, ...],
        BeforeValidator(_none_is_empty, json_schema_input_type=tuple[Tag, ...] | None),
        AfterValidator(_each_once),
    ] = Field(
        default=(),
        description="Words that boards are chosen by (`--tag`), such as `i2c`, `desk-2` or `model=m1`.",
        max_length=64,
    )
    plan: Plan = Field(description="What the manufacturer chose.")
    transports: dict[Word, Annotated[TransportKind, Tagged(TRANSPORTS)]] = Field(
        description="Bytes to and from the board, each under a name of your choice.",
        min_length=1,
        max_length=16,
    )
    chip: Chip | None = Field(
        default=None, description="The secure element, when the harness talks to it directly."
    )
    console: Console | None = Field(default=None, description="The serial console, when there is one.")
    probe: Annotated[
        Probe | None, BeforeValidator(_empty_is_default, json_schema_input_type=Probe | None)
    ] = Field(
        default=None,
        description="The probe in the firmware, on the console, when it is linked in; `probe: {}` is enough for most "
        "boards.",
    )
    carrier: Annotated[CarrierKind, Tagged(CARRIERS)] | None = Field(
        default=None,
        description="How the harness calls the id2_client API of the plan's carrier. Left out: on the chip section for "
        "carrier se; not at all for the others, which are judged by their console and link.",
    )
    controllers: dict[Word, Annotated[Controller, Tagged(CONTROLLERS)]] = Field(
        default_factory=dict,
        description="What can be done to the board from outside (reset, power, flash), under names of your choice.",
        max_length=8,
    )
    device: Annotated[Device, BeforeValidator(_empty_is_default, json_schema_input_type=Device | None)] = (
        Field(default_factory=Device, description="The one device on the bench.")
    )
    declaration: Annotated[
        Declaration, BeforeValidator(_empty_is_default, json_schema_input_type=Declaration | None)
    ] = Field(
        default_factory=Declaration, description="What the board claims; decides which scenarios apply."
    )
    service: Annotated[Service, BeforeValidator(_empty_is_default, json_schema_input_type=Service | None)] = (
        Field(
            default_factory=Service, description="The ID² service that the device is authenticated against."
        )
    )
    server: Server | None = Field(
        default=None,
        description="The manufacturer's own server, to be judged in step 3; for own-platform and third-party-system.",
    )
    link: Link | None = Field(
        default=None, description="What the board does over iTLS, when its firmware connects by itself."
    )
    network: Network | None = Field(
        default=None,
        description="Where the harness is the far end of the board's own TCP connections, which its port makes when it "
        "is asked to. Left out: they are judged of a simulated board only, on 127.0.0.1.",
    )
    limits: Annotated[Limits, BeforeValidator(_empty_is_default, json_schema_input_type=Limits | None)] = (
        Field(default_factory=Limits, description="Limits that scenarios measure against.")
    )
    report: Annotated[
        Particulars, BeforeValidator(_empty_is_default, json_schema_input_type=Particulars | None)
    ] = Field(
        default_factory=Particulars,
        description="What only people know and a report must say: number, parties, item, bench, place. What is the "
        "same for every board of a lab stands in lab.yaml.",
    )

    _source: Source = PrivateAttr(default=Source())

    @property
    def client(self) -> CarrierKind | None:
        """How the id2_client API is called on this board; None when it cannot be."""
        if self.carrier is None and self.plan.carrier is PlannedCarrier.SE and self.chip is not None:
            return SeOverChip()
        return self.carrier

    def controller(self, ability: Ability) -> Controller | None:
        """Return what can do this to the board; None when nothing can."""
        for controller in self.controllers.values():
            if ability in controller.abilities():
                return controller
        if ability is Ability.POWER_CYCLE:
            both = {Ability.POWER_OFF, Ability.POWER_ON}
            return next((one for one in self.controllers.values() if both <= one.abilities()), None)
        if ability is Ability.RESET and self.link is not None and self.link.reset is not None:
            return SerialLines(reset=self.link.reset)
        return None

    @property
    def can_reset(self) -> bool:
        """Whether the board can be started anew at once: a simulated one starts when its console opens."""
        return self.simulated or self.controller(Ability.RESET) is not None

    @property
    def can_restart(self) -> bool:
        """Whether the board can be started anew without a person, by a reset or by switching it off and on."""
        return self.can_reset or self.controller(Ability.POWER_CYCLE) is not None

    @property
    def runs_program(self) -> bool:
        """Whether a program is known to print to the console: one with a probe may have none that is not named."""
        return self.console is not None and (self.probe is None or "program" in self.console.model_fields_set)

    @property
    def dialect_name(self) -> str:
        """Name of the dialect that the console speaks: the one that is named, else that of the platform."""
        named = None if self.console is None else self.console.dialect
        return named or self.plan.platform_kind.dialect()

    @property
    def dialect(self) -> type[Dialect]:
        """How the console speaks, with the texts of the board's own firmware."""
        kind = DIALECTS.get(self.dialect_name)
        if self.console is None:
            return kind
        return with_texts(kind, self.console.start_texts, self.console.crash_texts)

    @property
    def source(self) -> Source:
        """Where this board file came from."""
        return self._source

    @property
    def warnings(self) -> tuple[str, ...]:
        """Doubtful things in the file, each `file:line: field: text`."""
        return self._source.warnings

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes that were read."""
        return self._source.sha256

    @property
    def folder(self) -> Path:
        """The folder that relative paths in the file start at."""
        return self._source.path.parent if self._source.path else Path()

    @property
    def simulated(self) -> bool:
        """True when no transport leads out of this process."""
        return all(self.stand_ins.get(name) for name in self.transports)

    @property
    def stand_ins(self) -> dict[str, StandIn]:
        """What stands in for the device of a transport, by the transport's name; one with a real device is left out."""
        found = {name: settings.stands_in for name, settings in self.transports.items()}
        return {name: stand_in for name, stand_in in found.items() if stand_in is not None}

    def from_source(self, source: Source) -> "BoardFile":
        """Return the same board file with its source."""
        copy = self.model_copy()
        copy._source = source  # noqa: SLF001 - its own attribute, of the copy
        return copy

    def as_used(self) -> dict[str, object]:
        """Return the file with every default filled in, as plain JSON values, for the header of a run.

        Keys and secrets stand in it as references; a test key of a simulated device is masked.
        """
        used: dict[str, object] = self.model_dump(mode="json", exclude_none=True, exclude={"report"})
        if said := self.report.model_dump(mode="json", exclude_defaults=True):
            used["report"] = said
        source = self._source
        used["source"] = {"path": str(source.path) if source.path else "", "sha256": source.sha256}
        return used
