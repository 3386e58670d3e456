"""The probe, compiled for this machine with an API that answers what a test wants, as a shared library."""

import ctypes
import re
import shutil
import subprocess
from binascii import crc_hqx
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROBE = ROOT / "firmware" / "probe"
SOURCES = [PROBE / "id2_probe.c", PROBE / "id2_probe_calls.c", Path(__file__).with_name("fake_firmware.c")]
GROUPS = (
    *(
        "CLIENT",
        "KPM",
        "DPM",
        "DRIVER",
        "OSA",
        "MUTEX",
        "SEMAPHORE",
        "THREAD",
        "DEVICE_ID",
        "PARTITION",
        "KV",
    ),
    *("RANDOM", "AES", "SM4", "HASH", "NET", "BOARD"),
)
SIZES = {"SLOT_A": "1024", "SLOT_B": "512", "SLOT_C": "128", "RESULT": "1024"}
"""Those of the worked lines of the protocol's page."""

ALL = {**dict.fromkeys(GROUPS, "1"), "SIK": "1"}
REPLY = re.compile(r"\r\n(\+ID2P ([0-9A-F]{2}) ([0-9A-F]{4}) ([A-Z]+)((?: [^ \r\n%]+)*)) %([0-9A-F]{4})\r\n")


def compile_c(output, *sources, options=(), compiler="gcc"):
    """Compile for this machine, warnings being errors; return what the compiler said, None when it went well."""
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed: make firmware-test installs what is missing")
    command = [
        compiler,
        "-std=c99",
        "-pedantic",
        "-Wall",
        "-Wextra",
        "-Wconversion",
        "-Wundef",
        "-Werror",
        "-g",
    ]
    command += [f"-I{PROBE}", *options, "-o", str(output), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stderr if done.returncode else None


def build(folder, switches):
    """Build the library with these switches of the probe, without their ID2_PROBE_; return its path."""
    library = folder / "probe.so"
    switches = {**SIZES, **switches, "ENABLE": "1", "LOCK()": "fake_lock()", "UNLOCK()": "fake_unlock()"}
    options = [f"-DID2_PROBE_{name}={value}" for name, value in switches.items()]
    options += ["-shared", "-fPIC", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"]
    options += [
        f"-I{ROOT / 'firmware' / 'include'}",
        "-include",
        str(Path(__file__).with_name("fake_firmware.h")),
    ]
    said = compile_c(library, *SOURCES, options=[*options, "-Wno-sign-conversion"])
    assert said is None, said
    return library


def with_crc(text):
    """Return a line with its check sum behind it."""
    return f"{text} %{crc_hqx(text.encode('latin-1'), 0xFFFF):04X}"


class Firmware:
    """A firmware with the probe, at its start: `ask` sends a request, `calls` is what the API was called with."""

    def __init__(self, library, copy, seed=0):
        shutil.copy(library, copy)  # a library is loaded once for each path: each firmware has its own memory
        self._library = ctypes.CDLL(str(copy))
        self._library.id2_probe_start(seed)
        self.greeting = self.output()

    def number(self, name):
        return ctypes.c_int.in_dll(self._library, f"fake_{name}").value

    def set(self, **values):
        """Tell the API what to answer and to do; `data` is what it writes to its output."""
        for name, value in values.items():
            if name == "data":
                ctypes.memmove(
                    ctypes.addressof(ctypes.c_char.in_dll(self._library, "fake_data")), value, len(value)
                )
                self.set(data_length=len(value))
            else:
                ctypes.c_uint.in_dll(self._library, f"fake_{name}").value = value & 0xFFFFFFFF

    def output(self):
        """Return what was written since the last time."""
        return self._take("output").decode("latin-1")

    def calls(self):
        """Return the calls since the last time, a line each (and lines with blanks before them for their parts)."""
        return self._take("log").decode("latin-1").splitlines()

    def _take(self, name):
        length = ctypes.c_uint.in_dll(self._library, f"fake_{name}_length")
        taken = ctypes.string_at(
            ctypes.addressof(ctypes.c_char.in_dll(self._library, f"fake_{name}")), length.value
        )
        length.value = 0
        return taken

    def restart(self, seed):
        self._library.id2_probe_start(seed)
        return self.output()

    def feed(self, data):
        """Send bytes to the console, return what comes."""
        for byte in data if isinstance(data, bytes) else data.encode("latin-1"):
            self._library.id2_probe_feed(byte)
        return self.output()

    def line(self, text):
        """Hand over a line as a shell does that keeps it whole, return what comes."""
        self._library.id2_probe_line(text.encode("latin-1"))
        return self.output()

    def words(self, *words):
        """Hand over the words of a shell command, return what comes."""
        array = (ctypes.c_char_p * len(words))(*[word.encode("latin-1") for word in words])
        self._library.id2_probe_words(len(words), array)
        return self.output()

    def ask(self, request):
        """Send a request without its `id2p` and its check sum, return the replies without theirs, seq and boot."""
        return replies(self.feed(with_crc(f"id2p {request}") + "\n"))


def replies(output):
    """Return the kind and the words of each reply in the output; every one must have a right check sum."""
    found = []
    for body, seq, _boot, kind, words, crc in REPLY.findall(output):
        assert crc == with_crc(body)[-4:], body
        found.append(f"{seq} {kind}{words}")
    return found


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """All groups, sizes as they come."""
    return build(tmp_path_factory.mktemp("probe"), ALL)


@pytest.fixture
def firmware(library, tmp_path):
    """Return a firmware that was just started."""
    return Firmware(library, tmp_path / "probe.so")


@pytest.fixture
def built(tmp_path):
    """Return a firmware that is built with the switches given."""

    def build_and_start(seed=0, **switches):
        return Firmware(build(tmp_path, switches), tmp_path / f"own{seed}.so", seed)

    return build_and_start
