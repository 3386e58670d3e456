"""The host's own lateness: counted, taken off the device's time, and told."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from harness import hostload
from harness.fixtures.scenario import Scenario
from harness.hostload import PERIOD, Duration, Host, Span, overloaded
from harness.run.events import ScenarioInfo
from harness.run.measure import OutsideLimitsError
from harness.run.run import Header, Run
from harness.run.verdict import Verdict
from harness.simulator.machine.machine import Program


class Machine:
    """A machine whose time, queues and thieves a test sets."""

    def __init__(self):
        self.now = 1000.0
        self.queued = {}
        self.stolen = 0.0
        self.host = Host(
            clock=lambda: self.now,
            waited=lambda: dict(self.queued),
            stolen=lambda: self.stolen,
            beats=False,
        )

    def run(self, seconds):
        """Pass time with every beat on time."""
        end = self.now + seconds
        while self.now + PERIOD < end:
            self.now += PERIOD
            self.host.beat()
        self.now = end
        self.host.beat()

    def stop(self, seconds):
        """Pass time without a beat."""
        self.now += seconds


@pytest.fixture
def machine():
    return Machine()


def test_a_machine_that_keeps_up_is_not_late(machine):
    begin = machine.host.moment()
    machine.run(60)
    span = machine.host.since(begin)
    assert span.elapsed == pytest.approx(60)
    assert span.late == pytest.approx(0, abs=0.01)
    assert not span.excuses(60.5)
    assert not Span(61, 0).excuses(60)


def test_a_process_that_was_stopped_was_late(machine):
    begin = machine.host.moment()
    machine.run(54)
    machine.stop(70)
    span = machine.host.since(begin)
    assert span.late == pytest.approx(70, abs=0.2)
    assert span.excuses(60)
    assert "124.0 s, allowed 60 s" in overloaded("the self-test", span, 60).message
    assert "late by 69.9 s of 124.0 s" in overloaded("the self-test", span, 60).message


def test_threads_that_wait_for_a_processor_are_late(machine):
    begin = machine.host.moment()
    for _ in range(20):
        machine.queued["1"] = machine.queued.get("1", 0.0) + 0.03
        machine.run(PERIOD)
    assert machine.host.since(begin).late == pytest.approx(0.6, abs=0.01)


def test_a_stolen_processor_is_late(machine):
    begin = machine.host.moment()
    machine.stolen += 0.04
    machine.run(PERIOD)
    assert machine.host.since(begin).late == pytest.approx(0.04, abs=0.001)


def test_lateness_is_less_than_the_time_that_passed(machine):
    begin = machine.host.moment()
    machine.queued = {str(thread): 9.0 for thread in range(40)}
    machine.stop(0.05)
    span = machine.host.since(begin)
    assert span.late == pytest.approx(0.045)
    machine.stop(1.0)
    assert machine.host.since(begin).late == pytest.approx(0.045 + 0.94)


def test_a_slow_device_on_a_busy_machine_is_still_slow(machine):
    """Half a second of lateness does not explain a minute."""
    begin = machine.host.moment()
    machine.run(120)
    machine.stop(0.5)
    assert not machine.host.since(begin).excuses(60)


def test_deadlines_of_a_device_wait_for_a_late_host(machine):
    before = machine.host.clock()
    machine.run(1.0)
    machine.stop(100.0)
    assert machine.host.clock() - before == pytest.approx(1.0, abs=0.1)
    machine.host.beat()
    machine.run(1.0)
    assert machine.host.clock() - before == pytest.approx(2.0, abs=0.2)


def test_the_worst_span_is_found(machine):
    begin = machine.host.moment()
    for pause in (0.5, 3.0, 1.0):
        machine.run(20)
        machine.stop(pause)
        machine.host.beat()
    assert machine.host.latest(begin, 10) == pytest.approx(2.95, abs=0.1)
    assert machine.host.latest(begin, 100) == pytest.approx(4.4, abs=0.2)


PROGRAM = """
import time, sys
from harness.hostload import host
machine = host()
begin = machine.moment()
print("ready", flush=True)
sys.stdin.readline()
span = machine.since(begin)
print(span.elapsed, span.late, flush=True)
"""


def test_a_real_process_that_is_stopped_knows_it():
    """SIGSTOP, as a debugger, a laptop lid or a full machine does it."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        stopped = time.monotonic()
        threading_wait(1.5)
        stopped = time.monotonic() - stopped
        process.send_signal(signal.SIGCONT)
        process.stdin.write("go\n")
        process.stdin.flush()
        elapsed, late = map(float, process.stdout.readline().split())
    assert late >= stopped - 0.2
    assert elapsed >= late


