"""The recipes for GitHub Actions, GitLab CI and Jenkins: as their schemas have it, and with commands that we know."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.recipes import commands, jenkinsfile

pytestmark = pytest.mark.recipes

ROOT = Path(__file__).resolve().parents[2]
CI = ROOT / "examples" / "ci"
GITHUB = CI / "github-boards.yml"
GITLAB = CI / "gitlab-boards.yml"
JENKINS = CI / "Jenkinsfile"
SCHEMAS = {
    GITHUB: ("vendor.github-workflows", "custom.github-workflows-require-timeout"),
    GITLAB: ("vendor.gitlab-ci",),
}


def check(file: Path, schema: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, file],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("file", "schema"), [(file, schema) for file, schemas in SCHEMAS.items() for schema in schemas]
)
def test_it_is_as_its_public_schema_has_it(file, schema):
    done = check(file, schema)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [(GITHUB, "runs-on:", "run-on:"), (GITLAB, "when: always", "when: sometimes")],
    ids=["GitHub", "GitLab"],
)
def test_the_schema_would_have_said_so(tmp_path, file, right, wrong):
    text = file.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / file.name).write_text(text.replace(right, wrong), encoding="utf-8")
    assert check(tmp_path / file.name, SCHEMAS[file][0]).returncode == 1


def test_the_jenkinsfile_is_as_the_declarative_syntax_has_it():
    assert list(jenkinsfile.problems(jenkinsfile.read(JENKINS.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("agent none", "", "pipeline without agent"),
        ("post {", "afterwards {", "afterwards cannot stand in stage"),
        ("always {", "ever {", "ever cannot stand in post"),
        ("stage('Lab')", "stage()", "a stage has a name"),
        ("deleteDir()", "stage('x') {}", "stage cannot stand in steps"),
    ],
)
def test_a_wrong_jenkinsfile_is_told(right, wrong, said):
    text = JENKINS.read_text(encoding="utf-8")
    assert right in text
    assert said in "\n".join(jenkinsfile.problems(jenkinsfile.read(text.replace(right, wrong))))


def test_a_brace_too_few_is_no_groovy():
    with pytest.raises(ValueError, match="no Groovy at line"):
        jenkinsfile.read(JENKINS.read_text(encoding="utf-8").rstrip().removesuffix("}"))


def scripts(file: Path) -> Iterator[str]:
    """Give all shell text of a recipe."""
    text = file.read_text(encoding="utf-8")
    if file == JENKINS:
        yield from jenkinsfile.shell(jenkinsfile.read(text))
        return
    read = yaml.safe_load(text)
    jobs = (
        read["jobs"].values() if file == GITHUB else [job for job in read.values() if isinstance(job, dict)]
    )
    for job in jobs:
        for step in job.get("steps", ()):
            yield step.get("run", "")
        for section in ("before_script", "script", "after_script"):
            yield from job.get(section, ())


@pytest.mark.parametrize("file", [GITHUB, GITLAB, JENKINS], ids=["GitHub", "GitLab", "Jenkins"])
def test_our_command_line_knows_every_command(file):
    found = [command for script in scripts(file) for command in commands.in_shell(script)]
    assert len(found) == file.read_text(encoding="utf-8").count(f"{commands.HARNESS} "), "none is overlooked"
    assert {commands.read(command) for command in found} == {"doctor", "run", "seal", "pack", "lab run"}


def test_commands_are_found_in_shell_text_and_wrong_ones_told():
    text = f'a | b\n{commands.HARNESS} run "x y" --quick > out.json ||\n  {commands.HARNESS} seal r --key=k; true'
    found = list(commands.in_shell(text))
    assert found == [
        [commands.HARNESS, "run", "x y", "--quick"],
        [commands.HARNESS, "seal", "r", "--key=k"],
    ]
    assert commands.read(found[0]) == "run"
    for wrong in (["run", "--quicky"], ["runn"], ["run", "--wait", "soon"]):
        with pytest.raises(Exception, match=r"No such|valid number"):
            commands.read([commands.HARNESS, *wrong])


def test_what_a_lab_asks_of_each_recipe_is_there():
    github, gitlab = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in (GITHUB, GITLAB))
    board = github["jobs"]["board"]
    assert "id2-bench" in board["runs-on"]
    assert board["concurrency"] == {"group": "board-${{ matrix.board }}", "cancel-in-progress": False}
    kept = board["steps"][-1]
    assert kept["if"] == "${{ always() }}"
    assert {"run-*.zip", "runs/20*/junit.xml"} <= set(kept["with"]["path"].split())
    job = gitlab["board"]
    assert (job["tags"][0], job["resource_group"]) == ("id2-bench", "board-$BOARD")
    assert job["artifacts"]["when"] == "always"
    assert job["artifacts"]["reports"]["junit"] == "runs/20*/junit.xml"
    blocks = list(jenkinsfile.read(JENKINS.read_text(encoding="utf-8")).all())
    locked = [block.given for block in blocks if block.word == "lock"]
    assert locked == [('resource: "board-${BOARD}"',), ("resource: 'id2-lab'",)]
    (always, *_) = [block for block in blocks if block.word == "always"]
    assert [block.word for block in always.blocks or ()] == ["junit", "sh"]
    inside = [[each.word for each in block.blocks or ()] for block in blocks if block.word == "lock"]
    assert inside == [["timeout"], ["timeout"]], "who waits for a board has its time limit still before it"


def test_what_a_fork_brings_gets_no_bench():
    github, gitlab = (yaml.safe_load(file.read_text(encoding="utf-8")) for file in (GITHUB, GITLAB))
    assert (
        "github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository"
        in github["jobs"]["board"]["if"]
    )
    assert "pull_request_target" not in github[True], "YAML's word for `on`"
    assert [rule["if"] for rule in gitlab["board"]["rules"]] == [
        '$CI_PIPELINE_SOURCE == "push" || $CI_PIPELINE_SOURCE == "web"'
    ]
    blocks = list(jenkinsfile.read(JENKINS.read_text(encoding="utf-8")).all())
    (boards, _) = [block for block in blocks if block.word == "when"]
    (asked,) = [block for block in boards.blocks or () if block.word == "expression"]
    assert [each.word for each in asked.blocks or ()] == ["env.CHANGE_FORK == null"]


def test_gitlab_seals_and_keeps_what_took_too_long():
    for job in (
        job for job in yaml.safe_load(GITLAB.read_text(encoding="utf-8")).values() if "script" in job
    ):
        longest, whole = (minutes(job[at][name]) if name else minutes(job[at]) for at, name in TIMES)
        after = minutes(job["variables"].get("RUNNER_AFTER_SCRIPT_TIMEOUT", "5m"))
        assert longest + after < whole, "there is time left for the artefacts"


TIMES = (("variables", "RUNNER_SCRIPT_TIMEOUT"), ("timeout", ""))


def minutes(text: str) -> int:
    found = re.findall(r"(\d+) ?(h|m)", text)
    return sum(int(number) * {"h": 60, "m": 1}[unit] for number, unit in found)


STUB = """#!/bin/sh
echo "$*" >> {log}
case "$1" in
seal) case "$*" in *--partial) exit {partial};; *) exit {whole};; esac;;
esac
"""


@pytest.mark.parametrize("file", [GITHUB, GITLAB, JENKINS], ids=["GitHub", "GitLab", "Jenkins"])
@pytest.mark.parametrize(
    ("ran", "whole", "partial", "done", "fails"),
    [
        (False, 0, 0, [], False),
        (True, 0, 0, ["seal", "pack"], False),
        (True, 2, 0, ["seal", "partial", "pack"], False),
        (True, 2, 2, ["seal", "partial", "pack"], True),
    ],
    ids=["nothing ran", "sealed", "broken off", "no key"],
)
def test_a_run_is_packed_whatever_became_of_its_seal(file, ran, whole, partial, done, fails, tmp_path):
    (script,) = [text for text in scripts(file) if f"{commands.HARNESS} seal" in text]
    stub, log = tmp_path / "harness", tmp_path / "log"
    stub.write_text(STUB.format(log=log, whole=whole, partial=partial), encoding="utf-8")
    stub.chmod(0o755)
    if ran:
        (tmp_path / "runs" / "latest").mkdir(parents=True)
    ended = subprocess.run(
        ["bash", "-e", "-c", script.replace(commands.HARNESS, str(stub))],
        cwd=tmp_path,
        env={"BOARD": "lock-a", "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    called = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    assert ["partial" if line.endswith("--partial") else line.split()[0] for line in called] == done
    told = ended.returncode != 0 or "NOT SEALED" in ended.stdout
    assert told == fails
