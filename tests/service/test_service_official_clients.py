"""The mock answers the cloud's official Python clients: every operation, both forms, HTTP and TLS, and refusals."""

import base64
import re

import pytest
from alibabacloud_tea_openapi.exceptions import ClientException as TeaClientError
from alibabacloud_tea_openapi.exceptions import ServerException as TeaServerError
from alibabacloud_tea_openapi.exceptions import ThrottlingException
from aliyunsdkcore.acs_exception.exceptions import ServerException as CoreError
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.request import RpcRequest

from harness.id2 import authcode, ciphers, otp, servercode
from harness.service.mock.faults import Fault, FaultKind
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.web.tls import Tls
from tests.service.official_clients import CALLERS, VERSION, Target
from tests.service.service_bench import Bench, new_device
from tests.service.test_service_otp import device_code

UUID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}")
EXTRA = "a b+c/=&~*%ü中"
# The core client brings an old urllib3 of its own, which uses what ssl no longer likes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl.PROTOCOL_TLS is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:ssl.match_hostname.. is deprecated:DeprecationWarning"),
]
EVERY = pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: caller.name)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """The clients read proxies from the environment; calls to this computer go past them."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)


@pytest.fixture(scope="module")
def tls_bench(tmp_path_factory):
    tls = Tls.made()
    ca = tmp_path_factory.mktemp("tls") / "ca.pem"
    ca.write_bytes(tls.ca_pem)
    with MockService(tls=tls) as mock:
        yield Bench(mock, None), str(ca)


def target(bench, **changes) -> Target:
    key = bench.admin.default_access_key()[0]
    values = {"key_id": key.id, "secret": key.secret.reveal().decode(), **changes}
    return Target(bench.mock.endpoint, **values)


def good(answer: dict):
    assert (answer["Code"], answer["Success"]) == ("200", "true")
    assert UUID.fullmatch(answer["RequestId"])
    return answer["Data"]


def every_operation(bench, caller, form, where):
    """Take one device through all six operations, and look at what each answers."""
    device, product = bench.device(), bench.product(licences=3)
    known = {"Id2": device.id2, "ProductKey": product.product_key}

    def call(action, **parameters):
        return good(caller.answer(where, action, parameters, form))

    def fresh(extra=""):
        challenge = call("GetServerRandom", Id2=device.id2)
        assert re.fullmatch("[0-9A-F]{32}", challenge)
        return device.answer(challenge, extra)

    order = bench.admin.orders(product.product_key)[0]
    code = fresh()
    assert call("Activate", Id2=device.id2, AuthCode=code, License=order.code) == "true"
    assert bench.admin.counters(product.product_key).used == 1

    assert call("Verify", **known, AuthCode=fresh(EXTRA), Extra=EXTRA) == "true"

    sealed = call("VerifyAndEncrypt", **known, AuthCode=fresh(), Data=EXTRA)
    assert ciphers.decrypt(device.key, base64.b64decode(sealed)).decode() == EXTRA

    both = call(
        "GetServerAuthCodeAndEncryptData",
        **known,
        DeviceAuthCode=fresh(),
        DeviceChallenge="<&'\">]]>",
        ServerExtra="to the device",
        Data="session key",
    )
    assert ciphers.decrypt(device.key, base64.b64decode(both["EncryptData"])) == b"session key"
    servercode.verify(
        device.key,
        device.id2,
        authcode.parse(both["ServerAuthCode"]),
        "<&'\">]]>",
        b"to the device",
    )

    request, session_key = device_code(product)
    given = call("OtpGetId2", DeviceAuthCode=base64.b64encode(request).decode())
    data = otp.parse_data(base64.b64decode(given["ProvisionData"]))
    assert otp.open_data(data, session_key).key_type is product.algorithm
    assert given["Remaining"] == "1"
    assert bench.admin.counters(product.product_key).used == 2


@pytest.mark.parametrize("form", ["JSON", "XML"])
@EVERY
def test_every_operation(bench, caller, form):
    every_operation(bench, caller, form, target(bench))


@EVERY
def test_every_operation_over_tls(tls_bench, caller):
    bench, ca = tls_bench
    every_operation(bench, caller, "JSON", target(bench, ca=ca))


@EVERY
def test_a_client_that_does_not_trust_the_authority_refuses(caller):
    # A mock of its own: clients keep connections, and one that was trusted before would be used again.
    with MockService(tls=Tls.made()) as mock:
        where = target(Bench(mock, None))
        with pytest.raises(Exception, match=r"(?i)certificate verify failed"):
            caller.answer(where, "GetServerRandom", {"Id2": new_device().id2})
        assert not mock.admin.calls()


@EVERY
def test_temporary_credentials(bench, caller):
    made = bench.admin.issue_sts("full", lifetime_s=900)
    token = made.token.reveal().decode()
    secret = made.access_key.secret.reveal().decode()
    where = target(bench, key_id=made.access_key.id, secret=secret, token=token)
    assert good(caller.answer(where, "GetServerRandom", {"Id2": bench.device().id2}))


@EVERY
def test_a_refusal_of_the_service_is_an_answer(bench, caller):
    answer = caller.answer(target(bench), "GetServerRandom", {"Id2": new_device().id2})
    assert (answer["Code"], answer["Success"]) == ("18", "false")
    assert "Data" not in answer


def refused(caller, where, action="GetServerRandom", **parameters):
    """Return status, code, message and request id as the client's own exception tells them."""
    with pytest.raises((TeaClientError, TeaServerError, CoreError)) as caught:
        caller.answer(where, action, {"Id2": "A", **parameters})
    error = caught.value
    if isinstance(error, CoreError):
        return error.get_http_status(), error.get_error_code(), error.get_error_msg(), error.get_request_id()
    return error.status_code, error.code, error.message, error.request_id


