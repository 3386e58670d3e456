"""The pages without scripts: what they show of boards, campaigns and runs, and what they hand out."""

import errno
import html
import json
import os
import tarfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from harness.bench_page.bench import Bench
from harness.bench_page.pages.campaigns import version
from harness.bench_page.server import BenchPage
from harness.board.opening.locks import Locks
from harness.campaign.health.state import Health, after_run
from harness.campaign.health.store import HealthStore
from harness.report.words import language
from tests.bench_page.conftest import Visitor
from tests.bench_page.made import BOARDS, HOSTILE, Made, Recorded, make_boards, make_run

SAMPLES = Path(__file__).parents[1] / "samples" / "run-folders"
EVERY = ("/", "/campaigns", "/start", "/runs", "/history")


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_answers_before_anything_has_run(visitor, path, language):
    page = visitor.get(path, params={"lang": language})
    assert page.status_code == 200
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in page.text


def test_every_page_answers_when_there_is_no_folder_of_runs(visitor, runs):
    runs.rmdir()
    assert [visitor.get(path).status_code for path in EVERY] == [200] * len(EVERY)


def test_a_board_is_free_running_in_use_or_wrong(visitor, runs, tmp_path, bench):
    made = Made(runs, "alpha")
    made.begin("alpha")
    (tmp_path / "boards" / "beta.yaml").write_text("version: 1\nname: beta\n")
    text = visitor.get("/").text
    assert f'href="/campaigns/{made.id}">running</a>' in text
    assert "board file is wrong" in text
    assert "beta.yaml" in text, "the problem names its file"
    chinese = visitor.get("/?lang=zh").text
    assert "</span> 缺失</p>" in chinese
    assert "is missing" not in chinese
    visitor.get("/?lang=en")
    made.end("alpha")
    make_boards(tmp_path / "boards", "beta")
    text = visitor.get("/").text
    assert text.count(">free</span>") == 2


def test_who_holds_a_board_is_told_also_when_no_campaign_does(runs, tmp_path):
    file = BOARDS / "example-se-i2c.yaml"
    with (
        BenchPage(Bench(runs, [file])) as page,
        Locks(["board example-se-i2c"], board="x"),
        Visitor(page) as visitor,
    ):
        text = visitor.get("/").text
    assert "in use" in text
    assert f"process {os.getpid()}" in text


def test_a_board_whose_bus_is_not_there_is_not_called_free(runs, tmp_path):
    file = tmp_path / "far.yaml"
    file.write_text(
        (BOARDS / "example-se-i2c.yaml")
        .read_text()
        .replace("/dev/i2c-1", str(tmp_path / "bus"))
        .replace("name: example-se-i2c", "name: far")
    )
    with BenchPage(Bench(runs, [file])) as page, Visitor(page) as visitor:
        text = visitor.get("/").text
    assert "not there" in text
    assert f"{tmp_path}/bus, address 0x71: not there now" in text
    assert ">free</span>" not in text


def test_a_board_that_was_blocked_twice_in_a_row_is_shown_as_set_aside(visitor, runs):
    now = datetime.now(UTC)
    store = HealthStore(runs)
    for _ in range(2):
        store.change(
            "alpha",
            lambda health: after_run(health, "blocked", now=now, reason=f"no answer {HOSTILE}", run="r1"),
        )
    text = visitor.get("/").text
    assert "set aside" in text
    assert "blocked 2 time(s) in a row" in text
    assert "no answer &lt;script&gt;" in text
    assert 'href="/runs/r1"' in text
    assert "暂停使用" in visitor.get("/?lang=zh").text
    assert text.count(">free</span>") == 1


def test_a_board_that_is_set_aside_is_taken_for_healthy_by_a_button(visitor, runs):
    store = HealthStore(runs)
    aside = Health(
        "alpha", 2, "no chip", since="2026-11-29T22:00:00+00:00", until="2026-11-29T22:15:00+00:00"
    )
    store.change("alpha", lambda _: aside)
    assert visitor.http.post("/put-back", data={"board": "alpha"}).status_code == 403
    assert visitor.post("/put-back", board="gamma").status_code == 404
    assert store.of("alpha").set_aside
    assert visitor.get("/").text.count("Take it for healthy…") == 1
    told = visitor.post("/put-back", board="alpha")
    assert "alpha is taken for healthy again." in told.text
    assert "Take it for healthy…" not in told.text
    assert store.of("alpha") == Health("alpha")


