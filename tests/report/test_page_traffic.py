"""The traffic of a step on the page: every kind of entry, safe to show, and room for those that did not pass first."""

from types import SimpleNamespace

import pytest

from harness.report import model
from harness.report.document.context import Context
from harness.report.page import traffic
from harness.report.words import ENGLISH
from harness.run.verdict import Verdict
from harness.traffic.entry import Entry

BAD = (Verdict.FAILED, Verdict.ERROR, Verdict.BLOCKED)


@pytest.fixture
def spoken(monkeypatch, sample):
    """Return a function that gives what the page shows when this was said in each step, and what was asked for."""

    def show(said, left_out=0, gap=0):
        asked = []

        class Recorded:
            def __init__(self, *_):
                pass

            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

            def between(self, began, ended, most):
                asked.append(most)
                entries = [
                    Entry(began + 1_500_000 * place, *each) for place, each in enumerate(said[:most], start=1)
                ]
                return SimpleNamespace(entries=entries, left_out=left_out, gap=gap)

        monkeypatch.setattr(traffic, "Timelines", Recorded)
        report = model.load(sample)
        return report, traffic.timelines(Context.of(report, sample, ENGLISH)), asked

    return show


def test_each_kind_says_who_spoke_and_when(spoken):
    said = [
        ("chip", "bus", "out", "GetID", "80 f8"),
        ("console", "console", "in", "ID2: \x1b[31mred\u202e", ""),
        ("service", "service", "out", "verify", "{}"),
        ("link", "link", "in", "ServerHello\x00", "16 01"),
        ("chip", "bus", "", "nak", ""),
    ]
    _, found, _ = spoken(said)
    assert found
    for timeline in found.values():
        shown = timeline.before
        assert [(each.source, each.kind, each.direction) for each in shown] == [each[:3] for each in said]
        assert [each.at for each in shown] == ["+1.5", "+3.0", "+4.5", "+6.0", "+7.5"]
        assert all(each.text.isprintable() and "\u202e" not in each.text for each in shown)
        assert (timeline.after, timeline.left_out, timeline.count) == ((), 0, 5)


def test_long_words_are_bounded(spoken):
    _, found, _ = spoken([("console", "console", "in", "x" * 100_000, "y" * 100_000)])
    for timeline in found.values():
        (only,) = timeline.before
        assert len(only.text) < 500
        assert len(only.detail) < 1_200


def test_steps_that_did_not_pass_have_more_room_and_have_it_first(spoken):
    report, found, asked = spoken([("chip", "bus", "out", "GetID", "")] * 100)
    timed = [step for scenario in report.scenarios for step in scenario.steps if step.began]
    bad = sum(step.verdict in BAD for step in timed)
    assert bad
    assert asked == [60] * bad + [16] * (len(timed) - bad)
    assert len(found) == len(timed)


def test_what_is_left_out_lies_between_and_a_command_shows_it(spoken):
    _, found, _ = spoken([("chip", "bus", "out", f"{n}", "") for n in range(8)], left_out=1_000, gap=2)
    for timeline in found.values():
        assert [each.text for each in timeline.before] == ["0", "1"]
        assert [each.text for each in timeline.after] == ["2", "3", "4", "5", "6", "7"]
        assert timeline.count == 1_008
        assert timeline.command.startswith("harness trace runs/")
        assert " --since " in timeline.command


def test_a_step_in_which_nothing_was_said_has_no_traffic(spoken):
    assert spoken([])[1] == {}


def test_the_room_of_the_page_is_shared(spoken, monkeypatch):
    monkeypatch.setattr(traffic, "_ENTRIES", 20)
    _, found, asked = spoken([("chip", "bus", "out", "GetID", "")] * 100)
    assert sum(each.count for each in found.values()) <= 20 + traffic._LEAST
    assert min(asked) >= traffic._LEAST
