"""The reader of report.json that docs/run-folder.md shows, run as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.report.render import render

ROOT = Path(__file__).resolve().parents[2]


def test_the_reader_of_the_documentation_reads_a_report(sample, tmp_path):
    render(sample, ("json",))
    assert (tmp_path / "runs" / "latest").resolve() == sample
    (program,) = re.findall(
        r"```python\n(import json.*?)```", (ROOT / "docs/run-folder.md").read_text(), re.DOTALL
    )
    found = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    lines = found.stdout.splitlines()
    assert lines[0] == "virtual-se-i2c, failed, mock service"
    assert "step4_adapt/test_times longest answer time 1 61.5 ms failed" in lines


@pytest.mark.parametrize("verdict", ["passed", "failed", "blocked", "error", "not_applicable", "not_run"])
def test_the_documentation_maps_each_verdict(verdict):
    table = (ROOT / "docs/run-folder.md").read_text().partition("## The forms for programs")[2]
    assert f"\n| `{verdict}` | " in table
