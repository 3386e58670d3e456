"""Runs of scenarios on our firmware with a link, sound or with one fault compiled in."""

import json
import subprocess
import sys
from dataclasses import dataclass

import yaml

from tests.pages import ROOT


@dataclass(frozen=True)
class Judged:
    """What a run said.

    Attributes:
        verdicts: Verdict of each requirement that was judged, the worst where there are several; and of scenarios that
            failed outside of their steps, by their titles.
        undecided: Scenarios that are blocked, or in error.
        findings: Ids of the findings.
    """

    verdicts: dict[str, str]
    undecided: tuple[str, ...]
    findings: frozenset[str]


def judged(folder, select, *, fault="", on="virtual-km-outside", name="", **console):
    """Run the scenarios that `select` names on a board of boards/, with some settings of its console changed."""
    board = yaml.safe_load((ROOT / "boards" / f"{on}.yaml").read_text())
    name = name or fault or "sound"
    board["name"] = name
    board["transports"]["console"] |= {**console, **({"fault": fault} if fault else {})}
    board["link"] |= {"connect_timeout_s": 6, "reconnect_timeout_s": 8}
    board["limits"] = {"self_test_s": 20}  # of a program that does not come to its end
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(board))
    runs = folder / "runs" / name
    command = [
        sys.executable,
        "-m",
        "harness.cli.main",
        "run",
        "--without-pdf",
        str(path),
        f"--runs={runs}",
        "--destructive",
    ]
    done = subprocess.run(
        [*command, "-k", select], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    latest = runs / "latest" / "report.json"
    assert latest.is_file(), f"no run folder:\n{done.stdout}\n{done.stderr}"
    report = json.loads(latest.read_text())
    verdicts: dict[str, str] = {}
    for one in report["scenarios"]:
        for step in one["steps"]:
            if one["verdict"] == "not_run":  # of a scenario that was not selected; another may have judged it
                verdicts.setdefault(step["requirement"], "not_run")
            elif verdicts.get(step["requirement"]) != "failed":
                verdicts[step["requirement"]] = step["verdict"]
        if one["verdict"] == "failed" and not any(step["verdict"] == "failed" for step in one["steps"]):
            verdicts[one["title"]] = "failed"
    undecided = tuple(one["id"] for one in report["scenarios"] if one["verdict"] in {"blocked", "error"})
    return Judged(verdicts, undecided, frozenset(one["defect"] for one in report["findings"]))