def test_waits_of_a_program_that_stands_in_for_a_device_count_until_it_is_left_out():
    """Two processes that never rest are given one processor, so that each waits for it."""
    busy = [sys.executable, "-c", "while True: pass"]
    host = Host(beats=False)
    with subprocess.Popen(busy) as device, subprocess.Popen(busy) as rival:
        try:
            for process in (device, rival):
                os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
            assert str(device.pid) not in host._waited_for_processor()
            host.include(device.pid)
            begin = host._waited_for_processor()[str(device.pid)]
            time.sleep(1.0)
            assert host._waited_for_processor()[str(device.pid)] - begin > 0.05
            host.leave_out(device.pid)
            assert str(device.pid) not in host._waited_for_processor()
        finally:
            device.kill()
            rival.kill()


def test_the_process_of_a_machine_is_included_while_it_runs(monkeypatch):
    host = Host(beats=False)
    monkeypatch.setattr(hostload, "_host", host)
    program = Program(["/bin/sleep", "60"], {}, [])
    assert str(program.pid) in host._waited_for_processor()
    program.kill()
    assert host._stand_ins == ()


def threading_wait(seconds):
    time.sleep(seconds)  # the other process is stopped for as long: nothing here can tell


@pytest.fixture
def scenario(tmp_path, machine, monkeypatch):
    monkeypatch.setattr(hostload, "_host", machine.host)
    run = Run.create(tmp_path, "b", Header(board_file={}, plan={}, declaration={}, options={}, inputs=()))
    run.plan([INFO])
    log = run.begin(INFO)
    yield Scenario(log), log
    if not log.finished:
        log.finish(Verdict.PASSED)
    run.finish()


INFO = ScenarioInfo(
    id="s/t/a", node="s/t.py::a", step_folder="s", title="t", requirements=("T-01",), steps=(("T-01", "x"),)
)


def test_a_time_that_the_host_explains_blocks(scenario):
    running, log = scenario
    with (
        pytest.raises(hostload.HostOverloadedError, match="this machine is overloaded"),
        running.step("T-01"),
    ):
        running.measure("self-test", Duration(124.0, 70.0), unit="s", high=60)
    assert log.finish(Verdict.PASSED) is Verdict.BLOCKED


def test_a_duration_brings_along_its_tries_and_uncertainty(scenario, tmp_path):
    running, _ = scenario
    with running.step("T-01"):
        running.measure("self-test", Duration(0.3, 0.0, [0.1, 0.3, 0.2], 0.05), unit="s", high=60)
        running.measure("by hand", Duration(0.3, 0.0, [0.1, 0.3]), unit="s", samples=[0.3], uncertainty=0.01)
    (journal,) = tmp_path.rglob("journal.jsonl")
    first, second = [json.loads(line) for line in journal.read_text().splitlines() if '"measurement"' in line]
    assert (first["samples"], first["uncertainty"]) == ([0.1, 0.3, 0.2], 0.05)
    assert (second["samples"], second["uncertainty"]) == ([0.3], 0.01)


def test_a_time_that_nothing_explains_fails(scenario):
    running, log = scenario
    with pytest.raises(OutsideLimitsError, match="allowed at most 60 s"), running.step("T-01"):
        running.measure("self-test", Duration(124.0, 3.0), unit="s", high=60)
    assert log.finish(Verdict.PASSED) is Verdict.FAILED


def test_a_plain_number_is_held_against_the_worst_span_of_the_scenario(scenario, machine):
    running, log = scenario
    machine.run(1)
    machine.stop(5)
    with pytest.raises(hostload.HostOverloadedError), running.step("T-01"):
        running.measure("time to the next session", 6500, unit="ms", high=2000)
    assert log.finish(Verdict.PASSED) is Verdict.BLOCKED


def test_other_units_know_no_excuse(scenario, machine):
    running, log = scenario
    machine.stop(500)
    with pytest.raises(OutsideLimitsError, match="allowed"), running.step("T-01"):
        running.measure("attempts", 9, unit="", high=3)
    assert log.finish(Verdict.PASSED) is Verdict.FAILED
