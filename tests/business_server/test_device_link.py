"""The device's link over real HTTP: what it answers, what it keeps for the judge, what it refuses."""

import base64
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from harness.board.opening.device_link import DeviceLink
from harness.errors import BenchError
from harness.fixtures.impostor import Impostor
from harness.id2 import authcode, ciphers, servercode
from harness.id2.keys import KeyType

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def device():
    return Impostor(KeyType.AES_128)


@pytest.fixture
def link(device):
    with DeviceLink() as link:
        link.device = device
        yield link


def ask(link, path, body=None, *, headers=None, method="POST"):
    data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    request = urllib.request.Request(
        link.url + path, None if method == "GET" else data, headers or {}, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_all_that_a_device_does(link, device):
    assert ask(link, "/id") == (200, {"id": device.id2})
    status, answer = ask(link, "/challenge-code", {"challenge": "ABC", "extra": "é"})
    assert status == 200
    assert not authcode.check(
        answer["code"], id2=device.id2, key=device.key, extra="é".encode(), challenge="ABC"
    )
    _, answer = ask(link, "/timestamp-code", {"timestamp": "1700000000000", "extra": ""})
    assert authcode.parse(answer["code"]).type == authcode.AuthCodeType.TIMESTAMP
    _, made = ask(link, "/device-challenge")
    assert re.fullmatch("[0-9A-F]{32}", made["challenge"])
    code = servercode.build(device.key, device.id2, made["challenge"], b"s").text
    given = {"code": code, "challenge": made["challenge"], "extra": "s"}
    assert ask(link, "/verify-server", given) == (200, {"accepted": True})
    assert ask(link, "/verify-server", {**given, "extra": "t"}) == (200, {"accepted": False})
    cipher = base64.b64encode(ciphers.encrypt(device.key, b"the session key!")).decode()
    assert ask(link, "/decrypt?x=1", {"cipher": cipher}) == (200, {"accepted": True})
    seen = link.taken()
    assert [one.path for one in seen][-4:] == [
        "/device-challenge",
        "/verify-server",
        "/verify-server",
        "/decrypt",
    ]
    assert [one.accepted for one in seen[-3:]] == [True, False, True]
    assert seen[-1].target == "/decrypt?x=1"
    assert seen[-1].plain.reveal() == b"the session key!"
    assert "session key" not in repr(seen)
    assert link.taken() == ()


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/nothing", {}, 404, "no such request"),
        ("/challenge-code", {}, 400, "challenge is missing"),
        ("/challenge-code", {"challenge": 1}, 400, "object of texts"),
        ("/challenge-code", b"[]", 400, "object of texts"),
        ("/challenge-code", b"{", 400, "not JSON"),
        ("/challenge-code", b"[" * 20_000, 400, "not JSON"),
        ("/challenge-code", {"challenge": "x" * 33}, 422, ""),
        ("/decrypt", {"cipher": "%"}, 400, "Base64"),
        ("/decrypt", {"cipher": "AAAA"}, 422, ""),
        ("/id", b"x" * 70_000, 413, "at most"),
    ],
)
def test_refusals(link, path, body, status, words):
    got, answer = ask(link, path, body)
    assert got == status
    assert words in answer["error"]
    assert link.trouble is None


def test_only_post_and_only_this_computer(link):
    assert ask(link, "/id", method="GET")[0] == 405
    assert ask(link, "/id", headers={"Host": "attacker.example"})[0] == 403
    assert link.taken() == ()


def test_trouble_of_the_bench_is_kept_and_not_the_servers_fault(link, device):
    def unplugged():
        raise BenchError("no cable")

    device.get_id = unplugged
    assert ask(link, "/id") == (503, {"error": "the device cannot be reached"})
    assert link.trouble.message == "no cable"


def test_taken_port(link):
    with pytest.raises(BenchError, match="cannot listen"):
        DeviceLink(int(link.url.rpartition(":")[2]))


def test_spoiled_codes_go_out(link):
    link.spoil = lambda code: code[::-1]
    _, answer = ask(link, "/challenge-code", {"challenge": "ABC"})
    assert answer["code"].endswith("~2~0")
    assert link.taken()[0].answer["code"] == answer["code"]


def test_documentation_has_every_request():
    told = set(
        re.findall(r"^\| `POST (/[a-z-]+)`", (ROOT / "docs" / "business-server.md").read_text(), re.MULTILINE)
    )
    source = (ROOT / "harness" / "board" / "opening" / "device_link.py").read_text()
    assert told == set(re.findall(r'path == "(/[a-z-]+)"', source))
