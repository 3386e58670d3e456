"""The registry of kinds: what is found by name, and what cannot be registered."""

from abc import ABC, abstractmethod

import pytest

from harness.errors import UsageError
from harness.kinds import Kinds


class Lamp(ABC):
    @abstractmethod
    def colour(self) -> str: ...

    @abstractmethod
    def watts(self) -> int: ...


class Red(Lamp):
    def colour(self) -> str:
        return "red"

    def watts(self) -> int:
        return 4


class Half(Lamp):
    def colour(self) -> str:
        return "grey"


HERE = "tests.test_kinds"


def lamps(**built_in: str) -> Kinds[Lamp]:
    return Kinds(Lamp, "lamp kind", "test.lamps", built_in)


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that installs a package with one entry point of the group `test.lamps`."""

    def install(name: str, entry: str, value: str, source: str = "") -> None:
        (tmp_path / f"{name}.py").write_text(source)
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[test.lamps]\n{entry} = {value}\n")

    monkeypatch.syspath_prepend(tmp_path)
    return install


def test_a_kind_of_this_project_is_found_by_its_name():
    found = lamps(red=f"{HERE}:Red")
    assert found.names == ("red",)
    assert found.get("red") is found.all()["red"]
    assert found.get("red")().watts() == 4


def test_a_kind_of_another_package_is_found_by_its_entry_point(package):
    source = f"from {HERE} import Red\nclass Green(Red):\n    def colour(self):\n        return 'green'\n"
    package("greenery", "green", "greenery:Green", source)
    found = lamps(red=f"{HERE}:Red")
    assert found.names == ("red", "green")
    assert found.get("green")().colour() == "green"


def test_an_unknown_name_tells_the_known_ones():
    with pytest.raises(UsageError, match="there is no lamp kind 'blue'; there is red") as raised:
        lamps(red=f"{HERE}:Red").get("blue")
    assert "test.lamps" in raised.value.hint


def test_a_kind_that_leaves_a_question_unanswered_is_refused(package):
    package("halves", "half", f"{HERE}:Half")
    with pytest.raises(
        UsageError, match=r"'half' of tests.test_kinds:Half \(halves\) leaves unanswered: watts"
    ):
        lamps().get("half")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"{HERE}:Purple", "cannot be loaded: module 'tests.test_kinds' has no attribute 'Purple'"),
        ("no_such_module_at_all:Red", "cannot be loaded: No module named 'no_such_module_at_all'"),
        (f"{HERE}:lamps", "is not a class derived from tests.test_kinds.Lamp"),
        ("fractions:Fraction", "is not a class derived from tests.test_kinds.Lamp"),
    ],
)
def test_what_is_no_kind_is_refused(package, value, said):
    package("odd", "odd", value)
    with pytest.raises(UsageError) as raised:
        lamps(red=f"{HERE}:Red").all()
    assert said in str(raised.value)
    assert "uninstall" in raised.value.hint


@pytest.mark.parametrize(
    ("source", "said"),
    [("raise ValueError('boom')\n", "ValueError: boom"), ("def (\n", "SyntaxError: invalid syntax")],
)
def test_a_package_that_breaks_when_it_is_imported_is_named(package, source, said):
    package("broken", "broken", "broken:Lamp", source)
    with pytest.raises(UsageError) as raised:
        lamps(red=f"{HERE}:Red").all()
    assert f"lamp kind 'broken' of broken:Lamp (broken) cannot be loaded: {said}" in str(raised.value)


def test_two_packages_cannot_offer_one_name(package):
    package("other", "red", "other:Red")
    with pytest.raises(
        UsageError, match=r"'red' is offered twice: tests.test_kinds:Red and other:Red \(other\)"
    ):
        _ = lamps(red=f"{HERE}:Red").names
