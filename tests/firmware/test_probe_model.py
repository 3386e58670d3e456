"""The probe against a model of its slots, its result and its memory of what it ran, by sequences of any kind."""

import os
import tempfile
from binascii import crc_hqx
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.firmware.conftest import Firmware, replies, with_crc

SIZES = {"a": 1024, "b": 512, "c": 128}
RESULT = 1024
SAFE = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz~+/=_.:-"
NUMBERS = st.one_of(
    st.integers(0, 40), st.sampled_from([127, 128, 511, 512, 513, 1023, 1024, 1025, 2**32 - 1])
)


def crc(data):
    return f"{crc_hqx(data, 0xFFFF):04X}"


def payload(data):
    text = data.decode("latin-1")
    return f"t:{text}" if set(text) <= set(SAFE) else f"x:{data.hex().upper()}"


class Model(RuleBasedStateMachine):
    """What docs/probe-protocol.md says of requests in a row."""

    library = None

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.firmware = Firmware(self.library, Path(self.folder.name) / "probe.so")
        self.slots = dict.fromkeys(SIZES, b"")
        self.result = b""
        self.final = None
        self.seq = 0
        self.last = None
        self.made = 0

    def teardown(self):
        self.folder.cleanup()

    def ask(self, request):
        """Send a request under the next seq; return its answers without it."""
        self.seq = self.seq % 255 + 1
        self.last = (with_crc(f"id2p {self.seq:02X} {request}"), None)
        answers = replies(self.firmware.feed(self.last[0] + "\n"))
        self.last = (self.last[0], answers)
        for answer in answers:
            assert answer.startswith(f"{self.seq:02X} ") or request == "rep"
        return [answer[3:] for answer in answers]

    def filled(self, slot):
        return [f"OK 0 {len(self.slots[slot])} {crc(self.slots[slot])}"]

    @rule(
        slot=st.sampled_from("abc"),
        data=st.binary(max_size=20),
        offset=NUMBERS,
        where=st.sampled_from(["append", "within", "anywhere"]),
        text=st.booleans(),
    )
    def put(self, slot, data, offset, where, text):
        if text:
            data = bytes(ord(SAFE[byte % len(SAFE)]) for byte in data)
        held = self.slots[slot]
        at = {"append": len(held), "within": offset % (len(held) + 1), "anywhere": offset}[where]
        answers = self.ask(f"put {slot} {at} {f't:{data.decode()}' if text else f'x:{data.hex().upper()}'}")
        if at > len(held) or at + len(data) > SIZES[slot]:
            assert answers == ["NK 4"]
            return
        self.slots[slot] = data if at == 0 else held[:at] + data + held[at + len(data) :]
        assert answers == self.filled(slot)

    @rule(slot=st.sampled_from("bc"), left=st.integers(0, 20))
    def fill_up(self, slot, left):
        """Fill a slot but for a few bytes."""
        while len(self.slots[slot]) < SIZES[slot] - left:
            room = SIZES[slot] - left - len(self.slots[slot])
            data = b"filled-up-" * 4
            answers = self.ask(f"put {slot} {len(self.slots[slot])} t:{data[:room].decode()}")
            self.slots[slot] += data[:room]
            assert answers == self.filled(slot)

    @rule(
        taken=st.tuples(*[st.one_of(st.none(), st.integers(0, 2000)) for _ in "ac"]),
        offered=st.one_of(st.none(), st.integers(0, 40), st.sampled_from([RESULT - 1, RESULT, RESULT + 1])),
        rc=st.sampled_from([0, 0, 7, -1, -3]),
        length=NUMBERS,
        written=st.integers(0, RESULT + 16),
        again=st.booleans(),
    )
    def encrypt(self, taken, offered, rc, length, written, again):
        """A call with input and output: the API writes `written` bytes and says `length`."""
        taken = [
            count if count is None else count % (len(self.slots[slot]) + 2)  # one more than it holds at most
            for slot, count in zip("ac", taken, strict=True)
        ]
        words = [f"{slot}={count}" for slot, count in zip("ac", taken, strict=True) if count is not None]
        words += [f"o={offered}"] if offered is not None else []
        data = bytes(range(1, 128)) * 9  # no A5 among them
        data = data[:written]
        self.firmware.set(rc=rc, length=length, data=data)
        answers = self.ask(" ".join(["run enc", ",".join(words)]).strip())
        called = self.firmware.calls()
        beyond = any(
            count is not None and count > len(self.slots[slot])
            for slot, count in zip("ac", taken, strict=True)
        )
        too_much = offered is not None and offered > RESULT
        if beyond or too_much:
            assert answers in ([["NK 4"]] if not too_much else [["NK 3"], ["NK 4"]])
            assert called == []
            return
        self.made += 1
        given = "NULL/0" if taken[0] is None else f"{self.slots['a'][: taken[0]].hex().upper()}/{taken[0]}"
        seed = self.slots["c"][: taken[1] or 0].split(b"\0")[0]
        seed = "NULL" if taken[1] is None else f"{seed.hex().upper()}/{len(seed)}"
        out = "NULL/0" if offered is None else f"buffer/{offered}"
        assert called == [f"id2_client_encrypt seed={seed} in={given} out={out}"]
        capacity = offered or 0
        overwritten = 0 if offered is None else max(0, written - capacity)
        held = (data if offered is not None else b"").ljust(RESULT, b"\xa5")
        self.result = held[: min(length, capacity)] if rc >= 0 else b""
        shown = f" {payload(self.result[:40])}" if self.result else ""
        behind = f" w={overwritten}" if overwritten else ""
        self.final = f"{'ER' if rc < 0 else 'OK'} {rc} {length} {crc(self.result)}{shown}{behind}"
        assert answers == ["AK", self.final]
        self.final = f"{self.seq:02X} {self.final}"
        if again:
            self.send_again("")

    @rule(offset=NUMBERS, count=NUMBERS)
    def get(self, offset, count):
        answers = self.ask(f"get {offset} {count}")
        if offset > len(self.result):
            assert answers == ["NK 4"]
        else:
            assert answers == [f"D {offset} {payload(self.result[offset : offset + min(count, 128)])}"]

    @rule()
    def rep(self):
        self.ask("rep")
        assert self.last[1] == [self.final or f"{self.seq:02X} NK 8"]
        self.seq -= 1  # its seq is not remembered, and is free
        self.last = None

    @rule()
    def clear(self):
        assert self.ask("clr") == ["OK 0 0 FFFF"]
        self.slots = dict.fromkeys(SIZES, b"")
        self.result, self.final = b"", None

    @precondition(lambda self: self.last is not None)
    @rule(
        noise=st.sampled_from(["", "\n", "log text\n", "id2p 0", "id2p 05 run ini %0000\n", "x" * 300 + "\n"])
    )
    def send_again(self, noise):
        self.firmware.feed(noise)
        line, answers = self.last
        assert replies(self.firmware.feed(f"\n{line}\n"))[-len(answers) :] == answers

    @precondition(lambda self: self.last is not None)
    @rule(verb=st.sampled_from(["run ini", "clr", "put a 0 t:ZZ", "get 0 1", "nonsense"]))
    def use_the_seq_for_another_line(self, verb):
        line = with_crc(f"id2p {self.seq:02X} {verb}")
        if line != self.last[0]:
            assert replies(self.firmware.feed(line + "\n")) == [f"{self.seq:02X} NK 7"]

    @rule()
    def start_anew(self):
        self.firmware.restart(0)
        self.slots = dict.fromkeys(SIZES, b"")
        self.result, self.final, self.last = b"", None, None

    @invariant()
    def nothing_else_was_called(self):
        assert self.firmware.number("calls") == self.made


def test_any_sequence_of_requests(library):
    from hypothesis.stateful import run_state_machine_as_test

    machine = type("Machine", (Model,), {"library": library})
    examples = int(os.environ.get("PROBE_MODEL_EXAMPLES", "60"))
    run_state_machine_as_test(
        machine, settings=settings(max_examples=examples, stateful_step_count=30, deadline=None)
    )