@EVERY
def test_gateway_errors_reach_the_clients_own_exceptions(bench, caller):
    status, code, message, request_id = refused(caller, target(bench), action="Verify2")
    assert (status, code) == (404, "InvalidAction.NotFound")
    assert "Specified api is not found" in message
    assert UUID.fullmatch(request_id)
    assert bench.admin.calls(limit=1)[-1].request_id == request_id


@EVERY
def test_an_access_key_that_does_not_exist(bench, caller):
    status, code, _, _ = refused(caller, target(bench, key_id="LTAInobody"))
    assert (status, code) == (404, "InvalidAccessKeyId.NotFound")


@EVERY
def test_a_wrong_secret(bench, caller):
    status, code, message, _ = refused(caller, target(bench, secret="wrong"))
    assert status == 400
    assert code == "SignatureDoesNotMatch"
    if "headers" in caller.name:
        assert "server StringToSign is [ACS3-HMAC-SHA256\n" in message
        assert "\nx-acs-action:GetServerRandom\n" in message
    else:
        assert "server string to sign is:" in message


def test_the_echoed_string_to_sign_is_the_clients_own(bench):
    """The core client says that the secret is wrong only when the echoed text is the text it signed itself."""
    where = target(bench, secret="wrong")
    client = AcsClient(where.key_id, where.secret, auto_retry=False, port=int(where.address.split(":")[1]))
    request = RpcRequest("ID2", VERSION, "GetServerRandom")
    request.set_endpoint("127.0.0.1")
    request.add_query_param("Id2", "A")
    request.add_query_param("ApiVersion", "1.1.2")
    request.add_query_param("Extra", EXTRA)
    with pytest.raises(CoreError) as caught:
        client.do_action_with_exception(request)
    assert caught.value.get_error_code() == "InvalidAccessKeySecret"


@EVERY
def test_a_missing_parameter(bench, caller):
    status, code, message, _ = refused(caller, target(bench), action="Verify")
    assert (status, code) == (400, "MissingAuthCode")
    assert "AuthCode is mandatory for this action." in message


@EVERY
def test_a_disabled_access_key_and_an_ended_token(own_bench, caller):
    made = own_bench.admin.issue_sts("full", lifetime_s=900)
    secret = made.access_key.secret.reveal().decode()
    where = target(own_bench, key_id=made.access_key.id, secret=secret, token="CAISsomethingelse")
    assert refused(caller, where)[1] == "InvalidSecurityToken.Malformed"
    where = target(own_bench, key_id=made.access_key.id, secret=secret)
    assert refused(caller, where)[1] == "MissingSecurityToken"


@EVERY
def test_500_is_a_server_error(own_bench, caller):
    own_bench.admin.faults.add(Fault(kind=FaultKind.HTTP_500))
    status, code, _, request_id = refused(caller, target(own_bench))
    assert (status, code) == (500, "InternalError")
    assert UUID.fullmatch(request_id)


@pytest.mark.parametrize("own_bench", [Settings(user_calls_per_second=1)], indirect=True)
@pytest.mark.parametrize("caller", CALLERS[:5], ids=lambda caller: caller.name)
def test_throttling_is_told_with_the_time_to_wait(own_bench, caller, monkeypatch):
    moment = own_bench.now_ms()
    monkeypatch.setattr(type(own_bench.mock._core.clock), "now_ms", lambda _clock: moment)
    where = target(own_bench)
    assert good(caller.answer(where, "GetServerRandom", {"Id2": own_bench.device().id2}))
    with pytest.raises(ThrottlingException) as caught:
        caller.answer(where, "GetServerRandom", {"Id2": "A"})
    assert caught.value.code == "Throttling.User"
    assert 0 < caught.value.retry_after <= 1000
