"""Our own client, compiled for this machine: as a library on a machine of RAM, and as a process of Linux."""

import ctypes
import hashlib
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from tests.firmware_client.board import WITH_PROBE, Board

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wundef", "-Werror", "-g")
FLASH_SIZE = 65536
NO_CUT = 0x7FFFFFFF
_EXCHANGE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_uint32)


def c_files(*parts, without=()):
    """The C files of some parts of the firmware, as its list of sources names them."""
    lines = (FIRMWARE / "sources.txt").read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return [FIRMWARE / path for part, path in words if part in parts and Path(path).name not in without]


def compile_c(output, files, *options):
    """Compile for this machine; a warning is an error."""
    _gcc(*options, "-o", output, *files)
    return output


def _gcc(*words):
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed: apt-get install gcc libc6-dev")
    folders = [f"-I{FIRMWARE / name}" for name in ("include", "client", "probe", "link", "linux", ".")]
    command = ["gcc", *FLAGS, *folders, *words]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def preprocessed(files, *options):
    """Return each file's text as the preprocessor leaves it: builds whose macros do not reach it have the same."""
    text = _gcc("-E", *options, *files)
    starts = [re.search(rf'^# \d+ "{re.escape(str(path))}"$', text, re.MULTILINE).start() for path in files]
    assert starts == sorted(starts), "the preprocessor took the files in another order"
    return [text[start:end] for start, end in itertools.pairwise([*starts, len(text)])]


def _digest(*words):
    return hashlib.sha256("\0".join(map(str, words)).encode()).hexdigest()[:16]


class Client:
    """The client as a library. What it prints, its flash, its random and its chip are this object's."""

    def __init__(self, path):
        self.c = ctypes.CDLL(str(path))
        self._keep = None
        self.c.ls_osa_get_time_ms.restype = ctypes.c_longlong
        for name in ("kv_set", "kv_get", "kv_del", "kv_init"):
            getattr(self.c, f"ls_hal_{name}").restype = ctypes.c_uint32
        self.restore(b"\xff" * FLASH_SIZE)

    def value(self, name, kind=ctypes.c_int):
        """A variable of the machine."""
        return kind.in_dll(self.c, name)

    @property
    def printed(self):
        """What was printed since the last look."""
        size = self.value("printed_size").value
        text = (ctypes.c_char * size).in_dll(self.c, "printed").raw[:size]
        self.value("printed_size").value = 0
        return text.decode("latin-1")

    @property
    def flash(self):
        """The bytes of the flash."""
        return bytes((ctypes.c_ubyte * FLASH_SIZE).in_dll(self.c, "flash"))

    def restore(self, image):
        """Put bytes into the flash and start the client's storage from them, as a power-on does."""
        ctypes.memmove((ctypes.c_ubyte * FLASH_SIZE).in_dll(self.c, "flash"), image, FLASH_SIZE)
        self.value("words_left").value = NO_CUT
        assert self.c.id2_store_mount() == 0
        self.c.ls_hal_kv_init()
        self.c.hal_device_id_start()

    def force_random(self, byte):
        """Let each random byte be this one; None for bytes that count up."""
        self.value("forced_random").value = -1 if byte is None else byte

    def attach(self, answer):
        """Put a chip at the driver: a function from command to answer, None for an answer that does not come."""

        def exchange(line, room, size):
            given = answer(bytes.fromhex(line.decode()))
            if given is None:
                return -1
            text = given.hex().encode() + b"\n"
            ctypes.memmove(room, text, min(len(text), size))
            return len(text)

        self._keep = _EXCHANGE(exchange)
        self.c.attach_chip(self._keep)

    def detach(self):
        """Take the chip away."""
        self.c.attach_chip(ctypes.cast(None, _EXCHANGE))

    def call(self, function, *arguments, room=None, length="same"):
        """Call a function of the API whose last two arguments are a buffer and its length.

        Returns the result, the length it left, and the bytes of the buffer up to it, or None where 16 bytes behind the
        buffer were changed.
        """
        room = 0 if room is None else room
        buffer = (ctypes.c_ubyte * (room + 16))(*[0xA5] * (room + 16))
        size = ctypes.c_uint32(room if length == "same" else length)
        result = getattr(self.c, function)(*arguments, buffer, ctypes.byref(size))
        whole = bytes(buffer)
        assert whole[room:] == b"\xa5" * 16, f"{function} wrote behind its buffer"
        return result, size.value, whole[: min(size.value, room)]

    def code(self, mode, random, extra=None, extra_size=None, room=512):
        """Ask for an auth code."""
        function = f"id2_client_get_{mode}_auth_code"
        size = len(extra or b"") if extra_size is None else extra_size
        result, length, data = self.call(function, random, extra, size, room=room)
        return data.decode() if result == 0 else result if length in (room, 256) else (result, length)


@pytest.fixture(scope="session")
def compiled(tmp_path_factory):
    """Compile and link with some options, each file once for all processes of these tests; return the path."""
    top = tmp_path_factory.getbasetemp()
    folder = (top.parent if "PYTEST_XDIST_WORKER" in os.environ else top) / "firmware-client"
    folder.mkdir(exist_ok=True)

    def object_of(path, text, options):
        rest = [word for word in options if not word.startswith("-D")]
        output = folder / f"{_digest(text, *rest)}.o"
        if not output.exists():
            part = f"{output}.{os.getpid()}.part"
            compile_c(part, [path], "-c", *options)
            Path(part).rename(output)
        return output

    def objects_of(files, options):
        texts = preprocessed(files, *options)
        return [object_of(path, text, options) for path, text in zip(files, texts, strict=True)]

    def once(files, *options):
        output = folder / _digest(*files, *options)
        with FileLock(f"{output}.lock"):
            if not output.exists():
                compile_c(
                    f"{output}.part", files if "-c" in options else objects_of(files, options), *options
                )
                Path(f"{output}.part").rename(output)
        return output

    return once


@pytest.fixture(scope="session")
def library(compiled):
    """Return the path of the library for some options of the build."""

    def build(*options):
        files = [*c_files("client", without=("hal_random.c",)), Path(__file__).with_name("ram_machine.c")]
        # Not optimised: it would take half as long again to compile, and these tests look at what is computed.
        switches = ("-shared", "-fPIC", "-O0", "-fsanitize=undefined", "-fsanitize-undefined-trap-on-error")
        return compiled(files, *switches, *options)

    return build


@pytest.fixture
def client(library, tmp_path):
    """Make a client for some options of the build; each has a library, and so a state, of its own."""
    number = iter(range(1000))

    def make(*options):
        copy = tmp_path / f"{next(number)}.so"
        shutil.copy(library(*options), copy)
        return Client(copy)

    return make


@pytest.fixture(scope="session")
def programs(compiled):
    def build(*options):
        parts = ("client", "linux", *(("probe",) if "-DID2_PROBE_ENABLE" in options else ()))
        return str(compiled(c_files(*parts), "-D_GNU_SOURCE", "-pthread", "-O1", *options))

    return build


@pytest.fixture
def start(programs, tmp_path):
    boards = []

    def run(*arguments, options=WITH_PROBE, **environment):
        board = Board(programs(*options), "--flash", str(tmp_path / "flash"), *arguments, **environment)
        boards.append(board)
        return board

    yield run
    for board in boards:
        board.close()
