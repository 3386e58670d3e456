"""Our firmware as the systems that it may run on: what its console shows, without the harness's own shell."""

import re
import shutil
import socket
import time

import pytest

from harness.simulator.bus.address import TcpAddress
from harness.simulator.bus.sockets import SocketServer
from harness.simulator.machine.build import build
from harness.simulator.machine.linux import LinuxMachine
from harness.simulator.machine.qemu import QemuMachine
from harness.simulator.machine.sources import Platform, Recipe, dialects, platform_macro
from harness.simulator.machine.stream import MachinePort
from harness.simulator.machine.transport import MachineTransport

slow = pytest.mark.slow
firmware = pytest.mark.firmware
pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")

KEY = "2122232425262728292A2B2C2D2E2F30"
LIMIT = 60.0
SHELLS = {
    "alios-1": b"# ",
    "alios-3": b"(ash)# ",
    "rt-thread": b"msh >",
    "zephyr": b"uart:~$ ",
    "esp-idf": b"esp32> ",
    "linux": b"board login: ",
}
STARTS = {
    "alios-1": b"Welcome to AliOS Things",
    "alios-3": b"panic header reboot reason 3\r\r\n",
    "rt-thread": b"- RT -     Thread Operating System\n",
    "zephyr": b"*** Booting Zephyr OS build",
    "esp-idf": b"rst:0x1 (POWERON_RESET),boot:0x13",
    "linux": b"Reset cause: POR\r\n",
}
UNKNOWN = {
    "alios-1": b"command 'nosuch' not found\r\n",
    "alios-3": b"command 'nosuch' not found\r\r\n",
    "rt-thread": b"nosuch: command not found.\n",
    "zephyr": b"nosuch: command not found\r\n",
    "esp-idf": b"Unrecognized command\r\n",
    "linux": b"-sh: nosuch: not found\r\n",
}
CRASHES = {
    "alios-1": b"!!!!!!!!!! Exception  !!!!!!!!!!",
    "alios-3": b"!!!!!!!!!! Exception  !!!!!!!!!!",
    "rt-thread": b"hard fault on thread: tshell",
    "zephyr": b">>> ZEPHYR FATAL ERROR",
    "esp-idf": b"Guru Meditation Error: Core  0 panic'ed",
    "linux": b"Kernel panic - not syncing",
}
AGAIN = {"esp-idf": b"rst:0xc (SW_CPU_RESET)", "linux": b"Reset cause: SW"}
"""Those that start anew by themselves, and what they say then."""


class Console:
    """The console of a machine."""

    def __init__(self, machine):
        self.machine = machine
        self.seen = b""
        self._waiting = b""
        self._line = machine.power_on()

    def until(self, end, limit=LIMIT):
        """Read until the console ends in some bytes; return what came since the last call."""
        return self.until_match(re.escape(end) + rb"\Z", limit)

    def until_match(self, pattern, limit=LIMIT):
        """Read until something comes; what follows it is left for the next call."""
        deadline = time.monotonic() + limit
        while not (found := re.search(pattern, self._waiting)):
            assert time.monotonic() < deadline, (pattern, self._waiting[-2000:])
            self._waiting += self._line.read(4096, 0.2)
        came, self._waiting = self._waiting[: found.end()], self._waiting[found.end() :]
        self.seen += came
        return came

    def silence(self, seconds=1.0):
        """Return what comes within some seconds."""
        came, self._waiting = self._waiting, b""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            came += self._line.read(4096, left)
        return came

    def type(self, text):
        self._line.write(text)

    def run(self, command, prompt):
        """Type a command, and return what comes until the next prompt."""
        self.type(command + b"\r")
        return self.until_match(rb"[\r\n]" + re.escape(prompt) + rb"\Z")

    def close(self):
        self.machine.power_off()
        self._line.close()

    def power_cycle(self):
        self.close()
        self._line = self.machine.power_on()


@pytest.fixture
def start(request):
    """Start a firmware; it is switched off at the end."""

    def make(dialect, *local, machine=Platform.LINUX, carrier="demo", fault="", probe=False):
        recipe = Recipe(
            machine,
            carrier,
            ("ID2_FAMILY=ID2_FAMILY_AES",),
            (platform_macro(dialect), *local),
            probe=probe,
            fault=fault,
        )
        kind = LinuxMachine if machine is Platform.LINUX else QemuMachine
        made = kind(lambda: build(recipe))
        console = Console(made)
        request.addfinalizer(console.close)
        return console

    return make


def log_in(console, dialect):
    """Wait for the prompt of the shell; return it and what was printed before."""
    before = console.until(SHELLS[dialect])
    if dialect != "linux":
        return SHELLS[dialect], before
    console.type(b"root\r")
    console.until(b"# ")
    return b"# ", before


def test_every_dialect_with_a_shell_is_tested():
    assert set(dialects()) - set(SHELLS) == {"bare", "freertos", "link-sdk-2", "link-sdk-4"}


