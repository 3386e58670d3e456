"""What of a run waits for a probe in the firmware: on the terminal and in the report."""

import io

import pytest
from rich.console import Console

from harness.probe.linking import LINK_THE_PROBE
from harness.report import html, terminal
from harness.report.model import load
from harness.report.without_probe import without_probe
from tests.report import sample_run


def report_with(folder, reasons):
    """Give the sample run, with scenarios that do not apply for each of these reasons."""
    report = load(sample_run.write(folder))
    other = next(each for each in report.scenarios if each.verdict == "not_applicable")
    more = [other.model_copy(update={"reason": reason}) for reason in reasons]
    return report.model_copy(update={"scenarios": [*report.scenarios, *more]})


def shown(report):
    console = Console(file=io.StringIO(), width=200)
    terminal.summary([report], console)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("waiting", "said"),
    [
        (0, ""),
        (1, f"1 scenario that does not apply needs a probe in the firmware; {LINK_THE_PROBE}"),
        (3, f"3 scenarios that do not apply need a probe in the firmware; {LINK_THE_PROBE}"),
    ],
)
def test_summary_and_report_count_them(tmp_path, waiting, said):
    report = report_with(tmp_path, [f"probe: none; {LINK_THE_PROBE}"] * waiting)
    assert without_probe(report) == said
    page = html.render(report, tmp_path).decode()
    for text in (shown(report), page):
        assert ("a probe in the firmware" in text) is bool(waiting)
        assert said in text


def test_one_that_does_not_apply_for_another_reason_is_not_counted(tmp_path):
    assert without_probe(report_with(tmp_path, ["chip: there is no chip section"])) == ""
