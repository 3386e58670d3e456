"""Step 4: the texts of the board's OSA."""

from harness.errors import BenchError
from harness.fixtures.port.texts import CUT, ROOMY, TEXTS
from harness.fixtures.types import PortUnderTest, Scenario, format_problems, odd_return, print_problem
from harness.portcheck.formats import UNSEEN

TRIES = 3


def test_print(scenario: Scenario, port: PortUnderTest) -> None:
    """A line that is printed comes out on the console."""
    lines = [f"id2-print-{number}-{'0123456789' * 10}" for number in range(TRIES)]
    came = [port.printed(line) for line in lines]
    with scenario.step("OSA-TEXT-03"):
        problem = print_problem(lines, came)
        if problem == UNSEEN:
            raise BenchError(
                "nothing that ls_osa_print was given came on the console of the probe",
                hint="does it print to another UART? the judge of the console needs its lines on this one",
            )
        assert not problem, problem


def test_snprintf(scenario: Scenario, port: PortUnderTest) -> None:
    """Snprintf writes the formats that the SDK uses."""
    with scenario.step("OSA-TEXT-01"):
        for text in TEXTS:
            for size in (ROOMY, len(text.whole) + 1):
                problems = format_problems(text.write(port.osa, size))
                assert not problems, problems[0]


def test_truncation(scenario: Scenario, port: PortUnderTest) -> None:
    """Snprintf cuts a text that does not fit, ends it with NUL and writes nothing behind the buffer."""
    written = [text.write(port.osa, size) for text in CUT for size in text.cut_sizes()]
    with scenario.step("OSA-TEXT-02"):
        for one in written:
            problems = format_problems(one)
            assert not problems, problems[0]
        if any(one.unseen for one in written):
            raise BenchError(
                "snprintf returns a negative number for a text that is cut, and the probe in this firmware gives no "
                "buffer then: what stands in it cannot be judged",
                hint="build the firmware with the probe of this release",
            )
    odd = list(filter(None, map(odd_return, written)))
    if odd:
        scenario.finding(
            "snprintf-return",
            severity="minor",
            title="snprintf returns another value for a text that is cut than ISO C says",
            detail=odd[0],
        )
