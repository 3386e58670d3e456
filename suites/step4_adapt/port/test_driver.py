"""Step 4: the SE driver of the board: se_open_session, se_transmit, se_close_session."""

from harness.fixtures.port.driver import Handle, told
from harness.fixtures.types import DriverUnderTest, Scenario

SESSIONS = 100


def test_sessions(scenario: Scenario, driver: DriverUnderTest) -> None:
    """The session opens and closes a hundred times."""
    with scenario.step("DRV-01"):
        answers = set()
        for number in range(SESSIONS):
            with driver.session():
                answers.add(driver.exchange(driver.command))
            scenario.progress(number + 1, SESSIONS, "sessions")
        assert len(answers) == 1, (
            f"the same command has {len(answers)} different answers in {SESSIONS} sessions"
        )


def test_before_open(scenario: Scenario, driver: DriverUnderTest) -> None:
    """Transmit without a session gives an error code."""
    with scenario.step("DRV-02"):
        driver.refuses("before the session is open", driver.transmit(driver.command, handle=Handle.NULL).rc)
        with driver.session():
            pass
        driver.refuses("after the session is closed", driver.transmit(driver.command, handle=Handle.NULL).rc)


def test_null_handle(scenario: Scenario, driver: DriverUnderTest) -> None:
    """A handle that is NULL is refused, and the session of the right one goes on."""
    with scenario.step("DRV-03"), driver.session():
        before = driver.exchange(driver.command)
        driver.refuses("a handle that is NULL", driver.transmit(driver.command, handle=Handle.NULL).rc)
        assert driver.exchange(driver.command) == before, (
            "after a handle that is NULL the chip answers otherwise"
        )


def test_strange_handle(scenario: Scenario, driver: DriverUnderTest) -> None:
    """A handle that the driver never gave is not taken for its own."""
    with scenario.step("DRV-04"):
        with driver.session():
            driver.exchange(driver.command)
            went_down = driver.survives(Handle.STRANGE)
        if went_down:
            scenario.finding(
                "driver-crashes-on-handle",
                severity="info",
                title="the board goes down when its SE driver is given a handle that it never gave",
                detail=f"{went_down}. The vendor's adapter passes the right one; a check in the driver costs a line.",
            )


def test_short_buffer(scenario: Scenario, driver: DriverUnderTest) -> None:
    """A buffer that is too short for the answer is refused, and nothing behind it is touched."""
    with scenario.step("DRV-05"), driver.session():
        whole = driver.exchange(driver.command)
        for size in sorted({0, 1, 2, len(whole) // 2, len(whole) - 1} - {len(whole)}):
            answer = driver.transmit(driver.command, size)
            driver.refuses(f"an answer of {len(whole)} bytes into {size}", answer.rc)
            assert driver.exchange(driver.command) == whole, (
                f"after a buffer of {size} bytes the chip answers otherwise"
            )


def test_status_words(scenario: Scenario, driver: DriverUnderTest) -> None:
    """The status word comes with every answer, and a refusal of the chip is no error of the driver."""
    with scenario.step("DRV-06"), driver.session():
        before = driver.exchange(driver.command)
        refusal = driver.exchange(driver.refused_command)
        assert len(refusal) == 2, (
            f"a refused command has an answer of {len(refusal)} bytes, not of a status word"
        )
        assert refusal != b"\x90\x00", "a command that every chip refuses is answered with 9000"
        assert driver.exchange(driver.command) == before, "after a refused command the chip answers otherwise"


def test_long_answers(scenario: Scenario, driver: DriverUnderTest) -> None:
    """The longest answer of the chip comes whole."""
    command = driver.longest
    if command is None:
        scenario.does_not_apply("DRV-07", "no command with a long answer is known for this chip")
        return
    with scenario.step("DRV-07"), driver.session():
        answers = {driver.long_answer(command) for _ in range(3)}
        assert len(answers) == 1, f"the same command has {len(answers)} different long answers"
        longest = len(driver.exchange(command))
        scenario.measure("longest answer with its status word", longest, unit="bytes")


def test_time(scenario: Scenario, driver: DriverUnderTest) -> None:
    """The driver gives each answer within the limit of the board file."""
    limit = driver.file.limits.apdu_s
    with scenario.step("DRV-08"), driver.session():
        scenario.measure("se_transmit, short answer", driver.slowest(driver.command), unit="s", high=limit)
        if driver.longest is not None:
            slowest = driver.slowest(driver.longest)
            scenario.measure("se_transmit, long answer", slowest, unit="s", high=limit)


def test_no_chip(scenario: Scenario, driver: DriverUnderTest) -> None:
    """Without a chip the driver gives an error code, and comes back to give it."""
    with scenario.step("DRV-09"):
        for _ in range(3):
            rc = driver.open()
            if rc == 0:  # a driver may find out when it sends
                answer = driver.transmit(driver.command)
                assert answer.rc < 0, (
                    f"se_transmit gave {answer.rc} and {answer.length} bytes though there is no chip"
                )
                rc = driver.close()
                assert rc <= 0, f"se_close_session {told(rc)}"
