"""Keys and secrets by reference: where they may be, and that no message repeats them."""

import os

import pytest

from harness.board.opening.resolve import Resolver
from harness.errors import UsageError
from harness.id2 import published
from harness.id2.keys import Key, KeyType
from harness.secret import Secret

KEY = "00112233445566778899AABBCCDDEEFF"
AES = Key.parse(KeyType.AES_128, KEY)


@pytest.fixture
def resolver(load_text, sound):
    """Return a resolver for the sound board with this `device.key`."""

    def make(reference, environment=None):
        return Resolver(load_text(f"{sound}device: {{key: {reference}}}\n"), environment or {})

    return make


def refused(resolver):
    with pytest.raises(UsageError) as caught:
        resolver.device_key()
    assert KEY not in caught.value.message
    assert caught.value.__cause__ is None
    return caught.value


def test_no_key(load_text, sound):
    assert Resolver(load_text(sound)).device_key() is None


def test_key_from_the_environment(resolver):
    assert resolver("{env: BOARD_KEY}", {"BOARD_KEY": f" {KEY}\n"}).device_key() == AES


def test_key_from_the_process_environment(load_text, sound, monkeypatch):
    monkeypatch.setenv("BOARD_KEY", KEY)
    assert Resolver(load_text(f"{sound}device: {{key: {{env: BOARD_KEY}}}}\n")).device_key() == AES


def test_published_key(resolver):
    assert resolver("{published: aes-128}").device_key() == published.KEYS[KeyType.AES_128].key


def test_key_of_the_simulated_device(resolver):
    assert resolver("{simulated: chip}").device_key() == published.KEYS[KeyType.AES_128].key


def test_test_key_of_the_simulated_device(load_text, sound):
    text = sound.replace("{published: aes-128}", f"{{test_key: {KEY}}}, id: 2122232425262728292A2B2C")
    assert Resolver(load_text(f"{text}device: {{key: {{simulated: chip}}}}\n")).device_key() == AES


def test_key_of_a_simulated_device_from_the_environment(load_text, sound):
    text = sound.replace("{published: aes-128}", "{env: SIM}, id: 2122232425262728292A2B2C")
    resolver = Resolver(load_text(f"{text}device: {{key: {{simulated: chip}}}}\n"), {"SIM": KEY})
    assert resolver.device_key() == AES


def test_variable_that_is_not_set(resolver):
    error = refused(resolver("{env: BOARD_KEY}"))
    assert error.message == "lab.yaml: device.key: the environment variable BOARD_KEY is not set"
    assert error.hint == "export BOARD_KEY=…"


def test_variable_that_is_empty(resolver):
    error = refused(resolver("{env: BOARD_KEY}", {"BOARD_KEY": " "}))
    assert error.message == "lab.yaml: device.key: the environment variable BOARD_KEY is empty"


def test_key_of_the_wrong_size(resolver):
    error = refused(resolver("{env: K}", {"K": KEY + KEY[:2]}))
    assert error.message == "lab.yaml: device.key: key of type aes-128 must be 32 hex digits; 34 are given"


def test_key_that_is_no_hex(resolver):
    error = refused(resolver("{env: K}", {"K": KEY[:-1] + "x"}))
    assert error.message == (
        "lab.yaml: device.key: key of type aes-128 must be 32 hex digits; other characters are in it"
    )


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_key_from_a_file(resolver, tmp_path, mode):
    found = resolver("{file: keys/a.hex}")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a.hex").write_text(f"{KEY}\n")
    (tmp_path / "keys" / "a.hex").chmod(mode)
    assert found.device_key() == AES


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o601])
def test_file_that_others_may_use(resolver, tmp_path, mode):
    found = resolver("{file: a.hex}")
    (tmp_path / "a.hex").write_text(KEY)
    (tmp_path / "a.hex").chmod(mode)
    error = refused(found)
    assert error.message == (
        f"lab.yaml: device.key: a.hex: has mode {mode:04o}; others must have no access to it"
    )
    assert error.hint == "chmod 600 a.hex"


def private(path, data):
    path.write_bytes(data)
    path.chmod(0o600)


def test_files_that_hold_no_key(resolver, tmp_path):
    found = resolver("{file: a.hex}")
    assert refused(found).message == "lab.yaml: device.key: a.hex: there is no such file"
    private(tmp_path / "a.hex", b" \n")
    assert refused(found).message == "lab.yaml: device.key: a.hex: is empty"
    private(tmp_path / "a.hex", bytes.fromhex(KEY) + b"\xff")
    assert refused(found).message == "lab.yaml: device.key: a.hex: is not text"
    private(tmp_path / "a.hex", b"0" * (64 * 1024 + 1))
    assert refused(found).message == "lab.yaml: device.key: a.hex: is larger than 64 KiB"


def test_paths_that_are_no_files(resolver, tmp_path):
    found = resolver("{file: a.hex}")
    (tmp_path / "a.hex").mkdir()
    assert refused(found).message == "lab.yaml: device.key: a.hex: is a folder, not a file"
    (tmp_path / "a.hex").rmdir()
    os.mkfifo(tmp_path / "a.hex", 0o600)
    assert refused(found).message == "lab.yaml: device.key: a.hex: is not a regular file"


def test_a_link_is_judged_by_what_it_leads_to(resolver, tmp_path):
    found = resolver("{file: a.hex}")
    private(tmp_path / "real.hex", KEY.encode())
    (tmp_path / "a.hex").symlink_to("real.hex")
    assert found.device_key() == AES
    (tmp_path / "real.hex").chmod(0o644)
    assert "has mode 0644" in refused(found).message


def test_secrets_hide_themselves_and_are_told_to_whoever_hides_them(load_text, sound):
    text = f"{sound}service: {{product: {{product_secret: {{env: PS}}}}}}\n"
    board = load_text(text)
    resolver = Resolver(board, {"PS": "hunter2"})
    reference = board.service.product.product_secret
    assert reference is not None
    secret = resolver.secret(reference, "service.product.product_secret")
    assert secret.reveal() == b"hunter2"
    assert "hunter2" not in repr(secret)
    hidden = []
    resolver.tell(hidden.append)
    assert hidden == [Secret("hunter2")], "found before anybody listened"
    resolver.secret(reference, "service.product.product_secret")
    assert hidden == [Secret("hunter2")] * 2
