"""A port that answers the calls of a probe in this process: sound, or with one of many faults."""

import hashlib
import itertools
import os
import threading
from types import SimpleNamespace

from harness.board.models import PlannedCarrier
from harness.fixtures.hal.crypto import CryptoUnderTest
from harness.fixtures.hal.kv import KvUnderTest, KvValues
from harness.fixtures.hal.partition import PartitionAreas, PartitionUnderTest
from harness.fixtures.hal.power_cuts import PowerCuts
from harness.fixtures.hal.randoms import RandomUnderTest
from harness.fixtures.hal.starts import PowerCut
from harness.fixtures.hal.under_test import HalUnderTest
from harness.id2.codes import CryptoHalCode, StorageHalCode
from harness.id2.hal_crypto import CipherCase, Family, HashCase, HashFunction, Mode
from harness.id2.keytypes import KeyType
from harness.probe.errors import CallLostError, MissingFunctionError
from harness.probe.functions import Group
from harness.probe.hal import FILL, Hal
from harness.probe.link import NULL, Answer, Hello, Null

SIZE = 4096
NAMES = "did rnd sed pop pwr prd pcl kvi kvx kvs kvg kvd aes sm4 hsh rst"
FUNCTIONS = frozenset(NAMES.split(" "))
CODE = StorageHalCode
WINDOW_S = 0.004
"""Seconds in the middle of a write in which the power may go."""


def signed(code):
    return code - (1 << 32) if code >= 1 << 31 else code


