"""The console of a machine: the contract of transports, and what reset and power do to it."""

import fcntl
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import termios
import textwrap
import threading
from pathlib import Path

import pytest

from harness.errors import BenchError
from harness.simulator.machine.linux import LinuxMachine
from harness.simulator.machine.transport import MachineTransport
from harness.transport.base import Line, ReadLines, SendBreak, SetLines, StreamRead, StreamWrite
from harness.transport.serial.lines import LineStep, perform
from tests.simulator.machine.processes import alive, wait_until
from tests.transport.contract import StreamBench, StreamContract

STAND_IN = Path(__file__).with_name("stand_in.py")


class MachineBench(StreamBench):
    """A machine that runs the stand-in."""

    def __init__(self, folder):
        self.program = folder / "firmware"
        self.program.write_text(
            f"#!{sys.executable} -ISB\n{STAND_IN.read_text(encoding='utf-8')}", encoding="utf-8"
        )
        self.program.chmod(0o755)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(folder / "far"))
        self.listener.listen()
        self.listener.settimeout(60)
        self.program.with_suffix(".socket").write_text(str(folder / "far"), encoding="utf-8")
        self.machines = []
        self.far = None
        self.pid = 0

    def machine(self):
        self.machines.append(LinuxMachine(lambda: self.program))
        return self.machines[-1]

    def transport(self):
        return Greeted(self)

    def meet(self):
        """Take the connection of the program that has just started."""
        if self.far is not None:
            self.far.close()
        self.far, _ = self.listener.accept()
        self.far.settimeout(60)
        self.pid = int.from_bytes(self.hear(4))

    def unplug(self):
        self.program.unlink()
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)

    def say(self, data):
        self.far.sendall(data)

    def hear(self, count):
        data = b""
        while len(data) < count:
            data += self.far.recv(count - len(data))
        return data

    def close(self):
        for machine in self.machines:
            machine.power_off()
        self.listener.close()
        if self.far is not None:
            self.far.close()


class Greeted(MachineTransport):
    """One whose first line has been read, as the contract begins with silence."""

    def __init__(self, bench):
        super().__init__(bench.name, bench.machine, "simulated board: stand-in")
        self.bench = bench
        self.greeting = b""

    def open(self):
        super().open()
        self.bench.meet()
        self.greeting = line_of(self)


def line_of(transport):
    """Return the next line."""
    data = b""
    while not data.endswith(b"\n"):
        part = transport.do(StreamRead(1, 10.0))
        assert part, f"only {data!r} came"
        data += part
    return data


@pytest.fixture
def bench(tmp_path):
    bench = MachineBench(tmp_path)
    yield bench
    bench.close()


class TestMachine(StreamContract):
    @pytest.fixture
    def bench(self, bench):
        return bench


def waiting(board):
    """Return how many bytes wait on the console that was opened last."""
    fileno = board._consoles[-1]._fileno
    return struct.unpack("i", fcntl.ioctl(fileno, termios.FIONREAD, bytes(4)))[0]


def test_a_pulse_of_rts_starts_it_anew_and_what_it_printed_before_is_not_lost(bench):
    with bench.transport() as board:
        assert board.greeting == b"start 0 by power-on\n"
        first = bench.pid
        bench.say(b"last words\n")
        wait_until(lambda: waiting(board) == len(b"last words\n"))
        perform(board, (LineStep(rts=True), LineStep(rts=False)))
        bench.meet()
        assert [line_of(board), line_of(board)] == [b"last words\n", b"start 1 by pin\n"]
        assert not alive(first)
        assert board.do(StreamRead(10, 0.0)) == b""


def test_held_in_reset_nothing_runs_and_what_is_written_is_lost(bench):
    with bench.transport() as board:
        board.do(SetLines(rts=True))
        assert not alive(bench.pid)
        board.do(StreamWrite(b"nobody hears this"))
        assert board.do(StreamRead(10, 0.05)) == b""
        assert board.do(ReadLines()) == bytes((Line.DSR,))
        board.do(SetLines(rts=False))
        bench.meet()
        assert line_of(board) == b"start 1 by pin\n"
        board.do(StreamWrite(b"this"))
        assert bench.hear(4) == b"this"


