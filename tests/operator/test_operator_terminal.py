"""How a line is waited for at the terminal."""

import os
import signal
import time
from contextlib import closing

import pytest

from harness.operator import terminal
from harness.operator.errors import OperatorAbsent


@pytest.fixture
def keyboard(monkeypatch):
    """A pipe in the place of the terminal, whose waits are short."""
    monkeypatch.setattr(terminal, "_LONGEST_WAIT", 0.02)
    reading, writing = os.pipe()
    with closing(os.fdopen(reading, "rb")), closing(os.fdopen(writing, "wb", buffering=0)) as keys:
        yield reading, keys


def test_a_line_that_comes_after_many_waits_is_read(keyboard, monkeypatch):
    descriptor, keys = keyboard
    waits = []
    really = terminal.select.select

    def select(*arguments):
        assert arguments[-1] is not None, "a signal just before a wait without end would be seen by nobody"
        waits.append(arguments[-1])
        if len(waits) == 5:
            keys.write(b"an answer\n")
        return really(*arguments)

    monkeypatch.setattr(terminal.select, "select", select)
    assert terminal._line(descriptor, None, lambda: None) == "an answer"
    assert waits == [0.02] * 5


def test_an_interrupt_ends_a_wait_without_a_deadline(keyboard):
    descriptor, _ = keyboard
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            terminal._line(descriptor, None, lambda: None)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_nobody_answers_before_the_deadline(keyboard):
    descriptor, _ = keyboard
    with pytest.raises(OperatorAbsent, match="nobody answered in time"):
        terminal._line(descriptor, time.monotonic() + 0.05, lambda: None)
