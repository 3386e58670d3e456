"""Fields of a section that name a kind: their words, and the settings that the kinds bring along."""

from abc import ABC, abstractmethod
from importlib.metadata import EntryPoint

import pytest
from pydantic import Field, ValidationError

from harness.errors import UsageError
from harness.kinds import Kinds
from harness.settings.kinds import naming, naming_with_settings
from harness.settings.words import Section


class Lamp(Section, ABC):
    @abstractmethod
    def shine(self):
        """Shine."""


class Bulb(Lamp):
    watts: int = Field(default=40, description="how strong it is.", ge=1)

    def shine(self):
        return self.watts


class Torch(Lamp):
    watts: int = Field(default=40, description="how strong it is.", ge=1)
    battery: str = Field(description="what feeds it.")

    def shine(self):
        return self.battery


class Laser(Lamp):
    watts: int = Field(default=1, description="how strong it is.", ge=1)

    def shine(self):
        return 0


class Rooms(Lamp):
    room: str = Field(default="", description="where it is.")

    def shine(self):
        return 0


class Half(Lamp):
    pass


def lamps(**kinds):
    return Kinds(
        Lamp, "lamp", "test.lamps", {name: f"{__name__}:{kind.__name__}" for name, kind in kinds.items()}
    )


def section(kinds, decorate=naming_with_settings):
    @decorate(lamp=kinds)
    class Desk(Section):
        """Where one works."""

        room: str = Field(description="The room.")
        lamp: str = Field(default="bulb", description="The lamp.")

    return Desk


def test_the_words_are_the_names_and_the_settings_stand_beside_them():
    desk = section(lamps(bulb=Bulb, torch=Torch))
    assert desk.model_json_schema()["properties"]["lamp"]["enum"] == ["bulb", "torch"]
    assert desk.model_fields["watts"].description == "bulb and torch only: how strong it is."
    assert desk.model_fields["battery"].description == "torch only: what feeds it."
    assert desk.__doc__ == "Where one works."
    assert desk.model_validate({"room": "a"}).model_dump()["watts"] == 40
    for wrong in ({"lamp": "troch"}, {"watts": 0}, {"volts": 1}):
        with pytest.raises(ValidationError):
            desk.model_validate({"room": "a"} | wrong)


def test_what_one_kind_requires_may_be_left_out_beside_another():
    desk = section(lamps(bulb=Bulb, torch=Torch))
    assert desk.model_validate({"room": "a"}).battery is None


def test_settings_of_one_name_must_be_the_same():
    with pytest.raises(UsageError, match="the lamp 'laser' has a setting 'watts', and so has bulb"):
        section(lamps(bulb=Bulb, laser=Laser))
    with pytest.raises(UsageError, match="the lamp 'rooms' has a setting 'room', and so has its section"):
        section(lamps(rooms=Rooms))


def offered(monkeypatch, **kinds):
    """Have a package that is not ours offer kinds."""
    entries = [EntryPoint(name, f"{__name__}:{kind.__name__}", "test.lamps") for name, kind in kinds.items()]
    monkeypatch.setattr("harness.kinds.offers", lambda group: entries)


@pytest.mark.parametrize("decorate", [naming, naming_with_settings])
def test_a_half_kind_of_a_package_is_refused_when_the_section_is_made(monkeypatch, decorate):
    offered(monkeypatch, half=Half)
    with pytest.raises(UsageError, match="leaves unanswered: shine"):
        section(lamps(bulb=Bulb), decorate)


def test_a_kind_of_ours_is_loaded_for_its_name_when_it_is_used_and_for_its_settings_at_once():
    kinds = lamps(bulb=Bulb, half=Half)
    section(kinds, naming)
    with pytest.raises(UsageError, match="leaves unanswered: shine"):
        kinds.get("half")
    with pytest.raises(UsageError, match="leaves unanswered: shine"):
        section(lamps(bulb=Bulb, half=Half))


def test_names_alone():
    desk = section(lamps(bulb=Bulb, torch=Torch), naming)
    assert set(desk.model_fields) == {"room", "lamp"}
