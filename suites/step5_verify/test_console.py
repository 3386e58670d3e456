"""Step 5: what the vendor's program prints on the serial console."""

from harness.fixtures.console import ConsoleLog
from harness.fixtures.types import Scenario


def test_program(scenario: Scenario, console_log: ConsoleLog) -> None:
    """The program says what it is, and what follows agrees."""
    with scenario.step("LOG-01"):
        console_log.tell_findings(scenario)
        console_log.require("program")


def test_unit_tests(scenario: Scenario, console_log: ConsoleLog) -> None:
    """The unit tests have ended, none has failed."""
    if none := console_log.absence("tests"):  # a module build, or a build that only makes the report
        scenario.does_not_apply("LOG-02", none)
        return
    with scenario.step("LOG-02"):
        console_log.require("tests")


def test_codes(scenario: Scenario, console_log: ConsoleLog) -> None:
    """The auth codes are sound and the device random is."""
    with scenario.step("LOG-03"):
        console_log.require("codes")
    with scenario.step("LOG-04"):
        console_log.require("random")


def test_report(scenario: Scenario, console_log: ConsoleLog) -> None:
    """The validation report verifies."""
    with scenario.step("LOG-05"):
        console_log.require("report")


def test_apdus(scenario: Scenario, console_log: ConsoleLog) -> None:
    """The APDU dumps agree with the codes."""
    if none := console_log.absence("apdu"):  # CONFIG_CHIP_DEBUG is off, or the carrier has no chip
        scenario.does_not_apply("LOG-06", none)
        return
    with scenario.step("LOG-06"):
        console_log.require("apdu")


def test_no_unexpected_error(scenario: Scenario, console_log: ConsoleLog) -> None:
    """No error but the expected ones is printed."""
    with scenario.step("LOG-07"):
        console_log.require("errors")


def test_no_demo_carrier(scenario: Scenario, carrier_log: ConsoleLog | None) -> None:
    """The program does not run on the Demo carrier."""
    if carrier_log is None:
        scenario.does_not_apply(
            "LOG-08", "console.program: none, and the client prints nothing of its carrier"
        )
        return
    with scenario.step("LOG-08"):
        assert not carrier_log.on_demo_carrier, (
            "the console prints the Demo carrier's warning: not for a product"
        )


def test_board_file(scenario: Scenario, console_log: ConsoleLog) -> None:
    """The console shows what the board file says."""
    with scenario.step("LOG-09"):
        console_log.tell_unchecked(scenario)
        console_log.require("claims")


def test_no_crash(scenario: Scenario, console_log: ConsoleLog) -> None:
    """Nothing on the console crashed or started again by itself."""
    with scenario.step("LOG-10"):
        console_log.require("crash")


def test_itls_sample(scenario: Scenario, console_log: ConsoleLog) -> None:
    """The handshakes of itls_app come about, and it ends."""
    with scenario.step("LOG-11"):
        console_log.require("link")


def test_no_probe(scenario: Scenario, console_log: ConsoleLog, greeting: str) -> None:
    """The firmware carries out no test commands of a probe."""
    with scenario.step("LOG-12"):
        assert not greeting, f"the firmware answers the greeting of a probe by {greeting!r}"
        assert not console_log.shows_probe, "the firmware prints the lines of a probe"