def test_a_campaign_shows_what_it_does(visitor, runs):
    made = Made(runs, "alpha", "beta", user="li")
    made.begin("alpha")
    made.scenario("alpha", 0, "passed")
    made.scenario("alpha", 1, "failed", "two random numbers were the same")
    made.scenario("alpha", 2)
    made.write("board_waits", "beta", **{"for": ["usb port 1-4"]})
    text = visitor.get(f"/campaigns/{made.id}").text
    for told in (
        "li",
        "2 of 3",
        "An auth code is verified by the service",
        "Step 1 of 2",
        "two random numbers were the same",
        "Waits until free: usb port 1-4",
        "1 failed",
        "1 passed",
    ):
        assert told in text, told
    chinese = visitor.get(f"/campaigns/{made.id}?lang=zh").text
    assert ">步骤 4 · 设备端适配</span>" in chinese


def test_a_moment_that_is_none_is_told_in_the_language_of_the_page(visitor):
    answer = visitor.get("/runs?since=last+week&lang=zh")
    assert answer.status_code == 422
    assert "'last week' 不是时间" in html.unescape(answer.text)


def test_a_killed_campaign_is_told_as_gone_and_shows_its_output(visitor, runs):
    made = Made(runs, "alpha")
    made.begin("alpha")
    made.folder.output.write_text(f"error: no such suite\n{HOSTILE}\n")
    made.die()
    text = visitor.get(f"/campaigns/{made.id}").text
    assert "process of this campaign is gone" in text
    assert "error: no such suite" in text
    assert "Stop everything" not in text
    assert "Run the same again" in text


def test_a_round_without_a_run_has_no_verdict_and_a_run_that_ended_badly_says_with_which_code(visitor, runs):
    made = Made(runs, "alpha", "beta")
    made.begin("alpha")
    made.begin("beta")
    made.write("run_finished", "alpha", verdict="passed", exit_code=0, reports=[], interrupted="")
    made.write("board_finished", "alpha", exit_code=0)
    made.write("board_started", "alpha", pid=1, round=2)
    made.write("board_finished", "alpha", exit_code=2)
    made.end("beta", code=3)
    text = visitor.get(f"/campaigns/{made.id}").text
    assert "no verdict, exit code 2" in text
    assert text.count("</svg>passed<") == 1, "of beta alone"
    assert "but exit code 3" in text


def test_an_unknown_campaign_or_run_is_a_page_that_says_so(visitor):
    for path in (
        "/campaigns/20261129T220000.000Z-abcdef",
        "/runs/nothing",
        "/history/nothing",
        "/campaigns/..%2f..",
    ):
        page = visitor.get(path)
        assert page.status_code == 404, path
        assert "Not found" in page.text


def test_hostile_texts_are_text(visitor, runs):
    made = Made(runs, HOSTILE, user=HOSTILE)
    folder = made.begin(HOSTILE, run="20261129T220000.000Z-x")
    made.write("scenario_started", HOSTILE, step=HOSTILE, title=HOSTILE)
    made.write(
        "scenario_finished", HOSTILE, step=HOSTILE, title=HOSTILE, verdict=HOSTILE, seconds=1, reason=HOSTILE
    )
    made.write("scenario_started", HOSTILE, step=HOSTILE, title=HOSTILE)
    made.write("step_started", HOSTILE, number=1, total=2, title=HOSTILE)
    made.write("progressed", HOSTILE, done=1, total=2, what=HOSTILE)
    made.write("told", HOSTILE, text=HOSTILE)
    made.ask(HOSTILE, "a1")
    recorded = Recorded(folder, "console")
    recorded.add("<", HOSTILE.encode() + b"\xff\xfe\r\n" + b"y" * 1_000_000 + b"\r\n")
    for path in ("/", "/campaigns", f"/campaigns/{made.id}"):
        text = visitor.get(path).text
        assert "<script>document" not in text
        assert "<img src=x" not in text
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert len(text) < 200_000
    assert "&lt;script&gt;" in text


