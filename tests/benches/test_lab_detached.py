"""`harness lab run --detach`: the campaign's name alone on stdout, as of `harness run --detach`."""

import json

import pytest

from harness.cli import lab_run
from harness.cli.main import invoke
from harness.lab.client_files import BEGUN, REFUSED
from harness.lab.watcher import GIVEN_UP, OVER, RUNNING
from harness.progress.campaigns import CAMPAIGN_ID
from tests.benches.test_lab_answers import watcher

__all__ = ["watcher"]

LAB = """\
version: 1
hosts:
  bench-1: {ssh: one, boards: [a]}
"""


class Attended:
    """Attends to one host, which is as a test wants it."""

    def __init__(self, watcher, asked):
        self.watchers = [watcher]
        self.asked = asked
        self.begun_or_refused = True

    def look(self, tick, until):
        tick()

    def begin(self):
        self.watchers[0].told.append("its clock is wrong")

    def follow(self, tick, until):
        tick()

    def leave(self):
        pass

    def settle(self):
        pass


@pytest.fixture
def run(tmp_path, monkeypatch, watcher):
    (tmp_path / "lab.yaml").write_text(LAB)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lab_run, "Attending", lambda files, asked, *more, **about: Attended(watcher, asked))

    def run(phase, begin, *more):
        watcher.phase, watcher.note.begin = phase, begin
        return invoke(["lab", "run", "--all", "--detach", *more])

    return run


@pytest.mark.parametrize("phase", [RUNNING, OVER])
def test_the_name_alone_stands_on_stdout_and_the_rest_on_stderr(run, capfd, phase):
    assert run(phase, BEGUN) == 0
    printed = capfd.readouterr()
    [name] = printed.out.splitlines()
    assert CAMPAIGN_ID.fullmatch(name)
    assert "bench-1  its clock is wrong" in printed.err


def test_of_a_campaign_that_no_host_began_no_name_is_printed(run, capfd):
    assert run(GIVEN_UP, REFUSED) == 2
    assert capfd.readouterr().out == ""


def test_json_names_it_in_its_document(run, capfd):
    assert run(RUNNING, BEGUN, "--json") == 0
    assert CAMPAIGN_ID.fullmatch(json.loads(capfd.readouterr().out)["campaign"])
