"""A replay of a run whose scenarios asked the probe before they found nothing to check."""

import json
from pathlib import Path

import pytest

from harness.cli.main import invoke

BOARD = Path(__file__).resolve().parents[2] / "boards" / "virtual-probe.yaml"
REQUIREMENTS = """\
- {id: T-01, statement: There is something to check., source: this test, level: must, applies_when: probe}
- {id: T-02, statement: The clock answers., source: this test, level: must, applies_when: probe}
"""
SCENARIOS = '''
def test_a_look(scenario, probe):
    """There is something to check."""
    if len(probe.call("exh", k=256, m=7).data) == 8:
        scenario.does_not_apply("T-01", "it looked, and found nothing to check")
        return
    with scenario.step("T-01"):
        assert not "reached"


def test_what_follows(scenario, probe):
    """The clock answers."""
    with scenario.step("T-02"):
        assert len(probe.call("tim").data) == 8
'''


def run(folder: Path, *more: str) -> dict[str, str]:
    assert invoke(["run", str(BOARD), f"--only-suites={folder}", f"--runs={folder / 'runs'}", *more]) == 0
    report = json.loads((folder / "runs" / "latest" / "report.json").read_text())
    return {one["id"].rpartition("/")[2]: one["verdict"] for one in report["scenarios"]}


@pytest.mark.slow
def test_what_follows_a_look_follows_the_recording_too(tmp_path: Path) -> None:
    (tmp_path / "requirements.yaml").write_text(REQUIREMENTS)
    (tmp_path / "test_looks.py").write_text(SCENARIOS)
    recorded = run(tmp_path)
    assert set(recorded.values()) == {"passed", "not_applicable"}
    assert run(tmp_path, "--replay", str((tmp_path / "runs" / "latest").resolve())) == recorded
