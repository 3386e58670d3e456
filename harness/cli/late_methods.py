"""The methods of dataclasses are compiled when they are first called, and not when a module is imported.

Python before 3.13 compiles six texts for a frozen dataclass. A command imports hundreds of such classes, most of which
are never compared, hashed, shown or assigned to; that took an eighth of the time before a run's first exchange.
"""

import dataclasses
from collections.abc import Callable

_COMPILE = "_create_fn"


def compile_when_called() -> None:
    """Have what Python writes for dataclasses wait for its first call, except constructors, which show signatures.

    A Python that compiles in another way is left alone.
    """
    compiled = vars(dataclasses).get(_COMPILE)
    if compiled is not None and compiled.__module__ == dataclasses.__name__:
        setattr(dataclasses, _COMPILE, _later(compiled))


def _later(compiled: Callable[..., Callable[..., object]]) -> Callable[..., Callable[..., object]]:
    """Return a function that stands for `compiled`, which makes a method of its name and its text."""

    def made_later(name: str, *text: object, **scope: object) -> Callable[..., object]:
        if name == "__init__":
            return compiled(name, *text, **scope)
        made: Callable[..., object] | None = None

        def method(self: object, *given: object) -> object:
            nonlocal made
            if made is None:
                made = compiled(name, *text, **scope)
                made.__qualname__ = method.__qualname__
                for owner in type(self).__mro__:
                    if vars(owner).get(name) is method:
                        setattr(owner, name, made)
            return made(self, *given)

        method.__name__ = method.__qualname__ = name
        return method

    return made_later
