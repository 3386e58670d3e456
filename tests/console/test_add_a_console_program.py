"""docs/add-a-console-program.md, step by step, in packages outside the tree; and packages that got it wrong."""

import json

import pytest

from tests.pages import Page, harness

pytestmark = pytest.mark.slow  # each step of the page is a command of its own

PAGE = Page("add-a-console-program.md")
BOARD = f"""\
version: 1
name: line
plan: {{pattern: own-platform, carrier: km, platform: third-party-os, key_type: aes-128}}
transports:
  console: {{kind: simulated-console, file: captured.log}}
{PAGE.blocks("yaml")[0]}service: {{endpoint: mock, product: {{name: line_product}}}}
"""
GOOD = "TinyOS 7 starts\nFACTORY TEST 1.4\nTEST ram: ok\nTEST flash: ok\nFACTORY TEST DONE\n"
TESTS, CRASHES = "test_unit_tests", "test_no_crash"


@pytest.fixture
def bench(tmp_path):
    """Return a function that runs commands of the page on a captured console, and returns the verdicts of the run."""

    def run(log, board=BOARD, commands=PAGE.commands[-1:]):
        (tmp_path / "line.yaml").write_text(board)
        (tmp_path / "captured.log").write_text(log)
        for command in commands:
            done = harness(tmp_path / "site", tmp_path, *command.split())
            assert done.returncode == 0 or command.startswith("run"), done.stderr
        report = json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())
        return {one["id"].rpartition("/")[2]: one for one in report["scenarios"]}, done

    PAGE.install(tmp_path / "site")
    return run


def test_the_page_as_it_stands(bench, tmp_path):
    assert [command.split()[0] for command in PAGE.commands] == ["boards", "plan", "run"]
    verdicts, done = bench(GOOD, commands=PAGE.commands)
    judged = {name for name, one in verdicts.items() if one["verdict"] == "passed"}
    assert {"test_program", TESTS, CRASHES} <= judged, done.stdout
    # It prints no code and no random value: nothing is passed that was not seen.
    for name in ("test_codes", "test_randoms"):
        assert verdicts[name]["verdict"] == "not_applicable", name
    assert done.returncode == 0, done.stdout + done.stderr
    plan = harness(tmp_path / "site", tmp_path, "plan", "line.yaml").stdout
    assert "program=factory_test, prints=program, prints=tests, prints=crash" in plan
    assert PAGE.missing_files() == []


def test_a_failed_test_of_the_program_fails_and_shows_the_line(bench):
    verdicts, done = bench(GOOD.replace("flash: ok", "flash: FAIL"))
    assert done.returncode == 1
    assert [name for name, one in verdicts.items() if one["verdict"] == "failed"] == [TESTS]
    assert "test flash: TEST flash: FAIL (line 4)" in verdicts[TESTS]["reason"]


def test_a_crash_in_it_fails(bench):
    verdicts, _ = bench(GOOD.replace("TEST flash", "Kernel panic - not syncing\nTEST flash"))
    assert verdicts[CRASHES]["verdict"] == "failed"


def test_what_it_promises_and_does_not_print_is_not_passed(bench):
    verdicts, done = bench("FACTORY TEST 1.4\nFACTORY TEST DONE\n")
    assert (
        verdicts[TESTS]["verdict"] == "not_applicable"
    )  # a build without tests: the suites say so of the vendor's, too
    assert verdicts["test_program"]["verdict"] == "passed", done.stdout


def test_another_program_blocks(bench):
    verdicts, done = bench("U-Boot 2024.01\nlogin:\n")
    assert verdicts["test_program"]["verdict"] == "blocked"
    assert "in which nothing of factory_test can be recognised" in verdicts["test_program"]["reason"]
    assert done.returncode == 3


DIALECT, PLATFORM = 1, 2


def test_a_dialect_brings_its_crash_texts(bench, tmp_path):
    PAGE.install(tmp_path / "site", DIALECT)
    PAGE.install(tmp_path / "site", PLATFORM)
    board = BOARD.replace("third-party-os", "tiny-os")
    trapped = GOOD.replace("TEST flash", "trap #7 taken\nTinyOS 7 starts\nTEST flash")
    assert bench(trapped)[0][CRASHES]["verdict"] == "passed", "the texts say nothing of other consoles"
    verdicts, _ = bench(trapped, board)
    assert "TinyOS trap" in verdicts[CRASHES]["reason"]
    assert "the board started again" in verdicts[CRASHES]["reason"]
    assert "line 1" not in verdicts[CRASHES]["reason"], "the board starts before its program does"
    named = BOARD.replace("program: factory_test", "program: factory_test, dialect: tiny-console")
    assert "TinyOS trap" in bench(trapped, named)[0][CRASHES]["reason"], "the platform is another one"


def test_a_platform_refuses_a_carrier(bench, tmp_path):
    PAGE.install(tmp_path / "site", DIALECT)
    PAGE.install(tmp_path / "site", PLATFORM)
    (tmp_path / "captured.log").write_text(GOOD)
    (tmp_path / "line.yaml").write_text(
        BOARD.replace("third-party-os", "tiny-os").replace("carrier: km", "carrier: tee")
    )
    done = harness(tmp_path / "site", tmp_path, "boards", "check", "line.yaml")
    assert done.returncode == 2
    assert "plan.platform: TinyOS has no TEE; carrier tee cannot be on it" in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("number", "noun", "question"), [(0, "console program", "connects"), (PLATFORM, "platform", "refusal")]
)
def test_one_that_leaves_a_question_unanswered_is_refused_at_start(tmp_path, number, noun, question):
    site = tmp_path / "site"
    PAGE.install(site, 0)
    if number:
        PAGE.install(site, number, **{f"def {question}": "def something_else"})
    else:
        (site / "factory_test.py").write_text(
            PAGE.blocks("python")[0].replace(f"def {question}", "def something_else")
        )
    (tmp_path / "captured.log").write_text(GOOD)
    (tmp_path / "line.yaml").write_text(
        BOARD.replace("third-party-os", "tiny-os" if number else "third-party-os")
    )
    done = harness(site, tmp_path, "boards", "check", "line.yaml")
    assert done.returncode == 2
    assert f"leaves unanswered: {question}" in done.stdout + done.stderr
    assert noun in done.stdout + done.stderr


def test_a_name_that_nobody_offers(tmp_path):
    PAGE.install(tmp_path / "site")
    (tmp_path / "line.yaml").write_text(BOARD.replace("program: factory_test", "program: factory_tset"))
    done = harness(tmp_path / "site", tmp_path, "boards", "check", "line.yaml")
    assert done.returncode == 2
    assert (
        "line.yaml:6: console.program: 'factory_tset' is not a valid word here" in done.stdout + done.stderr
    )
    assert "did you mean 'factory_test'?" in done.stdout + done.stderr
