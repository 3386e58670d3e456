"""The kinds of one sort (transports, carriers, renderers, …): what belongs to each, found by its name.

A sort is an abstract class whose abstract methods are all that the harness asks of its kinds. A kind is a class
that answers them. Kinds of this project stand in a table of the sort; those of other packages are found by an
entry point, one line of their `pyproject.toml`:

    [project.entry-points."harness.transports"]
    spidev = "spidev_transport:SpidevTransport"
"""

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any, Generic, TypeVar

from harness.errors import HarnessError, ToolError, UsageError
from harness.offers import offers

Sort = TypeVar("Sort")
Made = TypeVar("Made")

_LONGEST = 400


class Kinds(Generic[Sort]):
    """The registry of one sort. A kind is loaded when it is first asked for."""

    def __init__(self, sort: type[Sort], noun: str, group: str, built_in: Mapping[str, str]) -> None:
        """Describe a sort.

        Args:
            sort: The abstract class that every kind derives from.
            noun: What a person calls one of them: "transport kind".
            group: Entry-point group in which other packages offer theirs.
            built_in: The kinds of this project: name, and `module:Class`.
        """
        self._sort = sort
        self.noun = noun
        self._group = group
        self._built_in = built_in
        self._loaded: dict[str, type[Sort]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all kinds: those of this project in its order, then those of others, sorted.

        Raises:
            UsageError: Two packages offer a kind of the same name.
        """
        return tuple(self._entries)

    def get(self, name: str) -> type[Sort]:
        """Return the kind of this name.

        Raises:
            UsageError: There is none; or what a package offers cannot be loaded or leaves questions unanswered.
        """
        if name not in self._loaded:
            entry = self._entries.get(name)
            if entry is None:
                raise UsageError(
                    f"there is no {self.noun} {name!r}; there is {', '.join(self.names)}",
                    hint=f"a package offers others by entry points of the group {self._group}",
                )
            self._loaded[name] = self._load(entry)
        return self._loaded[name]

    def all(self) -> dict[str, type[Sort]]:
        """Return every kind by its name.

        Raises:
            UsageError: As `get`.
        """
        return {name: self.get(name) for name in self.names}

    def others(self) -> dict[str, type[Sort]]:
        """Return the kinds of other packages, which may be broken; those of this project are loaded when used.

        Raises:
            UsageError: As `get`.
        """
        return {
            name: self.get(name)
            for name, one in self._entries.items()
            if one.value != self._built_in.get(name)
        }

    @cached_property
    def _entries(self) -> dict[str, EntryPoint]:
        found = {name: EntryPoint(name, value, self._group) for name, value in self._built_in.items()}
        for entry in sorted(offers(self._group), key=lambda one: one.name):
            other = found.get(entry.name)
            if other is not None and other.value != entry.value:
                raise UsageError(
                    f"{self.noun} {entry.name!r} is offered twice: {_where(other)} and {_where(entry)}",
                    hint="uninstall one of the packages, or have its author choose another name",
                )
            found[entry.name] = entry
        return found

    def _load(self, entry: EntryPoint) -> type[Sort]:
        module, _, attribute = entry.value.partition(":")
        try:
            kind = getattr(importlib.import_module(module), attribute)
            if self._built_in.get(entry.name) != entry.value and hasattr(kind, "model_rebuild"):
                kind.model_rebuild()  # its settings are looked at now; those of our own kinds when they are used
        except (ImportError, AttributeError) as error:
            raise self._refused(entry, f"cannot be loaded: {error}") from error
        except Exception as error:  # what a foreign module raises is anything
            raise self._refused(entry, f"cannot be loaded: {type(error).__name__}: {error}") from error
        if not (isinstance(kind, type) and issubclass(kind, self._sort)):
            raise self._refused(entry, f"is not a class derived from {_name(self._sort)}")
        if inspect.isabstract(kind):
            missing = ", ".join(sorted(getattr(kind, "__abstractmethods__", ())))
            raise self._refused(entry, f"leaves unanswered: {missing}")
        return kind

    def refused(self, name: str, why: str, rule: str) -> UsageError:
        """Return the error that tells why the kind of this name cannot be used; it names the package.

        Args:
            name: Name of the kind.
            why: What is wrong, in words that go on after the name.
            rule: What holds for the kinds of this sort.
        """
        return UsageError(
            f"{self.noun} {name!r} of {_where(self._entries[name])} {why}",
            hint=f"{rule}; mend the package, or uninstall it",
        )

    def _refused(self, entry: EntryPoint, why: str) -> UsageError:
        rule = f"a kind of the group {self._group} answers all abstract methods of {_name(self._sort)}"
        return self.refused(entry.name, why, rule)


def require_descriptions(kinds: Kinds[Any], name: str, fields: Mapping[str, Any]) -> None:
    """Refuse a kind with a setting that nothing is said of.

    Args:
        kinds: The registry.
        name: Name of the kind.
        fields: Its settings by name, each with its `description`.

    Raises:
        UsageError: One has none.
    """
    for field, info in fields.items():
        if not info.description:
            raise kinds.refused(
                name,
                f"has a setting {field!r} without a description",
                "the reference of board files says of each setting what it is: Field(description=…)",
            )


def made_by(kind: object, make: Callable[[], object], sort: type[Made], what: str) -> Made:
    """Return what a kind makes, if it is whole.

    Args:
        kind: The kind.
        make: Has it make something.
        sort: The class that everything that it makes derives from.
        what: What it makes: `command set 'acme': its driver`.

    Raises:
        UsageError: That of another package lacks something that the harness calls.
        HarnessError: It could not be made.
    """
    with asking(kind, f"{what} cannot be made"):
        try:
            made = make()
        except TypeError as error:  # an abstract class, or other arguments than it takes
            why = str(error)
        else:
            if isinstance(made, sort):
                return made
            why = f"{type(made).__name__} is not derived from {sort.__name__}"
    raise UsageError(
        f"{what} cannot be used: {why} (made by {_name(type(kind))})",
        hint=f"{_name(sort)} says what it has; mend the package, or uninstall it",
    )


@contextmanager
def asking(kind: object, what: str) -> Iterator[None]:
    """Name the kind when it breaks: one of another package may raise anything.

    Args:
        kind: The kind, or what it has made.
        what: What cannot be had of it: `transport spi cannot be shown`.

    Raises:
        ToolError: It raised what is no `HarnessError`.
    """
    try:
        yield
    except HarnessError:
        raise
    except Exception as error:
        name = _name(kind if isinstance(kind, type) else type(kind))
        said = "".join(letter if letter.isprintable() else " " for letter in str(error)[:_LONGEST])
        raise ToolError(
            f"{what}: {type(error).__name__}: {said} (raised by {name})",
            hint=f"mend {name}, or uninstall the package that it belongs to",
        ) from error


def _where(entry: EntryPoint) -> str:
    return f"{entry.value} ({entry.dist.name})" if entry.dist is not None else entry.value


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
