"""The compile-time faults: the list fits the code, and each changes what it says it changes."""

import ctypes
import json
import re
from pathlib import Path

import pytest

from harness.id2 import ciphers
from harness.id2.authcode import Mismatch, parse, verify
from harness.id2.keys import Key, KeyType
from tests.firmware_client.board import WITH_PROBE
from tests.firmware_client.conftest import FIRMWARE, c_files, compile_c
from tests.firmware_client.test_client_values import _provision

TEXT = (FIRMWARE / "faults.h").read_text(encoding="utf-8")
NUMBERS = dict(re.findall(r"^#define ID2_FAULT_([A-Z0-9_]+) ([0-9]+)$", TEXT, re.MULTILINE))
LISTED = re.findall(r"X\(([A-Z0-9_]+), \"", TEXT)
FAULTS = [name for name in NUMBERS if name != "NONE"]


def group(name):
    """The faults of one family of the list."""
    return re.findall(
        r"X\(([A-Z0-9_]+), ", TEXT.partition(f"#define ID2_{name}_FAULTS")[2].partition("\n\n")[0]
    )


MACHINE, STATE, HAL, LINK = group("MACHINE"), group("STATE"), group("HAL"), group("LINK")
PLATFORM = group("PLATFORM")
KEY = Key.parse(KeyType.AES_128, "2122232425262728292A2B2C2D2E2F30")
ID = "2122232425262728292A2B2C"
CHALLENGE = b"55B83408399FA660F05C82E4F25333DC"


def used(folder):
    files = (FIRMWARE / folder).rglob("*.[ch]")
    return {name for path in files for name in re.findall(r"ID2_FAULT_IS\(([A-Z0-9_]+)\)", path.read_text())}


def test_the_list_is_whole_and_every_fault_is_somewhere():
    assert LISTED == FAULTS
    assert len({*NUMBERS.values()}) == len(NUMBERS)
    assert len(FAULTS) - len(STATE) >= 25
    assert len(STATE) == 15
    of_linux = {"CLOCK_AN_HOUR_WRONG", "IDENTITY_OUTLIVES_ERASING"}
    assert used("client") | used("link") | used("platform") == {*FAULTS} - {*MACHINE} - of_linux
    assert used("link") <= {*LINK}
    assert used("platform") <= {*PLATFORM}
    assert used("linux") == {*MACHINE} | of_linux


def of_linux(*, with_link):
    """The files and options of a firmware as a process, with the probe."""
    files = c_files("client", "probe", "linux", *(["link"] if with_link else []))
    link = ("-DID2_LINK=1", "-DID2_CARRIER=ID2_CARRIER_KM") if with_link else ()
    return files, ("-D_GNU_SOURCE", "-pthread", *WITH_PROBE, *link)


def test_no_code_depends_on_a_fault_but_by_the_name_of_one():
    """What the next test relies on: a fault changes the files that name it, and in all others `if (…)` stays false."""
    for path in FIRMWARE.rglob("*.[ch]"):
        rest = re.sub(r"\bID2_FAULT_IS\([A-Z0-9_]+\)", "", path.read_text(encoding="utf-8"))
        assert path.name == "faults.h" or not re.search(r"\bID2_FAULT(_\w+)?\b", rest), path
        assert path.suffix == ".c" or path.name == "faults.h" or "ID2_FAULT_IS" not in path.read_text(), path


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_compiles(compiled, tmp_path, name):
    """Only the files that name the fault are compiled with it; the others are those of the sound firmware, compiled once."""
    files, options = of_linux(with_link=name in LINK)
    broken = [
        path for path in files if re.search(rf"\bID2_FAULT_IS\({name}\)", path.read_text(encoding="utf-8"))
    ]
    assert broken
    sound = [compiled([path], "-c", *options) for path in files if path not in broken]
    objects = [
        compile_c(tmp_path / f"{path.name}.o", [path], "-c", *options, f"-DID2_FAULT=ID2_FAULT_{name}")
        for path in broken
    ]
    assert compile_c(tmp_path / "firmware.elf", [*sound, *objects], "-pthread").is_file()


class Broken:
    """A client with one fault, after init."""

    def __init__(self, client, name, *options):
        self.device = client(f"-DID2_FAULT=ID2_FAULT_{name}", *options)
        self.c = self.device.c
        self.init()

    def init(self):
        assert self.c.id2_client_init() == 0

    def cleanup(self):
        assert self.c.id2_client_cleanup() == 0

    def code(self, mode="challenge", random=b"1", extra=None, **more):
        return self.device.code(mode, random, extra, **more)

    def is_right(self, code, kind, extra=b""):
        parsed = parse(code)
        try:
            verify(KEY, ID, parsed, extra)
        except Mismatch:
            return False
        return parsed.type.value == kind

    def decrypt(self, plain, spoil=False):
        sealed = ciphers.ecb_encrypt(KEY, plain if spoil else ciphers.pad(plain, 16))
        return self.device.call("id2_client_decrypt", sealed, len(sealed), room=1024)

    def derived(self, seed, size=32):
        key = ctypes.create_string_buffer(size)
        assert self.c.id2_client_derive_key(seed, key, size) == 0
        return key.raw

    def secret(self, seed):
        return self.device.call("id2_client_get_secret", seed, room=64)[2]

    def provisioned(self):
        state = ctypes.c_bool()
        assert self.c.id2_client_get_prov_stat(ctypes.byref(state)) == 0
        return state.value