def test_the_last_lines_of_console_and_bus_are_shown_and_bounded(visitor, runs):
    made = Made(runs, "alpha")
    folder = made.begin("alpha")
    console, chip = Recorded(folder, "console"), Recorded(folder, "chip")
    for number in range(100):
        console.add("<", f"line number {number}.\r\n".encode())
    chip.add(">", bytes.fromhex("0300003033"), "i2c-write")
    text = visitor.get(f"/campaigns/{made.id}").text
    assert "line number 99." in text
    assert "line number 60." in text
    assert "line number 59." not in text
    assert "→ chip" in text
    console.add("<", b"a line that came later\r\n")
    time.sleep(0.5)  # recordings are read no more often
    assert "a line that came later" in visitor.get(f"/campaigns/{made.id}").text


def test_what_a_device_said_is_gone_once_a_finding_says_that_it_shows_its_key(visitor, runs):
    made = Made(runs, "alpha")
    folder = made.begin("alpha")
    console = Recorded(folder, "console")
    console.add("<", b"key 00112233445566778899aabbccddeeff\r\n")
    assert "00112233" in visitor.get(f"/campaigns/{made.id}").text
    with (folder / "journal.jsonl").open("a") as journal:
        journal.write('{"event":"finding","t":1,"defect":"key-shown","title":"the device shows its key"}\n')
    console.add("<", b"again 00112233445566778899aabbccddeeff\r\n")
    time.sleep(0.5)
    assert "00112233" not in visitor.get(f"/campaigns/{made.id}").text


def test_a_report_is_handed_out_with_no_rights_here(visitor, runs):
    folder = make_run(runs, "r1", "alpha")
    (folder / "report.html").write_text("<!doctype html><script>1</script>")
    (folder / "report.pdf").write_bytes(b"%PDF-1.7")
    (folder / "evidence").mkdir()
    (folder / "evidence" / "x.html").write_text("<script>2</script>")
    report = visitor.get("/runs/r1/files/report.html")
    assert report.headers["content-type"].startswith("text/html")
    policy = report.headers["content-security-policy"]
    assert policy.startswith("sandbox ")
    assert "allow-same-origin" not in policy
    assert "default-src 'none'" in policy
    assert report.headers["x-content-type-options"] == "nosniff"
    other = visitor.get("/runs/r1/files/evidence/x.html")
    assert other.headers["content-type"] == "application/octet-stream"
    assert other.headers["content-disposition"].startswith("attachment")
    assert visitor.get("/runs/r1/files/report.pdf").headers["content-disposition"].startswith("attachment")
    page = visitor.get("/runs/r1")
    assert "/runs/r1/files/report.html" in page.text


def test_the_page_of_a_run_says_what_did_not_pass_and_why(visitor, runs):
    folder = make_run(runs, "r1", "alpha")
    scenario = {"title": "codes", "verdict": "passed", "reason": "", "known": None}
    told = [
        scenario,
        scenario | {"title": HOSTILE, "verdict": "blocked", "reason": "the cable\u202e <b>is</b> loose"},
        scenario | {"title": "identity", "verdict": "failed", "reason": "wrong ID", "known": {"reason": "k"}},
        {"verdict": "failed"},
        "nothing",
    ]
    (folder / "report.json").write_text(json.dumps({"scenarios": told}))
    text = visitor.get("/runs/r1").text
    assert "What did not pass" in text
    assert text.index("wrong ID") < text.index("the cable")
    assert "<b>is</b>" not in text
    assert "\u202e" not in text
    known = "The server names its own product"
    (folder / "report.json").write_text(
        json.dumps({"scenarios": [scenario | {"verdict": "error", "title": known}]})
    )
    assert language("zh")(known) in visitor.get("/runs/r1?lang=zh").text
    (folder / "report.json").write_text(json.dumps({"scenarios": [scenario | {"verdict": "failed"}] * 53}))
    assert "3 more: see the report." in visitor.get("/runs/r1?lang=en").text
    for broken in ("", "[1]", '{"scenarios": {}}', "[" * 100_000):
        (folder / "report.json").write_text(broken)
        page = visitor.get("/runs/r1")
        assert page.status_code == 200
        assert "What did not pass" not in page.text


def test_a_bench_where_nothing_has_run_says_so(visitor):
    assert "Nothing has run here yet." in visitor.get("/runs").text


