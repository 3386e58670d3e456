"""What a board file says, as words that requirements can ask for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from harness.board.models import (
    BoardFile,
    BuiltIn,
    Chip,
    ChipAlgorithm,
    ChipCommand,
    ChipOption,
    Feature,
    Pattern,
    PlannedCarrier,
    Use,
    feature_of,
)
from harness.board.plan import matrix as plan_matrix
from harness.board.reading import checks
from harness.carrier.base import OPTIONAL_FUNCTIONS
from harness.carrier.kind import CARRIERS, CarrierKind
from harness.chip.command_set import COMMAND_SETS
from harness.chip.framing import FRAMINGS
from harness.console.dialect import DIALECTS
from harness.console.platform import PLATFORMS
from harness.console.program import PROGRAMS, Topic
from harness.controller.kind import Ability
from harness.id2 import published
from harness.id2.hashes import HashType
from harness.id2.keys import KeyType
from harness.kinds import asking
from harness.probe.functions import Group
from harness.probe.linking import LINK_THE_PROBE
from harness.settings.link import Offer
from harness.transport.kind import StandIn

if TYPE_CHECKING:
    from harness.board.plan.applies import Applicability


@dataclass(frozen=True, slots=True)
class Word:
    """A word that an `applies_when` expression may use.

    Attributes:
        field: The field of the board file that decides it.
        meaning: What it says of a board for which it holds.
        otherwise: What is true of a board for which it does not hold.
        values: The values it can be asked for (`word=value`); empty for a word that is just true or not.
        many: Whether a board can have several of the values.
    """

    field: str
    meaning: str
    otherwise: str = ""
    values: tuple[str, ...] = ()
    many: bool = False


def _one(field: str, meaning: str, kind: type[StrEnum], otherwise: str = "") -> Word:
    return Word(field, meaning, otherwise, tuple(member.value for member in kind))


def _many(field: str, meaning: str, kind: type[StrEnum]) -> Word:
    return Word(field, meaning, "none declared", tuple(member.value for member in kind), many=True)


_HASHES = {HashType.SHA256: "sha256", HashType.SM3: "sm3"}
_NO_CHIP = "there is no chip section"
_NO_CONSOLE = "there is no console section"
_NO_PROGRAM = "no program is known to print to a console"
_NO_SERVER = "there is no server section"


_OF_ANY_SET = "select"
"""The word of the vocabulary that every command set may state of its chip."""


def _with_command_sets(words: dict[str, Word]) -> Mapping[str, Word]:
    """Add the words that single command sets bring."""
    for name, kind in COMMAND_SETS.all().items():
        for word, meaning in kind.words().items():
            if word in words:
                raise COMMAND_SETS.refused(
                    name,
                    f"brings the word {word!r} to applies_when, which is there already",
                    "a command set chooses words of its own",
                )
            words[word] = Word("chip.command_set", meaning, f"the chip is none of command set {name}")
    return MappingProxyType(words)


VOCABULARY: Mapping[str, Word] = _with_command_sets(
    {
        "pattern": _one("plan.pattern", "the integration pattern", Pattern),
        "carrier": _one("plan.carrier", "where the ID² key lives", PlannedCarrier),
        "platform": Word("plan.platform", "what runs on the board", values=PLATFORMS.names),
        "key_type": _one("plan.key_type", "type of the ID² key", KeyType),
        "symmetric": Word("plan.key_type", "the key is symmetric", "the key is not symmetric"),
        "hash": Word("plan.key_type", "the hash that goes with the key type", values=tuple(_HASHES.values())),
        "server_development": Word(
            "plan.pattern",
            "the manufacturer writes a server side",
            "Alibaba Cloud IoT Platform authenticates, there is no server side to write",
        ),
        "chip": Word("chip", "the harness talks to the chip directly", _NO_CHIP),
        "client": Word(
            "carrier",
            "the harness calls the id2_client API; asked with a value: this function of it",
            "the harness calls no id2_client API of this carrier",
            OPTIONAL_FUNCTIONS,
            many=True,
        ),
        "carrier_kind": Word(
            "carrier.kind",
            "how the harness calls the id2_client API",
            "the harness calls no id2_client API of this carrier",
            CARRIERS.names,
        ),
        "second_connection": Word(
            "carrier.second",
            "a second connection leads to the same module",
            "no second connection leads to the module",
        ),
        "whole_writes": Word(
            "transports",
            "one read brings what the module wrote at once",
            "what is written at once may come in pieces on this kind of transport",
        ),
        "sdk_on_host": Word(
            "carrier",
            "the harness plays the SDK, and draws the device random of auth codes",
            "the device draws the device random of its auth codes",
        ),
        "framing": Word("chip.framing", "how APDUs travel", _NO_CHIP, FRAMINGS.names),
        "command_set": Word("chip.command_set", "APDU set of the chip", _NO_CHIP, COMMAND_SETS.names),
        "select": Word("chip.select", "SELECT is sent when a session opens", "SELECT is not sent"),
        "single_command": Word(
            "chip.command_set",
            "data for the chip goes over in one command alone",
            "what is longer than one command goes over in several",
        ),
        "console": Word("console", "there is a serial console", _NO_CONSOLE),
        "program": Word("console.program", "program that prints to the console", _NO_PROGRAM, PROGRAMS.names),
        "prints": Word(
            "console.program",
            "what the program prints in any case, and the harness judges",
            _NO_PROGRAM,
            tuple(topic.value for topic in Topic),
            many=True,
        ),
        "dialect": Word("console.dialect", "how the console speaks", _NO_CONSOLE, DIALECTS.names),
        "shell": Word(
            "console.dialect",
            "commands can be given on the console",
            "the console's dialect has no shell",
        ),
        "probe": Word("probe", "the firmware has a probe on its console", "there is no probe section"),
        "reset": Word(
            "controllers", "a controller starts the board anew", "no controller starts the board anew"
        ),
        "power_cut": Word(
            "controllers",
            "a controller takes the power of the board away and gives it back",
            "no controller takes the power of the board away and gives it back",
        ),
        "build": Word(
            "controllers",
            "a controller builds the firmware, with values that are built in",
            "no controller builds the firmware",
        ),
        "flash": Word("controllers", "a controller flashes a firmware", "no controller flashes a firmware"),
        "network": Word(
            "network",
            "the harness can be the far end of the board's TCP connections",
            "nothing says how the board reaches this computer",
        ),
        "recorded": Word(
            "console.transport",
            "the console is played back from a file",
            "no console is played back from a file",
        ),
        "simulated": Word("transports", "every transport is simulated", "a transport leads to real hardware"),
        "id_known": Word("device.id", "the ID of the device is known", "the ID of the device is not known"),
        "key_known": Word(
            "device.key", "the ID² key of the device is known", "the key of the device is not known"
        ),
        "published_key": Word(
            "device.key",
            "the device has a published debug key and its ID",
            "the device has no published debug key",
        ),
        "serial_number": Word(
            "device.serial_number", "the serial number is given", "no serial number is given"
        ),
        "algorithm": _many("declaration.algorithms", "declared algorithm of SymmetricCrypt", ChipAlgorithm),
        "command": _many("declaration.commands", "declared optional chip command", ChipCommand),
        "commands_declared": Word(
            "declaration.commands",
            "the board file says which optional commands the chip has",
            "the board file does not say which optional commands the chip has",
        ),
        "option": _many("declaration.options", "declared bit of the option bitmap", ChipOption),
        "feature": _many("declaration.features", "declared part of the id2_client API", Feature),
        "build_without": _many("declaration.build_without", "value that the build does not take", BuiltIn),
        "port": Word(
            "declaration.port",
            "the board's port has functions; asked with a value: this group of them",
            "none declared",
            tuple(member.value for member in Group),
            many=True,
        ),
        "chip_missing": Word(
            "declaration.chip_fitted",
            "no secure element is on the board",
            "the secure element is on the board",
        ),
        "pin_known": Word(
            "device.pin.value", "the PIN of the chip is known", "the PIN of the chip is not known"
        ),
        "spare": Word("device.spare", "the chip may be used up", "the chip may not be used up"),
        "vendor": Word("declaration.vendor", "the vendor id is declared", "no vendor id is declared"),
        "sdk_version": Word(
            "declaration.sdk_version", "the SDK version is declared", "no SDK version is declared"
        ),
        "server": Word("server", "there is a server of the manufacturer to judge", _NO_SERVER),
        "server_uses": Word(
            "server.uses",
            "what the server does in one authentication",
            _NO_SERVER,
            tuple(member.value for member in Use),
            many=True,
        ),
        "server_names_device": Word(
            "server.trigger",
            "the trigger says which device is to be authenticated",
            "the trigger does not say which device is to be authenticated ({id2})",
        ),
        "link": Word(
            "link.offers",
            "the firmware connects by iTLS; asked with a value: it does this over its link",
            "there is no link section",
            tuple(member.value for member in Offer),
            many=True,
        ),
        "service": Word(
            "service.endpoint",
            "which ID² service; one at an address counts as the real one",
            values=("mock", "real"),
        ),
    }
)
"""Every word of `applies_when`, with the field that decides it."""


@dataclass(frozen=True, slots=True)
class Instead:
    """What is true of a board for which a word does not hold.

    Attributes:
        field: The field of the board file that decides it.
        why: What is true instead, and what to do.
    """

    field: str
    why: str

    def __str__(self) -> str:
        return f"{self.field}: {self.why}"


class Facts(Mapping[str, tuple[str, ...]]):
    """The words that hold for one board, each with its values (none for a word that is just true).

    A word that does not hold is not in it.

    Args:
        words: The words, each with its values.
        reasons: For words that do not hold: what is true of this board instead. Left out: what the vocabulary says of
            any board.
    """

    __slots__ = ("_reasons", "_words", "decided")

    def __init__(
        self, words: Mapping[str, Iterable[str]], reasons: Mapping[str, Instead] | None = None
    ) -> None:
        self._words = {name: tuple(values) for name, values in words.items()}
        self._reasons = dict(reasons or {})
        self.decided: dict[
            str, Applicability
        ] = {}  # by expression, as `applies` has decided it: few expressions, many uses

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._words[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __repr__(self) -> str:
        return f"Facts({', '.join(self.lines())})"

    def why_not(self, word: str) -> Instead | None:
        """Return what is true of this board instead of a word that does not hold; None for what holds of any."""
        return self._reasons.get(word)

    def lines(self) -> list[str]:
        """Return the facts as a person reads them: `carrier=se`, `chip`, …, in the vocabulary's order."""
        return [
            line
            for name in VOCABULARY
            if name in self._words
            for line in ([f"{name}={value}" for value in self._words[name]] or [name])
        ]


