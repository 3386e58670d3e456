"""Crash texts, reset causes, restarts, repeated captures and dates that cannot be fail a console that says Pass."""

from datetime import UTC, datetime

import pytest

from harness.console.crash import AlarmKind, find_alarm
from harness.id2.keys import Key, KeyType
from harness.logcheck import judge
from harness.run.verdict import Verdict
from tests.logcheck.console_maker import Maker
from tests.logcheck.log_samples import AES, assert_passed, check, failures, item

CRASHES = (
    "[HardFault] PC=0x08001234 LR=0x08004321",
    "HardFault_Handler: entered",
    "hard fault on thread: main",
    "***** BUS FAULT *****",
    "***** MPU FAULT *****",
    "E: >>> ZEPHYR FATAL ERROR 3: Kernel oops on CPU 0",
    "ASSERTION FAIL [0] @ ZEPHYR_BASE/kernel/sem.c:99",
    "Guru Meditation Error: Core  0 panic'ed (LoadProhibited). Exception was unhandled.",
    "abort() was called at PC 0x400d1234 on core 0",
    "assert failed: xQueueSemaphoreTake queue.c:1545 (( pxQueue ))",
    "***ERROR*** A stack overflow in task main has been detected.",
    "E (5000) task_wdt: Task watchdog got triggered. The following tasks did not reset the watchdog in time:",
    "Brownout detector was triggered",
    "CORRUPT HEAP: Bad head at 0x3ffb1234",
    "!!!!!!!!!! Exception  !!!!!!!!!!",
    "!!!!!!!!!! Fatal Error !!!!!!!!!!",
    "++ MbedOS Error Info ++",
    "++ MbedOS Fault Handler ++",
    "Kernel panic - not syncing: Fatal exception",
    "Internal error: Oops: 96000004 [#1] SMP",
    "kernel BUG at mm/slub.c:321!",
    "Unable to handle kernel NULL pointer dereference at virtual address 0",
    "E/TC:? 0 TA panicked with code 0xffff000f",
    "E/LD:  User mode data-abort at address 0x0",
    "==1234==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014",
    "SUMMARY: AddressSanitizer: heap-use-after-free id2_client.c:781",
    "id2_client.c:781:20: runtime error: left shift of 255 by 24 places cannot be represented",
    "WARNING: ThreadSanitizer: data race (pid=4)",
    "==77== Invalid read of size 4",
    "==77== ERROR SUMMARY: 2 errors from 2 contexts (suppressed: 0 from 0)",
    "*** stack smashing detected ***: terminated",
    "*** buffer overflow detected ***: terminated",
    "double free or corruption (fasttop)",
    "free(): invalid pointer",
    "Segmentation fault (core dumped)",
    "id2_app: id2_client.c:781: _id2_sign: Assertion `len > 0' failed.",
    "(ret == 0) assertion failed at function:rt_mutex_take, line number:600",
    "Watchdog reset!",
    "watchdog timer expired",
    "### ERROR ### Please RESET the board ###",
    "Exception (28):",
    " ets Jan  8 2013,rst cause:4, boot mode:(3,6)",
    "rst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
    "Reset cause: WDOG",
    "Reset reason: watchdog",
    "panic header reboot reason 1",
)
SOUND_LINES = (
    "rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
    " ets Jan  8 2013,rst cause:2, boot mode:(3,6)",
    "Reset cause: POR",
    "HardFault handler installed",
    "watchdog enabled, timeout 30 s",
    "Watchdog timeout: 30 s",
    "stack protection enabled",
    "==0== ERROR SUMMARY: 0 errors from 0 contexts",
    "assertions are off",
    "no panic since power on",
    "default setting loaded",
    "panic header reboot reason 3",
    "panic header reboot reason 6",  # unknown: the reset pin leaves it
    "wlan0: bus speed 40 MHz",
    "debug: level 3",
    "socket: non-fatal error -11, retry",
    "Reset cause: power on (no fault)",
    "Reset cause: POR=1 WDT=0 BOR=0",
)