def test_dtr_is_the_power_and_the_flash_outlives_it(bench):
    with bench.transport() as board:
        board.do(SetLines(dtr=False))
        assert not alive(bench.pid)
        assert board.do(ReadLines()) == b"\0"
        assert board.do(StreamRead(10, 0.05)) == b""
        board.do(StreamWrite(b"lost"))
        board.do(SetLines(rts=True))
        board.do(SetLines(rts=False))  # a reset without power starts nothing
        assert board.do(StreamRead(10, 0.05)) == b""
        board.do(SetLines(dtr=True))
        bench.meet()
        assert line_of(board) == b"start 1 by power-on\n"


def test_what_it_printed_before_the_power_went_is_not_lost(bench):
    with bench.transport() as board:
        bench.say(b"last words\n")
        wait_until(lambda: waiting(board) == len(b"last words\n"))
        perform(board, (LineStep(dtr=False), LineStep(dtr=True)))
        bench.meet()
        assert [line_of(board), line_of(board)] == [b"last words\n", b"start 1 by power-on\n"]


def test_power_that_comes_while_reset_is_held_starts_it_at_the_release(bench):
    with bench.transport() as board:
        board.do(SetLines(dtr=False, rts=True))
        board.do(SetLines(dtr=True))
        assert board.do(StreamRead(10, 0.05)) == b""
        board.do(SetLines(rts=False))
        bench.meet()
        assert line_of(board) == b"start 1 by power-on\n"


def test_lines_that_do_not_change_do_nothing(bench):
    with bench.transport() as board:
        board.do(SetLines(dtr=True, rts=False))
        board.do(SetLines())
        board.do(SendBreak(20))
        board.do(StreamWrite(b"still here"))
        assert bench.hear(10) == b"still here"
        assert alive(bench.pid)


def test_the_flash_outlives_closing_and_goes_with_the_transport(bench):
    board = bench.transport()
    for count in range(3):
        with board:
            assert board.greeting == f"start {count} by power-on\n".encode()
    with bench.transport() as other:
        assert other.greeting == b"start 0 by power-on\n"


def test_the_power_goes_while_another_thread_reads_and_the_reader_goes_on(bench):
    got = []
    with bench.transport() as board:
        reader = threading.Thread(target=lambda: got.append(line_of(board)))
        reader.start()
        board.do(SetLines(dtr=False))
        board.do(SetLines(dtr=True))
        bench.meet()
        reader.join(10)
    assert got == [b"start 1 by power-on\n"]


def test_close_ends_the_process(bench):
    with bench.transport():
        pid = bench.pid
        assert alive(pid)
    assert not alive(pid)


def test_close_wakes_a_read_without_power(bench):
    board = bench.transport()
    board.open()
    board.do(SetLines(dtr=False))
    closing = threading.Timer(0.05, board.close)
    closing.start()
    with pytest.raises(BenchError, match="not open"):
        board.do(StreamRead(10, 60.0))
    closing.join()


def test_a_process_that_ends_by_itself_is_named_with_what_it_said_last(bench):
    with bench.transport() as board:
        bench.say(b"before\n")
        assert line_of(board) == b"before\n"
        bench.far.shutdown(socket.SHUT_WR)
        with pytest.raises(BenchError, match=r"the process of the machine ended \(exit code 1\)") as caught:
            board.do(StreamRead(10, 10.0))
        assert caught.value.traffic == ("the test hung up",)
        assert caught.value.transport == "t"


def test_nothing_outlives_a_killed_harness(bench, tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""\
            import time
            from pathlib import Path
            from harness.simulator.machine.linux import LinuxMachine
            from harness.simulator.machine.transport import MachineTransport
            board = MachineTransport("t", lambda: LinuxMachine(lambda: Path({str(bench.program)!r})), "x")
            board.open()
            time.sleep(600)
            """),
        encoding="utf-8",
    )
    run = subprocess.Popen([sys.executable, str(script)], env={**os.environ, "PYTHONPATH": str(Path.cwd())})
    try:
        bench.meet()
        assert alive(bench.pid)
    finally:
        run.kill()
        run.wait()
    wait_until(lambda: not alive(bench.pid))


def test_a_program_that_cannot_be_started_is_said(bench):
    bench.program.chmod(0o644)
    with pytest.raises(BenchError, match=re.escape(f"{bench.program}: cannot be started: permission denied")):
        bench.transport().open()
