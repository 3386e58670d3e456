"""The scenarios of the SE driver, on a driver in Python over a simulated chip: sound ones pass, each broken one fails."""

import time
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.board.models import Limits
from harness.chip.mtk import MtkCommandSet
from harness.errors import BenchError
from harness.fixtures.port.driver import DriverUnderTest
from harness.id2.keys import Key, KeyType
from harness.probe.answers import Answer
from harness.probe.errors import CallLostError, CrashedError, UnansweredCallError
from harness.probe.functions import Group
from harness.settings.simulated_device import AnswerStyle
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip
from harness.suites.step4_adapt.port import test_driver as scenarios
from tests.step4_adapt.scenario_alone import judged
from tests.step4_adapt.vendor_client import AES, ID

GUARD = 16
RSA = Key.parse(
    KeyType.RSA_2048,
    rsa.generate_private_key(65537, 2048)
    .private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    .decode(),
)


@dataclass
class Board:
    """A board whose firmware has a driver over a simulated chip, as a link to its probe.

    Attributes:
        key: Key of the chip.
        command_set: What it speaks.
        answers: Whether it answers at once.
        has_chip: Whether there is a chip.
        has_reset: Whether the harness can reset it.
        broken: Names of what is broken.
        restarts: How often it was reset.
    """

    key: Key = AES
    command_set: str = "ica"
    answers: AnswerStyle = AnswerStyle.DIRECT
    has_chip: bool = True
    has_reset: bool = True
    broken: frozenset = frozenset()
    starts: int = 0
    restarts: int = 0
    opened: int = 0
    sessions: int = 0
    hello: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(result=1024, groups=frozenset({Group.DRIVER}))
    )

    def __post_init__(self):
        self.model = make_chip(ChipConfig(self.command_set, ID, self.key, answers=self.answers))
        self.session = None
        self.file = SimpleNamespace(
            chip=None if self.command_set == "ica" else SimpleNamespace(command_set_kind=MtkCommandSet()),
            plan=SimpleNamespace(key_type=self.key.key_type),
            limits=Limits(apdu_s=0.15),
            controller=lambda _: object() if self.has_reset else None,
        )

    def call(self, function, *, a=b"", out=0, k=0, limit=0.0):
        del limit
        return {"sop": self._open, "trx": self._transmit, "scl": self._close, "fns": self._names}[function](
            a, out, k
        )

    def again(self):
        self.session, self.restarts = None, self.restarts + 1

    def _names(self, _, size, __):
        return Answer(0, 11, b"sop.trx.scl"[:size])

    def _open(self, *_):
        if not self.has_chip and "ok-without-chip" not in self.broken:
            return Answer(-7, 0, b"")
        self.opened += 1
        if "opens-ten-times" in self.broken and self.opened > 10:
            return Answer(-5, 0, b"")
        self.session = self.model.session()
        return Answer(0, 0, b"")

    def _close(self, _, __, k):
        if self.session is None or k:
            return Answer(-1, 0, b"")
        self.session = None
        return Answer(-1 if "close-fails" in self.broken else 0, 0, b"")

    def _transmit(self, command, size, k):
        if not self.has_chip:
            return Answer(0, 0, b"") if "ok-without-chip" in self.broken else Answer(-10, 0, b"")
        if "hangs-on-null" in self.broken and k == 1:
            raise UnansweredCallError("the call never came back")
        if "crashes-on-strange" in self.broken and k == 2:
            self.session = None
            raise CrashedError("the board started anew; its console shows a crash")
        if "lost-on-strange" in self.broken and k == 2:
            self.session = None
            raise CallLostError("the board started anew")
        if "hangs-on-strange" in self.broken and k == 2:
            raise UnansweredCallError("the call never came back")
        session = self.session
        if k == 1 or session is None:
            if session is None and "answers-unopened" in self.broken:
                return Answer(0, 0, b"")
            if session is None or "takes-null" not in self.broken:
                return Answer(-1, size, b"")
        if k == 2 and "takes-any" not in self.broken:
            return Answer(-2, size, b"")
        if "slow" in self.broken:
            time.sleep(0.2)
        return self._handed(session.process(command), size)

    def _handed(self, answer, size):
        if "swallows-status" in self.broken and len(answer) > 2:
            answer = answer[:-2]
        if "refusal-is-error" in self.broken and answer[-2] == 0x6E:
            return Answer(-1, 0, b"")
        if "drops-last-byte" in self.broken and len(answer) >= 242:
            answer = answer[:-1]
        if "drops-in-the-middle" in self.broken and len(answer) >= 242:
            answer = answer[:64] + answer[65:]
        if len(answer) > size:
            if "overflows" in self.broken:
                return Answer(0, len(answer), answer[:size], min(GUARD, len(answer) - size))
            if "cuts-answers" in self.broken:
                return Answer(0, size, answer[:size])
            return Answer(-3, len(answer), b"")
        return Answer(0, len(answer), answer)