def facts_of(board: BoardFile) -> Facts:
    """Return the facts of a board file; nothing is opened and no key is read.

    Raises:
        UsageError: A kind of another package states what is not for it to state.
    """
    plan, chip, console, device = board.plan, board.chip, board.console, board.device
    declaration = board.declaration
    words: dict[str, tuple[str, ...]] = {
        "pattern": (plan.pattern,),
        "carrier": (plan.carrier,),
        "platform": (plan.platform,),
        "key_type": (plan.key_type,),
        "hash": (_HASHES[plan.key_type.hash],),
        "service": ("mock" if board.service.is_mock else "real",),
    }
    if chip:
        words |= {"chip": (), "command_set": (chip.command_set,)}
        words |= {} if chip.framing is None else {"framing": (chip.framing,)}
        words |= _of_chip(chip)
        words |= {} if chip.command_set_kind.chains_commands() else {"single_command": ()}
    if board.client:
        words["client"] = _functions(board.client, declaration.features)
        words["carrier_kind"] = (board.client.kind,)
    if console:
        words |= {"console": (), "dialect": (board.dialect_name,)}
        words |= {} if board.dialect.shell() is None else {"shell": ()}
    if console and board.runs_program:
        prints = console.program_kind.topics()
        words |= {"program": (console.program,)}
        words["prints"] = tuple(topic.value for topic in Topic if topic in prints)
    if board.link:
        words["link"] = board.link.offers
    if board.server:
        words |= {"server": (), "server_uses": board.server.uses}
    lists: dict[str, tuple[StrEnum, ...]] = {
        "algorithm": declaration.algorithms,
        "command": declaration.commands,
        "option": declaration.options or (),
        "feature": declaration.features,
        "build_without": declaration.build_without,
        "port": declaration.port,
    }
    words |= {name: tuple(values) for name, values in lists.items() if values}
    flags = {
        "symmetric": plan.key_type.symmetric,
        "server_development": plan_matrix.consequences(plan.pattern).server_development,
        "sdk_on_host": board.client is not None and board.client.sdk_on_host(),
        "second_connection": board.client is not None and board.client.another() is not None,
        "whole_writes": _keeps_writes(board),
        "probe": board.probe is not None,
        "reset": board.controller(Ability.RESET) is not None,
        "power_cut": board.controller(Ability.POWER_CYCLE) is not None,
        "build": board.controller(Ability.BUILD) is not None,
        "flash": board.controller(Ability.FLASH) is not None,
        "network": board.network is not None or board.simulated,
        "recorded": _is_recorded(board),
        "simulated": board.simulated,
        "id_known": device.id is not None
        or bool(device.key and (device.key.simulated or device.key.published)),
        "key_known": device.key is not None,
        "published_key": _has_published_key(board),
        "serial_number": device.serial_number is not None,
        "server_names_device": board.server is not None and board.server.trigger.names_the_device,
        "chip_missing": not declaration.chip_fitted,
        "commands_declared": declaration.declares("commands"),
        "pin_known": device.pin is not None and device.pin.value is not None,
        "spare": device.spare,
        "vendor": declaration.vendor is not None,
        "sdk_version": declaration.sdk_version is not None,
    }
    words |= {name: () for name, holds in flags.items() if holds}
    return Facts(words, _reasons(board))


