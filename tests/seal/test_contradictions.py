"""A seal that was made over a lie is not valid, whoever signed it."""

import json

import pytest

from harness.report.model import fold
from harness.report.render import rendered_of
from harness.report.renderer import RENDERERS
from harness.run.folder import RunFolder
from harness.seal import claims
from harness.seal.check import check
from harness.seal.problems import Findings
from harness.seal.record import read
from harness.transport.recording.format import HEAD, OPERATIONS, code_of
from tests.seal import forge


def words(folder):
    return [f"{problem.word} {problem.name}: {problem.detail}" for problem in check(folder).problems]


def render(folder):
    """Make the reports again from the journal as it is now, as a forger would with this harness."""
    run = RunFolder(folder)
    for path, data in rendered_of(fold(run, ()), run, RENDERERS.all()).items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)


def test_what_was_sealed_again_without_a_change_is_valid(sealed, keys):
    forge.reseal(sealed, keys / "alice")
    assert words(sealed) == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("report.json", b'"verdict": "failed"', b'"verdict": "passed"'),
        ("junit.xml", b"failures=", b"Failures="),
        ("junit.xml", b"<failure", b"<skipped"),
        ("report.html", b"failed", b"passed"),
        ("allure-results/environment.properties", b"board=", b"bored="),
    ],
)
def test_a_report_that_the_journal_does_not_give_is_told(sealed, keys, name, old, new):
    path = sealed / name
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))
    forge.remanifest(sealed)
    forge.reseal(sealed, keys / "alice")
    found = [f"{each.word} {each.name}" for each in check(sealed, pages=True).problems]
    assert found == [f"contradicts {name}"]


def test_a_result_that_the_journal_does_not_have_is_told(sealed, keys):
    (sealed / "allure-results" / "more-result.json").write_text("{}")
    forge.reseal(sealed, keys / "alice")
    assert any("the journal gives no such result" in word for word in words(sealed))


def test_a_journal_that_was_changed_after_the_run_is_told_by_its_manifest(sealed, keys):
    forge.edit(
        sealed,
        lambda events: [event | {"verdict": "passed"} if "verdict" in event else event for event in events],
    )
    render(sealed)
    forge.reseal(sealed, keys / "alice")
    assert any("manifest.json" in word and "journal.jsonl" in word for word in words(sealed))


def swapped(events):
    at = next(n for n, event in enumerate(events) if event["event"] == "scenario-finished")
    return [*events[: at - 1], events[at], events[at - 1], *events[at + 1 :]]


def renamed(events):
    first = next(event for event in events if event["event"] == "scenario-started")
    second = next(event for event in events if event["event"] == "scenario-started" and event is not first)
    second["scenario"] = first["scenario"]
    return events


def second_attempt(events):
    for event in events:
        if (
            event.get("scenario")
            == events[[e["event"] for e in events].index("scenario-started")]["scenario"]
        ):
            event["scenario"] += "#2"
    return events


def start(**fields):
    def change(events):
        events[0] |= fields
        return events

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (swapped, "ran backwards"),
        (renamed, "begins twice"),
        (second_attempt, "stands where attempt 1 belongs"),
        (start(board="another"), "board is 'virtual-se-i2c', and 'another'"),
        (start(mode="official"), "mode is 'development', and 'official'"),
        (start(wall="2020-01-01T00:00:00.000Z"), "and its name says"),
        (lambda events: [*events, events[-1]], "the run has 2 ends"),
        (lambda events: events[1:], "not with the start of the run"),
        (lambda events: [events[0], *events], "the run has 2 beginnings"),
        (lambda events: [*events[:-1], events[-1] | {"t": 1}], "ran backwards"),
    ],
)
def test_a_journal_that_does_not_agree_with_itself_is_told(sealed, keys, change, told):
    forge.edit(sealed, change)
    render(sealed)
    forge.remanifest(sealed)
    forge.reseal(sealed, keys / "alice")
    assert any(told in word for word in words(sealed)), words(sealed)