@pytest.mark.parametrize("text", CRASHES)
@pytest.mark.parametrize("place", ["between", "after"])
def test_crash_text_fails_a_passing_console(sample, text, place):
    data = sample("se-3des168")
    at = data.index(b"<LS_LOG> id2_client_test_get_secret 193") if place == "between" else len(data)
    report = check(data[:at] + text.encode() + b"\n" + data[at:])
    assert report.verdict is Verdict.FAILED
    line = data[:at].count(b"\n") + 1
    (bad,) = report.failed()
    assert bad.lines == (line,)
    assert text.strip()[:20].replace("'", "") in bad.detail.replace("'", "").replace("\\", "")


CAUSES = (
    "rst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)",
    "Reset cause: WDOG",
    "panic header reboot reason 2",
)


@pytest.mark.parametrize("text", CAUSES)
def test_the_cause_of_a_start_that_was_asked_for_is_a_finding(sample, text):
    data = b"booting\n" + text.encode() + b"\n" + sample("se-3des168")
    report = judge([data], start_asked=True)
    assert report.verdict is Verdict.PASSED
    (finding,) = [finding for finding in report.findings if finding.id == "reset-cause"]
    assert text[:20] in finding.detail
    assert judge([data]).verdict is Verdict.FAILED


@pytest.mark.parametrize("text", CAUSES)
def test_only_the_first_start_was_asked_for(sample, text):
    twice = b"Welcome to AliOS Things\n" * 2 + text.encode() + b"\n"
    assert judge([twice + sample("se-3des168")], start_asked=True).verdict is Verdict.FAILED
    crash = b"Hard Fault\n" + text.encode() + b"\n"
    assert judge([crash + sample("se-3des168")], start_asked=True).verdict is Verdict.FAILED


@pytest.mark.parametrize("text", SOUND_LINES)
def test_line_that_only_speaks_of_crashes_fails_nothing(sample, text):
    alarm = find_alarm(text)
    assert alarm is None or alarm.kind is AlarmKind.START
    assert_passed(check(text.encode() + b"\n" + sample("se-3des168")))


def test_crash_inside_a_line_of_the_sdk_is_found(sample):
    torn = sample("se-3des168").replace(b"Derive Key Pass.", b"Derive Key Pass.HardFault at 0x0", 1)
    assert any("HardFault" in detail for detail in failures(check(torn)).values())


@pytest.mark.slow
def test_endless_error_line_is_judged_and_bounded(sample):
    endless = b"<LS_LOG> id2_client_get_id 1: ERROR: km get id fail " + b"A" * 10_000_000 + b" HardFault\n"
    report = check(sample("se-3des168") + endless)
    assert report.verdict is Verdict.FAILED
    told = failures(report)
    assert any("km get id fail" in detail for detail in told.values())
    assert any("HardFault" in detail for detail in told.values())
    assert all(len(detail) <= 600 for detail in told.values())


@pytest.mark.parametrize(
    "banner", ["ESP-ROM:esp32s3-20210327", "*** Booting Zephyr OS build v3.6.0 ***", "U-Boot SPL 2023.04"]
)
def test_board_that_starts_again_while_the_program_runs_fails(sample, banner):
    data = sample("se-3des168")
    at = data.index(b"<LS_LOG> id2_client_test_get_secret 193")
    report = check(data[:at] + banner.encode() + b"\n" + data[at:])
    assert "started again while the program ran" in str(failures(report))


def test_boot_loader_before_the_program_fails_nothing(sample):
    start = b"ets Jun  8 2016 00:22:57\nrst:0x1 (POWERON_RESET),boot:0x13\n"
    assert_passed(check(start + sample("se-3des168")))


def test_restart_after_the_end_is_a_finding(sample):
    report = check(sample("se-3des168") + b"U-Boot SPL 2023.04\n")
    assert_passed(report)
    assert "restart" in {finding.id for finding in report.findings}


def test_banner_behind_the_report_that_comes_to_nothing_fails(sample):
    report = check(sample("se-3des168") + b"<LS_LOG> ID2 Client Version: 0x00030100\n")
    assert "the program starts again behind its report" in str(failures(report))


