# ruff: noqa: RUF001 - punctuation of Chinese
"""Two runs beside each other: what is worse, what is better, what is no longer told."""

import json
import zipfile
from dataclasses import replace

import pytest

from harness.cli.main import invoke
from harness.history.comparison import Change, compare
from harness.history.comparison_text import conclusion, lines
from harness.history.noise import Band, band, changed
from harness.report.model import load
from harness.run.header import Header
from harness.run.measure import Measurement
from harness.run.run import Run
from harness.run.verdict import Verdict
from harness.seal.pack import pack
from tests.history.small_run import ONE, OTHER, write

P, F, B, E, NA, NR = (
    Verdict.PASSED,
    Verdict.FAILED,
    Verdict.BLOCKED,
    Verdict.ERROR,
    Verdict.NOT_APPLICABLE,
    Verdict.NOT_RUN,
)


def pair(tmp_path, before, after):
    return load(write(tmp_path, one=before)), load(write(tmp_path, one=after))


@pytest.mark.parametrize(
    ("before", "after", "change", "code"),
    [
        (P, P, None, 0),
        (P, F, Change.NEW_FAILURE, 1),
        (B, F, Change.NEW_FAILURE, 1),
        (NA, F, Change.NEW_FAILURE, 1),
        (NR, F, Change.NEW_FAILURE, 1),
        (F, F, Change.STILL_FAILING, 0),
        (F, P, Change.FIXED, 0),
        (B, P, Change.COVERAGE_GAINED, 0),
        (NR, P, Change.COVERAGE_GAINED, 0),
        (P, B, Change.COVERAGE_LOST, 5),
        (P, E, Change.COVERAGE_LOST, 5),
        (P, NR, Change.COVERAGE_LOST, 5),
        (P, NA, Change.COVERAGE_LOST, 5),
        (F, NR, Change.COVERAGE_LOST, 5),
        (F, B, Change.COVERAGE_LOST, 5),
        (B, NR, None, 0),
        (NR, NA, None, 0),
        (E, B, None, 0),
    ],
)
def test_what_becomes_of_a_scenario(tmp_path, before, after, change, code):
    found = compare(*pair(tmp_path, before, after))
    assert [each.change for each in found.scenarios] == ([change] if change else [])
    assert found.exit_code == code


def made(tmp_path, infos, verdicts, board="board", header=None):
    run = Run.create(tmp_path, board, header or Header())
    run.plan(infos)
    for info, verdict in zip(infos, verdicts, strict=True):
        log = run.begin(info)
        with log.step(0):
            pass
        log.finish(verdict, reason="as it came" if verdict is not P else "")
    run.finish()
    return load(run.path)


def test_a_scenario_that_has_another_name_now_is_the_same(tmp_path):
    renamed = replace(ONE, id="step4_adapt/test_one_renamed")
    before = made(tmp_path, [ONE, OTHER], [P, P])
    after = made(tmp_path, [renamed, OTHER], [F, P])
    (change,) = compare(before, after).scenarios
    assert (change.change, change.id, change.was) == (Change.NEW_FAILURE, renamed.id, ONE.id)
    assert compare(before, made(tmp_path, [renamed, OTHER], [P, P])).scenarios == ()


def test_two_that_may_be_the_renamed_one_are_new_and_the_old_one_is_gone(tmp_path):
    twins = [replace(ONE, id=f"step4_adapt/test_{name}") for name in ("a", "b")]
    before = made(tmp_path, [ONE], [P])
    found = compare(before, made(tmp_path, twins, [P, P]))
    assert sorted((each.id, each.change, each.before, each.after) for each in found.scenarios) == [
        ("step4_adapt/test_a", Change.COVERAGE_GAINED, None, P),
        ("step4_adapt/test_b", Change.COVERAGE_GAINED, None, P),
        ("step4_adapt/test_one", Change.COVERAGE_LOST, P, None),
    ]


def test_an_attempt_that_failed_is_not_made_good_by_another(tmp_path):
    before = made(tmp_path, [ONE], [P])
    after = made(tmp_path, [ONE, ONE], [F, P])
    (change,) = compare(before, after).scenarios
    assert (change.change, change.after, change.attempts) == (Change.NEW_FAILURE, F, 2)
    (change,) = compare(before, made(tmp_path, [ONE, ONE], [F, E])).scenarios
    assert change.change is Change.NEW_FAILURE


KNOWN = {"scenario": ONE.id, "reason": "so it is", "reference": "BUG-7", "expires": "2999-01-01"}


