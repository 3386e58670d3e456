"""Every published trace replays byte for byte: each command is the vendor's, in its order."""

import pytest

from harness.chip.ica.algorithms import Algorithm
from harness.chip.ica.chip import IcaChip
from harness.chip.mtk import MtkChip

ICA_TRACES = {
    "AES-128-se": Algorithm.AES_ECB,
    "AES-128-se-t0": Algorithm.AES_ECB,
    "3DES-168-se": Algorithm.DES_ECB,
}


def operations(log, per_head):
    """Take the crypto commands of a trace as (encrypt, data, expected): what a host was asked to do."""
    found = []
    for command, answer in log:
        raw = bytes.fromhex(command)
        if raw[:2] == b"\x00\xc0" and found:
            found[-1][2].append(bytes.fromhex(answer)[:-2])
        elif raw[1] == per_head and raw[2] == 0:
            found.append((raw[5] == 0x51, [raw[10:]], [bytes.fromhex(answer)[:-2]]))
        elif raw[1] == per_head:
            found[-1][1].append(raw[5:])
            found[-1][2].append(bytes.fromhex(answer)[:-2])
    return [(encrypt, b"".join(data), b"".join(expected)) for encrypt, data, expected in found]


@pytest.mark.parametrize("name", ICA_TRACES)
def test_ica_trace(name, scripted, vector):
    record = vector(name)
    log = record["apdu_log"]
    whole = log[:-1] if log[-1][1].startswith("61") else log  # the T=0 trace ends inside its last command
    session = scripted(*whole)
    chip = IcaChip(session)
    chip.start()
    found = chip.get_id()
    assert found.id_bytes.hex().upper() == record["id2"]
    assert found.maker == "Huada"
    asked = operations(whole, 0xF6)
    assert len(asked) >= 4
    for encrypt, data, expected in asked:
        run = chip.encrypt_blocks if encrypt else chip.decrypt_blocks
        assert run(ICA_TRACES[name], data) == expected
    assert session.channel.script == []


def test_768_bytes_are_among_the_traces(vector):
    sizes = {len(data) for _, data, _ in operations(vector("AES-128-se")["apdu_log"], 0xF6)}
    assert 784 in sizes  # 768 bytes and a block of padding: four commands, Lc F5 F0 F0 40


def test_mtk_trace(scripted, vector):
    record = vector("mtk-3des")
    session = scripted(*record["apdu_log"])
    chip = MtkChip(session)
    chip.start()
    for command, answer in record["apdu_log"]:
        raw = bytes.fromhex(command)
        if raw[:2] != b"\x00\xdc":
            continue
        if raw[5:] == bytes.fromhex("52E602"):
            assert chip.get_id().id_bytes.hex().upper() == "0102030405060708090A0B0C"
            continue
        size = int.from_bytes(raw[11:13])
        data = raw[13 : 13 + size]
        fetched = bytes.fromhex(
            next(got for sent, got in record["apdu_log"] if sent == f"00B2FFFF{answer[2:]}")
        )
        if raw[8] == 0x51:
            out = chip.encrypt_blocks(Algorithm.DES_ECB, data)
            assert len(out) == len(data)
        else:
            out = chip.decrypt_blocks(Algorithm.DES_ECB, data)
            assert out == fetched[:4] + b"\x04" * 4
    assert session.channel.script == []


def test_mtk_results_are_the_signatures_of_the_trace(scripted, vector):
    record = vector("mtk-3des")
    session = scripted(*record["apdu_log"][3:6])
    write = bytes.fromhex(record["apdu_log"][4][0])
    expected = bytes.fromhex(record["apdu_log"][5][1])[:40]
    assert MtkChip(session).encrypt_blocks(Algorithm.DES_ECB, write[13:-2]) == expected
