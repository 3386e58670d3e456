import contextlib

import pytest

from harness.console.reader import Console
from harness.probe.link import ProbeLink
from harness.probe.settings import Probe
from tests.probe.fake_probe import FakeProbe, ProbeLine


@pytest.fixture
def connect():
    """Return a function that gives a link to a stand-in, and its line."""
    with contextlib.ExitStack() as closing:

        def make(
            probe: FakeProbe,
            settings=None,
            crash_in=lambda _: "",
            log_in=lambda: None,
            asked=lambda: 0,
            **line,
        ):
            transport = ProbeLine(probe, **line)
            console = closing.enter_context(Console(transport))
            settings = settings or Probe(answer_s=0.05, start_s=0.4, call_s=2.0)
            return ProbeLink(
                console, settings, crash_in=crash_in, log_in=log_in, asked_starts=asked
            ), transport

        yield make
