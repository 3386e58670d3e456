"""Building a firmware: with which compiler, what is built again, and what is said when it cannot be built."""

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from harness.errors import BenchError, ToolError, UsageError
from harness.simulator.machine.build import build, default_cache
from harness.simulator.machine.qemu import QemuMachine
from harness.simulator.machine.sources import FOLDER, Platform, Recipe, faults

PLAIN = Recipe(Platform.LINUX, "demo", probe=False)

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")


@pytest.fixture
def tree(tmp_path):
    """Sources of a program of three files, one of which tests a fault."""
    folder = tmp_path / "sources"
    for name in ("include", "client", "linux"):
        (folder / name).mkdir(parents=True)
    (folder / "sources.txt").write_text(
        "# comment\nclient client/client.c\nclient client/storage.c\nlinux linux/main.c\nboard board/none.c\n",
        encoding="utf-8",
    )
    (folder / "faults.h").write_text(
        textwrap.dedent("""\
            #define ID2_FAULT_NONE 1
            #ifndef ID2_FAULT
            #define ID2_FAULT ID2_FAULT_NONE
            #endif
            #define ID2_FAULT_IS(name) (ID2_FAULT == ID2_FAULT_##name)
            #define ID2_FAULT_STORE_FORGETS 2
            #define ID2_FAULT_STORE_FORGETS_ALL 3
            """),
        encoding="utf-8",
    )
    (folder / "include" / "parts.h").write_text("int client(void);\nint storage(void);\n", encoding="utf-8")
    (folder / "client" / "client.c").write_text(
        '#include "parts.h"\nint client(void) { return 40; }\n', encoding="utf-8"
    )
    (folder / "client" / "storage.c").write_text(
        '#include "faults.h"\n#include "parts.h"\nint storage(void) { return ID2_FAULT_IS(STORE_FORGETS) ? 3 : 2; }\n',
        encoding="utf-8",
    )
    (folder / "linux" / "main.c").write_text(
        '#include "parts.h"\nint main(void) { return client() + storage(); }\n', encoding="utf-8"
    )
    return folder


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def counted(tmp_path):
    """An environment whose compiler writes down what it compiles."""
    log, programs = tmp_path / "compiled", tmp_path / "programs"
    log.touch()
    programs.mkdir()
    script = programs / "gcc"
    script.write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {shutil.which("gcc")} "$@"\n', encoding="utf-8")
    script.chmod(0o755)

    def compiled():
        lines = log.read_text(encoding="utf-8").splitlines()
        log.write_text("", encoding="utf-8")
        return sorted(Path(line.split(" -c ")[1].split()[0]).name for line in lines if " -c " in line)

    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}, compiled


def result(program):
    return subprocess.run([program], check=False).returncode


@needs_gcc
def test_it_is_built_once_and_again_for_other_sources(tree, cache, counted):
    environment, compiled = counted
    first = build(PLAIN, sources=tree, cache=cache, environment=environment)
    assert result(first) == 42
    assert compiled() == ["client.c", "main.c", "storage.c"]
    assert build(PLAIN, sources=tree, cache=cache, environment=environment) == first
    assert compiled() == []
    (tree / "client" / "client.c").write_text('#include "parts.h"\nint client(void) { return 50; }\n')
    second = build(PLAIN, sources=tree, cache=cache, environment=environment)
    assert (result(first), result(second)) == (42, 52)
    assert compiled() == ["client.c"]
    (tree / "include" / "parts.h").write_text("int client(void);\nint storage(void);\n#define MORE 1\n")
    third = build(PLAIN, sources=tree, cache=cache, environment=environment)
    assert third != second
    assert compiled() == ["client.c", "main.c", "storage.c"]


@needs_gcc
def test_a_fault_is_compiled_into_the_files_that_name_it(tree, cache, counted):
    environment, compiled = counted
    build(PLAIN, sources=tree, cache=cache, environment=environment)
    compiled()
    broken = Recipe(Platform.LINUX, "demo", probe=False, fault="store-forgets")
    assert result(build(broken, sources=tree, cache=cache, environment=environment)) == 43
    assert compiled() == ["storage.c"]


@needs_gcc
def test_another_place_of_the_sources_is_the_same_firmware(tree, cache, tmp_path):
    other = tmp_path / "elsewhere"
    shutil.copytree(tree, other)
    assert build(PLAIN, sources=tree, cache=cache) == build(PLAIN, sources=other, cache=cache)