class FakePort:
    """Answers as `ProbeLink` does. `fault` names one fault; storage outlives the loss of power."""

    def __init__(self, fault="", functions=FUNCTIONS, slots=(1024, 512, 128)):
        self.fault = fault
        self.functions = functions
        self.hello = Hello(1, 79, slots, 1024, frozenset(Group), "fake", 1)
        self.starts = 0
        self.flash = bytearray(b"\xff" * SIZE)
        self.store = {}
        self.before = {}
        self.deleted = {}
        self.deletes_of_null = 0
        self.device = hashlib.sha256(b"device").digest()[:12]
        self.calls = itertools.count(1)
        self.secret = []
        self.power = threading.Event()
        self.power.set()
        self.gone = threading.Event()
        self._start()

    def _start(self):
        self.open = {}
        self.ready = False
        self.seed = 12345
        self.count = 0
        if self.fault == "kv-forgets":
            self.store = {}
        if self.fault == "kv-loses-last" and self.before:
            self.store = dict(self.before)
        if self.fault == "kv-keeps-deleted":
            self.store |= self.deleted

    # ---- what ProbeLink offers
    def again(self, limit=None):
        if self.fault == "never-starts":
            raise CallLostError("the board did not start anew")
        self._lost = False
        return self.hello

    def start_by(self, function, *, k=0, limit=None):
        assert function == "rst"
        self.restart()
        return self.hello

    def call(
        self,
        function,
        *,
        a=NULL,
        b=NULL,
        c=NULL,
        out=NULL,
        no_length=False,
        k=0,
        m=0,
        n=0,
        p=0,
        limit=None,
        secret=False,
    ):
        if self.gone.is_set():
            self._come_back(function)
        if function not in self.functions:
            raise MissingFunctionError(f"the firmware does not have {function}", function)
        self.secret.append((function, secret))
        return getattr(self, function)(a=a, c=c, out=out, k=k, m=m, n=n)

    def _come_back(self, function):
        self.power.wait(5)
        self.gone.clear()
        self.starts += 1
        raise CallLostError(f"the board started anew before the call {function}")

    # ---- starts
    def restart(self):
        self.starts += 1
        self._start()

    def lose_power(self):
        """Take the power away for a moment, from any thread."""
        self.power.clear()
        self.gone.set()
        self._start()
        self.power.set()

    def busy(self):
        """Take the time of a write; tell whether the power went meanwhile."""
        return self.gone.wait(WINDOW_S)

    # ---- helpers
    def answer(self, rc, data=b"", capacity=None, length=None, overwritten=0):
        rc = signed(rc)
        told = len(data) if length is None else length
        return Answer(rc, told, b"" if rc < 0 else bytes(data), overwritten)

    def filled(self, out, data):
        return bytes(data) + bytes((FILL,)) * (out - len(data))

    # ---- device id
    def did(self, *, out, **_):
        device = bytearray(self.device)
        if self.fault == "id-changes":
            device[-1] = (device[-1] + next(self.calls)) & 0xFF
        if self.fault == "id-changes-after-reset":
            device[-1] = (device[-1] + self.starts) & 0xFF
        size = len(device)
        if self.fault == "id-too-long":
            device, size = device * 9, 108
        if isinstance(out, Null):
            if self.fault == "id-null-ok" and out.length:
                return self.answer(0, length=size)
            told = 0 if self.fault == "id-null-without-length" else size
            return self.answer(-1, length=told)
        if out < size:
            if self.fault == "id-short-buffer":
                return self.answer(0, device[:out])
            if self.fault == "id-short-overflows":
                return self.answer(-1, length=size, overwritten=size - out)
            if self.fault == "id-short-keeps-length":
                return self.answer(-1, length=out)
            return self.answer(-1, length=size)
        if self.fault == "id-overflows":
            return self.answer(0, device, overwritten=1)
        return self.answer(0, device)

    # ---- random
    def rnd(self, *, out, **_):
        match self.fault:
            case "random-constant":
                data = b"\x5a" * out
            case "random-repeats-after-reset":
                data = self._counted(out)
            case "random-stuck-bit":
                data = bytes(byte | 0x10 for byte in os.urandom(out))
            case "random-repeats-block":
                data = (b"ABCDEFGHIJKLMNOP" + os.urandom(240)) * (out // 256 + 1)
                data = data[:out]
            case "random-short":
                data = self.filled(out, os.urandom(min(out, 64)))
            case "random-demo":
                data = self._demo(out)
            case "random-fails":
                return self.answer(CryptoHalCode.GENERIC)
            case "random-overflows":
                return self.answer(0, os.urandom(out), overwritten=3)
            case _:
                data = os.urandom(out)
        return self.answer(0, data)

    def _counted(self, out):
        data = b""
        while len(data) < out:
            self.count += 1
            data += hashlib.sha256(b"fixed seed %d" % self.count).digest()
        return data[:out]

    def _demo(self, out):
        data = bytearray()
        while len(data) < out:
            self.seed = (self.seed * 1664525 + 1013904223) % 2**32
            data += self.seed.to_bytes(4, "little")
        return bytes(data[:out])

    def sed(self, *, a, **_):
        self.seed = int.from_bytes(a[:4], "little")
        return self.answer(CryptoHalCode.NOT_SUPPORTED if self.fault == "seed-refused" else 0)

    # ---- partition
    def pop(self, *, k, **_):
        if self.fault == "partition-descriptors-run-out" and len(self.open) >= 40:
            return self.answer(-1)
        descriptor = next(number for number in range(99) if number not in self.open)
        self.open[descriptor] = k
        return self.answer(descriptor)

    def pcl(self, *, k, **_):
        if k not in self.open:
            return self.answer(-1)
        if self.fault != "partition-descriptors-run-out":
            del self.open[k]
        return self.answer(0)

    def _place(self, offset, size):
        if self.fault == "partition-wraps":
            return offset % SIZE
        if offset > SIZE or size > SIZE - offset:
            return None
        return offset

    def pwr(self, *, k, m, a, **_):
        if isinstance(a, Null):
            return self.answer(0 if self.fault == "partition-null-ok" else -1)
        if k not in self.open:
            return self.answer(-1)
        place = self._place(m, len(a))
        if place is None:
            return self.answer(0 if self.fault == "partition-beyond-end" else -1)
        if self.fault == "partition-off-by-one" and place and place + len(a) < SIZE:
            place += 1
        if self.fault == "partition-forgets-neighbour":
            self.flash[(place + len(a)) % SIZE] = 0xFF
        old = bytes(self.flash)
        if self.fault == "partition-erases-first":
            self.flash[:] = b"\xff" * SIZE
        torn = len(a) // 2
        self.flash[place : place + torn] = a[:torn]
        if self.busy():
            self._come_back("pwr")
        self.flash[:] = old
        if self.fault != "partition-loses-write":
            self.flash[place : place + len(a)] = a
            if place + len(a) > SIZE:
                del self.flash[SIZE:]
        return self.answer(0)

    def prd(self, *, k, m, out, **_):
        if isinstance(out, Null):
            return self.answer(0 if self.fault == "partition-null-ok" else -1)
        place = self._place(m, out)
        if k not in self.open or place is None:
            if self.fault == "partition-reads-nothing" and k in self.open:
                return self.answer(0, self.filled(out, b""))
            return self.answer(-1)
        data = self.flash[place : place + out]
        return self.answer(0, data + self.flash[: out - len(data)])

    # ---- key-value store
    def kvi(self, **_):
        if self.fault == "kv-not-supported":
            return self.answer(CODE.NOT_SUPPORTED)
        self.ready = True
        return self.answer(0)

    def kvx(self, **_):
        self.ready = False
        return self.answer(0)

    def _usable(self, key):
        if not self.ready:
            return CODE.GENERIC
        if isinstance(key, Null):
            return CODE.GENERIC if self.fault == "kv-wrong-code" else CODE.BAD_PARAMETERS
        return 0

    def kvs(self, *, a, c, **_):
        if code := self._usable(c):
            return self.answer(code)
        if isinstance(a, Null):
            return self.answer(CODE.BAD_PARAMETERS)
        value = bytes(a)
        if self.fault == "kv-full" or self.fault.startswith("full-"):
            taken = sum(map(len, self.store.values()))
            if taken + len(value) > 1500:
                if self.fault == "full-loses":
                    self.store.popitem()
                return self.answer(CODE.NO_SPACE)
        if self.fault == "kv-short-values" and len(value) > 64:
            return self.answer(CODE.NO_SPACE)
        if self.fault == "kv-truncates":
            value = value[:64]
        if self.fault == "kv-keeps-tail" and c in self.store:
            value += self.store[c][len(value) :]
        self.before = dict(self.store)
        old = dict(self.store)
        if self.fault == "kv-clears-first":
            self.store.clear()
        if self.fault == "kv-not-atomic":
            self.store.pop(c, None)
        if self.fault == "kv-torn":
            self.store[c] = value[: len(value) // 2]
        if self.busy():
            self._come_back("kvs")
        self.store = old
        if self.fault != "kv-loses-write":
            self.store[c] = value
        return self.answer(0)

    def kvg(self, *, c, out, **_):
        if code := self._usable(c):
            return self.answer(code)
        if isinstance(out, Null) and out.length:
            return self.answer(CODE.BAD_PARAMETERS)
        if c not in self.store:
            return self.answer(CODE.GENERIC if self.fault == "kv-absent-code" else CODE.ITEM_NOT_FOUND)
        value = self.store[c]
        room = 0 if isinstance(out, Null) else out
        if room < len(value):
            if self.fault == "kv-short-buffer-ok" and room:
                return self.answer(0, value[:room], length=room)
            told = room if self.fault == "kv-short-without-length" else len(value)
            return self.answer(CODE.SHORT_BUFFER, length=told)
        return self.answer(0, value)

    def _crash(self, function):
        self.restart()
        raise CallLostError(f"the board started anew in the middle of the call {function}")

    def kvd(self, *, c, **_):
        if isinstance(c, Null):
            self.deletes_of_null += 1
            if self.fault == "kv-null-crashes" or (self.fault == "kv-dip" and self.deletes_of_null == 1):
                self._crash("kvd")
        if code := self._usable(c):
            return self.answer(code)
        if c not in self.store:
            return self.answer(CODE.ITEM_NOT_FOUND)
        self.deleted[c] = self.store[c]
        if self.fault not in {"kv-does-not-delete", "full-no-room-again"}:
            del self.store[c]
        return self.answer(0)

    # ---- ciphers and hashes
    def aes(self, **given):
        return self._cipher(Family.AES, **given)

    def sm4(self, **given):
        return self._cipher(Family.SM4, **given)

    def _cipher(self, family, *, a, c, k, m, n, **_):
        mode = next(mode for mode in Mode if mode.number == k)
        name = f"{family}-{mode.name.lower()}"
        if self.fault == f"without-{name}":
            return self.answer(CryptoHalCode.NOT_SUPPORTED)
        if self.fault == f"unbuilt-{name}":
            raise MissingFunctionError("not this mode", str(family))
        key, iv = (c, b"") if mode is Mode.ECB else (c[:-16], c[-16:])
        encrypt = bool(m)
        case = CipherCase(family, mode, key, iv, a, encrypt, n)
        right = case.expected()
        if self.fault == "cbc-iv-not-chained" and mode is Mode.CBC and n:
            right = b"".join(
                CipherCase(family, mode, key, iv, a[at : at + n], encrypt).expected()
                for at in range(0, len(a), n)
            )
        if self.fault == "ctr-carry-lost" and mode is Mode.CTR:
            right = b"".join(
                CipherCase(
                    family,
                    mode,
                    key,
                    iv[:15] + bytes(((iv[15] + at // 16) & 0xFF,)),
                    a[at : at + 16],
                    encrypt,
                ).expected()
                for at in range(0, len(a), 16)
            )
        if self.fault == "sm4-decrypt-wrong" and family is Family.SM4 and not encrypt:
            right = CipherCase(family, mode, key, iv, a).expected()
        if self.fault == "cipher-overflows":
            return self.answer(0, right, overwritten=16)
        return self.answer(0, right)

    def hsh(self, *, a, k, n, **_):
        function = next(one for one in HashFunction if one.number == k)
        if self.fault == f"without-{function.name.lower()}":
            return self.answer(CryptoHalCode.NOT_SUPPORTED)
        if self.fault == "hash-no-room":
            return self.answer(-5)
        data = a
        if self.fault == "sha256-pieces-wrong" and function is HashFunction.SHA256 and n:
            data = a[n:]
        if self.fault == "sm3-tail-wrong" and function is HashFunction.SM3 and len(a) % 64 == 56:
            data = a + b"\x00"
        return self.answer(0, HashCase(function, data).expected())


class FakeStarts:
    """Starts a `FakePort` anew."""

    def __init__(self, port):
        self._port = port

    @property
    def seen(self):
        return self._port.starts

    def reset(self):
        self._port.restart()

    power_cycle = reset

    def power_cut(self, delay):
        return PowerCut(self._port.lose_power, delay)

    def await_back(self, seen):
        if self._port.gone.is_set():
            self._port.gone.clear()
            self._port.starts += 1
        assert self._port.starts > seen


class FakeScenario:
    """Keeps what a scenario says; a step is entered once."""

    def __init__(self):
        self.notes, self.findings, self.left_out, self.steps = [], [], {}, []

    def step(self, requirement):
        self.steps.append(requirement)
        from contextlib import nullcontext

        return nullcontext()

    def note(self, text):
        self.notes.append(text)

    def progress(self, done, total, what):
        assert done <= total

    def evidence(self, name, data, *, media_type="", title=""):
        assert data

    def finding(self, defect, *, severity, title, detail):
        self.findings.append(defect)

    def does_not_apply(self, requirement, reason):
        self.left_out[requirement] = reason


def hal_of(port, carrier=PlannedCarrier.KM, key_type=KeyType.AES_128):
    """Return what scenarios use, around a port of this process."""
    hal = object.__new__(HalUnderTest)
    plan = SimpleNamespace(carrier=carrier, key_type=key_type)
    inputs = SimpleNamespace(random=lambda purpose, size: os.urandom(size))
    hal._file = SimpleNamespace(plan=plan, name="fake")
    hal._session = SimpleNamespace(inputs=inputs, replayed=False)
    hal.calls = Hal(port)
    hal.starts = FakeStarts(port)
    hal.random = RandomUnderTest(hal.calls, hal.starts, hal._session, "fake")
    hal.partition = PartitionUnderTest(hal.calls, os.urandom)
    hal.kv = KvUnderTest(hal.calls, os.urandom)
    hal.crypto = CryptoUnderTest(hal.calls, port, plan, os.urandom)
    return hal


__all__ = ["FUNCTIONS", "FakePort", "FakeScenario", "KvValues", "PartitionAreas", "PowerCuts", "hal_of"]
