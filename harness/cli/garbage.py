"""The collector of garbage waits until a run begins: imports make many objects and no garbage, and it looks at all."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collected_later() -> Iterator[None]:
    """Have it wait; it collects again when `collect_from_now_on` says so, and in the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def collect_from_now_on() -> None:
    """Have it collect what comes; what is there when the first run begins stays to the end, and is not looked at."""
    if not gc.isenabled() and not gc.get_freeze_count():
        gc.freeze()
    gc.enable()