_NO_PROBE = Instead("probe", f"none is in the firmware; {LINK_THE_PROBE}")
_UNREACHED = {
    "se": Instead(
        "chip",
        f"the harness reaches none; wire it to this computer (boards/example-se-i2c.yaml), or {LINK_THE_PROBE}",
    ),
    "module": Instead(
        "carrier", f"nothing leads to the module; write a carrier section, or {LINK_THE_PROBE}"
    ),
}


def _reasons(board: BoardFile) -> dict[str, Instead]:
    """Return what a board without a probe is told, where its firmware could have one."""
    carrier = board.plan.carrier.value
    if board.probe is not None or _is_recorded(board) or (carrier == "se" and board.console is None):
        return {}
    found = {"probe": _NO_PROBE, "port": _NO_PROBE}
    if board.client is None:
        found |= {"client": _UNREACHED.get(carrier, _NO_PROBE)}
    if board.chip is None and carrier == "se":
        found |= {"chip": _UNREACHED["se"], "command_set": _UNREACHED["se"]}
    return found


def _of_chip(chip: Chip) -> Mapping[str, tuple[str, ...]]:
    kind = chip.command_set_kind
    with asking(kind, f"command set {chip.command_set!r}: its facts cannot be had"):
        facts = kind.facts()
        own = {_OF_ANY_SET, *kind.words()}
    if others := [word for word in facts if word not in own]:
        raise COMMAND_SETS.refused(
            chip.command_set,
            f"states the fact {', '.join(map(repr, others))}, which is not for it to state",
            f"a command set states {_OF_ANY_SET} and the words of its own words()",
        )
    return facts