@needs_gcc
def test_macros_make_another_firmware(tree, cache):
    (tree / "client" / "client.c").write_text('#include "parts.h"\nint client(void) { return ANSWER; }\n')
    made = [
        build(Recipe(Platform.LINUX, "demo", (f"ANSWER={answer}",), probe=False), sources=tree, cache=cache)
        for answer in (1, 2)
    ]
    assert [result(program) for program in made] == [3, 4]


@needs_gcc
def test_many_ask_for_the_same_one_at_once(tree, cache, counted):
    environment, compiled = counted
    script = textwrap.dedent(f"""\
        from pathlib import Path
        from harness.simulator.machine.build import build
        from harness.simulator.machine.sources import Platform, Recipe
        recipe = Recipe(Platform.LINUX, "demo", probe=False)
        print(build(recipe, sources=Path({str(tree)!r}), cache=Path({str(cache)!r})))
        """)
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, cwd=Path.cwd(), text=True
        )
        for _ in range(3)
    ]
    programs = {run.communicate(timeout=120)[0].strip() for run in runs}
    assert len(programs) == 1
    assert result(programs.pop()) == 42
    assert compiled() == ["client.c", "main.c", "storage.c"]


@needs_gcc
def test_what_the_compiler_refuses_is_told_with_its_last_lines_and_leaves_nothing(tree, cache):
    (tree / "client" / "client.c").write_text("int client(void) { return nothing; }\n")
    with pytest.raises(BenchError, match=r"does not build the firmware \(exit code 1\)") as caught:
        build(PLAIN, sources=tree, cache=cache)
    assert any("nothing" in line for line in caught.value.traffic)
    assert not [path for path in cache.iterdir() if "client" in path.name or path.suffix == ".elf"]


@pytest.mark.parametrize(
    ("platform", "message", "package"),
    [
        (Platform.LINUX, "gcc is not installed; it builds the firmware for Linux", "gcc"),
        (
            Platform.CORTEX_M3,
            "arm-none-eabi-gcc is not installed; it builds the firmware for the Cortex-M3",
            "gcc-arm-none-eabi",
        ),
    ],
)
def test_a_missing_compiler_is_named_with_its_package(platform, message, package, cache, tmp_path):
    with pytest.raises(BenchError) as caught:
        build(Recipe(platform, "demo"), cache=cache, environment={"PATH": str(tmp_path)})
    assert caught.value.message == message
    assert f"apt-get install {package}" in caught.value.hint
    assert not cache.exists()


def test_a_missing_qemu_is_named_with_its_package(tmp_path):
    machine = QemuMachine(lambda: tmp_path / "never-built", environment={"PATH": str(tmp_path)})
    with pytest.raises(BenchError, match="qemu-system-arm is not installed") as caught:
        machine.power_on()
    assert caught.value.hint == "install it: apt-get install qemu-system-arm"


def test_an_unknown_fault_is_told_with_the_nearest(tree, cache):
    assert faults(tree) == ("store-forgets", "store-forgets-all")
    with pytest.raises(UsageError, match="no fault 'store-forget'; did you mean 'store-forgets'"):
        build(Recipe(Platform.LINUX, "demo", fault="store-forget"), sources=tree, cache=cache)


def test_sources_that_are_not_there_are_no_fault_of_the_bench(tmp_path, cache):
    with pytest.raises(ToolError, match="the sources of the firmware cannot be read"):
        build(PLAIN, sources=tmp_path, cache=cache)


def test_a_cache_that_cannot_be_written_is_said(tree, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match="cannot be written"):
        build(PLAIN, sources=tree, cache=tmp_path / "file" / "cache")


def test_the_cache_is_where_the_user_keeps_such(tmp_path):
    assert default_cache({"XDG_CACHE_HOME": "/somewhere"}) == Path("/somewhere/id2-harness/firmware")
    assert default_cache({"HOME": "/home/me"}) == Path("/home/me/.cache/id2-harness/firmware")


def test_every_file_of_the_list_is_there():
    for platform in Platform:
        recipe = Recipe(platform, "demo")
        files = recipe.c_files()
        assert files
        assert all(path.is_file() for path in files), platform
        script = recipe.linker_script()
        assert script is None or script.is_file()
    assert (FOLDER / "faults.h").is_file()
    assert len(faults()) >= 25
