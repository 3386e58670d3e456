"""The ledger of the real service's ration: days, processes, and kill -9."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from harness.cli.main import invoke
from harness.errors import BenchError, UsageError
from harness.service.errors import RationSpent, ServiceUnavailable
from harness.service.real.ledger import DAILY, Ledger, default_path
from harness.service.real.rationing import RationedWire

ID2 = "2122232425262728292A2B2C"
OTHER = "3132333435363738393A3B3C"
SERVICE = "https://id2.example"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(path, now, **options):
    return Ledger(path / "deep" / "ledger.sqlite", SERVICE, now=lambda: now, **options)


def test_ten_a_day_and_device(tmp_path):
    with at(tmp_path, NOON) as ledger:
        assert ledger.left(ID2) == DAILY == 10
        for number in range(DAILY):
            ledger.take(ID2, "Verify")
            assert ledger.left(ID2) == DAILY - number - 1
        with pytest.raises(RationSpent, match="today") as caught:
            ledger.take(ID2, "Verify")
        assert ledger.next_day() in caught.value.hint
        assert (caught.value.outcome, caught.value.exit_code) == ("blocked", 3)
        assert ledger.left(OTHER) == DAILY
    with at(tmp_path, NOON) as again:
        assert again.left(ID2) == 0, "a run later knows what the one before has spent"
        assert [(one.id2, one.used) for one in again.today()] == [(ID2, DAILY)]


def test_the_day_is_chinas(tmp_path):
    evening = datetime(2026, 3, 1, 15, 59, tzinfo=UTC)
    with at(tmp_path, evening) as ledger:
        ledger.take(ID2, "Verify")
        assert ledger.left(ID2) == DAILY - 1
    with at(tmp_path, evening + timedelta(minutes=1)) as ledger:
        assert ledger.left(ID2) == DAILY
    with at(tmp_path, evening - timedelta(days=3)) as ledger:
        assert ledger.left(ID2) == DAILY - 1, "a clock that was set back gives nothing back"


def test_services_are_apart(tmp_path):
    file = tmp_path / "ledger.sqlite"
    with Ledger(file, "https://one") as one, Ledger(file, "https://two") as two:
        one.take(ID2, "Verify")
        assert (one.left(ID2), two.left(ID2)) == (DAILY - 1, DAILY)
        one.remember_activated(ID2, "a1b")
        one.remember_activated(ID2, "a1b")
        assert one.activated(ID2, "a1b")
        assert not one.activated(ID2, "a1c")
        assert not two.activated(ID2, "a1b")


TAKES_ALL = """
import sys
from pathlib import Path
from harness.service.errors import RationSpent
from harness.service.real.ledger import Ledger
with Ledger(Path(sys.argv[1]), "https://id2.example") as ledger:
    print("ready", flush=True)
    sys.stdin.readline()
    while True:
        try:
            ledger.take("2122232425262728292A2B2C", "Verify")
        except RationSpent:
            break
        print("sent", flush=True)
"""


def test_processes_share_the_ration(tmp_path):
    command = [sys.executable, "-c", TAKES_ALL, str(tmp_path / "ledger.sqlite")]
    with contextlib.ExitStack() as stack:
        processes = [
            stack.enter_context(
                subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        sent = [len(process.stdout.readlines()) for process in processes]
    assert sum(sent) == DAILY, sent
    assert [process.returncode for process in processes] == [0] * 4


KILLED = """
import sys
from pathlib import Path
from harness.service.real.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), "https://id2.example", daily=10_000)
while True:
    ledger.take("2122232425262728292A2B2C", "Verify")
    sys.stdout.write("sent\\n")
    sys.stdout.flush()