def test_no_path_leaves_the_folder_of_runs(visitor, runs, tmp_path):
    folder = make_run(runs, "r1", "alpha")
    (tmp_path / "secret.txt").write_text("top secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "out").symlink_to(tmp_path)
    (runs / "other").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    for path in (
        "/runs/r1/files/link.txt",
        "/runs/r1/files/out/secret.txt",
        "/runs/other/files/secret.txt",
        "/runs/other",
        "/runs/r1/files/../../secret.txt",
        "/runs/r1/files/..%2f..%2fsecret.txt",
        "/runs/..%2fsecret.txt/files/x",
        "/runs/%2e%2e/files/secret.txt",
        "/runs/r1/files/%2fetc%2fpasswd",
        "/runs/r1/files/pipe",
        "/runs/r1/files/",
        "/runs/r1/files/run.json%00.txt",
        "/runs/.campaigns",
        "/runs/.campaigns/files/x",
        "/runs/other/zip",
    ):
        answer = visitor.get(path)
        assert answer.status_code == 404, path
        assert "top secret" not in answer.text
    assert visitor.get("/runs/r1/files/run.json").status_code == 200


def test_a_run_is_packed_as_the_command_packs_it(visitor, runs, tmp_path):
    from harness.seal.pack import pack

    folder = make_run(runs, "r1", "alpha")
    answer = visitor.get("/runs/r1/zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.content == pack(folder, tmp_path / "r1.zip").read_bytes()
    assert sorted(each.name for each in runs.iterdir()) == ["r1"]


def test_a_disk_that_refuses_is_told_as_such(visitor, runs, monkeypatch):
    make_run(runs, "r1", "alpha")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    answer = visitor.get("/runs/r1/zip")
    assert answer.status_code == 503
    assert "disk may be full" in answer.text
    monkeypatch.undo()
    assert visitor.get("/runs/r1/zip").status_code == 200, "the next one is not kept waiting"


def test_a_report_is_in_the_language_of_the_page(visitor, runs):
    with tarfile.open(SAMPLES / "1-no-inputs" / "recorded-console.tar.xz") as tar:
        tar.extractall(runs, filter="data")
    (made,) = (each for each in runs.iterdir() if each.is_dir())
    made.rename(runs / "r1")
    (runs / "r1" / "report.html").unlink(missing_ok=True)
    assert visitor.get("/runs/r1/files/report-zh.html").status_code == 404, (
        "one without a report has none to come"
    )
    (runs / "r1" / "report.html").write_text("in English")
    before = sorted(each.name for each in (runs / "r1").iterdir())
    assert 'class="button" href="/runs/r1/files/report.html"' in visitor.get("/runs/r1").text
    assert 'class="button" href="/runs/r1/files/report-zh.html"' in visitor.get("/runs/r1?lang=zh").text
    made = visitor.get("/runs/r1/files/report-zh.html")
    assert 'lang="zh' in made.text
    assert "sandbox" in made.headers["content-security-policy"]
    assert sorted(each.name for each in (runs / "r1").iterdir()) == before, "nothing is written"
    assert visitor.get("/runs/r1/files/report-xx.html").status_code == 404
    (runs / "r1" / "report-zh.html").write_text("<p>it is there</p>")
    given = visitor.get("/runs/r1/files/report-zh.html")
    assert (given.text, given.headers["content-type"]) == ("<p>it is there</p>", "text/html; charset=utf-8")
    assert "report-zh.html" in visitor.get("/runs/r1?lang=en").text


def test_a_board_whose_process_is_gone_says_why_in_the_language_of_the_page_and_links_its_report(
    visitor, bench, runs
):
    made = Made(runs, "alpha", "beta")
    folder = made.begin("alpha")
    made.write("board_lost", "alpha", reason="its process was killed by SIGKILL")
    page = f"/campaigns/{made.id}?lang=zh"
    before = version(bench.campaigns.find(made.id), bench)
    shown = visitor.get(page).text
    assert "其进程被 SIGKILL 信号终止" in shown
    assert "its process was killed" not in shown
    assert "report-zh.html" not in shown
    (folder / "report.html").write_text("made when the folder was closed")
    assert version(bench.campaigns.find(made.id), bench) != before, "the page is not told that it is there"
    assert f'href="/runs/{folder.name}/files/report-zh.html"' in visitor.get(page).text
    made.die()
