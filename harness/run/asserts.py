"""Whether `assert` judges at all: without it every check of a suite would hold, and every broken board pass."""

import sys

from harness.errors import UsageError


def require_asserts() -> None:
    """Check that this Python executes `assert` statements.

    Raises:
        UsageError: it does not: it was started with -O or -OO, or with PYTHONOPTIMIZE.
    """
    if sys.flags.optimize or not _executed():
        raise UsageError(
            "this Python leaves out every assert, so nothing can be judged: it was started with -O, -OO or "
            "PYTHONOPTIMIZE",
            hint="unset PYTHONOPTIMIZE and leave -O out",
        )


def _executed() -> bool:
    try:
        assert sys.maxsize == 0
    except AssertionError:
        return True
    return False
