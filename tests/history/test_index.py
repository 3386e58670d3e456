"""The index over run folders: the same as one made anew, whatever happened to the folders and to itself."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from harness.errors import UsageError
from harness.history import index, summary
from harness.history.listing import Filters, listed, moment
from harness.run.header import Header
from harness.run.verdict import Verdict
from tests.history.small_run import write


def contents(store):
    """Everything that the index says, without the numbers of its rows."""
    ask = store.connection.execute
    runs = {
        row[0]: row[1:]
        for row in ask(
            "SELECT run.name, problem, run.board, verdict, started, seconds, altered, marks, counts, words, digest "
            "FROM run LEFT JOIN words ON words.run = run.id LEFT JOIN configuration ON configuration.id = run.configuration"
        )
    }
    results = sorted(
        ask(
            "SELECT run.name, scenario.name, title, result.verdict, attempts, mixed, microseconds FROM result "
            "JOIN run ON run.id = run JOIN scenario ON scenario.id = scenario"
        )
    )
    judged = sorted(
        ask(
            "SELECT run.name, requirement.name, judged.verdict FROM judged JOIN run ON run.id = run "
            "JOIN requirement ON requirement.id = requirement"
        )
    )
    tallies = sorted(
        ask(
            "SELECT digest, scenario.name, passed, failed, unclear, mixed, microseconds FROM tally "
            "JOIN configuration ON configuration.id = configuration JOIN scenario ON scenario.id = scenario "
            "WHERE passed != 0 OR failed != 0 OR unclear != 0 OR mixed != 0 OR microseconds != 0"
        )
    )
    judged_tallies = sorted(
        ask(
            "SELECT digest, requirement.name, passed, failed, unclear FROM judged_tally "
            "JOIN configuration ON configuration.id = configuration "
            "JOIN requirement ON requirement.id = requirement WHERE passed != 0 OR failed != 0 OR unclear != 0"
        )
    )
    measured = sorted(
        ask("SELECT run.name, measurement.* FROM measurement JOIN run ON run.id = run"), key=str
    )
    measured = [(name, *rest) for name, _, *rest in measured]
    return runs, results, judged, tallies, judged_tallies, measured


def names(store, **filters):
    return [each.name for each in listed(store, Filters(**filters)).runs]


@pytest.fixture
def runs(tmp_path):
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "cache" / "index.sqlite"


class AnySequence(RuleBasedStateMachine):
    """Runs come, go and change; the index that follows them is the one that would be made anew."""

    @initialize()
    def begin(self):
        self.root = Path(os.environ["INDEX_TEST_ROOT"]) / f"{id(self)}"
        self.runs = self.root / "runs"
        self.runs.mkdir(parents=True)
        self.folders = []

    @rule(
        one=st.sampled_from(Verdict), value=st.integers(0, 3), end=st.booleans(), board=st.sampled_from("ab")
    )
    def add(self, one, value, end, board):
        if one is Verdict.INCOMPLETE:
            one = Verdict.PASSED
        self.folders.append(write(self.runs, board, one, value=float(value), end=end))

    @precondition(lambda self: self.folders)
    @rule(data=st.data())
    def remove(self, data):
        folder = data.draw(st.sampled_from(self.folders))
        self.folders.remove(folder)
        shutil.rmtree(folder)

    @precondition(lambda self: self.folders)
    @rule(data=st.data(), how=st.sampled_from(["cut", "append", "other header", "no journal", "newer"]))
    def change(self, data, how):
        folder = data.draw(st.sampled_from(self.folders))
        journal = folder / "journal.jsonl"
        text = journal.read_text() if journal.exists() else ""
        if how == "cut":
            journal.write_text(text[: len(text) // 2])
        elif how == "append":
            with journal.open("a") as stream:
                stream.write("no event\n")
        elif how == "other header":
            (folder / "run.json").write_text(json.dumps({"board": "renamed"}))
        elif how == "no journal":
            journal.unlink(missing_ok=True)
        else:
            journal.write_text(text.replace('"schema":2', '"schema":99'))

    @rule()
    def add_something_else(self):
        (self.runs / "notes").mkdir(exist_ok=True)

    @invariant()
    def is_as_made_anew(self):
        followed = index.ask(self.runs, contents, path=self.root / "index.sqlite")
        assert followed == index.ask(self.runs, contents, path=self.root / "anew.sqlite", anew=True)

    def teardown(self):
        shutil.rmtree(self.root, ignore_errors=True)


@pytest.fixture
def _root(tmp_path, monkeypatch):
    monkeypatch.setenv("INDEX_TEST_ROOT", str(tmp_path))


@pytest.mark.usefixtures("_root")
class TestAnySequence(AnySequence.TestCase):
    settings = settings(
        max_examples=6, stateful_step_count=6, deadline=None, suppress_health_check=list(HealthCheck)
    )


def test_only_what_changed_is_read_again(runs, file, monkeypatch):
    first, second = write(runs), write(runs)
    index.ask(runs, names, path=file)
    read = []
    of = summary.read
    monkeypatch.setattr(summary, "read", lambda path: (read.append(path.name), of(path))[1])
    index.ask(runs, names, path=file)
    assert read == []
    with (second / "journal.jsonl").open("a") as stream:
        stream.write("\n")
    third = write(runs)
    shutil.rmtree(first)
    assert index.ask(runs, names, path=file) == [third.name, second.name]
    assert read == [second.name, third.name]


def test_what_cannot_be_read_is_listed_with_the_reason(runs, file):
    good = write(runs)
    newer = write(runs)
    text = (newer / "journal.jsonl").read_text()
    (newer / "journal.jsonl").write_text(text.replace('"schema":2', '"schema":99'))
    (runs / "empty").mkdir()
    (runs / os.fsdecode(b"no-\xff-text")).mkdir()
    (runs / "a file.txt").write_text("no folder")
    found = index.ask(runs, lambda store: listed(store, Filters()), path=file)
    assert [each.name for each in found.runs] == [good.name]
    reasons = {os.fsencode(name): why for name, why in found.unreadable}
    assert reasons.keys() == {os.fsencode(newer.name), b"empty", b"no-\xff-text"}
    assert "newer harness" in reasons[os.fsencode(newer.name)]
    assert "no run folder" in reasons[b"empty"]


def test_a_defect_in_one_folder_hides_no_other(runs, file, monkeypatch):
    write(runs, "a"), write(runs, "b")
    of = summary.read

    def read(path):
        if path.name.endswith("-a"):
            raise RecursionError("too deep")
        return of(path)

    monkeypatch.setattr(summary, "read", read)
    found = index.ask(runs, lambda store: listed(store, Filters()), path=file)
    assert [each.board for each in found.runs] == ["b"]
    assert "RecursionError: too deep" in found.unreadable[0][1]
    monkeypatch.setattr(summary, "read", of)
    assert len(index.ask(runs, names, path=file)) == 2, "what may be readable next time is tried again"


@pytest.mark.parametrize(
    "what", ["text", "empty", "cut", "older", "newer", "other rules", "no table", "page"]
)
def test_an_index_that_is_not_usable_is_made_anew(runs, file, what):
    folder = write(runs)
    index.ask(runs, names, path=file)
    if what in {"text", "empty", "cut"}:
        data = file.read_bytes()
        file.write_bytes({"text": b"no database" * 99, "empty": b"", "cut": data[:5000]}[what])
    elif what == "page":
        data = bytearray(file.read_bytes())
        data[4096:] = b"\xff" * (len(data) - 4096)
        file.write_bytes(data)
    else:
        with sqlite3.connect(file) as database:
            database.execute(
                {
                    "older": "PRAGMA user_version = 0",
                    "newer": "PRAGMA user_version = 99",
                    "other rules": "UPDATE maker SET words = 'another harness'",
                    "no table": "DROP TABLE result",
                }[what]
            )
        database.close()
    found = index.ask(runs, lambda store: listed(store, Filters()), path=file)
    assert [each.name for each in found.runs] == [folder.name]
    assert found.remark == ""


def test_an_index_that_cannot_be_kept_is_held_in_memory(runs, tmp_path):
    folder = write(runs)
    (tmp_path / "cache").write_text("a file in the way")
    found = index.ask(runs, lambda store: listed(store, Filters()), path=tmp_path / "cache" / "x.sqlite")
    assert [each.name for each in found.runs] == [folder.name]
    assert "cannot be kept" in found.remark


def test_a_folder_of_runs_that_is_read_only_is_not_written_to(runs, file):
    write(runs)
    before = sorted(path.name for path in runs.iterdir())
    index.ask(runs, names, path=file)
    assert sorted(path.name for path in runs.iterdir()) == before


def test_the_same_run_under_another_name_counts_once(runs, file, tmp_path):
    folder = write(runs)
    outside = write(tmp_path / "elsewhere")
    (runs / "again").symlink_to(folder.name)
    (runs / "linked").symlink_to(outside)
    assert sorted(index.ask(runs, names, path=file)) == sorted([folder.name, "linked"])


def test_there_is_no_such_folder(tmp_path):
    with pytest.raises(UsageError, match="no such folder with runs"):
        index.ask(tmp_path / "none", names)


def test_each_folder_of_runs_has_an_index_of_its_own(tmp_path):
    environment = {"XDG_CACHE_HOME": str(tmp_path)}
    paths = {index.default_path(tmp_path / name, environment) for name in ("a", "b", "a/../a")}
    assert len(paths) == 2
    assert all(path.is_relative_to(tmp_path) for path in paths)


READING = """
import sys
from pathlib import Path
from harness.history import index, summary
from harness.history.listing import Filters, listed
for _ in range(3):
    print(len(index.ask(Path(sys.argv[1]), lambda store: listed(store, Filters()), path=Path(sys.argv[2])).runs))
