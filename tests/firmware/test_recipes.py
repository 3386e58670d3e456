"""The recipes: each compiles against stand-ins of its system; the one for Linux runs, on pipes and on a terminal."""

import os
import pty
import select
import subprocess
import time
import tty

import pytest

from tests.firmware.conftest import PROBE, ROOT, compile_c, replies, with_crc

RECIPES = ROOT / "firmware" / "recipes"
INCLUDES = [f"-I{RECIPES / 'stand-ins'}", "-DID2_PROBE_ENABLE"]


@pytest.mark.parametrize("recipe", sorted(path.name for path in RECIPES.glob("*.c")))
def test_a_recipe_compiles_and_writes_the_port(recipe, tmp_path):
    assert compile_c(tmp_path / "recipe.o", RECIPES / recipe, options=["-c", *INCLUDES]) is None
    done = subprocess.run(
        ["nm", tmp_path / "recipe.o"], capture_output=True, text=True, timeout=30, check=True
    )
    lines = {tuple(line.split()[-2:]) for line in done.stdout.splitlines()}
    assert {("T", "id2_probe_port_write"), ("T", "id2_probe_port_ms"), ("U", "id2_probe_start")} <= lines
    assert {("U", "id2_probe_feed"), ("U", "id2_probe_words")} & lines


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Build the program of the recipe for Linux around a probe that has no group at all."""
    program = tmp_path_factory.mktemp("linux") / "program"
    sources = [RECIPES / "linux_main.c", PROBE / "id2_probe.c", PROBE / "id2_probe_calls.c"]
    assert compile_c(program, *sources, options=[*INCLUDES, "-DID2_PROBE_CLIENT=0"]) is None
    return program


def test_linux_on_pipes(program):
    asked = with_crc("id2p 01 run fns") + "\n" + with_crc("id2p 02 clr") + "\r\n"
    done = subprocess.run([program], input=asked.encode(), capture_output=True, timeout=60, check=True)
    assert [reply[:5] for reply in replies(done.stdout.decode())] == ["00 HI", "01 AK", "01 OK", "02 OK"]


@pytest.mark.parametrize("as_argument", [False, True])
def test_linux_on_a_terminal(program, as_argument):
    ours, theirs = pty.openpty()
    tty.setraw(ours)
    own = subprocess.DEVNULL if as_argument else theirs
    process = subprocess.Popen(
        [program, *([os.ttyname(theirs)] if as_argument else [])], stdin=own, stdout=own
    )
    try:
        output = b""
        asked = False
        end = time.monotonic() + 60
        while output.count(b"+ID2P 01 ") < 2 or not output.endswith(b"\r\n"):
            assert time.monotonic() < end, output
            if select.select([ours], [], [], 0.2)[0]:
                output += os.read(ours, 4096)
            if not asked and b" HI " in output:
                os.write(ours, (with_crc("id2p 01 run fns") + "\n").encode())
                asked = True
    finally:
        process.kill()
        process.wait()
        os.close(ours)
        os.close(theirs)
    assert [reply[:5] for reply in replies(output.decode())] == ["00 HI", "01 AK", "01 OK"]
    assert b"id2p 01" not in output  # no echo
