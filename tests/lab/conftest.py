"""The host's side of the cable, in this process: no kernel is needed."""

import socket

import pytest

from harness.simulator.usb.device import Setup
from harness.simulator.usb.link import UsbLink
from harness.simulator.usb.wire import Command, read_answer, submit, unlink

LIMIT = 60.0


class Host:
    """Speaks USB/IP as vhci-hcd does, one transfer after the other or several at once."""

    def __init__(self, device):
        self.end, its = socket.socketpair()
        self.end.settimeout(LIMIT)
        self.stream = self.end.makefile("rb")
        self.link = UsbLink(device, its).start()
        self.number = 0

    def begin(self, endpoint, data=None, *, length=64, setup=bytes(8)):
        self.number += 1
        to_host = data is None
        self.end.sendall(
            submit(
                self.number, endpoint & 0x7F, to_host=to_host, length=length, setup=setup, data=data or b""
            )
        )
        return self.number

    def take_back(self, victim):
        self.number += 1
        self.end.sendall(unlink(self.number, victim))
        return self.number

    def answer(self, *, to_host=True):
        return read_answer(self.stream.read, to_host=to_host)

    def read(self, endpoint, length=4096):
        number = self.begin(endpoint, length=length)
        kind, answered, status, _, data = self.answer()
        assert (kind, answered) == (Command.SUBMITTED, number)
        return status or data

    def write(self, endpoint, data):
        self.begin(endpoint, data)
        _, _, status, length, _ = self.answer(to_host=False)
        return status or length

    def ask(self, kind, request, value=0, index=0, length=0, data=b""):
        setup = Setup(kind, request, value, index, length if kind & 0x80 else len(data)).encode()
        if kind & 0x80:
            self.begin(0, length=length, setup=setup)
            _, _, status, _, data = self.answer()
            return status or data
        self.begin(0, data, setup=setup)
        return self.answer(to_host=False)[2]

    def nothing_comes(self):
        self.end.settimeout(0.05)
        try:
            self.end.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.end.settimeout(LIMIT)
        return False

    def close(self):
        self.stream.close()
        self.end.close()
        self.link.close()


@pytest.fixture
def host():
    hosts = []

    def plug(device):
        hosts.append(Host(device))
        return hosts[-1]

    yield plug
    for each in hosts:
        each.close()
