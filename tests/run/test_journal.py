import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import BenchError, ToolError, UsageError
from harness.run import events, reader
from harness.run.journal import LINE_LIMIT, Journal, encode
from harness.run.safe import Mask
from harness.run.verdict import Verdict
from harness.severity import Severity

TEXT = st.text(max_size=30)
COUNT = st.integers(0, 2**40)
STEP = st.none() | COUNT
FLOAT = st.floats(allow_nan=False, allow_infinity=False)
ERROR = st.none() | st.builds(
    events.ErrorRecord,
    kind=TEXT,
    who_acts=TEXT,
    message=TEXT,
    hint=TEXT,
    board=TEXT,
    transport=TEXT,
    code=st.none() | COUNT,
    traffic=st.lists(TEXT, max_size=3).map(tuple),
    trace=st.lists(TEXT, max_size=3).map(tuple),
)
INFO = st.builds(
    events.ScenarioInfo,
    id=TEXT,
    node=TEXT,
    step_folder=TEXT,
    title=TEXT,
    requirements=st.lists(TEXT, max_size=3).map(tuple),
    steps=st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple),
)
VERDICT = st.sampled_from(list(Verdict))
EVENT = st.one_of(
    st.builds(events.RunStarted, t=COUNT, schema=st.just(1), run=TEXT, board=TEXT, wall=TEXT, harness=TEXT),
    st.builds(events.BoardFound, t=COUNT, identity=st.dictionaries(TEXT, TEXT, max_size=3)),
    st.builds(events.TransportOpened, t=COUNT, name=TEXT, identity=TEXT, recording=TEXT),
    st.builds(
        events.RequirementsKnown,
        t=COUNT,
        known=st.lists(st.builds(events.Requirement, TEXT, TEXT, TEXT, TEXT, TEXT), max_size=3).map(tuple),
        uncovered=st.lists(TEXT, max_size=3).map(tuple),
    ),
    st.builds(events.ScenariosPlanned, t=COUNT, scenarios=st.lists(INFO, max_size=2).map(tuple)),
    st.builds(events.ScenarioStarted, t=COUNT, scenario=TEXT, info=INFO),
    st.builds(events.StepStarted, t=COUNT, scenario=TEXT, step=COUNT),
    st.builds(
        events.StepFinished, t=COUNT, scenario=TEXT, step=COUNT, verdict=VERDICT, reason=TEXT, error=ERROR
    ),
    st.builds(
        events.MeasurementTaken,
        t=COUNT,
        scenario=TEXT,
        step=STEP,
        name=TEXT,
        value=FLOAT | st.integers(-(2**63) + 1, 2**63 - 1),
        unit=TEXT,
        low=st.none() | FLOAT,
        high=st.none() | FLOAT,
        verdict=VERDICT,
    ),
    st.builds(
        events.EvidenceKept,
        t=COUNT,
        scenario=TEXT,
        step=STEP,
        name=TEXT,
        title=TEXT,
        file=TEXT,
        media_type=TEXT,
        size=COUNT,
        sha256=TEXT,
        cut_from=STEP,
        masked=st.booleans(),
    ),
    st.builds(
        events.FindingNamed,
        t=COUNT,
        scenario=TEXT,
        step=STEP,
        defect=TEXT,
        severity=st.sampled_from(list(Severity)),
        title=TEXT,
        detail=TEXT,
    ),
    st.builds(events.NoteTaken, t=COUNT, scenario=TEXT, step=STEP, text=TEXT),
    st.builds(events.ScenarioFinished, t=COUNT, scenario=TEXT, verdict=VERDICT, reason=TEXT, error=ERROR),
    st.builds(events.RunFinished, t=COUNT, verdict=VERDICT, exit_code=st.integers(0, 4), interrupted=TEXT),
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.jsonl"


@settings(deadline=None)
@given(st.lists(EVENT, max_size=5))
def test_what_is_written_is_read(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    journal = Journal(path, Mask())
    for event in written:
        journal.write(event)
    journal.close()
    text = reader.read(path)
    assert list(text.events) == written
    assert text.problems == ()
    assert not text.cut


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60) | EVENT.map(lambda event: encode(event, Mask())), max_size=6))
def test_arbitrary_bytes_never_raise(tmp_path_factory, pieces):
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    path.write_bytes(b"".join(pieces))
    text = reader.read(path)
    assert all(problem.startswith("journal line ") for problem in text.problems)
    assert text.cut == (bool(b"".join(pieces)) and not b"".join(pieces).endswith(b"\n"))


