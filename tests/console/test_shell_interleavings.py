"""A shell whose output comes in any pieces, with a log that breaks in anywhere and characters that are lost on the way."""

import random
import threading
from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.console.dialect import DIALECTS
from harness.console.reader import Console
from harness.console.shell import Shell
from harness.errors import BenchError
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport
from tests.console import shell_board

pytestmark = pytest.mark.slow

WITH_SHELL = sorted(name for name, kind in DIALECTS.all().items() if kind.shell())
WORDS = st.text(alphabet="abcdefghijklmnop0123456789.:/", min_size=1, max_size=12)


class Line(Transport):
    """A board on a line of memory."""

    def __init__(self, dialect, seed, breaks_in, loses):
        super().__init__("console")
        self.random = random.Random(seed)
        self.board = shell_board.Board(
            None, {"dialect": dialect, "chatter": 1, "breaks_in": breaks_in, "loses": loses, "seed": seed}
        )
        self.board.say = self._say
        self.board.random = self.random
        self.waiting = deque()
        self.changed = threading.Condition()
        self.open_ = False

    @property
    def capabilities(self):
        return frozenset({Capability.STREAM})

    @property
    def identity(self):
        return "memory"

    def _say(self, text):
        data = text.encode("latin-1")
        while data:
            size = self.random.randint(1, 9)
            self.waiting.append(data[:size])
            data = data[size:]

    def open(self):
        self.open_ = True
        if self.board.set["dialect"] == "linux":
            self.board.kernel()
        else:
            self.board.boot()

    def close(self):
        with self.changed:
            self.open_ = False
            self.changed.notify_all()

    def do(self, operation):
        with self.changed:
            if isinstance(operation, StreamWrite):
                for byte in operation.data:
                    if self.random.random() >= self.board.loses:
                        self.board.take(chr(byte))
                self.changed.notify_all()
                return b""
            assert isinstance(operation, StreamRead)
            self.changed.wait_for(lambda: self.waiting or not self.open_, operation.timeout)
            if not self.open_:
                raise BenchError("closed")
            return self.waiting.popleft() if self.waiting else b""


@given(
    dialect=st.sampled_from(WITH_SHELL),
    seed=st.integers(0, 2**32),
    texts=st.lists(WORDS, min_size=1, max_size=3),
    breaks_in=st.sampled_from([0.0, 0.05, 0.2]),
    loses=st.sampled_from([0.0, 0.0, 0.02]),
)
@settings(max_examples=25, deadline=None)
def test_each_command_is_carried_out_once_and_answered_whole(dialect, seed, texts, breaks_in, loses):
    line = Line(dialect, seed, breaks_in, loses)
    with Console(line) as console:
        shell = Shell(console, DIALECTS.get(dialect), pause=lambda _: None)
        given_up = 0
        for text in texts:
            try:
                assert shell.run(f"say {text}").lines == (text,)
            except BenchError:
                given_up += 1  # blocked, never a wrong answer
    ran = [command for command in line.board.ran if command.startswith("say ")]
    wanted = [f"say {text}" for text in texts]
    assert [command for command in ran if command in wanted] == ran, "nothing else was carried out"
    assert len(ran) <= len(texts), "and nothing twice"
    assert given_up == 0 or loses