def code_after_cleanup(broken):
    broken.code("timestamp")
    broken.cleanup()
    return broken.code("timestamp") != -1


def init_count_after_error(broken):
    broken.code(random=b"")
    broken.init()
    broken.cleanup()
    return broken.code() == -1


def old_key_after_provisioning(broken):
    token = b"i110123456789ABCDEFxxxxxxxxxxxxx"
    key = Key.parse(KeyType.AES_128, "55" * 16)
    data = _provision(broken.device, token, "A" * 24, key)
    assert broken.c.id2_client_load_otp_data(data, len(data)) == 0
    try:
        verify(key, "A" * 24, parse(broken.code()))
    except Mismatch:
        return True
    return False


def extra_of_refused_call(broken):
    broken.code(extra=b"abc", room=0)
    return not broken.is_right(broken.code(), 0)


def answer_leaks_into_next(broken):
    right = broken.derived(b"s")
    broken.decrypt(bytes(600))
    return broken.derived(b"s") != right


def type_after_refused_decrypt(broken):
    broken.code("timestamp", extra=b"e")
    broken.decrypt(b"x" * 16, spoil=True)
    return not broken.is_right(broken.code(), 0)


def derive_after_encrypt(broken):
    right = broken.derived(b"s")
    broken.device.call("id2_client_encrypt", b"other", b"1", 1, room=64)
    return broken.derived(b"s") != right


def id_short_after_short_buffers(broken):
    for _ in range(3):
        broken.device.call("id2_client_get_id", room=4)
    return broken.device.call("id2_client_get_id", room=48)[1] != 24


def timestamp_after_long_challenge(broken):
    broken.code(random=b"7" * 33)
    return not broken.is_right(broken.code("timestamp"), 1)


def verify_remembered(broken):
    vectors = Path(__file__).resolve().parents[1] / "vectors" / "AES-128-demo.json"
    code = json.loads(vectors.read_text())["verify_server"]["type10"]["auth_code"].encode()
    random = code.split(b"~")[2]
    assert broken.c.id2_client_verify_server(code, len(code), random, len(random), None, 0) == 0
    broken.cleanup()
    broken.init()
    wrong = code[:-4] + b"AAAA"
    return broken.c.id2_client_verify_server(wrong, len(wrong), random, len(random), None, 0) == 0


def device_challenge_repeats(broken):
    first = broken.device.call("id2_client_get_device_challenge", room=64)
    broken.cleanup()
    broken.init()
    return broken.device.call("id2_client_get_device_challenge", room=64) == first


def second_init_unprovisions(broken):
    broken.init()
    return not broken.provisioned()


def secret_after_longest_decrypt(broken):
    right = broken.secret(b"s")
    broken.decrypt(bytes(1023))
    return broken.secret(b"s") != right


def reset_while_counted(broken):
    broken.init()
    broken.c.id2_client_cleanup()  # once of twice: the state of a reset is what flash says
    broken.init()
    broken.device.restore(broken.device.flash)
    return broken.c.id2_client_was_counted() == 1


def state_after_refused_otp_data(broken):
    assert broken.c.id2_client_load_otp_data(b"\x01" * 89, 89) == -1
    return not broken.provisioned()


SHOWN = {
    function.__name__.upper(): function
    for function in (
        code_after_cleanup,
        init_count_after_error,
        old_key_after_provisioning,
        extra_of_refused_call,
        answer_leaks_into_next,
        type_after_refused_decrypt,
        derive_after_encrypt,
        id_short_after_short_buffers,
        timestamp_after_long_challenge,
        verify_remembered,
        device_challenge_repeats,
        second_init_unprovisions,
        secret_after_longest_decrypt,
        reset_while_counted,
        state_after_refused_otp_data,
    )
}


def test_every_state_dependent_fault_has_a_sequence():
    assert {*SHOWN} == {*STATE}


@pytest.mark.parametrize("name", STATE)
@pytest.mark.slow
def test_a_sound_client_does_none_of_it(client, name):
    assert SHOWN[name](Broken(client, "NONE")) is False


@pytest.mark.slow
@pytest.mark.parametrize("name", STATE)
def test_the_sequence_shows_the_fault(client, name):
    assert SHOWN[name](Broken(client, name)) is True


@pytest.mark.slow
@pytest.mark.parametrize("name", STATE)
def test_without_the_sequence_the_fault_does_not_show(client, name):
    """Codes, ID, secrets and states right after init are those of a sound client: no fixed scenario finds it there."""
    broken = Broken(client, name)
    for mode, kind in (("challenge", 0), ("timestamp", 1)):
        assert broken.is_right(broken.code(mode), kind)
        assert broken.is_right(broken.code(mode, extra=b"abcd1234"), kind + 2, b"abcd1234")
    assert broken.device.call("id2_client_get_id", room=48)[1] == 24
    assert broken.decrypt(b"1234")[2] == b"1234"
    assert broken.provisioned()
    broken.cleanup()
    assert (
        broken.c.id2_client_get_id(ctypes.create_string_buffer(48), ctypes.byref(ctypes.c_uint32(48))) == -1
    )
