"""The page in headless Chromium in front of real runs: started, followed, stopped, done again; a killed server harms none."""

import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from playwright.sync_api import expect

from harness.progress.campaigns import campaigns
from tests.bench_page.made import make_boards

pytestmark = pytest.mark.browser

PATIENCE_MS = 120_000


@pytest.fixture(autouse=True)
def patience():
    expect.set_options(timeout=PATIENCE_MS)


SUITE = '''
from harness.operator import steps

def test_asks(scenario, harness_session):
    """A person is asked."""
    with scenario.step("T-01"):
        shown = {"console": "id2", "name": "N", "algorithm": "aes-128", "licences": "5"}
        given = harness_session.prompts.ask(steps.CREATE_PRODUCT, shown)
        assert given["product_key"] == "a1AbCdEfGhI"
        assert len(given["product_secret"]) == 40
'''
SECRET = "i1" + "SeCrEtVaLuE" + "x" * 27


class Served:
    """`harness bench` as a process of its own."""

    def __init__(self, folder, port, *words):
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "harness", "bench", "--port", str(port), *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout.readline() == f"bench page {self.address}\n"

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture
def folder(tmp_path, runs):
    make_boards(tmp_path / "boards", "alpha", "beta")
    yield tmp_path
    for one in campaigns(runs):
        if one.alive:
            os.kill(one.about()["pid"], signal.SIGTERM)
    deadline = time.monotonic() + 60
    while any(one.alive for one in campaigns(runs)) and time.monotonic() < deadline:
        time.sleep(0.2)


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture
def tab(chromium):
    context = chromium.new_context(locale="en-GB")
    made = context.new_page()
    made.set_default_timeout(PATIENCE_MS)
    yield made
    context.close()


def test_a_run_is_started_followed_and_done_again_though_its_server_is_killed(folder, runs, port, tab):
    served = Served(folder, port)
    tab.goto(f"{served.address}/start")
    tab.get_by_label("alpha").check()
    tab.get_by_role("button", name="Start", exact=True).dblclick()
    tab.wait_for_url(re.compile("/campaigns/2"))
    expect(tab.locator("#panels")).to_contain_text(re.compile(r"\d+ of \d+"))
    (campaign,) = campaigns(runs)
    assert os.getsid(campaign.about()["pid"]) != os.getsid(served.process.pid)
    served.end(signal.SIGKILL)
    assert campaign.alive
    expect(tab.locator("#link")).to_contain_text("No connection")
    served = Served(folder, port)
    expect(tab.locator("#link")).to_have_text("Follows what happens")
    expect(tab.locator("#result")).to_contain_text("passed")
    assert not campaign.alive
    tab.get_by_role("link", name="Report").click()
    expect(tab.locator("body")).to_contain_text("alpha")
    tab.go_back()
    tab.get_by_role("button", name="Run the same again").click()
    tab.wait_for_url(lambda address: "/campaigns/2" in address and campaign.id not in address)
    expect(tab.locator("#panels")).to_contain_text("alpha")
    assert len(campaigns(runs)) == 2
    served.end()
    assert campaigns(runs)[0].alive, "a page server that is told to stop harms no run"


def test_a_run_is_stopped_and_still_has_its_report(folder, runs, port, tab):
    served = Served(folder, port)
    tab.goto(f"{served.address}/start?board=alpha&board=beta")
    tab.get_by_role("button", name="Start", exact=True).click()
    tab.wait_for_url(re.compile("/campaigns/2"))
    expect(tab.locator("#recent table")).to_be_visible()
    tab.get_by_text("Stop everything…").click()
    tab.get_by_role("button", name="Stop all boards").click()
    expect(tab.locator("#result")).not_to_contain_text("running")
    (campaign,) = campaigns(runs)
    state = campaign.state()
    assert state.ended is not None
    assert state.interrupted
    for name in (board.folder for board in state.boards.values() if board.folder):
        assert (runs / name / "report.html").is_file()
    served.end()


def test_what_an_official_run_is_refused_for_is_shown(folder, runs, port, tab):
    served = Served(folder, port)
    tab.goto(f"{served.address}/start?board=alpha")
    tab.get_by_label("Quick").uncheck()
    tab.get_by_label("Official").check()
    tab.get_by_role("button", name="See what an official run lacks").click()
    expect(tab.get_by_role("alert")).to_contain_text("simulated")
    served.end()
    assert campaigns(runs) == []


def make_suite(folder):
    (folder / "step1_plan").mkdir(parents=True)
    (folder / "step1_plan" / "test_asks.py").write_text(SUITE)
    (folder / "requirements.yaml").write_text(
        "- {id: T-01, statement: Something holds., source: test, level: must, applies_when: always}\n"
    )


def test_a_real_run_takes_the_answer_of_one_of_two_browsers_and_keeps_its_secret(
    folder, runs, port, tab, chromium
):
    make_suite(folder / "mine")
    served = Served(folder, port, "--suites", "mine")
    tab.goto(f"{served.address}/start?board=alpha")
    tab.get_by_text("More").click()
    tab.get_by_label("mine").check()
    tab.get_by_role("button", name="Start", exact=True).click()
    tab.wait_for_url(re.compile("/campaigns/2"))
    expect(tab.get_by_label("ProductKey")).to_be_visible()
    context = chromium.new_context(locale="zh-CN")
    other = context.new_page()
    other.goto(tab.url)
    expect(other.locator("#asks")).to_contain_text("在控制台中创建产品")
    tab.get_by_label("ProductKey").fill("a1AbCdEfGhI")
    tab.get_by_label("ProductSecret").fill(SECRET)
    tab.get_by_label("Your name").fill("Ann")
    tab.get_by_role("button", name="Give the answer").click()
    for each, words in ((tab, "Ann (on this page)"), (other, "Ann (在本页面)")):
        expect(each.locator("#answered")).to_contain_text(words)
        expect(each.locator("#asks section")).to_have_count(0)
        assert SECRET not in each.content()
    context.close()
    (campaign,) = campaigns(runs)
    (name,) = {board.folder for board in campaign.state().boards.values()}
    deadline = time.monotonic() + 60
    journal = runs / name / "journal.jsonl"
    while "answered by Ann (bench page)" not in journal.read_text() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "answered by Ann (bench page)" in journal.read_text()
    served.end()
    written = b"".join(path.read_bytes() for path in runs.rglob("*") if path.is_file())
    assert SECRET.encode() not in written
