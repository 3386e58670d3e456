"""What the probe compiles with: the vendor's headers as they are, one group alone, and nothing without its switch."""

import re
import subprocess

import pytest

from tests.firmware.conftest import ALL, PROBE, ROOT, compile_c

INCLUDE = ROOT / "firmware" / "include"
SWITCHES = [f"-DID2_PROBE_{name}={value}" for name, value in {**ALL, "ENABLE": "1"}.items()]


@pytest.fixture
def headers_like_the_vendors(tmp_path):
    """Return a folder of headers with the habits of the vendor's.

    His id2_client.h and irot_hal.h both define the codes and the result type; his crypto headers include nothing, and
    rely on what was included before them.
    """
    codes = (
        (INCLUDE / "irot_result.h")
        .read_text()
        .partition("#define ID2_OWN_IROT_RESULT_H")[2]
        .rpartition("#endif")[0]
    )
    for header in INCLUDE.glob("*.h"):
        text = header.read_text().replace('#include "irot_result.h"', codes)
        if header.stem in {"ls_hal_aes", "ls_hal_sm4", "ls_hal_hash"}:
            text = re.sub(r"#include <.*>\n", "", text)
        if header.stem != "irot_result":
            (tmp_path / header.name).write_text(text)
    return tmp_path


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_headers_like_the_vendors(headers_like_the_vendors, tmp_path, compiler):
    options = ["-c", *SWITCHES, f"-I{headers_like_the_vendors}"]
    assert (
        compile_c(tmp_path / "calls.o", PROBE / "id2_probe_calls.c", options=options, compiler=compiler)
        is None
    )


def test_those_headers_are_an_error_by_themselves(headers_like_the_vendors, tmp_path):
    both = tmp_path / "both.c"
    both.write_text('#include <stdbool.h>\n#include "id2_client.h"\n#include "se_driver.h"\n')
    said = compile_c(tmp_path / "both.o", both, options=["-c", f"-I{headers_like_the_vendors}"])
    assert "redefinition of typedef" in said


def symbols(path):
    done = subprocess.run(
        ["nm", "--defined-only", path], capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout.split()[2::3]


@pytest.mark.parametrize("file", ["id2_probe.c", "id2_probe_calls.c"])
def test_without_its_switch_there_is_nothing_to_call(tmp_path, file):
    options = ["-c", f"-I{INCLUDE}"]
    assert compile_c(tmp_path / "off.o", PROBE / file, options=options) is None
    assert symbols(tmp_path / "off.o") == []
    assert compile_c(tmp_path / "on.o", PROBE / file, options=[*options, "-DID2_PROBE_ENABLE"]) is None
    assert len(symbols(tmp_path / "on.o")) > 1


def test_a_firmware_that_ships_cannot_include_it(tmp_path):
    firmware = tmp_path / "firmware.c"
    firmware.write_text(
        '#include "id2_probe.h"\nint main(void)\n{\n    id2_probe_start(0);\n    return 0;\n}\n'
    )
    said = compile_c(tmp_path / "firmware.o", firmware, options=["-c"])
    assert "define ID2_PROBE_ENABLE" in said


@pytest.mark.parametrize("setting", ["LINE=62", "LINE=256", "GET=39", "GET=129"])
def test_a_size_that_cannot_be(tmp_path, setting):
    options = ["-c", "-DID2_PROBE_ENABLE", f"-DID2_PROBE_{setting}"]
    assert "error: #error" in compile_c(tmp_path / "probe.o", PROBE / "id2_probe.c", options=options)


def test_the_probe_asks_for_no_library(tmp_path):
    options = ["-c", "-O2", *SWITCHES]
    assert compile_c(tmp_path / "probe.o", PROBE / "id2_probe.c", options=options) is None
    done = subprocess.run(
        ["nm", "-u", tmp_path / "probe.o"], capture_output=True, text=True, timeout=30, check=True
    )
    asked = set(done.stdout.split()[1::2])
    assert asked <= {
        *("id2_probe_port_write", "id2_probe_port_ms", "id2_probe_functions", "id2_probe_has_mode"),
        *(
            "memcpy",
            "memset",
            "memmove",
            "memcmp",
            "_GLOBAL_OFFSET_TABLE_",
        ),  # that a compiler asks for by itself
    }


def test_settings_from_a_header(tmp_path):
    (tmp_path / "mine.h").write_text(
        "#define ID2_PROBE_LINE 255\n#define ID2_PROBE_DPM 1\n#define ID2_PROBE_TIX 0\n"
    )
    options = [
        "-c",
        "-DID2_PROBE_ENABLE",
        '-DID2_PROBE_CONFIG_FILE="mine.h"',
        f"-I{tmp_path}",
        f"-I{INCLUDE}",
    ]
    assert compile_c(tmp_path / "calls.o", PROBE / "id2_probe_calls.c", options=options) is None
    assert {"tot", "tix"} & set(symbols(tmp_path / "calls.o")) == {"tot"}
