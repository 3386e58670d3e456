"""Each broken module does what its name says, and nothing of it accuses a sound one."""

from pathlib import Path

import pytest
from bench import Direct, entry_of, host_of, published_module

from harness.carrier.errors import CarrierError
from harness.errors import BenchError, DeviceError, UsageError
from harness.fixtures.module import ModuleUnderTest
from harness.id2 import authcode, ciphers, servercode
from harness.id2.keys import KeyType
from harness.simulator.faults.catalogue import FAULTS, find
from harness.simulator.faults.fault import Layer
from harness.simulator.module import socket_side
from harness.simulator.module.socket_side import SocketModuleDevice
from harness.simulator.module.transports import hooks_of

ENTRY = entry_of(KeyType.AES_128)
ALL = [fault.name for fault in FAULTS if fault.layer is Layer.MODULE]


def broken(name, *, init=True):
    host = host_of(published_module(fault=f"module-{name}"))
    if init:
        host.init()
    return host


def refused(call, *arguments):
    with pytest.raises(CarrierError) as caught:
        call(*arguments)
    return caught.value.code


def problems(code, extra=b""):
    return authcode.check(code, key=ENTRY.key, id2=ENTRY.id2, extra=extra)


def test_timestamp_as_challenge():
    host = broken("timestamp-as-challenge")
    assert host.get_timestamp_auth_code("1").startswith("0~")
    assert host.get_timestamp_auth_code("1", b"x").startswith("2~")


def test_shared_init():
    module = published_module(fault="module-shared-init")
    one, two = host_of(module), host_of(module)
    one.init()
    assert two.get_id() == ENTRY.id2
    two.cleanup()
    assert refused(one.get_id) == -1


def test_no_init_needed():
    assert broken("no-init-needed", init=False).get_id() == ENTRY.id2


@pytest.mark.parametrize(
    "command", ["get_version", "get_id", "get_challenge_auth_code", "get_timestamp_auth_code"]
)
def test_what_is_carried_out_before_init_is_named(command):
    client = host_of(published_module())
    setattr(client, command, lambda *_: "carried out")
    with pytest.raises(AssertionError, match=f"the module, asked for {command} before init, accepted"):
        ModuleUnderTest(None, client).require_refused(client)


def test_one_connection_at_a_time(monkeypatch):
    monkeypatch.setattr(socket_side, "_PATIENCE", 0.01)
    module = published_module(fault="module-one-connection-at-a-time")
    one, two = SocketModuleDevice(module), SocketModuleDevice(module)
    ask = bytes.fromhex("34120000000000000000000000000000")
    assert list(one.receive(ask))
    one.power_off()
    assert list(two.receive(ask))
    assert not list(one.receive(ask))
    two.power_off()
    assert list(one.receive(ask))


def test_body_with_error():
    host = broken("body-with-error")
    refused(host.get_challenge_auth_code, "")
    assert list(host.irregular) == ["body"]


@pytest.mark.parametrize("name", ["magic-wrong", "field-one-too-long", "body-one-too-short"])
def test_magic_wrong_field_one_too_long_body_one_too_short(name):
    with pytest.raises(DeviceError, match="of the module gets"):
        broken(name).get_id()


def test_other_command_number():
    assert list(broken("other-command-number").irregular) == ["command"]


def test_version_with_length():
    with pytest.raises(DeviceError, match="8 bytes; a number has 4"):
        broken("version-with-length").get_version()


def test_positive_errors():
    assert (
        refused(broken("positive-errors").get_challenge_auth_code, "7", b"x" * 600) == -4
    )  # as its host says
    assert refused(broken("positive-errors", init=False).get_id) == 1


def test_partial_writes():
    assert list(broken("partial-writes").irregular) == ["pieces"]


def test_late_answers():
    device = SocketModuleDevice(published_module(fault="module-late-answers"))
    (answer,) = device.receive(bytes.fromhex("34120000000000000000000000000000"))
    assert answer.pause > 0.3


def test_silent_on_unknown_command():
    with pytest.raises(DeviceError, match="was not answered"):
        broken("silent-on-unknown-command").send_unknown(99)


def test_id_changes_and_id_lower_case():
    host = broken("id-changes")
    assert host.get_id() != host.get_id()
    assert broken("id-lower-case").get_id() == ENTRY.id2.lower()


def test_repeated_random():
    host = broken("repeated-random")
    randoms = [authcode.parse(host.get_challenge_auth_code("1")).device_random for _ in range(60)]
    assert len(set(randoms)) == 59


@pytest.mark.parametrize("name", ["wrong-key", "extra-not-signed", "extra-ends-at-nul"])
def test_wrong_key_extra_not_signed_extra_ends_at_nul(name):
    extra = b"a\0b"
    assert problems(broken(name).get_challenge_auth_code("1", extra), extra)


def test_long_challenge_taken_and_long_extra_taken():
    assert "7" * 33 in broken("long-challenge-taken").get_challenge_auth_code("7" * 33)
    assert broken("long-extra-taken").get_challenge_auth_code("7", b"x" * 513).startswith("2~")


def test_padding_not_checked():
    assert broken("padding-not-checked").decrypt(ciphers.ecb_encrypt(ENTRY.key, bytes(16))) == bytes(16)


def test_server_code_not_checked():
    code = servercode.build(ENTRY.key, ENTRY.id2, "AB").text
    broken("server-code-not-checked").verify_server(code, "CD")


def test_every_fault_of_the_socket_has_a_test_above():
    source = Path(__file__).read_text()
    for name in ALL:
        short = name.removeprefix("module-")
        if "socket" in find(name).module_hooks().protocols:
            assert f'"{short}"' in source or f'"{name}"' in source, name


def test_a_fault_of_another_protocol_is_refused():
    with pytest.raises(UsageError, match="does not show in the at protocol"):
        hooks_of("module-magic-wrong", "at")
    with pytest.raises(UsageError, match="sits in the chip layer"):
        hooks_of("id-changes", "socket")


# ---- what comes over a line is not always a request
def test_noise_before_a_request_is_passed_over():
    device = SocketModuleDevice(published_module())
    ask = bytes.fromhex("34120000000000000000000000000000")
    assert len(list(device.receive(b"\xff\x00\x55" + ask))) == 1
    assert len(list(device.receive(ask))) == 1


def test_what_is_no_request_is_answered_too():
    device = SocketModuleDevice(published_module())
    (answer,) = device.receive(b"GET / HTTP/1.1\r\n\r\n")
    assert answer.data[12:16] == (-2).to_bytes(4, "little", signed=True)
    transport = Direct(device)
    assert not transport.waiting


def test_a_request_in_pieces_is_answered_once():
    device = SocketModuleDevice(published_module())
    ask = bytes.fromhex("34120000000000000000000000000000")
    answers = [one for byte in ask for one in device.receive(bytes([byte]))]
    assert len(answers) == 1


def test_a_request_that_is_too_long_is_refused_and_skipped():
    device = SocketModuleDevice(published_module())
    head = bytes.fromhex("34120000") + (70_000).to_bytes(4, "little") + bytes.fromhex("0600000000000000")
    (answer,) = device.receive(head)
    assert answer.data[12:16] == (-4).to_bytes(4, "little", signed=True)
    assert not list(device.receive(bytes(69_999)))
    assert len(list(device.receive(b"\0" + bytes.fromhex("34120000000000000000000000000000")))) == 1


def test_silence_of_both_connections_accuses_nobody():
    host = host_of(published_module())
    host._transport.device = None
    host._transport.do = lambda operation: b""
    with pytest.raises(BenchError):
        host.get_id()
