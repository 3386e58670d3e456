"""The entry points of board files, with the harness's own layers on top."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from pydantic import ValidationError

from harness.board.reading.explain import problems
from harness.chip.fm1280 import Fm1280I2c, Limits
from harness.chip.hexline import HexLine
from harness.chip.ica.algorithms import Algorithm
from harness.chip.ica.chip import IcaChip
from harness.chip.ica.vendor import Option
from harness.chip.mtk import MtkChip, MtkCommandSet
from harness.chip.session import ChipSession
from harness.errors import BenchError, DeviceError, HarnessError, UsageError
from harness.id2 import ciphers
from harness.id2.keys import Key, KeyType
from harness.settings.link_flash import LinkFlash
from harness.settings.problems import field_name
from harness.transport.base import Capability, StreamRead, StreamWrite
from harness.transport.kind import TransportContext
from harness.transport.kinds import TRANSPORTS
from tests.simulator.conftest import ID, KEYS

QUICK = Limits(answer=0.05, total=0.1, write=0.02, frame_delay=0.0, poll_pause=0.0)


@pytest.fixture
def device():
    def make(key_type=KeyType.AES_128, **more):
        key = {"test_key": KEYS[key_type]}
        return {"key_type": key_type, "id": ID, "key": key, **more}

    return make


def opened(kind, folder=Path(), **fields):
    """Return the transport of a section of a board file."""
    settings = TRANSPORTS.get(kind).model_validate({"kind": kind, **fields})
    return settings.make(
        TransportContext("chip", folder, "lab", "se", KeyType.AES_128, None, LinkFlash(), key_of_reference)
    )


def key_of_reference(device):
    return Key.parse(device.key_type, device.key.test_key.get_secret_value())


def test_i2c(device, key_for):
    transport = opened("simulated-i2c", address=0x31, device=device(vendor=0x8182))
    assert transport.capabilities == {Capability.I2C}
    assert transport.identity == f"simulated ica chip, aes-128, ID {ID}, on a simulated I²C bus"
    with ChipSession(Fm1280I2c(transport, 0x31, limits=QUICK)) as session:
        chip = IcaChip(session)
        chip.select()
        assert chip.get_id().vendor == 0x8182
        plain = bytes(768)
        cipher = chip.encrypt_blocks(Algorithm.AES_ECB, plain)
        assert cipher == ciphers.ecb_encrypt(key_for(KeyType.AES_128), plain)
        assert chip.decrypt_blocks(Algorithm.AES_ECB, cipher) == plain
        assert Option.AES in chip.get_vendor_info().options


def test_i2c_with_a_fault_in_the_framing(device):
    transport = opened("simulated-i2c", address=0x71, device=device(fault="wtx-forever"))
    assert "broken on purpose: wtx-forever" in transport.identity
    with pytest.raises(DeviceError), ChipSession(Fm1280I2c(transport, limits=QUICK)) as session:
        IcaChip(session).get_id()


def test_i2c_answers_to_no_other_address(device):
    transport = opened("simulated-i2c", address=0x71, device=device())
    with pytest.raises(BenchError, match="0x20"), ChipSession(Fm1280I2c(transport, 0x20, limits=QUICK)):
        pass


@pytest.mark.parametrize("answers", ["direct", "get-response"])
def test_serial_ica(device, answers):
    transport = opened("simulated-serial", device=device(KeyType.SM4_128, answers=answers))
    assert transport.capabilities == {Capability.STREAM}
    for _ in range(2):  # a simulated line may be opened again
        with ChipSession(HexLine(transport)) as session:
            chip = IcaChip(session)
            chip.select()
            assert chip.get_id().id_bytes.hex().upper() == ID
            assert session.last.transmissions == (2 if answers == "get-response" else 1)


def test_serial_mtk(device, key_for):
    transport = opened("simulated-serial", device=device(KeyType.DES3_168, command_set="mtk"))
    with ChipSession(HexLine(transport)) as session:
        chip = MtkChip(session)
        assert chip.get_id().id_bytes.hex().upper() == ID
        assert chip.encrypt_blocks(Algorithm.DES_ECB, bytes(40)) == ciphers.ecb_encrypt(
            key_for(KeyType.DES3_168), bytes(40)
        )


def test_serial_with_a_slow_chip_is_blamed_on_the_device(device):
    transport = opened("simulated-serial", device=device(fault="slow-answer"))
    with ChipSession(HexLine(transport, timeout=0.05)) as session:
        chip = IcaChip(session)
        chip.get_id()
        with pytest.raises(DeviceError, match="no answer within"):
            chip.encrypt_blocks(Algorithm.AES_ECB, bytes(16))


def read_until(transport, end):
    data = b""
    while not data.endswith(end):
        piece = transport.do(StreamRead(65536, 10.0))
        assert piece, data[-200:]
        data += piece
    return data


def test_console_simulated(device):
    transport = opened("simulated-console", device=device(seed=4))
    outputs = []
    for _ in range(2):
        with transport:
            outputs.append(read_until(transport, b"<= SE close session, (ret = 0).\n"))
            transport.do(StreamWrite(b"\n"))
            read_until(transport, b"<= SE close session, (ret = 0).\n")
    assert all(output.startswith(b"<LS_LOG> ID2 Client Version: 0x00030100\n") for output in outputs)


def test_console_played(sample, tmp_path):
    capture = tmp_path / "captured.log"
    text = sample("id2_app-3.1.0-aes128.log").encode()
    capture.write_bytes(text)
    transport = opened("simulated-console", tmp_path, file=capture.name)
    assert transport.identity == "captured console captured.log, played back, on a pseudo-terminal"
    with transport:
        assert read_until(transport, text[-40:]) == text


def test_console_faults(device, tmp_path):
    with opened("simulated-console", device=device(), fault="cut-off-in-report") as transport:
        assert b"close session" not in read_until(transport, b'"testContent"')
    with opened("simulated-console", device=device(fault="id-length-11")) as transport:
        assert b"provisioning fail" in read_until(transport, b"<= SE close session, (ret = 0).\n")
    capture = tmp_path / "captured.log"
    capture.write_bytes(b"hello\n")
    with opened("simulated-console", tmp_path, file=capture.name, fault="silent") as transport:
        assert "broken on purpose: silent" in transport.identity
        assert transport.do(StreamRead(100, 0.05)) == b""


def test_two_openings_of_one_line_are_refused(device):
    transport = opened("simulated-serial", device=device())
    with transport, pytest.raises(UsageError, match="twice"):
        transport.open()
    with pytest.raises(BenchError, match="not open"):
        transport.do(StreamRead(1, 0))
    transport.close()


@pytest.mark.parametrize(
    ("kind", "device_fields", "fields", "message"),
    [
        ("simulated-i2c", {"fault": "silent"}, {}, "console layer"),
        ("simulated-i2c", {"fault": "no-such"}, {}, "no fault named"),
        ("simulated-i2c", {"command_set": "mtk"}, {}, "mtk"),
        ("simulated-spi", {"fault": "wtx-forever"}, {}, "framing layer"),
        ("simulated-serial", {"fault": "bcc-wrong-always"}, {}, "framing layer"),
        ("simulated-console", {}, {"fault": "id-changes"}, "chip layer"),
        ("simulated-console", {"fault": "garbage"}, {"fault": "silent"}, "a device has one"),
        ("simulated-console", {"fault": "nak-forever"}, {}, "framing layer"),
        ("simulated-console", {}, {"file": "/nonexistent/x.log"}, "No such file"),
    ],
)
def test_what_cannot_be_is_one_clear_line(device, kind, device_fields, fields, message):
    with pytest.raises(UsageError) as caught:
        opened(kind, device=device(**device_fields), **fields)
    assert message in caught.value.message
    assert "\n" not in caught.value.message
    assert "2122232425262728292A2B2C2D2E2F30" not in caught.value.message


@pytest.mark.parametrize(
    ("fields", "device_fields", "message"),
    [
        ({"device": None}, {}, "device: is empty"),
        ({}, {"id": "12"}, "device.id: "),
        ({}, {"id": None}, "device: says no id"),
        ({}, {"key": None}, "device.key: a key or secret is never written"),
        ({}, {"key": {"test_key": "00"}}, "hex digits"),
        (
            {},
            {"answers": "sometimes"},
            "device.answers: 'sometimes' is not a valid word here; valid: direct, get-response",
        ),
        (
            {},
            {"command_set": "mkt"},
            "device.command_set: 'mkt' is not a valid word here; did you mean 'mtk'? valid: ica, mtk",
        ),
        ({}, {"vendor": 0x10000}, "device.vendor: 0x10000 is out of range"),
        ({"address": 0x7F}, {}, "address: 0x7f is not a 7-bit"),
    ],
)
def test_what_settings_cannot_say(device, fields, device_fields, message):
    kind = TRANSPORTS.get("simulated-i2c")
    with pytest.raises(ValidationError) as caught:
        kind.model_validate({"kind": "simulated-i2c", "device": device(**device_fields)} | fields)
    (problem,) = problems(caught.value, kind)
    assert message in f"{field_name(problem.loc)}: {problem.text}"


CHIP = {"key_type": "aes-128", "key": {"published": "aes-128"}}
PUF = {"key_type": "ecc-k256", "id": "2122232425262728292A2B2C", "key": {"test_key": "07" * 32}}
FIRMWARE = {"kind": "firmware", "machine": "linux"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"kind": "simulated-spi", "device": CHIP | {"fault": "id-chnges"}},
            "device.fault: * did you mean id-changes*",
        ),
        (
            {"kind": "simulated-serial", "device": CHIP | {"fault": "silent"}},
            "device.fault: * console layer; *",
        ),
        (
            {"kind": "simulated-console", "device": CHIP | {"fault": "id-chnges"}},
            "device.fault: * mean id-changes*",
        ),
        ({"kind": "simulated-console", "device": CHIP, "fault": "silnt"}, "fault: * did you mean silent*"),
        ({"kind": "simulated-console", "app": "link_app", "fault": "link-x"}, "fault: * did you mean link-*"),
        ({"kind": "simulated-puf", "device": PUF, "fault": "puf-x"}, "fault: * did you mean puf-*"),
        (
            {"kind": "simulated-module", "device": CHIP | {"fault": "module-wrong-ky"}},
            "device.fault: * module-wrong-key*",
        ),
        (
            {"kind": "simulated-at-module", "device": CHIP | {"fault": "module-magic-wrong"}},
            "device.fault: * does not show in the at protocol of a module; take a module behind socket",
        ),
        (
            FIRMWARE | {"carrier": "se", "device": CHIP | {"fault": "id-chnges"}},
            "device.fault: * mean id-changes*",
        ),
        (FIRMWARE | {"carrier": "demo", "device": CHIP | {"fault": "id-changes"}}, ""),
        ({"kind": "simulated-console", "device": CHIP, "fault": "silent"}, ""),
    ],
)
def test_a_fault_that_cannot_be_is_named_before_the_device_is_made(tmp_path, fields, said):
    kind = TRANSPORTS.get(fields["kind"])
    problems = [
        f"{field_name(each.loc)}: {each.text}" for each in kind.model_validate(fields).errors(tmp_path)
    ]
    assert len(problems) == bool(said)
    assert fnmatchcase("".join(problems), said), problems


def test_a_firmware_without_a_chip_says_that_it_has_no_fault_of_one():
    fields = FIRMWARE | {"carrier": "demo", "device": CHIP | {"fault": "id-changes"}}
    (doubt,) = TRANSPORTS.get("firmware").model_validate(fields).advice()
    assert doubt.loc == ("device", "fault")
    assert "write `fault` beside the device" in doubt.text


def test_a_fault_that_cannot_lie_over_a_capture(tmp_path):
    capture = tmp_path / "captured.log"
    capture.write_bytes(b"hello\n")
    for fault in ("extra-ignored", "id-changes"):
        with pytest.raises(HarnessError):
            opened("simulated-console", tmp_path, file=capture.name, fault=fault)


def test_a_chip_set_without_an_adapter_in_the_sdk_cannot_run_its_program(device, monkeypatch):
    monkeypatch.setattr(MtkCommandSet, "build_word", classmethod(lambda cls: ""))
    with pytest.raises(UsageError, match="no adapter for the command set 'mtk'"):
        opened("simulated-console", device=device(KeyType.DES3_168, command_set="mtk"))
