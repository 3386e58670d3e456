"""`harness boards` and `harness plan`, as a person types them."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml

from harness.board.plan.preview import PlannedScenario, as_text, preview
from harness.board.reading.file import load
from harness.cli import boards, plan
from harness.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    """Tables are cut to the terminal's width, which is another one in each worker."""
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def harness(monkeypatch, capsys):
    """Run one command in the project's folder; returns exit code, stdout and stderr."""
    app = typer.Typer(pretty_exceptions_enable=False)
    boards.register(app)
    plan.register(app)
    monkeypatch.chdir(ROOT)

    def run(*arguments):
        try:
            code = app(args=list(arguments), standalone_mode=False) or 0
        except UsageError as error:
            return error.exit_code, *capsys.readouterr()[:1], f"error: {error.message}\n"
        return code, *capsys.readouterr()

    return run


def test_list(harness):
    code, out, err = harness("boards", "list")
    assert (code, err) == (0, "")
    head, *rows = (re.split(r"\s{2,}", line) for line in out.splitlines())
    assert head == ["board", "carrier", "platform", "key type", "parts", "transports", "service", "state"]
    assert [
        "virtual-se-mtk",
        "se",
        "alios-things",
        "3des-168",
        "chip",
        "simulated-serial",
        "mock",
        "ok",
    ] in rows
    assert [
        "recorded-console",
        "se",
        "third-party-os",
        "3des-168",
        "console",
        "simulated-console",
        "mock",
        "ok",
    ] in rows


def test_list_shows_what_is_wrong(harness, tmp_path, sound):
    (tmp_path / "good.yaml").write_text(sound)
    (tmp_path / "bad.yaml").write_text("version: 1\nversion: 1\n")
    code, out, _ = harness("boards", "list", str(tmp_path))
    assert code == 0
    assert f"{tmp_path}/bad.yaml:2:1: version: written twice; the first is on line 1" in out
    assert "ok, 3 warnings" in out


def test_list_of_nothing(harness, tmp_path):
    assert harness("boards", "list", str(tmp_path))[2] == f"error: {tmp_path}: there is no board file in it\n"
    code, _, err = harness("boards", "list", str(tmp_path / "x"))
    assert (code, err) == (2, f"error: {tmp_path}/x: no such folder\n")


