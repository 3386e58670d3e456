"""Methods of dataclasses that are compiled late do what those do that Python compiles at once."""

import dataclasses
import inspect
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from harness.cli import late_methods

CREATE = "_create_fn"


@pytest.fixture
def compiled(monkeypatch):
    """The names of the methods that were compiled, in their order."""
    names, real = [], getattr(dataclasses, CREATE, None)
    if real is None:
        pytest.skip("this Python compiles dataclasses in another way")

    def watched(name, *text, **scope):
        names.append(name)
        return real(name, *text, **scope)

    watched.__module__ = "dataclasses"
    monkeypatch.setattr(dataclasses, CREATE, watched)
    late_methods.compile_when_called()
    return names


def classes():
    @dataclass(frozen=True, slots=True, order=True)
    class Reading:
        """What was read."""

        name: str
        value: float = 0.0
        unit: str = field(default="V", compare=False)
        raw: bytes = field(default=b"", repr=False)

    @dataclass(frozen=True, slots=True)
    class Stamped(Reading):
        """A reading with its time."""

        at: int = 0

    @dataclass
    class Open:
        """A list that may hold itself."""

        parts: list = field(default_factory=list)

    return Reading, Stamped, Open


def said(call):
    """What a call gives, or raises."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever it raises is compared
        return type(error), str(error)


def behaviour(made):
    reading, stamped, opened = made
    first, second, same = reading("a", 1.0), reading("b", float("nan"), "A"), reading("a", 1.0, "mV")
    loop = opened()
    loop.parts.append(loop)
    asked = [
        lambda: first == same, lambda: first == second, lambda: second.__eq__(second), lambda: first != stamped("a", 1.0),
        lambda: first == "a", lambda: first < reading("a", 2.0), lambda: first >= same, lambda: first < 3,
        lambda: hash(first) == hash(same), lambda: hash(first) == hash(("a", 1.0, b"")), lambda: hash(loop),
        lambda: {first: 1}[same], lambda: repr(first), lambda: repr(stamped("x", at=3)), lambda: repr(loop),
        lambda: setattr(first, "name", "x"), lambda: delattr(first, "unit"), lambda: setattr(stamped("y"), "at", 4),
        lambda: setattr(stamped("y"), "name", 4), lambda: setattr(first, "other", 4), lambda: replace(first, value=2.0),
        lambda: dataclasses.asdict(stamped("x", at=3)), lambda: str(inspect.signature(stamped)),
        lambda: opened([1]) == opened([1]), lambda: reading("a").__eq__(1), lambda: reading.__repr__.__qualname__,
    ]  # fmt: skip
    # Twice: what is compiled then must do the same as what stood for it.
    return [repr(said(each)) for _ in range(2) for each in asked]


def test_a_dataclass_does_the_same_whenever_its_methods_are_compiled(monkeypatch):
    at_once = behaviour(classes())
    monkeypatch.setattr(dataclasses, CREATE, getattr(dataclasses, CREATE, None))
    late_methods.compile_when_called()
    assert behaviour(classes()) == at_once


def test_only_the_constructor_is_compiled_until_another_method_is_called(compiled):
    reading, _, _ = classes()
    assert set(compiled) == {"__init__"}
    compiled.clear()
    first = reading("a")
    assert compiled == []
    assert first == reading("a")
    assert first != reading("b")
    assert compiled == ["__eq__"]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        first.name = "b"
    assert compiled == ["__eq__", "__setattr__"]


def test_it_is_put_in_once_and_leaves_another_python_alone(monkeypatch, compiled):
    standing = getattr(dataclasses, CREATE)
    late_methods.compile_when_called()
    assert getattr(dataclasses, CREATE) is standing
    monkeypatch.delattr(dataclasses, CREATE)
    late_methods.compile_when_called()
    assert not hasattr(dataclasses, CREATE)
