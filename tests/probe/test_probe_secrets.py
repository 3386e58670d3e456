"""Secret answers of a probe stand in no recording, and a replay takes over what a run found of them."""

import base64
import re

import pytest

from harness.board.opening.secrets_of_probe import HiddenTraffic
from harness.console.reader import Console
from harness.errors import BenchError
from harness.probe.errors import CallLostError, MissingFunctionError
from harness.probe.link import ProbeLink
from harness.probe.secrecy import SecretBytes, SecretText, WithheldError, revealed, text_of
from harness.probe.settings import Probe
from harness.run.inputs import RecordedInputs, ReplayedInputs
from harness.transport.recording.recorder import Recorded
from harness.transport.recording.replayed import Replayed
from harness.transport.recording.writer import Recording
from tests.probe.fake_probe import FakeProbe, ProbeLine

SECRET = "35EA365AAF3ADCE65C69E88FDABA60C70C01B7F7A9BFCA194E6E1DA48F85EF54"
KEY = bytes.fromhex("73001BCF91D16587B795EA7EC65A89F3")
SETTINGS = Probe(answer_s=0.05, start_s=0.4, call_s=1.0)


def firmware():
    return FakeProbe(
        functions={
            "gid": lambda _: (0, 24, b"2122232425262728292A2B2C"),
            "sec": lambda _: (0, 64, SECRET.encode()),
            "dky": lambda asked: (0, asked.capacity, KEY[: asked.capacity]),
            "lod": lambda _: (0, 0, b""),
        }
    )


class RunFolder:
    """A run on a board with a probe, recorded; and its replay."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.recording = folder / "console.rec"

    def record(self, do, probe=None, **line):
        transport = ProbeLine(probe or firmware(), **line)
        recording = Recording(self.recording, transport)
        inputs = RecordedInputs(lambda: self.folder / "inputs.jsonl")
        inputs.begin()
        with Console(Recorded(transport, recording)) as console:
            hidden = HiddenTraffic(console, recording, inputs, replayed=False)
            try:
                return do(ProbeLink(console, SETTINGS, secrecy=hidden), transport, console)
            finally:
                console.close()
                recording.close()

    def replay(self, do):
        inputs = ReplayedInputs(self.folder, lambda: self.folder / "again.jsonl")
        with Console(Replayed("console", self.recording)) as console:
            hidden = HiddenTraffic(console, None, inputs, replayed=True)
            return do(ProbeLink(console, SETTINGS, secrecy=hidden), None, console)


@pytest.fixture
def run(tmp_path):
    return RunFolder(tmp_path / "run")


def forms(secret):
    """Return the ways in which a secret may stand in a file, whole and in halves of 8 bytes and more."""
    for part in (secret, secret[:16], secret[-16:]):
        yield from (part, part.hex().encode(), part.hex().upper().encode(), base64.b64encode(part)[:-3])


def shown(folder):
    """Return what the files of a run show: as they are, and the bytes of their recordings put together."""
    for path in sorted(folder.rglob("*")):
        data = path.read_bytes()
        yield data
        pieces = re.findall(rb'"x": ?"([0-9a-f]*)"', data)
        yield b"".join(bytes.fromhex(piece.decode()) for piece in pieces)


def derive(link, _, __):
    secret = text_of(link.call("sec", c=b"seed", out=128, secret=True).data)
    key = link.call("dky", c=b"seed", out=16, secret=True).data
    return (
        link.call("gid", out=48).data,
        secret == SECRET,
        key == KEY,
        key == KEY[::-1],
        len(secret),
        key[:4] == KEY[:4],
    )


@pytest.mark.parametrize("noise", [{}, {"lost": 0.002, "flipped": 0.002, "logs": 0.05}, {"delay": 0.08}])
def test_nothing_of_a_secret_stands_in_a_run(run, noise):
    run.record(derive, **noise)
    for data in shown(run.folder):
        for secret in (SECRET.encode(), bytes.fromhex(SECRET), KEY):
            assert not [form for form in forms(secret) if form in data]
    assert b"2122232425262728292A2B2C" in b"".join(shown(run.folder))


def test_secrets_that_go_to_the_board_stand_nowhere_either(run):
    run.record(lambda link, *_: link.call("lod", a=KEY * 3, secret=True))
    assert not [form for data in shown(run.folder) for form in forms(KEY) if form in data]


def test_a_replay_finds_what_the_run_found(run):
    found = run.record(derive)
    assert found == (b"2122232425262728292A2B2C", True, True, False, 64, True)
    assert run.replay(derive) == found


def test_a_replay_finds_what_a_run_over_a_noisy_line_found(run):
    found = run.record(derive, lost=0.002, flipped=0.002, seed=5)
    assert run.replay(derive) == found


def test_a_replay_does_not_know_the_values(run):
    run.record(derive)
    got = run.replay(lambda link, *_: link.call("sec", c=b"seed", out=128, secret=True).data)
    assert revealed(got) == b"*" * 64


def test_a_replay_of_a_call_that_was_lost_says_what_it_lacks(run):
    probe = firmware()

    def start(_):
        probe.start()
        return 0, 0, b""

    probe.functions["sec"] = start

    def lose(link, _, __):
        with pytest.raises(CallLostError):
            link.call("sec", c=b"seed", out=128, secret=True)

    run.record(lose, probe)

    def ask(link, _, __):
        with pytest.raises(WithheldError, match="the recording withholds it") as caught:
            link.call("sec", c=b"seed", out=128, secret=True)
        assert caught.value.outcome == "not_run"

    run.replay(ask)


def test_a_replay_misses_what_the_firmware_missed(run):
    probe = firmware()
    del probe.functions["dky"]

    def ask(link, _, __):
        with pytest.raises(MissingFunctionError):
            link.call("dky", c=b"seed", out=16, secret=True)
        return link.call("gid", out=48).data

    found = run.record(ask, probe)
    assert run.replay(ask) == found


def test_the_last_lines_of_a_console_do_not_show_a_secret(run):
    def derive_and_fail(link, _, console):
        link.call("sec", c=b"seed", out=128, secret=True)
        with pytest.raises(BenchError) as caught:
            _ = ProbeLink(console, SETTINGS).again(limit=0.2)
        return console.since(0)[0], caught.value.traffic

    window, traffic = run.record(derive_and_fail)
    assert SECRET.encode()[:16] not in window
    assert SECRET[:16] not in " ".join(traffic)


@pytest.mark.slow
def test_what_follows_a_secret_call_that_broke_is_hidden_until_the_probe_has_emptied_itself(run):
    def break_off(link, line, _):
        link.call("gid", out=48)
        line.on_write = lambda data: b" clr " in data  # the probe does not hear that it must empty itself
        with pytest.raises(BenchError):
            link.call("sec", c=b"seed", out=128, secret=True)
        line.on_write = None
        line.print(SECRET.encode() + b"\r\n")
        return link.call("gid", out=48).data

    assert run.record(break_off) == b"2122232425262728292A2B2C"
    assert not [form for data in shown(run.folder) for form in forms(SECRET.encode()) if form in data]


def test_a_secret_does_not_show_itself():
    value = SecretBytes(KEY, lambda _, now: now())
    text = SecretText(SECRET, lambda _, now: now())
    assert "***" in repr(value)
    assert "***" in repr(text)
    assert KEY[:4].hex() not in f"{value!r} {text!r}"
    assert value == KEY
    assert value != KEY[:-1]
