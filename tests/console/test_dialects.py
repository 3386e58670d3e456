"""The dialects: which there are, which platform speaks which, and the texts of each."""

import re
from pathlib import Path

import pytest

from harness.console.crash import AlarmKind, find_alarm, rules_of
from harness.console.dialect import DIALECTS
from harness.console.platform import PLATFORMS

ROOT = Path(__file__).resolve().parents[2]

PROMPTS = {
    "alios-1": ["# "],
    "alios-3": ["(ash)# ", "(haas)# "],
    "rt-thread": ["msh >", "msh /flash>", "finsh >"],
    "zephyr": ["uart:~$ "],
    "esp-idf": ["esp32>", "esp32s3> "],
    "linux": ["# ", "root@imx8mm:~# ", "/ # ", "$ "],
}

CRASHES = {
    "alios-1": [
        "!!!!!!!!!! Exception  !!!!!!!!!!",
        "========== Regs info  ==========",
        "!!!!!!!!!! Fatal Error !!!!!!!!!!",
        "Task : app_task  Stack Overflow!",
        "double exception occur!",
        "!!!!!!!! Stopped by '$#@!' !!!!!!!!",
    ],
    "alios-3": ["!!!!!!!!!! Exception  !!!!!!!!!!", "panic header reboot reason 2"],
    "rt-thread": [
        "hard fault on thread: tshell",
        "hard fault on handler",
        "bus fault:",
        "thread:main stack overflow",
    ],
    "zephyr": [
        "[00:00:00.405,000] <err> os: >>> ZEPHYR FATAL ERROR 0: CPU exception on CPU 0",
        "***** BUS FAULT *****",
        "ASSERTION FAIL [0] @ WEST_TOPDIR/main.c:12",
        "[00:00:00.405,000] <err> os: Halting system",
    ],
    "esp-idf": [
        "Guru Meditation Error: Core  0 panic'ed (LoadProhibited)",
        "abort() was called at PC 0x400d1234 on core 0",
        "assert failed: app_main main.c:12 (x)",
        "***ERROR*** A stack overflow in task main has been detected.",
        "E (15303) task_wdt: Task watchdog got triggered. The following tasks did not reset",
        "Brownout detector was triggered",
        "CORRUPT HEAP: Bad head at 0x3ffb4",
        "Backtrace: 0x40081d6a:0x3ffb5f20",
    ],
    "esp8266": ["Fatal exception (20):"],
    "mbed": [
        "++ MbedOS Error Info ++",
        "++ MbedOS Fault Handler ++",
        "-- System will be rebooted due to a fatal error --",
    ],
    "linux": [
        "### ERROR ### Please RESET the board ###",
        '"Synchronous Abort" handler, esr 0x96000004',
        "data abort",
        "[   12.345678] Kernel panic - not syncing: VFS",
        "[   12.345678] Internal error: Oops: 17 [#1] SMP ARM",
        "[   12.345678] kernel BUG at mm/slub.c:3",
        "[   12.345678] Unhandled fault: external abort",
        "[   12.345678] ------------[ cut here ]------------",
        "E/TC:? 0 TA panicked with code 0xffff0006",
        "E/TC:0 0 Panic 'out of memory' at core/mm.c:12 <alloc>",
        "E/TC:? 0 User mode data-abort at address 0x0",
    ],
}

STARTS = {
    "alios-1": ["   Welcome to AliOS Things", "nano entry here!"],
    "alios-3": ["   Welcome to AliOS Things"],
    "rt-thread": ["- RT -     Thread Operating System"],
    "zephyr": ["*** Booting Zephyr OS build v3.7.0 ***", "***** BOOTING ZEPHYR OS v1.14 *****"],
    "esp-idf": ["ESP-ROM:esp32s3-20210327", "ets Jun  8 2016 00:22:57"],
    "esp8266": [" ets Jan  8 2013,rst cause:2, boot mode:(3,7)"],
    "linux": ["U-Boot SPL 2023.04 (Apr 01)", "U-Boot 2023.04", "Starting kernel ...", "Linux version 6.1.1"],
}

LOGS = {
    "alios-1": ["[001234]<I> t", "[   1.234]<I> MOD [func#12] : t"],
    "alios-3": [
        "[   1.234]<I>MOD file.c[12]: t",
        "[Nov 28 15:19:20.122]<E>MOD f.c[1]: t",
        "<001> [ 1.234]<W> t",
    ],
    "link-sdk-2": ["[inf] func(12): t", "[prt] Performing the SSL/TLS handshake..."],
    "link-sdk-4": ["[123.456][LK-0313] MQTT connect success in 300 ms", "[LK-030A] < 7B 22"],
    "rt-thread": ["[I/tag] t", "[1234] I/tag: t"],
    "zephyr": ["[00:00:01.234,567] <inf> main: t", "I: t"],
    "esp-idf": ["I (123) tag: t"],
    "linux": ["[    1.234567] usb 1-1: new", "I/TC: OP-TEE version: 3.20"],
}