@pytest.mark.parametrize("name", ["journal.jsonl", "run.json", "seal.json"])
def test_a_name_that_stands_twice_is_told(sealed, keys, name):
    forge.remanifest(sealed)
    forge.reseal(sealed, keys / "alice")
    path = sealed / name
    head, brace, rest = path.read_text().partition("{")
    word = "mode" if name == "run.json" else "event" if name == "journal.jsonl" else "verdict"
    path.write_text(f'{head}{brace}"{word}":"run-started",{rest}')
    if name != "seal.json":
        forge.remanifest(sealed)
    listed = {line[66:]: line for line in (sealed / "SHA256SUMS").read_text().splitlines()}
    assert name in listed
    if name == "seal.json":
        assert any("is no record of a seal" in word for word in words(sealed))
    else:
        forge.reseal(sealed, keys / "alice")
        assert any(name in found and "stands twice" in found for found in words(sealed)), words(sealed)


RECORDING = {"format": "id2-recording", "transport": "se", "identity": "", "capabilities": ["i2c"]}


def recorded(folder, version, *, wall_s=0.0, t=(0, 1_000_000), extra=""):
    """Write a recording that begins a second after the run, its wall clock `wall_s` off."""
    began = json.loads((folder / "journal.jsonl").read_text().splitlines()[0])
    from datetime import datetime, timedelta

    wall = datetime.fromisoformat(began["wall"]) + timedelta(seconds=wall_s)
    anchor = {"wall": wall.isoformat(), "monotonic_ns": began["t"]}
    header = json.dumps(RECORDING | {"anchor": anchor, "version": version, "operations": OPERATIONS})
    path = folder / "transport" / "se.rec"
    if version == 1:
        lines = [f'{{"t":{began["t"] + at},"op":"i2c-write","d":">","x":"00"{extra}}}' for at in t]
        path.write_text("".join(f"{line}\n" for line in (header, *lines)))
    else:
        code = code_of("i2c-write", ">")
        records = [HEAD.pack(began["t"] + at, 1, 0x71, code) + b"\n" for at in t]
        path.write_bytes(header.encode() + b"\n" + b"".join(records) + extra.encode())


CLOCKS = [
    ({}, ""),
    ({"t": (1_000_000, 0)}, ""),  # two threads may have waited for the file
    ({"t": (9_000_000_000, 0)}, "ran backwards by 9000"),
    ({"t": (-1_000_000, 0)}, "older than the run"),
    ({"t": (0, 86_400_000_000_000)}, "younger than the run's end"),
    ({"wall_s": -3600}, "the wall clock ran backwards"),
]


@pytest.mark.parametrize(
    ("version", "change", "told"),
    [
        *((version, *each) for version in (1, 2) for each in CLOCKS),
        (1, {"extra": ',"t":5'}, "two times"),
        (2, {"extra": "garbage, and more of it"}, "behind 2 records is no record"),
    ],
)
def test_the_clock_of_a_recording_is_checked(sealed, keys, version, change, told):
    recorded(sealed, version, **change)
    render(sealed)
    forge.remanifest(sealed)
    forge.reseal(sealed, keys / "alice")
    found = [word for word in words(sealed) if "transport/se.rec" in word]
    assert bool(found) is bool(told)
    assert not told or told in found[0]


def test_a_record_that_says_something_else_than_the_journal_is_told(sealed, keys):
    record = json.loads((sealed / "seal.json").read_bytes())
    for name, value in (("verdict", "passed"), ("number", "X-1"), ("board", "other"), ("partial", True)):
        (sealed / "seal.json").write_text(json.dumps(record | {name: value}))
        forge.reseal(sealed, keys / "alice")
        assert any(f"seal.json: {name} is" in word for word in words(sealed))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sealed": "some day"}, "contradicts seal.json: gives no moment"),
        ({"sealed": "1990-01-01T00:00:00Z"}, "clock seal.json: was sealed at 1990"),
        ({"sealed": "2990-01-01T00:00:00Z"}, "clock seal.json: was sealed at 2990"),
    ],
)
def test_a_seal_of_another_time_is_told(sealed, keys, change, told):
    record = json.loads((sealed / "seal.json").read_bytes())
    (sealed / "seal.json").write_text(json.dumps(record | change))
    forge.reseal(sealed, keys / "alice")
    assert any(word.startswith(told) for word in words(sealed)), words(sealed)


