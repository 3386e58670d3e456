"""Where credentials come from, and that nothing says them."""

import json

import pytest

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.real import credentials


def used(account):
    found = account.client.get_credential()
    return found.access_key_id, found.access_key_secret, found.security_token


def test_from_the_environment(tmp_path):
    found = {
        "HOME": str(tmp_path),
        "ALIBABA_CLOUD_ACCESS_KEY_ID": "KEY",
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "hunter2secret",
    }
    account = credentials.from_chain(found)
    assert used(account) == ("KEY", "hunter2secret", None)
    assert account.secrets == (Secret("hunter2secret"),)
    assert "hunter2" not in repr(account)
    temporary = credentials.from_chain(found | {"ALIBABA_CLOUD_SECURITY_TOKEN": "token7token"})
    assert used(temporary) == ("KEY", "hunter2secret", "token7token")
    assert Secret("token7token") in temporary.secrets


def test_from_the_command_line_tools_profile(tmp_path):
    (tmp_path / ".aliyun").mkdir()
    profile = {"name": "lab", "mode": "AK", "access_key_id": "PK", "access_key_secret": "profilesecret"}
    (tmp_path / ".aliyun" / "config.json").write_text(json.dumps({"current": "lab", "profiles": [profile]}))
    account = credentials.from_chain({"HOME": str(tmp_path)})
    assert used(account)[:2] == ("PK", "profilesecret")
    assert "config.json" in account.source


def test_from_the_credentials_file(tmp_path):
    file = tmp_path / "own.ini"
    file.write_text("[lab]\ntype=access_key\naccess_key_id=IK\naccess_key_secret=inisecret\n")
    account = credentials.from_chain(
        {
            "HOME": str(tmp_path),
            "ALIBABA_CLOUD_CREDENTIALS_FILE": str(file),
            "ALIBABA_CLOUD_PROFILE": "lab",
        }
    )
    assert used(account)[:2] == ("IK", "inisecret")


def test_none_at_all(tmp_path):
    half = {"HOME": str(tmp_path), "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "hunter2secret"}
    with pytest.raises(UsageError, match="no credentials were found") as caught:
        credentials.from_chain(half)
    assert "ALIBABA_CLOUD_ACCESS_KEY_ID" in caught.value.hint
    assert "cloud computer" not in caught.value.message, "no metadata service is asked unless named"
    assert "hunter2" not in caught.value.message


def test_from_the_board_file():
    account = credentials.from_access_key(AccessKey("BK", Secret("boardsecret")), Secret("boardtoken"))
    assert used(account) == ("BK", "boardsecret", "boardtoken")
    assert used(credentials.from_access_key(AccessKey("BK", Secret("boardsecret"))))[2] is None