def test_list_where_there_is_no_board_folder_names_the_shipped_ones(harness, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "virtual-se-i2c " in harness("boards", "list")[1]
    (tmp_path / "boards").mkdir()
    assert harness("boards", "list")[2] == "error: boards: there is no board file in it\n"


def test_show_can_be_loaded_again(harness, tmp_path):
    code, out, _ = harness("boards", "show", "virtual-se-i2c")
    assert code == 0
    shown = yaml.safe_load(out)
    assert shown.pop("source")["sha256"] == load(ROOT / "boards/virtual-se-i2c.yaml").sha256
    (tmp_path / "virtual-se-i2c.yaml").write_text(yaml.safe_dump(shown))
    assert (
        load(tmp_path / "virtual-se-i2c.yaml").model_dump()
        == load(ROOT / "boards/virtual-se-i2c.yaml").model_dump()
    )


def test_show_as_json_keeps_the_test_key_back(harness):
    code, out, _ = harness("boards", "show", "boards/virtual-se-sm4.yaml", "--json")
    assert code == 0
    assert json.loads(out)["transports"]["chip"]["device"]["key"] == {"test_key": "**********"}
    assert "E89731A5" not in out


def test_check(harness):
    code, out, err = harness("boards", "check", "virtual-se-i2c", "boards/example-se-serial.yaml")
    assert (code, err) == (0, "")
    assert out == "boards/virtual-se-i2c.yaml: ok\nboards/example-se-serial.yaml: ok\n"


def test_check_goes_on_after_a_wrong_file(harness, tmp_path, sound):
    (tmp_path / "bad.yaml").write_text("version: 3\n")
    (tmp_path / "warned.yaml").write_text(sound)
    code, out, err = harness(
        "boards", "check", str(tmp_path / "bad.yaml"), str(tmp_path / "warned.yaml"), "missing"
    )
    assert code == 2
    assert out == f"{tmp_path}/warned.yaml: ok\n"
    assert f"error: {tmp_path}/bad.yaml: 4 problems\n  {tmp_path}/bad.yaml:1: version: is 3" in err
    assert f"warning: {tmp_path}/warned.yaml:2: name: is 'lab' in a file named 'warned.yaml'" in err
    assert "error: missing: no such board file" in err


def test_schema(harness):
    code, out, _ = harness("boards", "schema")
    assert code == 0
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"] == "Board file"
    assert schema["properties"]["plan"]["description"] == "What the manufacturer chose."


def test_plan(harness):
    code, out, err = harness("plan", "virtual-se-i2c")
    assert (code, err) == (0, "")
    assert "  product created in  ID² console (stand-alone)\n" in out
    assert "  chip: simulated-i2c, simulated ica chip, aes-128, answers direct\n" in out
    assert "    chip needs i2c; supplied i2c\n" in out
    assert "  device.key        found\n  device.pin.value  found\n" in out
    assert "published_key" in out


def test_plan_of_a_board_that_is_not_there(harness, monkeypatch):
    monkeypatch.delenv("BOARD_KEY", raising=False)
    code, out, _ = harness("plan", "boards/example-se-serial.yaml")
    assert code == 0
    assert "usb-Silicon_Labs_CP2102_0001-if00-port0, 115200 baud (not there now)\n" in out
    assert "usb vid 0x0403, pid 0x6001, serial_number A10K3X9T, 115200 baud\n" in out
    assert "the environment variable BOARD_KEY is not set" in out


def test_plan_as_json(harness):
    code, out, _ = harness("plan", "recorded-console", "--json")
    assert code == 0
    shown = json.loads(out)
    assert shown["transports"][0]["place"] == "played back from consoles/id2_app-3.1.0-se-3des168.log"
    assert shown["transports"][0]["needed"] == ["stream"]
    assert "recorded" in shown["facts"]
    assert shown["board"]["name"] == "recorded-console"


def test_plan_of_a_wrong_file(harness):
    code, out, err = harness("plan", "virtul-se-i2c")
    assert (code, out) == (2, "")
    assert "did you mean 'boards/virtual-se-i2c.yaml'?" in err


def test_plan_shows_scenarios_by_step(load_text, sound):
    scenarios = [
        PlannedScenario("step1_plan", "The plan can be built", ("PLAN-01", "PLAN-02")),
        PlannedScenario(
            "step5_verify", "The console is sound", ("LOG-01",), "console: there is no console section"
        ),
    ]
    text = as_text(
        preview(load_text(f"{sound}declaration: {{algorithms: [aes-ecb], commands: []}}\n")), scenarios
    )
    assert text.endswith(
        "scenarios: 1 would run, 1 do not apply\n"
        "  step1_plan\n"
        "    + The plan can be built [PLAN-01, PLAN-02]\n"
        "  step5_verify\n"
        "    - The console is sound [LOG-01]\n"
        "        not applicable: console: there is no console section"
    )


def test_plan_shows_every_kind_of_secret(load_text, sound):
    text = (
        f"{sound}service: {{endpoint: 'https://h', product: {{product_key: a1, product_secret: "
        f"{{env: PS}}}}, "
        "access_key: {id: {env: ID}, secret: {env: SECRET}}}\n"
    )
    shown = preview(load_text(text), {"ID": "x", "PS": "y"})
    assert dict(shown.secrets) == {
        "service.access_key.id": "found",
        "service.access_key.secret": "lab.yaml: service.access_key.secret: the environment "
        "variable SECRET is not set",
        "service.product.product_secret": "found",
    }
