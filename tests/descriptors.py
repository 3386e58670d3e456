"""Which descriptors this process has opened, for tests that nothing is left behind."""

from pathlib import Path


def open_descriptors():
    """Return number and target of every open descriptor."""
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
