"""What the command sets answer for themselves."""

import pytest

from harness.chip.command_set import COMMAND_SETS, Meaning
from harness.chip.ica import commands
from harness.chip.ica.algorithms import Algorithm, DigestType, Mode
from harness.chip.mtk import GET_ID, crypt_request, fetch, select, write

DATA = bytes(range(16))
ICA, MTK = COMMAND_SETS.get("ica"), COMMAND_SETS.get("mtk")


@pytest.mark.parametrize(
    ("kind", "command", "meaning", "crypted"),
    [
        (ICA, commands.select(), Meaning.PLAIN, None),
        (ICA, commands.get_id(), Meaning.ID, None),
        (ICA, commands.compute_digest(DigestType.SHA256, DATA)[0], Meaning.CIPHER, None),
        (ICA, commands.symmetric_crypt(Mode.DECRYPT, Algorithm.AES_ECB, DATA)[0], Meaning.CIPHER, DATA),
        (MTK, select(), Meaning.PLAIN, None),
        (MTK, fetch(17), Meaning.FETCHED, None),
        (MTK, crypt_request(False, DATA), Meaning.CIPHER, DATA),
    ],
)
def test_what_the_answer_to_a_command_holds(kind, command, meaning, crypted):
    assert kind.meaning(command.to_bytes()) is meaning
    assert kind.crypted(command.to_bytes()) == crypted


def test_the_id_of_an_mtk_chip_is_no_cipher_text():
    assert MTK.meaning(write(GET_ID, "GetID").to_bytes()) is Meaning.ID


def test_a_further_command_of_a_chain_is_data_from_its_first_byte_on():
    first, second = commands.symmetric_crypt(Mode.DECRYPT, Algorithm.AES_ECB, bytes(256) + DATA)
    assert ICA.crypted(first.to_bytes()) + ICA.crypted(second.to_bytes()) == bytes(256) + DATA


@pytest.mark.parametrize("name", COMMAND_SETS.names)
def test_what_must_be_refused_is_a_command_and_what_is_asked_first_is_documented(name):
    kind = COMMAND_SETS.get(name)
    assert all(len(command) >= 5 for command in kind.refused(bytes))
    probe = kind().probe().to_bytes()
    assert (probe[0], probe[1]) in kind.documented()
    assert kind.key_types()
