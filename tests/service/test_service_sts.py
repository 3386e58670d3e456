"""Temporary AccessKeys: the token that goes with them, their end, and disabled keys; in both signatures."""

from datetime import timedelta

import httpx
import pytest

from harness.service.mock.signature import sign
from harness.service.mock.store.access import Policy


@pytest.fixture
def sts(bench):
    return bench.admin.issue_sts("full", lifetime_s=900)


def code(bench, credentials, token, **changes) -> str:
    changes = {"Id2": "A", "AccessKeyId": credentials.access_key.id, "SecurityToken": token, **changes}
    parameters = bench.signed("GetServerRandom", Signature="", **changes)
    parameters["Signature"] = sign(credentials.access_key.secret, "POST", parameters)
    return httpx.post(bench.mock.endpoint, data=parameters, trust_env=False).json()["Code"]


def test_the_form_of_temporary_credentials(sts):
    assert sts.access_key.id.startswith("STS.")
    assert "CAIS" not in repr(sts)


def test_the_right_token_is_let_through(bench, sts):
    assert code(bench, sts, sts.token.reveal().decode()) == "18"


@pytest.mark.parametrize("token", [None, ""])
def test_no_token(bench, sts, token):
    assert code(bench, sts, token) == "MissingSecurityToken"


def test_a_token_that_nobody_was_given(bench, sts):
    assert code(bench, sts, "CAISü") == "InvalidSecurityToken.Malformed"


def test_the_token_of_another_key(bench, sts):
    other = bench.admin.issue_sts("full", lifetime_s=900)
    assert code(bench, sts, other.token.reveal().decode()) == "InvalidSecurityToken.MismatchWithAccessKey"


def test_a_token_with_a_permanent_key(bench, sts):
    answer = bench.post("GetServerRandom", Id2="A", SecurityToken=sts.token.reveal().decode())
    assert answer.json()["Code"] == "InvalidSecurityToken.MismatchWithAccessKey"


def test_the_end(own_bench):
    sts = own_bench.admin.issue_sts("full", lifetime_s=900)
    token = sts.token.reveal().decode()
    own_bench.admin.move_clock(timedelta(seconds=898))
    assert code(own_bench, sts, token) == "18"
    own_bench.admin.move_clock(timedelta(seconds=3))
    assert code(own_bench, sts, token) == "InvalidSecurityToken.Expired"


def test_the_policy_of_temporary_credentials_counts(bench):
    sts = bench.admin.issue_sts("read-only", lifetime_s=900)
    assert code(bench, sts, sts.token.reveal().decode()) == "63"


def test_a_disabled_key(own_bench):
    key = own_bench.admin.create_access_key("full")
    own_bench.admin.set_access_key_active(key.id, active=False)
    parameters = own_bench.signed("GetServerRandom", Id2="A", AccessKeyId=key.id, Signature="")
    parameters["Signature"] = sign(key.secret, "POST", parameters)
    answer = httpx.post(own_bench.mock.endpoint, data=parameters, trust_env=False)
    assert (answer.status_code, answer.json()["Code"]) == (400, "InvalidAccessKeyId.Inactive")


def test_lists_and_deletion(own_bench):
    sts = own_bench.admin.issue_sts("verify", lifetime_s=60)
    listed = {info.id: info for info in own_bench.admin.access_keys()}
    info = listed[sts.access_key.id]
    assert (info.policy, info.temporary, info.expires_ms) == (Policy.VERIFY, True, sts.expires_ms)
    own_bench.admin.delete_access_key(sts.access_key.id)
    assert code(own_bench, sts, sts.token.reveal().decode()) == "InvalidAccessKeyId.NotFound"


def test_the_default_key_is_never_a_temporary_one(own_bench):
    own_bench.admin.issue_sts("full", lifetime_s=60)
    assert not own_bench.admin.default_access_key()[0].id.startswith("STS.")


def test_the_token_is_not_in_the_call_log(own_bench):
    sts = own_bench.admin.issue_sts("full", lifetime_s=60)
    token = sts.token.reveal().decode()
    code(own_bench, sts, token)
    assert token not in repr(own_bench.admin.calls())