def test_same_capture_twice_fails_on_a_chip(sample):
    data = sample("se-3des168")
    report = check(data + data)
    assert list(failures(report)) == ["device random of another start"]
    assert item(report, "device random of another start").boot == 2


def test_two_starts_with_randoms_of_their_own_pass():
    key = Key.parse(KeyType.AES_128, "9F0C36E1D4B85A2277E3C90641FA8D5B")
    first = Maker(key, "00A1B2C3D4E5F60718293A4B", dumps="ica")
    second = Maker(key, "00A1B2C3D4E5F60718293A4B", dumps="ica")
    numbers = iter(range(0xABCD00000000, 0xABCD00000100))
    second.next_random = lambda: f"{next(numbers) * 40503:016X}"
    assert_passed(check(first.text() + second.text()), boots=2)


@pytest.mark.parametrize(
    ("date", "failed", "found"),
    [
        ("Feb 30 2026 09:30:00", True, False),
        ("Jan  1 1900 00:00:00", True, True),
        ("Jan  1 2099 00:00:00", True, True),
        ("Jan  1 1970 00:00:00", False, True),
        ("Nov 30 2026 09:30:00", False, True),
        ("Nov 28 2026 23:30:00", False, False),
        ("Nov 22 2026 18:00:18", False, False),
    ],
)
def test_date_of_a_build(date, failed, found):
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    maker = Maker(
        Key.parse(KeyType.AES_128, "9F0C36E1D4B85A2277E3C90641FA8D5B"), "00A1B2C3D4E5F60718293A4B", date=date
    )
    data = maker.text().replace(b"Nov 22 2026 18:00:18", date.encode())
    report = judge([data], now=now)
    assert bool(report.failed()) is failed, failures(report)
    assert ("build-date" in {finding.id for finding in report.findings}) is found


def test_bench_whose_clock_is_behind_judges_no_date_as_ahead(sample):
    report = judge([sample("se-3des168")], now=datetime(1970, 1, 1, tzinfo=UTC))
    assert_passed(report)
    assert "build-date" not in {finding.id for finding in report.findings}


def test_line_of_another_program_before_the_boot_loader_is_no_start_of_the_program(sample):
    before = b"wifi: connect fail, retry\nESP-ROM:esp32s3-20210327\n"
    assert_passed(check(before + sample("se-3des168")))


def test_tail_of_an_earlier_run_is_not_accused(sample):
    tail = b"<LS_LOG> ID2=> => SE close session.\n<LS_LOG> ID2=> <= SE close session, (ret = 0).\n"
    report = check(tail + b"U-Boot SPL 2023.04\n" + sample("se-3des168"))
    assert failures(report) == {}


STOPS = [
    b"------------[ cut here ]------------",
    b"Halting system",
    b"!!!!!!!! Stopped by '$#@!' !!!!!!!!",
    b"Backtrace: 0x400d1234:0x3ffb5c10",
    b"Killed",
    b"Out of memory: Killed process 812 (id2_app)",
    b"AddressSanitizer: heap-use-after-free on address 0x602000000010",
    b"watchdog bark!",
    b"WDT timeout, resetting",
    b"IWDG reset",
    b"vApplicationStackOverflowHook: task main",
]


@pytest.mark.parametrize("stop", STOPS)
def test_stop_of_a_platform_between_and_after_passing_lines_fails(sample, stop):
    data = sample(AES.part)
    at = data.index(b"<LS_LOG> id2_client_test_get_secret 193")
    for broken in (data[:at] + stop + b"\n" + data[at:], data + stop + b"\n"):
        assert check(broken, AES.keys).verdict is Verdict.FAILED


@pytest.mark.parametrize(
    "said",
    [
        b"hardfault handler at 0x0800",
        b"stack overflow check: 2",
        b"bus fault enable bit set",
        b"wdt timeout set to 10 s",
        b"wdt timeout: 10 s",
    ],
)
def test_line_that_only_speaks_of_faults_accuses_nobody(sample, said):
    data = sample(AES.part)
    assert failures(check(said + b"\n" + data, AES.keys)) == {}