def judge(board, monkeypatch, *, missing=False):
    monkeypatch.setattr("harness.fixtures.port.driver.operate", lambda *_: None)
    driver = DriverUnderTest(board, board)
    names = {name for name in vars(scenarios) if name.startswith("test_")}
    names = {"test_no_chip"} if missing else names - {"test_no_chip"}
    found = judged(scenarios, {"driver": driver}, names)
    driver.leave_closed()
    return found


ALL = {f"DRV-{number:02d}" for number in range(1, 9)}
SOUND = {
    "aes": Board(),
    "rsa": Board(key=RSA),
    "get-response": Board(answers=AnswerStyle.GET_RESPONSE),
    "without-reset": Board(has_reset=False),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_driver_passes(name, monkeypatch):
    found = judge(SOUND[name], monkeypatch)
    assert found.steps == dict.fromkeys(ALL, "passed")
    assert found.findings == []


def test_a_chip_of_another_command_set_is_asked_what_it_knows(monkeypatch):
    found = judge(Board(key=Key.parse(KeyType.DES3_112, "01" * 8 + "23" * 8), command_set="mtk"), monkeypatch)
    assert {name for name, verdict in found.steps.items() if verdict != "passed"} == {"DRV-07"}
    assert found.steps["DRV-07"].startswith("n/a")


def test_a_board_without_a_chip_is_held_to_an_error_code(monkeypatch):
    assert judge(Board(has_chip=False), monkeypatch, missing=True).steps == {"DRV-09": "passed"}
    found = judge(Board(has_chip=False, broken=frozenset({"ok-without-chip"})), monkeypatch, missing=True)
    assert found.steps["DRV-09"].startswith("failed")


BROKEN = {
    "opens-ten-times": "DRV-01",
    "close-fails": "DRV-01",
    "answers-unopened": "DRV-02",
    "takes-null": "DRV-03",
    "takes-any": "DRV-04",
    "overflows": "DRV-05",
    "cuts-answers": "DRV-05",
    "swallows-status": "DRV-06",
    "refusal-is-error": "DRV-06",
    "drops-last-byte": "DRV-07",
    "drops-in-the-middle": "DRV-07",
    "slow": "DRV-08",
}


@pytest.mark.parametrize(
    ("name", "requirement"),
    [pytest.param(*each, marks=[pytest.mark.slow] if each[0] == "slow" else []) for each in BROKEN.items()],
)
def test_what_is_broken_fails_by_name(name, requirement, monkeypatch):
    monkeypatch.setattr(scenarios, "SESSIONS", 12 if requirement == "DRV-01" else 2)
    for key in (AES, RSA):
        found = judge(Board(key=key, broken=frozenset({name})), monkeypatch)
        assert found.steps[requirement].startswith("failed"), found.steps


@pytest.mark.parametrize("name", ["crashes-on-strange", "lost-on-strange", "hangs-on-strange"])
def test_going_down_on_a_handle_that_was_never_given_is_told_and_fails_nothing(name, monkeypatch):
    board = Board(broken=frozenset({name}))
    found = judge(board, monkeypatch)
    assert found.steps == dict.fromkeys(ALL, "passed")
    assert found.findings == [("driver-crashes-on-handle", "info")]
    assert board.restarts == (name == "hangs-on-strange")


def test_a_call_that_never_ends_fails_when_a_reset_shows_that_nothing_else_was_in_the_way(monkeypatch):
    found = judge(Board(broken=frozenset({"hangs-on-null"})), monkeypatch)
    assert found.steps["DRV-03"].startswith("failed")
    assert "did not come to an end" in found.steps["DRV-03"]
    found = judge(Board(broken=frozenset({"hangs-on-null"}), has_reset=False), monkeypatch)
    assert found.steps["DRV-03"].startswith("blocked")
    assert isinstance(UnansweredCallError("x"), BenchError)
