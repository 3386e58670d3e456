"""The SE carrier over the driver, against the simulated chip and the trace of the vendor's SDK."""

import ctypes
import json
from pathlib import Path

import pytest

from harness.id2.keys import Key, KeyType
from harness.simulator.chip.config import ChipConfig
from harness.simulator.chip.kinds import make_chip

VECTOR = json.loads((Path(__file__).resolve().parents[1] / "vectors" / "AES-128-se.json").read_text())
CHALLENGE, TIMESTAMP, EXTRA = (VECTOR[name].encode() for name in ("challenge", "timestamp", "extra"))
SE = "-DID2_CARRIER=ID2_CARRIER_SE"


class Chip:
    """A session of the simulated chip that keeps what passes, and answers otherwise when it is told to."""

    def __init__(self):
        key = Key.parse(KeyType.AES_128, VECTOR["key_hex"])
        self._session = make_chip(ChipConfig("ica", VECTOR["id2"], key)).session()
        self.log = []
        self.instead = []

    def answer(self, command):
        given = self.instead.pop(0) if self.instead else self._session.process(command)
        self.log.append((command.hex().upper(), None if given is None else given.hex().upper()))
        return given


@pytest.fixture
def chip():
    return Chip()


@pytest.fixture
def device(client, chip):
    made = client(SE)
    made.attach(chip.answer)
    return made


@pytest.mark.slow
def test_commands_are_those_of_the_vendors_sdk(device, chip):
    device.force_random(0xAB)
    assert device.c.id2_client_init() == 0
    assert device.call("id2_client_get_id", room=48)[2].decode() == VECTOR["id2"]
    codes = VECTOR["auth_codes_sdk"]
    assert device.code("challenge", CHALLENGE) == codes["challenge"]
    assert device.code("challenge", CHALLENGE, EXTRA) == codes["challenge_extra"]
    assert device.code("timestamp", TIMESTAMP) == codes["timestamp"]
    assert device.code("timestamp", TIMESTAMP, EXTRA) == codes["timestamp_extra"]
    published = [(one, other) for one, other in VECTOR["apdu_log"]]
    decrypted = bytes.fromhex(
        "".join(command[10 if at else 20 :] for at, (command, _) in enumerate(published[8:12]))
    )
    assert device.call("id2_client_decrypt", decrypted, len(decrypted), room=1024)[0] == 0
    vendor = [command for command, _ in published]
    assert [command for command, _ in chip.log[:6]] == vendor[:6]
    assert [command for command, _ in chip.log[6:]] == vendor[8:12]
    assert device.c.id2_client_cleanup() == 0


def test_bare_61_and_6c_are_followed_once(device, chip):
    assert device.c.id2_client_init() == 0
    chip.instead = [b"\x61\x0f", None]
    chip.instead[1] = bytes.fromhex("81800C" + VECTOR["id2"] + "9000")
    assert device.call("id2_client_get_id", room=48)[0] == 0
    assert chip.log[-1][0] == "00C000000F"
    assert device.c.id2_client_cleanup() == 0
    assert device.c.id2_client_init() == 0
    chip.instead = [b"\x6c\x0f", b"\x61\x0f"]
    assert device.call("id2_client_get_id", room=48)[0] == -1
    assert chip.log[-1][0] == "80F800000F"


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ("6F00", -1),
        ("9403", -11),
        ("6A82", -11),
        ("8180" + "0B" + "11" * 11 + "9000", -1),
        ("8180" + "0D" + "11" * 13 + "9000", -1),
        ("90", -1),
        ("", -10),
    ],
)
def test_what_a_chip_says_instead_of_its_id(device, chip, answer, result):
    assert device.c.id2_client_init() == 0
    chip.instead = [bytes.fromhex(answer)]
    assert device.call("id2_client_get_id", room=48)[0] == result
    assert device.call("id2_client_get_id", room=48)[0] == 0
    chip.instead = [bytes.fromhex("6988")]
    assert device.code("challenge", CHALLENGE) == -1
    chip.instead = [bytes.fromhex("00" * 16 + "9000")]
    assert device.code("challenge", CHALLENGE) == -1
    assert device.code("challenge", CHALLENGE).startswith("0~2~")


def test_no_chip_is_an_error_and_no_hang(device, client):
    device.detach()
    assert device.c.id2_client_init() == -1
    assert device.code("challenge", CHALLENGE) == -1
    assert device.call("id2_client_get_otp_auth_code", b"i11" + b"x" * 29, 32, room=256)[0] == -1


def test_what_a_chip_cannot_do(device):
    assert device.c.id2_client_init() == 0
    assert device.call("id2_client_get_otp_auth_code", b"i11" + b"x" * 29, 32, room=256)[0] == -8
    assert device.c.id2_client_load_otp_data(b"x" * 89, 89) == -8
    assert device.c.id2_client_kpm_import_key(1, b"AAAA", 4) == -8
    assert device.call("id2_client_kpm_get_auth_code", 1, 1, 0, CHALLENGE, room=512)[0] == 0


def transmit(device, handle, command, room):
    return device.call("se_transmit", handle, command, len(command), room=room)


def test_driver(device, chip):
    c, handle = device.c, ctypes.c_void_p()
    get_id = bytes.fromhex("80F8000000")
    assert transmit(device, None, get_id, 64)[0] == -2
    for _ in range(100):
        assert c.se_open_session(ctypes.byref(handle)) == 0
        assert transmit(device, handle, get_id, 64)[1] == 17
        assert c.se_close_session(handle) == 0
    assert transmit(device, handle, get_id, 64)[0] == -2
    assert c.se_close_session(handle) == -2
    assert c.se_open_session(None) == -2
    assert c.se_open_session(ctypes.byref(handle)) == 0
    assert transmit(device, ctypes.c_void_p(4096), get_id, 64)[0] == -2
    assert transmit(device, handle, get_id, 16)[:2] == (-3, 17)
    assert transmit(device, handle, get_id, 17)[0] == 0
    chip.instead = [bytes(range(256)) + b"\x90\x00"]
    assert transmit(device, handle, get_id, 258) == (0, 258, bytes(range(256)) + b"\x90\x00")
    chip.instead = [None]
    assert transmit(device, handle, get_id, 64)[0] in (-7, -10)
    assert transmit(device, handle, get_id, 64)[1] == 17
    device.detach()
    assert transmit(device, handle, get_id, 64)[0] == -7