def _functions(client: CarrierKind, declared: tuple[Feature, ...]) -> tuple[str, ...]:
    with asking(client, f"carrier kind {client.kind!r}: its functions cannot be had"):
        functions = client.functions()
    if others := [name for name in functions if name not in OPTIONAL_FUNCTIONS]:
        raise CARRIERS.refused(
            client.kind,
            f"says that {', '.join(map(repr, others))} can be called, which is no optional function of the API",
            f"there is {', '.join(OPTIONAL_FUNCTIONS)}",
        )
    if not client.declared_only():
        return functions
    return tuple(name for name in functions if (feature := feature_of(name)) is None or feature in declared)


def _keeps_writes(board: BoardFile) -> bool:
    used = [] if board.client is None else [need.transport for need in board.client.needs()]
    kinds = [board.transports[name] for name in used if name in board.transports]
    return bool(kinds) and all(kind.keeps_writes for kind in kinds)


def _has_published_key(board: BoardFile) -> bool:
    key_type = checks.published_key_type(board)
    return key_type is not None and published.KEYS[key_type].id2 == checks.expected_id(board)


def _is_recorded(board: BoardFile) -> bool:
    if board.console is None:
        return False
    settings = board.transports.get(board.console.transport)
    return settings is not None and settings.stands_in is StandIn.PLAYED_BACK