@settings(deadline=None)
@given(EVENT, st.data())
def test_a_cut_anywhere_keeps_all_events_before_it(tmp_path_factory, last, data):
    first = encode(events.NoteTaken(t=1, text="first"), Mask())
    line = encode(last, Mask())
    path = tmp_path_factory.mktemp("j") / "journal.jsonl"
    path.write_bytes(first + line[: data.draw(st.integers(1, len(line) - 2))])
    text = reader.read(path)
    assert text.events == (events.NoteTaken(t=1, text="first"),)
    assert text.cut
    assert text.problems == ("journal line 2: is cut: the writer was stopped inside it",)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b"hello\n", "is no JSON"),
        (b"\n", "is no JSON"),
        (b"\xff\xfe\n", "is no JSON"),
        (b"[" * 50_000 + b"\n", "is no JSON"),
        (b"[1]\n", "is no event of this version"),
        (b'{"event":"party","t":1}\n', "is no event of this version"),
        (b'{"t":1}\n', "is no event of this version"),
        (b'{"event":"note","t":1,"text":7}\n', "note.text: it must be text"),
        (b'{"event":"note","t":"1","text":""}\n', "note.t: it must be a whole number"),
        (b'{"event":"note","t":-1,"text":""}\n', "has a time stamp that no clock gives"),
        (b'{"event":"note","t":%d,"text":""}\n' % 2**64, "has a time stamp that no clock gives"),
        (
            b'{"event":"note","t":1,"text":"' + b"x" * LINE_LIMIT + b'"}\n',
            f"is longer than {LINE_LIMIT} bytes",
        ),
    ],
)
def test_a_line_that_is_no_event_is_named_and_the_rest_read(path, line, problem):
    good = encode(events.NoteTaken(t=1, text="good"), Mask())
    path.write_bytes(good + line + good)
    text = reader.read(path)
    assert len(text.events) == 2
    assert text.problems == (f"journal line 2: {problem}",)


def test_a_number_that_is_none_is_refused_in_a_measurement(path):
    path.write_bytes(
        b'{"event":"measurement","t":1,"scenario":"s","name":"n","value":NaN,"verdict":"passed"}\n'
        b'{"event":"measurement","t":1,"scenario":"s","name":"n","value":1,"low":-Infinity,"verdict":"passed"}\n'
    )
    text = reader.read(path)
    assert text.events == ()
    assert len(text.problems) == 2


def test_problems_are_bounded(path):
    path.write_bytes(b"x\n" * 10_000)
    text = reader.read(path)
    assert len(text.problems) == 51
    assert text.problems[-1] == "9950 more journal lines could not be read"


def test_a_line_of_many_megabytes_is_skipped_in_bounded_pieces(path):
    good = encode(events.NoteTaken(t=1, text="good"), Mask())
    long = b"y" * (20 * LINE_LIMIT) + b"\n"
    path.write_bytes(long + good + long)
    text = reader.read(path)
    assert text.events == (events.NoteTaken(t=1, text="good"),)
    assert len(text.problems) == 2
    assert not text.cut


def test_a_newer_journal_is_refused(path):
    path.write_bytes(
        encode(
            events.RunStarted(t=0, schema=events.SCHEMA + 1, run="", board="", wall="", harness=""), Mask()
        )
    )
    with pytest.raises(UsageError, match="newer harness"):
        reader.read(path)


def test_fields_of_later_versions_are_ignored(path):
    path.write_bytes(b'{"event":"note","t":1,"text":"a","colour":"red"}\n')
    assert reader.read(path).events == (events.NoteTaken(t=1, text="a"),)


def test_no_journal_reads_as_empty(path):
    assert reader.read(path).problems == ("there is no journal.jsonl",)


