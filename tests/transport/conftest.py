import os
import threading
import tty

import pytest

from harness.transport.base import Capability, Operation, Transport


class Memory(Transport):
    """A transport that answers from a list and keeps what it was asked."""

    def __init__(self, name="memory", answers=(), capabilities=frozenset(Capability)):
        super().__init__(name)
        self.answers = list(answers)
        self.asked: list[Operation] = []
        self.calls: list[str] = []
        self._capabilities = capabilities

    @property
    def capabilities(self):
        return self._capabilities

    @property
    def identity(self):
        return "memory of a test"

    def open(self):
        self.calls.append("open")

    def close(self):
        self.calls.append("close")

    def do(self, operation):
        self.asked.append(operation)
        answer = self.answers.pop(0) if self.answers else b""
        if isinstance(answer, Exception):
            raise answer
        return answer


class Pty:
    """A pseudo-terminal; `path` is what a board's port would be, `master` is the board's end."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        self.path = os.ttyname(self.slave)

    def say(self, data):
        os.write(self.master, data)

    def hear(self, count):
        data = b""
        while len(data) < count:
            data += os.read(self.master, count - len(data))
        return data

    def unplug(self):
        """Close both ends: what is left is a port without a device."""
        for end in (self.slave, self.master):
            if end >= 0:
                os.close(end)
        self.master = self.slave = -1


@pytest.fixture
def memory():
    return Memory


@pytest.fixture
def pty():
    terminal = Pty()
    yield terminal
    terminal.unplug()


@pytest.fixture
def later():
    """Run something a moment later in another thread, and see it end."""
    threads = []

    def start(function, delay=0.05):
        timer = threading.Timer(delay, function)
        threads.append(timer)
        timer.start()

    yield start
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()