MOSTLY_SLOW = [pytest.param(name, marks=() if name in {"alios-3", "rt-thread"} else slow) for name in SHELLS]


@pytest.mark.parametrize("dialect", MOSTLY_SLOW)
def test_it_starts_to_its_prompt_and_runs_the_programs(dialect, start):
    console = start(dialect)
    prompt, before = log_in(console, dialect)
    assert STARTS[dialect] in before
    assert b"ID2 Client" not in before
    assert UNKNOWN[dialect] in console.run(b"nosuch", prompt)
    assert b"HAL KM Test Pass" in console.run(b"hal_app", prompt)
    report = console.run(b"id2_app", prompt)
    assert b"=====>ID2 Client Generate AuthCode End." in report
    assert b'"result": "2122232425262728292A2B2C"' in report
    assert b"id2_app" in console.run(b"help", prompt)
    assert b"id2p" not in console.run(b"help", prompt)


@slow
@pytest.mark.parametrize("dialect", SHELLS)
def test_it_says_what_a_reboot_came_from(dialect, start):
    said = {"alios-3": b"reboot reason 5", "esp-idf": b"rst:0xc", "linux": b"Reset cause: SW"}
    console = start(dialect)
    log_in(console, dialect)
    console.type(b"reboot\r")
    _, before = log_in(console, dialect)
    assert said.get(dialect, b"") in before


@slow
@pytest.mark.parametrize("dialect", SHELLS)
def test_a_crash_is_told_and_followed_as_the_system_does(dialect, start):
    console = start(dialect, fault="app-crashes")
    log_in(console, dialect)
    console.type(b"id2_app\r")
    console.until_match(re.escape(CRASHES[dialect]))
    if dialect in AGAIN:
        log_in(console, dialect)
        assert AGAIN[dialect] in console.seen
    elif dialect == "alios-3":
        console.until(b"(panic)# ")
        console.type(b"reboot\r")
        _, before = log_in(console, dialect)
        assert b"panic header panic  count 1\r\r\n" in before
    else:
        console.silence()
        console.type(b"\r\r")
        assert console.silence() == b""


@slow
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("app-overflows-stack", b"Stack Overflow!"),
        ("app-aborts", b"!!!!!!!!!! Fatal Error !!!!!!!!!!"),
    ],
)
def test_other_crashes_have_other_texts(fault, text, start):
    console = start("alios-3", fault=fault)
    console.until(b"(ash)# ")
    console.type(b"id2_app\r")
    assert text in console.until(b"(panic)# ")


@slow
def test_the_watchdog_bites_and_is_named(start):
    console = start("alios-3", fault="app-hangs")
    console.until(b"(ash)# ")
    console.type(b"id2_app\r")
    assert b"panic header reboot reason 1\r\r\n" in console.until(b"(ash)# ")


def test_alios_takes_cr_and_lf_and_several_commands(start):
    console = start("alios-3")
    console.until(b"(ash)# ")
    console.type(b"sysver; devname\r\n")
    answer = console.until(b"\r\n(ash)# \r\n(ash)# ")
    assert answer.startswith(b"sysver; devname\r\nkernel version :")
    assert b"device name: id2-board\r\r\n" in answer
    assert b"input buffer overflow" in console.run(b"x" * 256, b"(ash)# ")
    assert b"input buffer overflow" in console.run(b"w " * 17, b"(ash)# ")
    assert b"not found" in console.run(b"w " * 16, b"(ash)# ")


def test_rt_thread_drops_a_long_line_without_a_word(start):
    console = start("rt-thread")
    console.until(b"msh >")
    answer = console.run(b"id2_app" + b" " * 73, b"msh >")
    assert answer == b"id2_app" + b" " * 73 + b"\nmsh >"
    assert b"ID2 Client" in console.run(b"id2_app" + b" " * 72, b"msh >")


@slow
def test_what_is_kept_outlives_a_power_cut(start):
    console = start("alios-3")
    console.until(b"(ash)# ")
    assert b"cli: no paired kv" in console.run(b"kv get colour", b"(ash)# ")
    console.run(b'kv set colour "deep ""blue"', b"(ash)# ")
    console.power_cycle()
    console.until(b"(ash)# ")
    assert b"value is deep blue\r\r\n" in console.run(b"kv get colour", b"(ash)# ")


@slow
def test_a_key_during_the_countdown_stops_the_boot(start):
    console = start("linux", "ID2_BOOT_MS=4000")
    console.until_match(rb"Hit any key to stop autoboot")
    console.type(b"\r")
    console.until(b"=> ")
    assert b"Unknown command 'id2_app'" in console.run(b"id2_app", b"=> ")
    console.type(b"boot\r")
    console.until(b"board login: ")


