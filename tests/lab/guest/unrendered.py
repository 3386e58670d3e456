"""Runs in the guest end without their reports.

Reports are pure functions of the run folder: `tools/lab/test.sh` renders them outside, where that takes a twentieth of
the time.
"""

import pytest

from harness.report import render


def without_reports(patched: pytest.MonkeyPatch) -> None:
    """Have runs write their journal and manifest alone."""
    patched.setattr(render, "_render", lambda *_, **__: [])
