"""The digests of the harness and its suites are those that find, sort and sha256sum give."""

import subprocess
import sys
from pathlib import Path

import pytest

import harness
from harness.errors import BenchError
from harness.run import tree_digest as module
from harness.run.host_clock import HostClock, _read, _Timex
from harness.run.tool import Tool
from harness.run.tree_digest import tree_digest

ROOT = Path(__file__).resolve().parents[2]


def by_coreutils(folder, *, pruned=""):
    """Carry out the command that the module's own text gives."""
    command = module.__doc__.partition("    cd FOLDER\n")[2].partition("\n\nThat is")[0]
    command = command.replace("-name __pycache__", rf"\( -name __pycache__ {pruned} \)")
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.split()[0]


def test_anyone_can_compute_the_digest_again(tmp_path):
    for name, text in {
        "b.py": "1",
        "a/ä.txt": "2",
        "a/z z.txt": "3",
        "a.b": "",
        "__pycache__/x.txt": "never",
        "a/x.pyc": "never",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "link").symlink_to("a")
    found = tree_digest(tmp_path)
    assert found.files == 6
    assert found.sha256 == by_coreutils(tmp_path)
    (tmp_path / "a" / "z z.txt").write_text("4")
    changed = tree_digest(tmp_path)
    assert changed.sha256 != found.sha256
    (tmp_path / "a" / "z z.txt").rename(tmp_path / "a" / "y.txt")
    assert tree_digest(tmp_path).sha256 != changed.sha256
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    assert tree_digest(tmp_path).files > 0, "it comes to an end"
    (tmp_path / "b.py").unlink()
    (tmp_path / "b.py").symlink_to("nowhere")
    assert tree_digest(tmp_path, without=frozenset({"a", "link"})).files == 1
    with pytest.raises(BenchError, match="nowhere"):
        tree_digest(tmp_path / "nowhere")


def test_the_tool_of_this_run(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "requirements.yaml").write_text("x")
    tool = Tool.here([ROOT / "suites", tmp_path / "mine", tmp_path / "gone"])
    shipped = "-o -path ./boards -o -path ./examples -o -path ./firmware"
    assert tool.sha256 == by_coreutils(Path(harness.__file__).parent, pruned=shipped)
    assert [each.name for each in tool.suites] == ["suites", "mine", "gone"]
    assert tool.suites[0].sha256 == by_coreutils(ROOT / "suites")
    assert tool.suites[1].sha256 == by_coreutils(tmp_path / "mine")
    assert (tool.suites[2].sha256, tool.suites[2].files) == ("", 0)
    assert tool.state in {"clean", "changed", "unknown"}
    assert (tool.changes == "") == (tool.state == "clean")


def test_the_clock_as_the_kernel_tells_of_it():
    told = _Timex(offset=-1_500_000, estimated_error=250, maximum_error=40_000, status=0x2001)
    assert _read(0, told) == HostClock(True, -0.0015, 0.00025, 0.04)
    told.status = 0x0001
    assert _read(0, told).offset_s == -1.5, "in microseconds then"
    told.status = 0x2041
    assert _read(0, told) == HostClock(False)
    told.status = 0x2001
    assert _read(5, told) == HostClock(False)


def test_a_kernel_that_does_not_tell(monkeypatch):
    class Refusing:
        def adjtimex(self, _):
            return -1

    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: Refusing())
    assert HostClock.now() == HostClock()
    monkeypatch.setattr("ctypes.CDLL", lambda *_, **__: object())
    assert HostClock.now() == HostClock()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux is asked")
def test_the_kernel_of_this_machine_agrees_with_adjtimex():
    now = HostClock.now()
    assert now.synchronised in {True, False, None}
    assert (now.offset_s is None) == (now.synchronised is not True)