@pytest.mark.parametrize("verdict", [P, B, NR, F])
def test_that_a_failure_is_known_softens_nothing(tmp_path, verdict):
    before = made(tmp_path, [ONE], [verdict])
    found = compare(before, made(tmp_path, [ONE], [F]))
    known = compare(before, made(tmp_path, [ONE], [F], header=Header(known_failures=[KNOWN])))
    assert [each.known.reference for each in known.scenarios] == ["BUG-7"]
    assert known.after.verdict is F
    assert known.exit_code == found.exit_code == (0 if verdict is F else 1)
    assert conclusion(known).startswith(conclusion(found))
    expired = {**KNOWN, "expires": "2000-01-01"}
    found = compare(before, made(tmp_path, [ONE], [F], header=Header(known_failures=[expired])))
    assert found.scenarios[0].known is None


def test_a_known_failure_that_is_new_is_told_as_both(tmp_path):
    before = made(tmp_path, [ONE], [P])
    found = compare(before, made(tmp_path, [ONE], [F], header=Header(known_failures=[KNOWN])))
    assert [each.change for each in found.scenarios] == [Change.NEW_FAILURE]
    told = "\n".join(lines(found, None))
    assert "known: so it is (BUG-7, counts until 2999-01-01)" in told
    assert told.endswith("worse: new failures: 1, known ones among them: 1")
    again = compare(found.after, found.after)
    assert [each.change for each in again.scenarios] == [Change.KNOWN_FAILURE]


def test_a_run_that_is_not_to_be_relied_on(tmp_path):
    before = load(write(tmp_path))
    killed = compare(before, load(write(tmp_path, end=False)))
    assert killed.exit_code == 5
    assert any("the later run: the journal has no end" in each for each in killed.unreliable)


def test_what_the_runs_were_made_with(tmp_path):
    def header(**more):
        return Header(
            declaration={
                "features": more.get("features", ["a", "b"]),
                "extra": {"most": more.get("most", 1)},
            },
            plan={"carrier": more.get("carrier", "se")},
            options={"service": "mock"},
            board_file={"source": {"sha256": more.get("sha", "1")}, "transports": {"chip": {"bus": 1}}},
        )

    before = made(tmp_path, [ONE], [P], header=header())
    same = made(tmp_path, [ONE], [P], header=header(sha="2", features=["b", "a"]))
    assert compare(before, same).differences == ()
    other = made(tmp_path, [ONE], [P], "other", header(features=["a"], most=2, carrier="km"))
    found = compare(before, other)
    assert not found.same_board
    assert {each.name: (each.before, each.after) for each in found.differences} == {
        "board": ("board", "other"),
        "plan.carrier": ("se", "km"),
        "declaration.features": ("a, b", "a"),
        "declaration.extra.most": ("1", "2"),
    }


@pytest.mark.parametrize(
    ("before", "after", "low", "high", "around", "is_change"),
    [
        (1.0, 1.2, None, None, None, False),
        (1.0, 1.4, None, None, None, True),
        (1.0, 0.5, None, None, None, True),
        (0.0003, 0.0006, None, 2.0, None, False),  # far from its limit, twice as much is nothing
        (1.0, 1.5, None, 2.0, None, True),
        (1.0, 0.5, None, 2.0, None, True),
        (1.0, 1.5, 0.9, None, None, True),
        (100.0, 60.0, 0.0, None, None, True),
        (0.0, 0.0, None, None, None, False),
        (0.0, 1.0, None, None, None, True),
        (1.0, 1.9, None, None, Band(0.5, 2.0, 9), False),
        (1.0, 1.1, None, None, Band(0.9, 1.05, 9), True),
        (1.0, 1.0, None, None, Band(2.0, 3.0, 9), True),
        (-1.0, -1.2, None, None, None, False),
        (-1.0, -1.4, None, None, None, True),
    ],
)
def test_what_is_noise(before, after, low, high, around, is_change):
    assert changed(before, after, low, high, around) is is_change


def test_the_band_of_earlier_runs():
    assert band([1, 2, 3, 4]) is None
    assert band([1, 2, 3, 4, 5]) == Band(0, 6, 5)
    assert band([2.0] * 5) == Band(1.9, 2.1, 5)


