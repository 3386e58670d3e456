"""What the tests of modules share: a module at the far end of a transport, and bytes that answer for one."""

from harness.carrier.module.host import SocketModule
from harness.carrier.module.wire import ByteOrder
from harness.id2 import published
from harness.id2.keys import Key, KeyType
from harness.simulator.chip.randomness import SeededRandom
from harness.simulator.faults.catalogue import find
from harness.simulator.module.client import Module
from harness.simulator.module.socket_side import SocketModuleDevice
from harness.transport.base import Capability, StreamRead, StreamWrite, Transport

LITTLE = ByteOrder.LITTLE


class Entry:
    """ID and key of a test device."""

    def __init__(self, id2, key):
        self.id2, self.key = id2, key


def entry_of(key_type):
    """Return the published key and ID of a type, or our own where the vendor published none."""
    return published.KEYS.get(key_type) or Entry(
        "00112233445566778899AABB", Key.parse(key_type, bytes(range(key_type.key_size)).hex())
    )


def published_module(key_type=KeyType.AES_128, fault=None):
    entry = entry_of(key_type)
    hooks = find(fault).module_hooks() if fault else None
    return Module((entry.id2, entry.key), random=SeededRandom(7), hooks=hooks)


class Direct(Transport):
    """A stream to a simulated device in this thread; a pause is a read that brings nothing."""

    def __init__(self, device):
        super().__init__("module")
        self.device = device
        self.waiting = []
        self.written = []
        self.power_on()

    def power_on(self):
        self.waiting += [one.data for one in self.device.power_on()]

    @property
    def capabilities(self):
        return frozenset({Capability.STREAM})

    @property
    def identity(self):
        return "in this thread"

    def open(self):
        pass

    def close(self):
        pass

    def do(self, operation):
        if isinstance(operation, StreamWrite):
            self.written.append(operation.data)
            self.waiting += [one.data for one in self.device.receive(operation.data)]
            return b""
        assert isinstance(operation, StreamRead)
        if not self.waiting:
            return b""
        piece = self.waiting.pop(0)
        if len(piece) > operation.limit:
            self.waiting.insert(0, piece[operation.limit :])
        return piece[: operation.limit]


class Scripted(Direct):
    """Answers each write with the next of the given pieces of bytes."""

    def __init__(self, *answers):
        Transport.__init__(self, "module")
        self.answers = [list(one) if isinstance(one, list | tuple) else [one] for one in answers]
        self.waiting = []
        self.written = []

    def do(self, operation):
        if isinstance(operation, StreamWrite):
            self.written.append(operation.data)
            self.waiting += self.answers.pop(0) if self.answers else []
            return b""
        return super().do(operation)


def host_of(module, order=LITTLE):
    """Return a host on a new connection to a module."""
    return SocketModule(Direct(SocketModuleDevice(module)), 0.01, order)
