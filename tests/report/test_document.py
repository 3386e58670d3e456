"""The content of a report for people: every section, nothing invented, and nothing that a reader must know left out."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from harness.fixtures import requirements
from harness.report.document.blocks import Chart, Table
from harness.report.document.build import document
from harness.report.document.context import Context
from harness.report.document.identifiers import IdMask
from harness.report.model import load
from harness.report.records import KnownFailure
from harness.report.words import ENGLISH, language
from harness.run import manifest
from harness.run.bench import Adapter, Bench
from harness.run.folder import RunFolder
from harness.run.header import Header
from harness.run.host_clock import HostClock
from harness.run.policy_named import Named
from harness.run.run import Run
from harness.run.tool import SuiteDigest, Tool
from harness.run.verdict import Verdict
from harness.settings.particulars import Instrument, Item, Particulars, Party, Replaced
from tests.report import document_text, hostile, hostile_run, sample_run
from tests.report.document_text import text_of

ROOT = Path(__file__).resolve().parents[2]
ID = "2122232425262728292A2B2C"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return sample_run.write(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def report(sample):
    return load(sample)


def told(report, folder, **settings):
    return document(report, folder, ENGLISH, **settings)


def with_particulars(report, **said):
    return report.model_copy(update={"particulars": Particulars(**said)})


def test_every_section_of_the_outline_is_there_in_order(report, sample):
    whole = told(report, sample)
    assert [each.anchor for each in whole.sections] == [
        "item", "scope", "method", "bench", "rules", "summary", "requirements", "failures", "deviations", "supplied",
        "statements", "files",
    ]  # fmt: skip
    assert [each.number for each in whole.sections] == [str(number) for number in range(1, 13)]
    assert whole.end == "End of report"
    assert whole.page.format(page=2, pages=9) == "Page 2 of 9"


def test_the_short_form_is_cover_summary_failures_and_requirements(report, sample):
    short = told(report, sample, short=True)
    assert [each.anchor for each in short.sections] == ["summary", "failures", "requirements"]
    assert short.cover == told(report, sample).cover


def test_what_nobody_stated_is_not_stated(report, sample):
    bare = told(report, sample)
    missing = (
        "Report number, Revision, Customer, Maker, Laboratory, Place of the test, Item under test, Received"
    )
    assert [(name, line[0].text) for name, line in bare.cover.rows][-1] == ("Not stated", missing)
    assert "Not stated: Product, Model, Hardware version, Firmware version, " in text_of(bare, "item")
    assert "Not stated: Temperature, Humidity, Supply, Remarks" in text_of(bare, "bench")
    assert ": not stated" not in text_of(bare)
    assert bare.cover.signatures == (
        ("Tester: name, date, signature", ""),
        ("Approver: name, date, signature", ""),
    )
    assert bare.number == f"Run {report.run}, without a report number"


def test_what_people_stated_is_said_where_it_belongs(report, sample):
    full = told(
        with_particulars(
            report,
            number="L-2026-7",
            revision="B",
            customer=Party(name="Locks Ltd", address="1 Key Street"),
            item=Item(name="Lock", model="VL-1", serial_numbers=("A1", "A2"), received=date(2026, 11, 2)),
            tester="T. Ester",
            approver="A. Pprover",
            opinions=("it will do, as seen in step 4",),
            customer_supplied=("the firmware image",),
            outside=("calibration by another laboratory",),
            deviations=("the supply was 3.0 V",),
            uncertainty="5 ms, k = 2",
            replaces=Replaced(number="L-2026-6", sha256="a" * 64, reason="a wrong model"),
        ),
        sample,
    )
    cover = text_of(full)
    assert full.number == "Report L-2026-7, revision B"
    assert "Customer: Locks Ltd, 1 Key Street" in cover
    assert "Replaces: Report L-2026-6: a wrong model" in cover
    assert "Received: 2026-11-02" in cover
    assert "Serial numbers: A1, A2" in text_of(full, "item")
    assert full.cover.signatures == (
        ("Tester: name, date, signature", "T. Ester"),
        ("Approver: name, date, signature", "A. Pprover"),
    )
    assert cover.index("Run: ") < cover.index("Not stated: Maker, Laboratory, Place of the test\n")
    assert "it will do, as seen in step 4" in text_of(full, "statements")
    assert "the firmware image" in text_of(full, "supplied")
    assert "calibration by another laboratory" in text_of(full, "supplied")
    assert "the supply was 3.0 V" in text_of(full, "deviations")
    assert "61.5 ms ± 5 ms, k = 2; limits" in text_of(full, "requirements")
    assert "U not considered" not in text_of(full)


def test_an_instrument_that_was_overdue_is_marked(report, sample):
    tested = date.fromisoformat(report.started[:10])
    instruments = (
        Instrument(name="old scope", due=tested.replace(year=tested.year - 1)),
        Instrument(name="new scope", due=tested.replace(year=tested.year + 1)),
        Instrument(name="due today", due=tested),
    )
    bench = text_of(told(with_particulars(report, instruments=instruments), sample), "bench")
    overdue = [line for line in bench.splitlines() if "overdue on the day of the test" in line]
    assert len(overdue) == 1
    assert overdue[0].startswith("old scope")


def test_every_scenario_and_requirement_has_its_verdict(report, sample):
    whole = told(report, sample)
    rows = [
        row
        for section in whole.sections
        for block in section.blocks
        if isinstance(block, Table)
        for row in block.rows
    ]
    for requirement in report.requirements:
        (row,) = [each for each in rows if each.anchor == f"req-{requirement.id}"]
        assert row.cells[0][0][0].verdict == requirement.state
    section = text_of(whole, "requirements")
    for scenario in report.scenarios:
        if scenario.verdict is Verdict.NOT_APPLICABLE:
            assert scenario.key in text_of(whole, "scope")
        elif scenario.verdict is Verdict.NOT_RUN:
            assert f"{scenario.key}" in text_of(whole, "deviations")
        else:
            (line,) = [each for each in section.splitlines() if f"{scenario.title} / {scenario.key}" in each]
            assert line.split(" | ")[1] == scenario.verdict.words


def test_a_mandatory_requirement_without_a_verdict_stands_out(report, sample):
    whole = told(report, sample)
    assert "Mandatory requirements without a verdict: 2. LIC-02 (blocked), OTP-01 (uncovered)" in text_of(
        whole, "summary"
    )
    table = text_of(whole, "requirements")
    assert "blocked mandatory, without a verdict" in table
    assert "uncovered mandatory, without a verdict" in table
    assert table.count("mandatory, without a verdict") == 2


def test_failures_come_with_the_traffic_before_them(report, sample):
    failures = text_of(told(report, sample), "failures")
    assert "the chip answered 9000 to the instruction 55, expected 6D00" in failures
    assert "The last traffic before it\n> 80 55 00 00 00\n< 90 00" in failures
    assert "the service at 127.0.0.1:1 cannot be reached" in failures
    assert "Who must act" in failures


def test_stand_ins_are_on_the_cover_in_the_head_and_beside_the_verdict(report, sample):
    whole = told(report, sample)
    assert "mock service" in whole.mark.lower()
    assert "mock service" in whole.cover.verdict_words.lower()
    assert any("mock" in document_text.said(line) for line in whole.cover.warnings)
    assert "stood in for the real thing" in text_of(whole, "statements")


def test_a_run_without_stand_ins_has_no_mark(report, sample):
    real = report.model_copy(
        update={"options": {"service": "real"}, "incomplete": False, "board_file": {}, "mode": "official"}
    )
    whole = told(real, sample)
    assert whole.mark == ""
    assert "stood in" not in text_of(whole)
    assert "development" not in whole.cover.verdict_words


def test_a_part_of_a_run_says_so_on_its_cover(sample, tmp_path):
    part = tmp_path / "part"
    part.mkdir()
    (part / "run.json").write_bytes((sample / "run.json").read_bytes())
    journal = (sample / "journal.jsonl").read_text().splitlines(keepends=True)
    (part / "journal.jsonl").write_text("".join(journal[: len(journal) // 2]))
    whole = told(load(part), part)
    assert "part of a run: its journal has no end" in text_of(whole)
    assert "PARTIAL RUN" in whole.mark
    assert "end not known" in text_of(whole)


def test_the_id_is_masked_wherever_it_stands_unless_the_lab_shows_it(report, sample):
    spaced = " ".join(ID[at : at + 2] for at in range(0, 24, 2)).lower()
    failed = next(each for each in report.scenarios if each.error and each.steps[0].error)
    error = replace(failed.error, traffic=(f"< 81 84 0c {spaced} 90 00",))
    step = failed.steps[0].model_copy(update={"error": error})
    scenarios = [failed.model_copy(update={"error": error, "steps": [step, *failed.steps[1:]]})]
    masked = text_of(told(report.model_copy(update={"scenarios": scenarios}), sample))
    assert ID not in masked
    assert spaced not in masked
    assert "2122****************2B2C" in masked
    assert "< 81 84 0c 21 22 ** ** ** ** ** ** ** ** 2b 2c 90 00" in masked
    whole = with_particulars(report.model_copy(update={"scenarios": scenarios}), show_id="whole")
    assert ID in text_of(told(whole, sample))
    assert spaced in text_of(told(whole, sample))


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("21222324252627…", "2122**********…"),
        ("2122232425\n262728292a2b2c", "2122******\n**********2b2c"),
        (r"2122232425262728\n292A2B2C", r"2122************\n****2B2C"),
        ("0x21, 0x22, 0x23, 0x24, 0x25, 0x26", "0x21, 0x22, 0x**, 0x**, 0x**, 0x**"),
        ("...28292A2B2C", "...******2B2C"),
        ("3231323232333234323532363237", "32313232********************"),
        ("21222324 is no ID, 303132333435 is none", "21222324 is no ID, 303132333435 is none"),
    ],
)
def test_an_id_that_is_split_or_shortened_is_masked_too(report, text, masked):
    mask = IdMask(report)
    assert mask(text) == masked
    long = "z" * 5_000
    assert mask(long + text + long) == long + masked + long


def test_the_id_of_a_puf_is_masked(report):
    name = "050000000700001D7C19F00D52A4E6B1-LAB7-PUF_001"
    mask = IdMask(report.model_copy(update={"board_file": {"device": {"id": name}}}))
    assert mask(f"it says {name}.") == f"it says 0500{'*' * (len(name) - 8)}_001."


def test_every_attempt_of_a_scenario_is_shown(report, sample):
    first = next(each for each in report.scenarios if each.verdict is Verdict.FAILED)
    again = first.model_copy(
        update={"key": f"{first.id}#2", "attempt": 2, "verdict": Verdict.PASSED, "error": None, "reason": ""}
    )
    whole = told(report.model_copy(update={"scenarios": [*report.scenarios, again]}), sample)
    rows = [line for line in text_of(whole, "deviations").splitlines() if line.startswith(first.id)]
    assert [line.split(" | ")[1:3] for line in rows] == [["1", "failed"], ["2", "passed"]]


def test_the_file_list_is_what_the_manifest_will_say(sample):
    before = text_of(told(load(sample), sample), "files")
    manifest.write(RunFolder.open(sample))
    after = text_of(told(load(sample), sample), "files")
    (sample / "manifest.json").unlink()
    (sample / "SHA256SUMS.tester.sig").write_text("a signature")
    sealed = text_of(told(load(sample), sample), "files")
    (sample / "SHA256SUMS.tester.sig").unlink()
    assert before == sealed
    assert before == after
    assert "journal.jsonl" in after
    assert "evidence/" in after


def test_an_empty_run_is_told_too(tmp_path):
    run = Run.create(tmp_path, "bare", Header())
    run.finish()
    whole = told(load(run.path), run.path)
    assert "No scenario was judged." in whole.cover.sentence
    assert "The journal holds no requirements list." in text_of(whole, "requirements")


@pytest.mark.parametrize("text", hostile.HOSTILE, ids=range(len(hostile.HOSTILE)))
def test_device_text_is_safe_in_every_word(text, tmp_path):
    folder = hostile_run.write(tmp_path, text)
    for each in document_text.words(told(load(folder), folder)):
        assert each.text.isprintable() or set(each.text) <= {"\n", "\t"} | set(
            filter(str.isprintable, each.text)
        )
        assert len(each.text) < 9_000


def test_tool_and_bench_are_told_by_their_digests_and_identities(report, sample):
    tool = Tool("a" * 64, 9, "b" * 40, "changed", "2 files differ", (SuiteDigest("suites", "c" * 64, 3),))
    adapter = Adapter(
        "uart", "serial", device="/dev/ttyUSB0", vendor_id=0x0403, product_id=0x6001, product="FT232R"
    )
    clock = HostClock(True, 0.000123, 0.001, 0.01)
    known = report.model_copy(update={"tool": tool, "bench": Bench((adapter,), clock)})
    method, bench = (text_of(told(known, sample), name) for name in ("method", "bench"))
    assert f"SHA-256 of the harness's code: {'a' * 64}" in method
    assert f"Commit: {'b' * 40}" in method
    assert "State of the harness: changed: 2 files differ" in method
    assert f"SHA-256 of suites suites: {'c' * 64}" in method
    assert "uart / serial | FT232R / 0403:6001" in bench
    assert "The clock was synchronised when the run began. Offset: +0.000123 s." in bench
    silent = text_of(told(report.model_copy(update={"bench": Bench()}), sample), "bench")
    assert "It is not known whether the clock was synchronised." in silent


def test_what_the_policy_allowed_and_what_ended_an_official_run_is_on_the_cover(report, sample):
    changed = report.model_copy(
        update={"named": [Named("debug_keys", "device.key")], "no_longer_official": ["a test was deselected"]}
    )
    cover = text_of(told(changed, sample))
    assert "Allowed by the policy of the laboratory: published debug keys (device.key)" in cover
    assert cover.count("(device.key)") == cover.count("device.key") == 1
    assert "Allowed by the policy of the lab" in cover.split("device.key")[0]
    assert "No longer official: a test was deselected" in cover


def test_a_message_of_harness_words_alone_and_the_end_of_a_long_one_are_chinese_there(report, sample):
    wrong = (
        "The server's Finished does not fit the handshake. The board goes on all the same. What it must do: "
    )
    wrong += "It takes that for a cut connection, and connects again."
    context = Context.of(report, sample, language("zh"))
    assert context.say(wrong).startswith("服务端 Finished 与握手不符。板卡仍继续进行。")
    assert context.text("x" * 12, 10) == "xxxxxxxxxx……（另有 2 个字符）"  # noqa: RUF001 - punctuation of Chinese
    assert context.lines("x" * 12, 10) == context.text("x" * 12, 10)
    assert Context.of(report, sample, ENGLISH).text("x" * 12, 10) == "xxxxxxxxxx… (2 more characters)"


def test_a_known_failure_is_told_as_one_and_stays_failed(report, sample):
    failed = next(each for each in report.scenarios if each.verdict is Verdict.FAILED)
    known = KnownFailure(
        scenario=failed.id, requirement="", board="*", reason="waits for mask 2", reference="LAB-7",
        expires="2027-01-31", state="applied", scenarios=[failed.key], seen=Verdict.FAILED,
    )  # fmt: skip
    expired = known.model_copy(update={"state": "expired", "scenarios": []})
    whole = told(report.model_copy(update={"known_failures": [known, expired]}), sample)
    rows = [line for line in text_of(whole, "deviations").splitlines() if "waits for mask 2" in line]
    assert "it failed as known, and counts as failed / S4" in rows[0]
    assert "expired: it no longer counts" in rows[1]
    assert whole.cover.verdict is Verdict.FAILED


def test_a_failure_shows_what_its_recordings_hold_around_it(tmp_path):
    folder = sample_run.write(tmp_path)
    report = load(folder)
    failed = next(each for each in report.scenarios if each.id.endswith("test_unknown_instruction"))
    ended = failed.steps[0].ended
    records = [
        {
            **json.loads((folder / "transport/se.rec").read_text()),
            "transport": "se",
            "identity": "chip",
            "capabilities": ["i2c"],
            "anchor": {"wall": "2026-11-29T12:00:00Z", "monotonic_ns": 0},
        },
        {"t": ended - 9_000_000_000, "op": "i2c-write", "d": ">", "x": "8055000000", "a": 113},
        {"t": ended - 2_000_000, "op": "i2c-write", "d": ">", "x": "8055000000", "a": 113},
        {"t": ended - 1_000_000, "op": "i2c-read", "d": "<", "x": "9000", "a": 113},
        {"t": ended + 9_000_000, "op": "i2c-read", "d": "<", "x": "6d00", "a": 113},
    ]
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "transport/se.rec").write_text(lines)
    steps = [failed.steps[0].model_copy(update={"began": ended - 10_000_000_000})]
    scenarios = [failed.model_copy(update={"steps": steps})]
    failures = text_of(told(report.model_copy(update={"scenarios": scenarios}), folder), "failures")
    assert "On the wires before the verdict, in milliseconds from it" in failures
    excerpt = failures[failures.index("On the wires") :]
    assert "-2.0 se >" in excerpt
    assert "-1.0 se <" in excerpt
    assert "6D" not in excerpt.upper()
    assert excerpt.count(" se ") == 2


def test_repeated_measurements_have_statistics_and_a_chart(report, sample):
    timed = next(each for each in report.scenarios if each.measurements)
    value = timed.measurements[0].model_copy(
        update={"samples": [1.0, 2.0, 3.0, 4.0, 10.0], "uncertainty": 0.5, "value": 10.0, "unit": "ms"}
    )
    changed = timed.model_copy(update={"measurements": [value]})
    whole = told(report.model_copy(update={"scenarios": [changed]}), sample)
    assert "| 5 | 1 | 3 | 10 | 3.536 | at most 20 ms" in text_of(whole, "requirements")
    assert "10 ms ± 0.5 ms; limits: at most 20 ms" in text_of(whole, "requirements")
    (chart,) = [each for each in whole.sections[6].blocks if isinstance(each, Chart)]
    assert chart.values == (1.0, 2.0, 3.0, 4.0, 10.0)
    assert (chart.low, chart.high) == (value.low, value.high)


def test_what_does_not_apply_is_told_by_its_reason_once(report, sample):
    first = next(each for each in report.scenarios if each.verdict is Verdict.NOT_APPLICABLE)
    several = [
        first.model_copy(update={"key": f"{first.id}[{number}]", "id": f"{first.id}[{number}]"})
        for number in range(13)
    ]
    keys = [each.key for each in several]
    left = [each for each in report.requirements if each.state == Verdict.NOT_APPLICABLE]
    others = [
        left[0].model_copy(
            update={"id": f"X-{number:02}", "scenarios": keys, "statement": f"It is no {number}."}
        )
        for number in range(3)
    ]
    whole = told(
        report.model_copy(
            update={
                "scenarios": [*report.scenarios, *several],
                "requirements": [*report.requirements, *others],
            }
        ),
        sample,
    )
    scope = text_of(whole, "scope")
    assert scope.count(first.id.rpartition("/")[2]) == 1
    assert f"{first.id} \u00d7 14" in scope
    rows = text_of(whole, "requirements").splitlines()
    assert len([each for each in rows if first.reason in each]) == 1
    for each in (*left, *others):
        assert any(f"| {each.id} | {each.statement}" in row for row in rows)


def marked(report, *marks):
    """Return the report with its first requirements in the states given, each marked or not."""
    told = zip(report.requirements, marks, strict=False)
    own = [each.model_copy(update={"compares": mark, "state": state}) for each, (mark, state) in told]
    return report.model_copy(update={"requirements": [*own, *report.requirements[len(marks) :]]})


def test_what_compares_the_declaration_is_what_the_list_marks_and_no_word_of_a_statement(report, sample):
    own = marked(report, ("declaration", Verdict.FAILED), ("", Verdict.FAILED))
    own.requirements[1] = own.requirements[1].model_copy(update={"statement": "A declared digest is right."})
    _, _, compared = text_of(told(own, sample), "scope").partition("Declared against observed")
    compared, _, _ = compared.partition("Not applicable, and why")
    assert "what was observed differs from the declaration: 1." in compared
    assert f"| {own.requirements[0].id} |" in compared
    assert own.requirements[1].id not in compared
    left = marked(report, ("declaration", Verdict.NOT_APPLICABLE))
    assert "No requirement of this run compares" in text_of(told(left, sample), "scope")


def test_a_run_whose_list_marks_nothing_does_not_say_that_nothing_differs(report, sample):
    old = marked(report, ("", Verdict.FAILED))
    old.requirements[0] = old.requirements[0].model_copy(update={"statement": "It is the declared one."})
    scope = text_of(told(old, sample), "scope")
    assert "Not known for this run: its requirements list does not mark what compares both." in scope
    assert "It is the declared one." not in scope


def test_the_mark_of_a_requirement_goes_from_the_list_into_the_report(tmp_path):
    known = requirements.load(ROOT / "suites/requirements.yaml")
    run = Run.create(tmp_path, "b", Header())
    run.requirements(known.as_records(), [])
    run.finish()
    marks = {each.id for each in load(run.path).requirements if each.compares == "declaration"}
    assert marks == {
        "SE-ID-03", "SE-VEN-02", "SE-VEN-03", "SE-OPT-01", "SE-PIN-01", "SE-PIN-05", "PORT-01", "OSA-TIME-04", "LOG-09",
        "LOG-12", "LINK-09",
    }  # fmt: skip


def test_what_was_not_run_is_told_by_its_reason_once_and_stands_in_no_table_of_scenarios(report, sample):
    (first,) = [each for each in report.scenarios if each.verdict is Verdict.NOT_RUN]
    several = [
        first.model_copy(
            update={"key": f"a/test_{at}[{value}]", "id": f"a/test_{at}[{value}]", "reason": "its end came"}
        )
        for at in range(20)
        for value in range(13)
    ]
    whole = told(report.model_copy(update={"scenarios": [*report.scenarios, *several]}), sample)
    known = len(report.scenarios)
    (row,) = [each for each in text_of(whole, "deviations").splitlines() if each.startswith("its end came")]
    numbered = f"S{known + 1}\u2013S{known + 13} a/test_0 \u00d7 13, S{known + 14}\u2013S{known + 26} test_1 \u00d7 13, "
    assert row.startswith(f"its end came | planned | 260 | {numbered}")
    section = text_of(whole, "requirements")
    assert "Not run: 261; they stand by their reasons under Deviations, re-runs and findings." in section
    assert "a/test_" not in section
    assert first.key not in section


def many_failures(report, number):
    """Return the report with as many failures more, each of a requirement of its own."""
    failed = next(each for each in report.scenarios if each.verdict is Verdict.FAILED)
    scenarios = [
        failed.model_copy(
            update={
                "key": f"x/test_{at}",
                "id": f"x/test_{at}",
                "error": None,
                "steps": [],
                "requirements": [f"X-{at}"],
                "reason": f"the chip answered wrongly in call {at}",
            }
        )
        for at in range(number)
    ]
    broken = next(each for each in report.requirements if each.state == Verdict.FAILED)
    requirements = [
        broken.model_copy(update={"id": f"X-{at}", "scenarios": [f"x/test_{at}"]}) for at in range(number)
    ]
    return report.model_copy(
        update={
            "scenarios": [*report.scenarios, *scenarios],
            "requirements": [*report.requirements, *requirements],
        }
    )


def test_the_cover_names_what_failed_by_its_cause(report, sample):
    cover = told(report, sample).cover
    failed = [each for each in report.scenarios if each.verdict is Verdict.FAILED]
    lines = ["".join(each.text for each in line) for line in cover.broken]
    assert all(any(each.requirements[0] in line for line in lines) for each in failed)
    assert len(lines) <= 7
    several = told(many_failures(report, 30), sample).cover.broken
    assert len(several) == 7
    assert "more scenarios, under Failures and errors." in several[-1][0].text
    assert told(report.model_copy(update={"scenarios": []}), sample).cover.broken == ()


def test_a_short_report_of_many_failures_says_how_many_more_there_are(report, sample):
    short = told(many_failures(report, 400), sample, short=True)
    bad = [
        each for each in report.scenarios if each.verdict in (Verdict.FAILED, Verdict.BLOCKED, Verdict.ERROR)
    ]
    (table,) = [each for each in short.sections[1].blocks if isinstance(each, Table)]
    assert 10 < len(table.rows) < 50
    rest = 400 + len(bad) - len(table.rows)
    assert f"And {rest} more scenarios that did not pass" in text_of(short, "failures")
    assert "more that apply; the whole report lists them." in text_of(short, "requirements")
    whole = text_of(told(many_failures(report, 150), sample))
    assert all(f"X-{at} | " in whole for at in range(150))
