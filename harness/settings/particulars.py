"""What only people know of a run and a certification-style report must say: number, parties, item, bench, place.

The section `report:` of a board file, and of `lab.yaml` for what is the same for every board of a lab. Everything may
be left out in development; an official run names what is missing. Source: report.md 1 and 3.
"""

import re
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic.config import JsonDict

from harness.settings.words import Section, Text, wrong

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""64 lower-case hexadecimal digits."""


def _day(value: object) -> object:
    # Pydantic alone would take a number of seconds, and a moment at midnight, for a date.
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        raise wrong("must be a date: year, month and day as YYYY-MM-DD")
    if not isinstance(value, str | date):
        raise wrong("must be a date: year, month and day as YYYY-MM-DD")
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else value
    except ValueError:
        raise wrong("there is no such day in the calendar; a date is written YYYY-MM-DD") from None


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
"""A day of the calendar, YYYY-MM-DD."""


def _said_of(kind: type[Section], description: str) -> Any:
    """Return the field of a part of which nothing need be said; it is made when a board file is read, not here."""

    def add_default(schema: JsonDict) -> None:
        schema["default"] = kind().model_dump(mode="json")

    return Field(default_factory=kind, description=description, json_schema_extra=add_default)


class Party(Section):
    """An organisation that has to do with the report."""

    name: Text = Field(default="", description="Name of the organisation.")
    address: Text = Field(default="", description="Its postal address.")
    contact: Text = Field(default="", description="Who is to be asked there: name, telephone, mail.")


class Item(Section):
    """The item under test, as people name it; what the board itself says stands beside it."""

    name: Text = Field(default="", description="Name of the product.")
    model: Text = Field(default="", description="Model or type.")
    hardware_version: Text = Field(default="", description="Hardware revision.")
    firmware_version: Text = Field(default="", description="Firmware version.")
    serial_numbers: tuple[Text, ...] = Field(
        default=(), max_length=64, description="Serial numbers of the items tested."
    )
    sdk: Text = Field(default="", description="SDK and version that the firmware is built with.")
    boot_state: Text = Field(default="", description="State of secure boot and debug locks.")
    condition: Text = Field(default="", description="Condition on receipt.")
    received: Day | None = Field(default=None, description="Date of receipt, YYYY-MM-DD.")
    sampling: Text = Field(default="", description="How the items were chosen.")


class Instrument(Section):
    """An instrument or adapter of the bench whose calibration matters."""

    name: Text = Field(description="What it is: maker and type.")
    id: Text = Field(default="", description="Inventory or serial number.")
    calibrated: Day | None = Field(default=None, description="Date of the last calibration, YYYY-MM-DD.")
    due: Day | None = Field(default=None, description="Date on which the next one is due, YYYY-MM-DD.")
    certificate: Text = Field(default="", description="Number of the calibration certificate.")


class Environment(Section):
    """Conditions at the bench, each with its unit."""

    temperature: Text = Field(default="", description='Ambient temperature, such as "23 °C ± 2 °C".')
    humidity: Text = Field(default="", description='Relative humidity, such as "45 % RH".')
    supply: Text = Field(default="", description='Supply of the board, such as "3.30 V".')
    remarks: Text = Field(default="", description="Anything else that may matter.")


class Replaced(Section):
    """The earlier report that this one amends. Source: report.md 4.14."""

    number: Text = Field(description="Number of the earlier report.")
    revision: Text = Field(default="", description="Its revision.")
    sha256: Sha256 = Field(description="SHA-256 of its SHA256SUMS.")
    reason: Text = Field(description="What changed, and why.")


class Particulars(Section):
    """What people say about a run for its report."""

    number: Text = Field(default="", description="Number of the report, unique in the lab.")
    revision: Text = Field(default="", description="Revision of the report.")
    title: Text = Field(default="", description="Title; a general one by default.")
    language: Literal["en", "zh"] = Field(
        default="en", description="Language of the reports that a run writes at its end: en or zh."
    )
    show_id: Literal["masked", "whole"] = Field(
        default="masked", description="How reports for people show the ID² of the device: masked or whole."
    )
    customer: Party = _said_of(Party, "Who ordered the test.")
    maker: Party = _said_of(Party, "Who makes the item.")
    laboratory: Party = _said_of(Party, "Who carries the test out.")
    place: Text = Field(default="", description="Where the test is carried out.")
    item: Item = _said_of(Item, "The item under test.")
    tester: Text = Field(default="", description="Who carries the test out: the first signature.")
    approver: Text = Field(default="", description="Who approves the report: the second signature.")
    instruments: tuple[Instrument, ...] = Field(
        default=(), max_length=64, description="Instruments and adapters with their calibration."
    )
    environment: Environment = _said_of(Environment, "Conditions at the bench.")
    uncertainty: Text = Field(
        default="", description="How uncertainty of measurement is counted; not considered by default."
    )
    deviations: tuple[Text, ...] = Field(
        default=(), max_length=64, description="Deviations from the method, additions, exclusions, waivers."
    )
    customer_supplied: tuple[Text, ...] = Field(
        default=(), max_length=64, description="Data that the customer supplied and nobody checked."
    )
    outside: tuple[Text, ...] = Field(
        default=(), max_length=64, description="Work that others did for this test."
    )
    opinions: tuple[Text, ...] = Field(
        default=(), max_length=64, description="Opinions and interpretations, each with its basis."
    )
    replaces: Replaced | None = Field(default=None, description="The earlier report that this one amends.")


_Word = TypeVar("_Word", bound=Section)


def combined(own: Particulars, general: Particulars) -> Particulars:
    """Return what is said of a run: of a board itself first, and what it leaves out as it is said of every board.

    It goes field by field, lists whole. An organisation that the board names is taken whole: the name of one with the
    address of another would be an organisation that nobody knows.

    Args:
        own: What the board file says.
        general: What is the same for every board of the lab.
    """
    return _over(own, general)


def _over(own: _Word, general: _Word) -> _Word:
    said: dict[str, object] = {}
    for name in own.model_fields_set:
        mine, theirs = getattr(own, name), getattr(general, name)
        whole = not isinstance(mine, Section) or type(mine) is not type(theirs) or isinstance(mine, Replaced)
        another = isinstance(mine, Party) and mine.name not in {"", getattr(theirs, "name", "")}
        said[name] = mine if whole or another else _over(mine, theirs)
    return general.model_copy(update=said)