"""


def test_killed_between_counting_and_sending(tmp_path):
    file = tmp_path / "ledger.sqlite"
    sent = 0
    for _ in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(file)], stdout=subprocess.PIPE, text=True
        ) as process:
            process.stdout.readline()
            sent += 1
            time.sleep(0.03)
            process.send_signal(signal.SIGKILL)
            sent += len(process.stdout.readlines())
    with Ledger(file, SERVICE, daily=10_000) as ledger:
        counted = 10_000 - ledger.left(ID2)
    assert sent <= counted <= sent + 5, "counted at most one too many a kill, and never too few"


class FakeWire:
    """Says what it is told, and remembers what it was asked."""

    endpoint = SERVICE

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.calls = []

    def call(self, operation, parameters):
        self.calls.append(operation)
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def close(self):
        pass


GOOD = (200, b'{"Code": "200", "Success": "true", "Data": "true"}')
REFUSED = (200, b'{"Code": "21", "Success": "false"}')
VERIFY = {"Id2": ID2, "ProductKey": "a1b"}


def test_counted_before_it_is_sent(tmp_path):
    with at(tmp_path, NOON, daily=3) as ledger:
        wire = FakeWire(REFUSED, GOOD, ServiceUnavailable("broke"))
        rationed = RationedWire(wire, ledger)
        rationed.call("Verify", VERIFY)
        assert not ledger.activated(ID2, "a1b")
        rationed.call("VerifyAndEncrypt", VERIFY)
        assert ledger.activated(ID2, "a1b")
        with pytest.raises(ServiceUnavailable):
            rationed.call("GetServerAuthCodeAndEncryptData", VERIFY)
        assert ledger.left(ID2) == 0, "what may have been taken is counted"
        with pytest.raises(RationSpent):
            rationed.call("Verify", VERIFY)
        assert len(wire.calls) == 3, "nothing is sent over the ration"


def test_what_never_left_is_not_counted(tmp_path):
    with at(tmp_path, NOON) as ledger:
        unsent = (ServiceUnavailable("no route", sent=False), UsageError("no credentials any more"))
        wire = FakeWire(*unsent, GOOD)
        for error in unsent:
            with pytest.raises(type(error)):
                RationedWire(wire, ledger).call("Verify", VERIFY)
            assert ledger.left(ID2) == DAILY
        RationedWire(wire, ledger).call("GetServerRandom", {"Id2": ID2})
        assert ledger.left(ID2) == DAILY, "a challenge is no authentication"


def test_a_ledger_that_cannot_be_used_sends_nothing(tmp_path):
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is no ledger, not at all" * 100)
    with pytest.raises(BenchError, match=r"broken\.sqlite"):
        Ledger(broken, SERVICE)
    with pytest.raises(BenchError, match="cannot be used"):
        Ledger(broken / "below" / "a-file", SERVICE)
    with at(tmp_path, NOON) as ledger:
        ledger._db.execute("DROP TABLE spent")
        wire = FakeWire(GOOD)
        with pytest.raises(BenchError, match="cannot be used") as caught:
            RationedWire(wire, ledger).call("Verify", VERIFY)
        assert "--ledger" in caught.value.hint
        assert wire.calls == []


def test_no_write_ahead_log(tmp_path):
    with at(tmp_path, NOON) as ledger:
        ledger.take(ID2, "Verify")
        with sqlite3.connect(ledger.path) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        other.close()


def test_default_place():
    assert str(default_path({"XDG_STATE_HOME": "/state"})) == "/state/id2-harness/ledger.sqlite"
    assert str(default_path({"HOME": "/home/me"})) == "/home/me/.local/state/id2-harness/ledger.sqlite"


def test_command(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert invoke(["ledger"]) == 0
    assert "nothing" in capsys.readouterr().out
    with Ledger(default_path(os.environ), SERVICE) as ledger:
        ledger.take(ID2, "Verify")
        ledger.take(ID2, "Verify")
    assert invoke(["ledger"]) == 0
    assert f"{ID2}  2 used, 8 left" in capsys.readouterr().out
    assert invoke(["ledger", str(tmp_path / "none.sqlite")]) == 2
