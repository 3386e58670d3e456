"""Which descriptors this process has opened, for tests that nothing is left behind."""

import gc
from pathlib import Path


def open_descriptors():
    """Return number and target of every open descriptor; what other tests left to the collector is closed first."""
    gc.collect()
    opened = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            opened.add((entry.name, str(entry.readlink())))
        except FileNotFoundError:
            continue  # the listing's own
    return opened


def opened_since(before):
    """Return what is open now and was not in `before`; one that an earlier test had open and closes meanwhile is none."""
    return open_descriptors() - before