def test_people_and_the_replaced_report_are_those_that_the_report_names(sealed):
    run = RunFolder(sealed)
    old = {"number": "R-1", "sha256": "0" * 64, "reason": "x"}
    report = fold(run, ())
    said = report.particulars.model_validate(
        {"tester": "Alice", "approver": "Bob", "replaces": old | {"revision": ""}}
    )
    record = read((sealed / "seal.json").read_bytes())
    record = record.model_copy(
        update={"tester": record.tester.model_copy(update={"name": "Zed"}), "approver": None}
    )
    findings = Findings()
    claims.check(report.model_copy(update={"particulars": said}), record, findings)
    told = [each.detail for each in findings.problems]
    assert told == [
        "tester is Zed, and Alice by the report",
        "approver is nobody, and Bob by the report",
        f"replaces nothing, and R-1 {'0' * 64} by the report",
    ]


def test_another_text_in_the_place_of_the_guide_is_told(sealed, keys):
    guide = sealed / "VERIFY.txt"
    guide.write_text("echo valid\n")
    forge.reseal(sealed, keys / "alice", guide=False)
    assert words(sealed) == ["contradicts VERIFY.txt: is not the text that belongs to this seal"]
    guide.unlink()
    forge.reseal(sealed, keys / "alice", guide=False)
    assert words(sealed) == ["removed VERIFY.txt: "]


def test_reports_by_other_code_are_compared_by_verdicts_and_counts(sealed, keys):
    record = json.loads((sealed / "seal.json").read_bytes())
    (sealed / "seal.json").write_text(json.dumps(record | {"rendering": "0" * 64}))
    forge.reseal(sealed, keys / "alice")
    assert words(sealed) == []
    remarks = check(sealed).remarks
    assert any("not compared with the journal" in each and "report.html but for" in each for each in remarks)
    for name, old, new in (
        ("report.json", b'"verdict": "failed"', b'"verdict": "passed"'),
        ("report.json", b'"failed": 2', b'"failed": 0'),
        ("report.json", b'"mode": "development"', b'"mode": "official"'),
        ("report.json", b'"scenarios": [', b'"scenarios": [{"key": "x", "verdict": "passed"},'),
        ("report.json", b'"verdict":', b'"Verdict":'),
        ("junit.xml", b"failure>", b"skipped>"),
        ("junit.xml", b'failures="2"', b'failures="0"'),
        ("junit.xml", b"<testsuites", b"<!DOCTYPE x><testsuites"),
        ("ctrf.json", b'"rawStatus": "failed"', b'"rawStatus": "passed"'),
        ("ctrf.json", b'"status": "failed"', b'"status": "passed"'),
        ("ctrf.json", b'"failed": 2', b'"failed": 0'),
        ("ctrf.json", b"{", b"["),
        ("report-measurements.csv", b"61.5", b"11.5"),
        ("report.html", b'data-filtered data-verdict="failed"', b'data-filtered data-verdict="passed"'),
        ("allure-results/*-result.json", b'"status": "failed"', b'"status": "passed"'),
    ):
        kept = {path: path.read_bytes() for path in sealed.glob(name)}
        for path, good in kept.items():
            bad = good.replace(b"<failure", b"<skipped") if old == b"failure>" else good
            path.write_bytes(bad.replace(old, new))
        assert any(path.read_bytes() != good for path, good in kept.items()), old
        forge.reseal(sealed, keys / "alice")
        told = f"contradicts {name.partition('/')[0]}:"
        assert any(word.startswith(told) for word in words(sealed)), (old, words(sealed))
        for path, good in kept.items():
            path.write_bytes(good)