@slow
def test_linux_asks_for_the_password(start):
    console = start("linux", 'ID2_LOGIN_PASSWORD="secret"')
    console.until(b"board login: ")
    console.type(b"root\r")
    console.until(b"Password: ")
    console.type(b"wrong\r")
    assert b"wrong" not in console.until(b"Login incorrect\r\nboard login: ")
    console.type(b"root\r")
    console.until(b"Password: ")
    console.type(b"secret\r")
    console.until(b"# ")


@slow
@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("ta-missing", b"tee-supplicant: TA not found"),
        ("ta-panics", b"TA panicked with code 0xffff0006"),
        ("ta-panics-later", b"TEEC_InvokeCommand failed with code 0xffff3024"),
        ("supplicant-missing", b"failed to find an OP-TEE supplicant device"),
    ],
)
def test_what_is_wrong_with_the_trusted_application_is_told(fault, text, start):
    console = start("linux", carrier="tee", fault=fault)
    prompt, _ = log_in(console, "linux")
    answer = console.run(b"id2_app", prompt)
    assert text in answer
    assert b"Generate AuthCode End" not in answer


@slow
@pytest.mark.parametrize("fault", ["", "key-printed"])
def test_the_key_stays_in_the_trusted_application(fault, start):
    console = start("linux", carrier="tee", fault=fault)
    prompt, _ = log_in(console, "linux")
    assert b"id2 irot type, 4" in console.run(b"id2_app", prompt)
    assert (KEY.encode() in console.seen) is bool(fault)


@slow
def test_other_tasks_log_in_between(start):
    console = start("rt-thread", "ID2_CHATTER_MS=1")
    console.until_match(rb"msh >")
    answers = b""
    for _ in range(10):  # on a busy machine the other task may not have its turn in one run of the program
        console.type(b"id2_app\r")
        answers += console.until_match(rb"Generate AuthCode End[^$]*msh >")
        if b"[I/sensor] temperature" in answers:
            break
    assert b"[I/sensor] temperature" in answers


@firmware
@pytest.mark.parametrize("dialect", SHELLS)
def test_the_same_on_the_emulated_board(dialect, start):
    console = start(dialect, machine=Platform.CORTEX_M3, fault="app-crashes")
    prompt, before = log_in(console, dialect)
    assert STARTS[dialect] in before
    assert b"HAL KM Test Pass" in console.run(b"hal_app", prompt)
    console.type(b"id2_app\r")
    console.until_match(re.escape(CRASHES[dialect]))
    if dialect in AGAIN:
        log_in(console, dialect)
    elif dialect == "alios-3":
        console.until(b"(panic)# ")
        assert b"not found" in console.run(b"nosuch", b"(panic)# ")
        console.type(b"reboot\r")
        assert b"panic header panic  count 1\r\r\n" in console.until(b"(ash)# ")
    else:
        console.silence()
        console.type(b"\r\r")
        assert console.silence() == b""


def test_it_is_served_to_one_at_a_time_and_keeps_its_flash():
    recipe = Recipe(
        Platform.LINUX, "demo", ("ID2_FAMILY=ID2_FAMILY_AES",), (platform_macro("alios-3"),), probe=False
    )
    port = MachinePort(MachineTransport("console", lambda: LinuxMachine(lambda: build(recipe)), "a board"))
    port.try_out()
    with SocketServer(TcpAddress("127.0.0.1", 0), port.stream) as server:

        def connect():
            line = socket.create_connection((server.address.host, server.address.port))
            line.settimeout(LIMIT)
            return line

        def until(line, end):
            came = b""
            while not came.endswith(end):
                came += line.recv(4096)
            return came

        with connect() as line:
            assert b"Welcome to AliOS Things" in until(line, b"(ash)# ")
            with connect() as other:
                other.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    other.recv(1)
            line.sendall(b"kv set a 1\r")
            until(line, b"\n(ash)# ")
        for _ in range(100):
            if not port.in_use.locked():
                break
            time.sleep(0.05)
        with connect() as line:
            until(line, b"(ash)# ")
            line.sendall(b"kv get a\r")
            assert b"value is 1\r\r\n" in until(line, b"\n(ash)# ")


def test_the_lines_of_its_port_reset_it_and_switch_its_power():
    recipe = Recipe(
        Platform.LINUX, "demo", ("ID2_FAMILY=ID2_FAMILY_AES",), (platform_macro("alios-3"),), probe=False
    )
    port = MachinePort(MachineTransport("console", lambda: LinuxMachine(lambda: build(recipe)), "a board"))
    port.set_lines(True, True)
    stream = port.stream()
    assert list(stream.power_on()) == []

    def until(end):
        came = b""
        deadline = time.monotonic() + LIMIT
        while end not in came:
            assert time.monotonic() < deadline, came
            came += b"".join(each.data for each in stream.speak())
            time.sleep(0.01)
        return came

    try:
        port.set_lines(True, False)
        until(b"reboot reason 6")  # the pin
        port.set_lines(False, False)
        port.set_lines(True, False)
        until(b"reboot reason 3")  # the power
    finally:
        stream.power_off()