def of(table):
    return [(name, text) for name, texts in table.items() for text in texts]


def test_the_contract_on_names_and_defaults():
    assert set(DIALECTS.names) >= {
        "bare",
        *("alios-1", "alios-3", "link-sdk-2", "link-sdk-4", "rt-thread", "zephyr"),
        *("esp-idf", "esp8266", "mbed", "freertos", "linux"),
    }
    assert {name: kind.dialect() for name, kind in PLATFORMS.all().items()} == {
        "third-party-os": "bare",
        "alios-things": "alios-3",
        "link-sdk": "link-sdk-4",
        "link-tee": "linux",
    }
    assert {name for name, kind in DIALECTS.all().items() if kind.shell()} == set(PROMPTS)


def test_the_page_has_every_dialect():
    page = (ROOT / "docs" / "dialects.md").read_text()
    rows = dict(re.findall(r"^\| `([\w-]+)` \|.*\| (?:`([\w-]+)`)? ?\|$", page, re.MULTILINE))
    assert set(rows) == set(DIALECTS.all())
    assert {dialect: name for dialect, name in rows.items() if name} == {
        kind.dialect(): name for name, kind in PLATFORMS.all().items()
    }


@pytest.mark.parametrize(("name", "prompt"), of(PROMPTS))
def test_prompts(name, prompt):
    shell = DIALECTS.get(name).shell()
    assert shell.prompt.fullmatch(prompt.encode())
    assert not shell.prompt.fullmatch(b"a line of output")


def test_the_prompt_after_a_crash_is_no_prompt():
    shell = DIALECTS.get("alios-3").shell()
    assert shell.dead.fullmatch(b"(panic)# ")
    assert not shell.prompt.fullmatch(b"(panic)# ")


@pytest.mark.parametrize(("name", "text"), of(CRASHES))
def test_crash_texts(name, text):
    alarm = find_alarm(text, rules_of(DIALECTS.get(name)))
    assert alarm is not None
    assert alarm.kind is not AlarmKind.START


@pytest.mark.parametrize(("name", "text"), of(STARTS))
def test_starts(name, text):
    assert any(pattern.search(text) for pattern in DIALECTS.get(name).starts())
    assert find_alarm(text, rules_of(DIALECTS.get(name))).kind is AlarmKind.START


@pytest.mark.parametrize(("name", "text"), of(LOGS))
def test_log_lines(name, text):
    pattern = DIALECTS.get(name).log_line()
    assert pattern.match(text)
    assert not pattern.match("an answer of a command")
    assert not pattern.match("+ID2P 00 3F1C HI p=1 v=00030100 %8BF5")


@pytest.mark.parametrize(
    ("name", "text", "meaning", "fault"),
    [
        ("esp-idf", "rst:0x1 (POWERON_RESET),boot:0x13", "power", False),
        ("esp-idf", "rst:0xc (SW_CPU_RESET),boot:0x13", "software", False),
        ("esp-idf", "rst:0x8 (TG1WDT_SYS_RESET),boot:0x13", "timer watchdog", True),
        ("esp-idf", "rst:0xf (RTCWDT_BROWN_OUT_RESET)", "brown-out", True),
        ("esp8266", " ets Jan  8 2013,rst cause:2, boot mode", "reset line, or software", False),
        ("esp8266", "rst cause:4, boot mode", "hardware watchdog", True),
        ("alios-3", "panic header reboot reason 5", "command", False),
        ("alios-3", "panic header reboot reason 6", "unknown", False),
        ("alios-3", "panic header reboot reason 1", "watchdog", True),
        ("linux", "Reset cause: POR", "power", False),
        ("linux", "Reset cause: WDOG", "watchdog", True),
    ],
)
def test_reset_causes(name, text, meaning, fault):
    (cause,) = DIALECTS.get(name).reset_causes()
    code = cause.text.search(text)["code"].lower()
    assert cause.meanings[code] == meaning
    assert (code in cause.faults) is fault


def test_alarms_of_sound_lines_are_none():
    for name in DIALECTS.names:
        rules = rules_of(DIALECTS.get(name))
        for text in ("an answer of a command", "[I/id2] auth code ready", "kernel version :9"):
            assert find_alarm(text, rules) is None