"""


@pytest.mark.slow
def test_several_processes_at_once_and_one_that_is_killed(runs, file):
    for _ in range(30):
        write(runs)
    words = [sys.executable, "-c", READING, str(runs), str(file)]
    killed = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    others = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    try:
        killed.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        killed.kill()
        killed.wait()
    for each in others:
        said, _ = each.communicate(timeout=120)
        assert each.returncode == 0
        assert said.split() == ["30"] * 3
    anew = index.ask(runs, contents, path=file.with_name("anew.sqlite"))
    assert index.ask(runs, contents, path=file) == anew


class TestListing:
    @pytest.fixture
    def ask(self, runs, file):
        self.a = write(runs, "virtual-a", header=Header(options={"service": "mock"}, mode="official")).name
        self.b = write(runs, "virtual-b", one=Verdict.FAILED).name
        self.c = write(runs, "real", other=Verdict.BLOCKED).name
        self.d = write(runs, "real", end=False).name
        return lambda **filters: index.ask(runs, lambda store: names(store, **filters), path=file)

    def test_the_newest_stands_first(self, ask):
        assert ask() == [self.d, self.c, self.b, self.a]
        assert ask(limit=2) == [self.d, self.c]

    def test_boards_by_name_and_by_pattern(self, ask):
        assert ask(boards=["virtual-*"]) == [self.b, self.a]
        assert ask(boards=["virtual-a", "real"]) == [self.d, self.c, self.a]
        assert ask(boards=["virtual"]) == []

    def test_verdicts(self, ask):
        assert ask(verdicts=[Verdict.FAILED]) == [self.b]
        assert ask(verdicts=[Verdict.ERROR, Verdict.BLOCKED]) == [self.d, self.c]

    def test_modes(self, ask):
        assert ask(mode="official") == [self.a]
        assert ask(mode="development") == [self.d, self.c, self.b]

    def test_requirements_that_were_judged(self, ask):
        assert ask(requirement="r-2") == [self.d, self.c, self.b, self.a]
        assert ask(requirement="R-3") == []

    def test_words_that_stand_anywhere_in_a_run(self, ask):
        assert ask(text="6A80 VIRTUAL-B") == [self.b]
        assert ask(text="6a80 real") == []
        assert ask(text="%") == []

    def test_times(self, ask):
        assert ask(until="2020-01-01T00:00:00.000Z") == []
        assert len(ask(since="2020-01-01T00:00:00.000Z")) == 4

    def test_the_state_of_the_requirement_that_was_asked_for(self, runs, file, ask):
        found = index.ask(runs, lambda store: listed(store, Filters(requirement="R-1")), path=file)
        assert {each.name: each.requirement for each in found.runs}[self.b] is Verdict.FAILED
        assert {each.name: each.requirement for each in found.runs}[self.a] is Verdict.PASSED


NOW = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "end", "meant"),
    [
        ("2026-11-01", False, "2026-11-01T00:00:00.000Z"),
        ("2026-11-01", True, "2026-11-02T00:00:00.000Z"),
        ("2026-11-01T12:00", True, "2026-11-01T12:00:00.000Z"),
        ("2026-11-01T12:00+08:00", False, "2026-11-01T04:00:00.000Z"),
        ("7d", False, "2026-11-22T18:00:00.000Z"),
        ("12h", True, "2026-11-29T06:00:00.000Z"),
    ],
)
def test_moments(text, end, meant):
    assert moment(text, NOW, end=end) == meant


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "7x", "99999999w", "\u0667d"])
def test_what_is_no_moment(text):
    with pytest.raises(UsageError, match="is no moment"):
        moment(text, NOW)
