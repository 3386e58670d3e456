"""What a user waits for: modules that must not be imported before the first exchange with the board, nor for help."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

NOBODY_WAITS_FOR = (
    "allure_commons",
    "alibabacloud_credentials",
    "cryptography.hazmat.primitives.serialization.ssh",
    "fastapi",
    "harness.console.dialects",
    "harness.console.reader",
    "harness.console.vendor_programs",
    "harness.explore",
    "harness.fixtures.console",
    "harness.fixtures.link",
    "harness.fixtures.port",
    "harness.fixtures.rebuild.start",
    "harness.gateway",
    "harness.history",
    "harness.itls",
    "harness.linkcheck",
    "harness.logcheck",
    "harness.portcheck",
    "harness.report.document",
    "harness.report.html",
    "harness.report.model",
    "harness.report.pdf",
    "harness.report.records",
    "harness.seal",
    "harness.servercheck",
    "harness.service.mock.api",
    "harness.service.mock.console",
    "harness.service.mock.http.app",
    "harness.service.real",
    "harness.service.wire",
    "harness.simulator.console.transport",
    "harness.simulator.faults.catalogue",
    "harness.simulator.link",
    "harness.simulator.machine",
    "harness.simulator.module",
    "harness.simulator.usb",
    "harness.web.listening",
    "httpx",
    "hypothesis",
    "jinja2",
    "paho",
    "pyudev",
    "starlette.routing",
    "statistics",
    "suites.step4_adapt.port",
    "suites.step5_verify.link",
    "trustme",
    "typst",
    "unittest",
    "usb",
    "uvicorn",
)
"""What a run of a board with a secure element alone has before its first exchange none of."""

NO_HELP_NEEDS = (
    "cryptography",
    "harness.board",
    "harness.id2",
    "httpx",
    "pydantic",
    "pytest",
    "rich",
    "yaml",
)

UNTIL_FIRST_EXCHANGE = """
import json, os, sys
from harness.cli import main
from harness.transport.recording import writer

def first_exchange(*_, **__):
    with open(sys.argv[1], "w") as file:
        json.dump(sorted(sys.modules), file)
    os._exit(0)

writer.Recording.data = first_exchange
sys.exit(main.invoke(["run", "--quick", "--quiet", "--runs", os.path.dirname(sys.argv[1]), "boards/virtual-se-i2c.yaml"]))
"""

HELP = "import json, sys; from harness.cli.main import invoke; invoke({words}); print(json.dumps(sorted(sys.modules)))"


def among(forbidden, modules):
    return [
        each
        for each in modules
        if each.startswith(tuple(f"{one}." for one in forbidden)) or each in forbidden
    ]


@pytest.mark.slow
def test_a_run_imports_nothing_before_its_first_exchange_that_can_come_later(tmp_path):
    told = tmp_path / "modules.json"
    done = subprocess.run(
        [sys.executable, "-c", UNTIL_FIRST_EXCHANGE, str(told)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    modules = json.loads(told.read_text())
    assert "harness.chip.fm1280" in modules
    assert among(NOBODY_WAITS_FOR, modules) == []


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_help_needs_no_more_than_the_command_line(words):
    done = subprocess.run(
        [sys.executable, "-c", HELP.format(words=words)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert among(NO_HELP_NEEDS, json.loads(done.stdout.splitlines()[-1])) == []


def test_every_module_that_nobody_waits_for_is_there():
    """A name that is wrong would be found nowhere."""
    places = {
        one: one.replace("suites.", "harness.suites.") if one.startswith("suites.") else one
        for one in NOBODY_WAITS_FOR
    }
    assert [one for one, place in places.items() if importlib.util.find_spec(place) is None] == []
