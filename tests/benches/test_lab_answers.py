"""Operator steps of boards on other hosts: asked at the client, and given to the campaign that asks, once."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.cli.lab_asker import LabAsker
from harness.lab.answering import questions
from harness.lab.bench_end import BenchEnd
from harness.lab.checks import Checks
from harness.lab.client_files import Asked, ClientFiles
from harness.lab.identity import Identity
from harness.lab.messages import Message, Parser
from harness.lab.ssh import Host
from harness.lab.turns import Turns
from harness.lab.watcher import Watcher
from harness.operator.errors import OperatorAbsent
from harness.operator.steps import CREATE_PRODUCT
from harness.progress.answers import take
from tests.bench_page.made import HOSTILE, Made
from tests.benches.bench_hosts import until

SECRET = "i1" + "x" * 38
RIGHT = {"product_key": "a1AbCdEfGhI", "product_secret": SECRET}
FIELDS = [
    {"name": "product_key", "form": "text", "words": "a key", "secret": False, "choices": []},
    {"name": "product_secret", "form": "text", "words": "a secret", "secret": True, "choices": []},
]
STEP = {"step": CREATE_PRODUCT.id, "title": "Create it", "instructions": ["Do it."], "fields": FIELDS}


class ToldLink:
    def __init__(self):
        self.said = []

    def say(self, kind, **fields):
        self.said.append((kind, fields))


@pytest.fixture
def watcher(tmp_path):
    host = Host("bench-1", "bench-1", ("harness",), "", "runs", ("a",))
    asked = Asked("20261129T220000.000Z-0a1b2c", (host,))
    return Watcher(
        host,
        asked,
        ClientFiles(tmp_path, asked.campaign),
        Identity("1", "a"),
        may_begin=False,
        patience=1,
        config=None,
        turns=Turns(),
        checks=Checks(),
        on_change=lambda: None,
    )


def asks(watcher, name="x-1", **fields):
    told = {**STEP, "timeout_s": 60, "picture": None, **fields}
    watcher.state.take({"event": "operator_asks", "board": "a", "ask": name, **told})


class TypedTerminal:
    def __init__(self, *typed):
        self.typed = list(typed)
        self.lines = []
        self.answered = threading.Event()

    def tell(self, lines):
        self.lines += lines

    def ask(self, field, deadline, look):
        del deadline
        if not self.typed:
            while True:
                look()
                time.sleep(0.01)
        self.lines.append(f"{field.name} ({field.form.words}) {field.secret}")
        return field.form.read(self.typed.pop(0))


def asker_of(watcher, answers=None, terminal=None):
    calls = []
    made = LabAsker([watcher], answers or {}, terminal, lambda: calls.append("-"), lambda: calls.append("+"))
    return made, calls


def test_a_file_answers_and_it_is_sent_until_the_host_has_it(watcher):
    asks(watcher)
    asker, calls = asker_of(watcher, {CREATE_PRODUCT.id: RIGHT})
    asker.tick()
    asker.tick()
    first, second = ToldLink(), ToldLink()
    watcher._send_answers(first)
    watcher._send_answers(first)
    [(kind, fields)] = first.said
    assert (kind, fields["ask"], fields["values"]) == ("answer", "x-1", RIGHT)
    assert fields["via"] == "file of the client"
    # The connection broke before it was heard.
    for given in watcher._given.values():
        given["sent"] = False
    watcher._send_answers(second)
    assert len(second.said) == 1
    watcher._take_answered(Message("answered", {"ask": "x-1", "why": "somebody else\x1b has answered"}))
    assert watcher._given == {}
    assert watcher.told == ["the answer to x-1 was not taken: somebody else␛ has answered"]
    assert calls == []
    assert list(questions([watcher])) == []


def test_a_file_that_lacks_a_value_answers_nothing(watcher):
    asks(watcher)
    asker, _ = asker_of(watcher, {CREATE_PRODUCT.id: {"product_key": "a1AbCdEfGhI"}})
    asker.tick()
    assert watcher._given == {}


def test_a_person_at_the_terminal_answers_and_hostile_text_does_nothing_there(watcher):
    asks(watcher, title=HOSTILE, instructions=[HOSTILE], picture=HOSTILE, step="own")
    terminal = TypedTerminal("first", "second")
    asker, calls = asker_of(watcher, terminal=terminal)
    asker.tick()
    until(lambda: watcher._given, 5)
    asker.tick()
    assert calls == ["-", "+"]
    assert watcher._given["x-1"]["values"] == {"product_key": "first", "product_secret": "second"}
    assert watcher._given["x-1"]["via"] == "terminal of the client"
    shown = "\n".join(terminal.lines)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "product_secret (a secret) True" in shown


def test_a_question_that_another_answers_leaves_the_terminal(watcher):
    asks(watcher)
    asker, calls = asker_of(watcher, terminal=TypedTerminal())
    asker.tick()
    assert asker.asking
    watcher.state.take({"event": "operator_answered", "board": "a", "ask": "x-1", "by": "anna"})
    until(lambda: asker.tick() or not asker.asking, 5)
    assert calls == ["-", "+"]
    assert watcher._given == {}


def test_a_terminal_that_is_gone_is_not_asked_again_and_again(watcher):
    asks(watcher)
    tried = []

    def gone(*_):
        tried.append(1)
        raise OperatorAbsent("there is no terminal any more to ask at")

    asker, _ = asker_of(watcher, terminal=SimpleNamespace(tell=lambda lines: None, ask=gone))
    for _ in range(5):
        asker.tick()
        until(lambda: asker._thread is None or not asker._thread.is_alive(), 5)
    asker.close()
    assert tried == [1]


def test_the_client_that_leaves_leaves_the_terminal(watcher):
    asks(watcher)
    asker, calls = asker_of(watcher, terminal=TypedTerminal())
    asker.tick()
    asker.close()
    assert calls == ["-", "+"]
    assert not asker.asking


@pytest.fixture
def bench(tmp_path, monkeypatch):
    end = BenchEnd(tmp_path, ["harness"])
    said = []
    monkeypatch.setattr(end, "_write", lambda data: said.extend(Parser().take(data)))
    return SimpleNamespace(end=end, said=said, made=Made(tmp_path, "a"))


def give(bench, ask, values=None):
    fields = {"campaign": bench.made.id, "ask": ask, "by": "anna", "via": "terminal of the client"}
    bench.end._answer(Message("answer", {**fields, "values": values or RIGHT}))
    return bench.said[-1]


def test_a_bench_gives_an_answer_to_the_campaign_that_asks_and_the_first_wins(bench):
    bench.made.write("operator_asks", "a", ask="x-1", **STEP)
    assert give(bench, "x-1").text("why") == ""
    assert give(bench, "x-1", {"product_key": "other"}).text("why") == "somebody else has answered"
    answer = take(bench.made.folder.answers, "x-1")
    assert (answer.by, answer.values) == ("anna", RIGHT)
    for name in ("x-2", "../x-1"):
        assert give(bench, name).text("why") == "nobody is asked that any more"
    assert list(bench.made.folder.answers.iterdir()) == []
    assert SECRET not in "".join(
        path.read_text() for path in Path(bench.made.runs).rglob("*") if path.is_file()
    )


def test_a_bench_sends_what_the_rounds_came_to(bench, watcher):
    bench.end._say_soak(SimpleNamespace(folder=bench.made.folder))
    assert bench.said == []
    (bench.made.folder.path / "soak.json").write_text('{"boards": [' + " " * 600_000 + "]}")
    bench.end._say_soak(SimpleNamespace(folder=bench.made.folder))
    assert len(bench.said) == 3
    for message in bench.said:
        watcher._answer(None, message)
    assert watcher.rounds == {"boards": []}