def test_earlier_runs_of_the_board_say_what_is_noise(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    runs = tmp_path / "runs"
    for value in (1.0, 1.1, 0.9, 1.0, 1.05, 1.6):
        write(runs, value=value)
    last = write(runs, value=1.4).name
    first = min(path.name for path in runs.iterdir() if path.is_dir() and path.name != "latest")
    assert invoke(["compare", f"--runs={runs}", first, last]) == 0
    assert "measurements" not in capsys.readouterr().out, "1.6 was there before"
    worse = write(runs, value=9.0).name
    assert invoke(["compare", f"--runs={runs}", first, worse, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [
        (each["name"], each["after"]["median"], each["earlier"]["runs"]) for each in document["measurements"]
    ] == [("time", 9.0, 7)] * 2
    assert invoke(["compare", f"--runs={runs}", first]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "1 → 9 s (+800%)" in text
    assert "the band of 7 earlier runs" in text


def test_the_command(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "80")
    before, after = write(tmp_path / "a", "one"), write(tmp_path / "b", "other\x1b", one=F)
    assert invoke(["compare", str(before), str(after), f"--runs={tmp_path}"]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= 80
    lines = out.splitlines()
    assert lines.index("") < next(at for at, line in enumerate(lines) if line.startswith("different boards"))
    assert "new failures (1)" in lines
    assert lines[-1] == "worse: new failures: 1"
    assert invoke(["compare", "none", f"--runs={tmp_path}"]) == 2
    assert "harness runs" in capsys.readouterr().err


def test_a_measurement_that_is_no_longer_taken_is_told(tmp_path):
    def run(names):
        made = Run.create(tmp_path, "board")
        made.plan([ONE])
        log = made.begin(ONE)
        with log.step(0):
            for name in names:
                log.measure(Measurement(name, "s", None, 100), 1.0)
        log.finish(P)
        made.finish()
        return load(made.path)

    before, after = run(["time", "drift"]), run(["time"])
    found = compare(before, after)
    assert [each.name for each in found.unmeasured] == ["drift"]
    assert (found.exit_code, conclusion(found)) == (5, "no new failure, but no longer measured: 1")
    assert "drift of step4_adapt/test_one: was 1 s" in "\n".join(lines(found, None))
    assert compare(after, before).unmeasured == ()
    failing = load(write(tmp_path, one=F))
    assert compare(before, failing).unmeasured == (), "a scenario that did not pass is told of itself"


def test_packed_runs_are_compared_like_folders(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before, after = write(tmp_path / "runs"), write(tmp_path / "runs", one=F)
    files = [pack(each, tmp_path / f"{number}.zip") for number, each in enumerate((before, after))]
    for a, b in (files, (before, files[1]), (files[0], after)):
        assert invoke(["compare", str(a), str(b), f"--runs={tmp_path / 'runs'}", "--json"]) == 1
        document = json.loads(capsys.readouterr().out)
        assert (document["before"]["run"], document["after"]["run"]) == (before.name, after.name)
        assert document["unreliable"] == []


def test_a_zip_is_not_trusted(tmp_path, capsys):
    run = write(tmp_path / "runs")
    good = pack(run, tmp_path / "good.zip")
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as file:
        file.writestr("../../evil", "x")
    comment = tmp_path / "comment.zip"
    comment.write_bytes(good.read_bytes())
    with zipfile.ZipFile(comment, "a") as file:
        file.comment = b"hello"
    for name in ("none.zip", "bad.zip"):
        assert invoke(["compare", str(run), str(tmp_path / name)]) == 2
        assert "try:" in capsys.readouterr().err
    assert not (tmp_path.parent / "evil").exists()
    assert invoke(["compare", str(run), str(comment)]) == 5
    assert "the later run, in comment.zip: " in " ".join(capsys.readouterr().out.split())


def test_the_page_says_what_the_text_says(tmp_path, capsys):
    before = write(tmp_path / "runs", "one")
    after = write(tmp_path / "runs", "<b>\x1b", one=F, value=50.0, header=Header(known_failures=[KNOWN]))
    words = ["compare", str(before), str(after), f"--runs={tmp_path / 'elsewhere'}"]
    file = tmp_path / "out" / "compare.html"
    assert invoke([*words, f"--html={file}"]) == 1
    page = file.read_text()
    for told in (
        "worse: new failures: 1, known ones among them: 1",
        "known: so it is (BUG-7",
        "The boards differ",
        "&lt;b&gt;",
        "the device said 6A80, expected 9000",
    ):
        assert told in page
    assert "\x1b" not in page
    assert "<script" not in page
    assert invoke([*words, f"--html={file}"]) == 1
    assert file.read_text() == page
    assert invoke([*words, f"--html={file}", "--lang=zh"]) == 1
    told = file.read_text().partition("</style>")[2]
    assert "变差：新增不通过 1 项，其中已知 1 项" in told
    for word in ("Run", "Verdict", "new failures", "failed", "passed", "firmware", "board", "Comparison"):
        assert f">{word}<" not in told
    capsys.readouterr()
    for wrong in ([f"--html={tmp_path}"], ["--lang=zh"], [f"--html={file}", "--lang=xx"]):
        assert invoke([*words, *wrong]) == 2
        assert "try:" in capsys.readouterr().err