def test_each_event_is_one_write(path, monkeypatch):
    journal = Journal(path, Mask())
    written: list[bytes] = []
    true_write = os.write

    def watched(file, data):
        written.append(bytes(data))
        return true_write(file, data)

    monkeypatch.setattr(os, "write", watched)
    journal.write(events.NoteTaken(text="one"))
    journal.write(events.NoteTaken(text="two"))
    monkeypatch.undo()
    journal.close()
    assert [json.loads(line)["text"] for line in written] == ["one", "two"]
    assert all(line.endswith(b"\n") for line in written)


def test_a_disk_that_takes_a_part_at_a_time_gets_the_whole_line(path, monkeypatch):
    journal = Journal(path, Mask())
    true_write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: true_write(file, bytes(data)[:3]))
    journal.write(events.NoteTaken(t=5, text="in pieces"))
    monkeypatch.undo()
    journal.close()
    assert reader.read(path).events == (events.NoteTaken(t=5, text="in pieces"),)


def test_threads_share_a_journal_even_when_the_disk_takes_a_part_at_a_time(path, monkeypatch):
    journal = Journal(path, Mask())
    true_write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: true_write(file, bytes(data)[:100]))

    def write(name):
        for number in range(100):
            journal.write(events.NoteTaken(text=f"{name} {number} {'x' * 300}"))

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    journal.close()
    text = reader.read(path)
    assert text.problems == ()
    for name in "abcd":
        mine = [event.text.split()[1] for event in text.events if event.text[0] == name]
        assert mine == [str(number) for number in range(100)]


def test_a_journal_is_never_overwritten(path):
    path.write_text("something")
    with pytest.raises(BenchError, match=str(path)):
        Journal(path, Mask())
    assert path.read_text() == "something"


def test_after_close_nothing_is_written(path):
    journal = Journal(path, Mask())
    journal.close()
    journal.close()
    with pytest.raises(ToolError):
        journal.write(events.NoteTaken(text="late"))


def test_an_event_that_no_line_can_hold_is_refused_before_anything_is_written(path):
    journal = Journal(path, Mask())
    infos = tuple(events.ScenarioInfo("i", title="t" * 16_000) for _ in range(100))
    with pytest.raises(ToolError, match="longer"):
        journal.write(events.ScenariosPlanned(scenarios=infos))
    assert path.read_bytes() == b""
    journal.close()


def test_a_full_disk_names_the_path_and_loses_nothing(path):
    """A real limit on the size of files: the kernel cuts the line, as a full disk does."""
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from harness.errors import BenchError
        from harness.run.events import NoteTaken
        from harness.run.journal import Journal
        from harness.run.safe import Mask

        journal, count = Journal(Path(sys.argv[1]), Mask()), 0
        try:
            while True:
                journal.write(NoteTaken(text="x" * 100))
                count += 1
        except BenchError as error:
            print(count, error.message, error.hint, error.exit_code, sep="\\n")
        """
    )
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, str(path)],  # the limit would cut the modules that it compiles
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)),
    )
    count, message, hint, exit_code = done.stdout.splitlines()
    assert message == f"{path}: cannot be written: file too large; what was written before is safe"
    assert hint
    assert exit_code == "3"
    text = reader.read(path)
    assert len(text.events) == int(count) > 10
    assert text.cut


def test_when_there_is_space_again_the_cut_line_is_closed_off(path):
    journal = Journal(path, Mask())
    journal.write(events.NoteTaken(t=1, text="before"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, hard))
    try:
        with pytest.raises(BenchError):
            journal.write(events.NoteTaken(t=2, text="lost"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.write(events.NoteTaken(t=3, text="after"))
    journal.close()
    text = reader.read(path)
    assert [event.text for event in text.events] == ["before", "after"]
    assert text.problems == ("journal line 2: is no JSON",)
    assert not text.cut


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 3))
def test_default_fields_are_left_out_and_come_back(step):
    event = events.MeasurementTaken(t=1, scenario="s", step=step, name="n", value=1, verdict=Verdict.PASSED)
    line = json.loads(encode(event, Mask()))
    assert set(line) == {"event", "t", "scenario", "step", "name", "value", "verdict"}
