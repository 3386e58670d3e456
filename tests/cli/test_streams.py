"""Streams that outlast who reads them."""

import os
import subprocess
import sys

import pytest

from harness.cli.output import OwnConsole
from harness.cli.streams import Lasting

FULL = "/dev/full"


def test_a_full_disk_ends_nothing_and_is_known():
    stream = Lasting(os.open(FULL, os.O_WRONLY), encoding="utf-8", own=True)
    assert stream.write("one\n") == 4
    assert "No space left" in str(stream.refused)
    stream.write("two\n")
    stream.close()


def test_a_reader_that_left_ends_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    stream = Lasting(writer, encoding="utf-8", own=True)
    stream.write("one\n")
    assert isinstance(stream.refused, BrokenPipeError)
    stream.close()


@pytest.mark.parametrize(("where", "why"), [(FULL, "no space left on device"), ("/dev/null", "")])
def test_a_console_says_why_it_shows_nothing(where, why):
    before, file = os.dup(1), os.open(where, os.O_WRONLY)
    os.dup2(file, 1)
    try:
        console = OwnConsole()
    finally:
        os.dup2(before, 1)
        os.close(before)
        os.close(file)
    console.print("something")
    assert console.refused == why
    console.close()


PROGRAM = """
import os, sys
from harness.cli.streams import outlast
outlast()
print("for people", file=sys.stderr)
print("more", file=sys.stderr, flush=True)
kept = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
if len(sys.argv) > 2:
    print("asked for", flush=True)
sys.exit(7 if kept > 2 and os.fstat(kept).st_size == 0 else 8)
"""


def program(folder, *more, shell):
    words = [sys.executable, "-c", PROGRAM, str(folder / "file"), *more]
    return subprocess.run(["sh", "-c", f'"$@" {shell}', "sh", *words], timeout=60, check=False).returncode


@pytest.mark.parametrize("shell", [f"2>{FULL}", "2>&-", "2>&- >&-", "2>&- >&- <&-"])
def test_a_program_whose_streams_refuse_or_are_closed_keeps_its_exit_code_and_its_files(tmp_path, shell):
    assert program(tmp_path, shell=shell) == 7
    assert (tmp_path / "file").read_bytes() == b""


def test_what_was_asked_for_is_not_dropped_in_silence(tmp_path):
    assert program(tmp_path, "printed", shell=f">{FULL} 2>&1") == 1
