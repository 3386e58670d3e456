"""The admin API over real HTTP: a whole life of a product, and what it refuses."""

import base64
from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.client import Id2Service
from harness.service.errors import ServiceRefusal, ServiceUnavailable
from harness.service.mock.api.body_limit import BODY_MAX
from harness.service.mock.server import MockService
from harness.service.mock.settings import Settings
from harness.service.mock.store import burning
from harness.service.wire import HttpWire
from tests.service.service_bench import Device

KEY = "2122232425262728292A2B2C2D2E2F30"
ID2 = "2122232425262728292A2B2C"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def mock() -> Iterator[MockService]:
    with MockService(web=True) as mock:
        yield mock


@pytest.fixture
def api(mock) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{mock.endpoint}/admin", trust_env=False) as client:
        yield client


def done(response: httpx.Response):
    assert response.is_success, response.text
    return response.json() if response.content else None


def product(api: httpx.Client, **fields: object) -> dict:
    return done(api.post("/products", json={"name": "door_lock", "licences": 2, **fields}))


def client_of(api: httpx.Client, mock: MockService, policy: str = "full") -> Id2Service:
    made = done(api.post("/access-keys", json={"policy": policy}))
    return Id2Service(HttpWire(mock.endpoint, AccessKey(made["id"], Secret(made["secret"]))))


def test_a_product_from_its_creation_to_the_last_licence(api, mock):
    made = product(api, console="id2", algorithm="aes-128")
    pk = made["product_key"]
    added = done(api.post("/devices", json={"id2": ID2, "key_type": "aes-128", "key": KEY}))
    assert added["state"] == "burnt"
    device = Device(ID2, Key.parse(KeyType.AES_128, KEY))
    with client_of(api, mock) as service:
        assert service.verify(ID2, pk, device.answer(service.get_server_random(ID2)))
    assert done(api.get(f"/devices/{ID2}"))["state"] == "bound"
    counters = done(api.get(f"/products/{pk}/counters"))
    assert (counters["purchased"], counters["used"], counters["unused"]) == (2, 1, 1)
    (entry,) = done(api.get("/ledger", params={"product_key": pk}))
    assert (entry["id2"], entry["reason"]) == (ID2, "activation")
    bought = done(api.post(f"/products/{pk}/orders", json={"quantity": 3}))
    assert bought["unused"] == 4
    assert [order["quantity"] for order in done(api.get(f"/products/{pk}/orders"))] == [2, 3]
    done(api.post(f"/devices/{ID2}/erasure"))
    with client_of(api, mock) as service:
        assert service.verify(ID2, pk, device.answer(service.get_server_random(ID2)))
    assert done(api.get(f"/products/{pk}/counters"))["used"] == 2, "an erased device counts as new"


def test_no_answer_but_the_secret_route_holds_the_product_secret(api):
    made = product(api)
    secret = done(api.get(f"/products/{made['product_key']}/secret"))["product_secret"]
    assert secret.startswith("i1")
    assert secret not in api.get("/products").text
    assert secret not in api.get(f"/products/{made['product_key']}").text


def test_account_licences_are_assigned(api):
    pk = product(api, licences=0)["product_key"]
    orders = done(api.post("/orders", json={"quantity": 10, "years": 3}))
    assert orders[-1]["product_key"] is None
    counters = done(
        api.post(f"/orders/{orders[-1]['id']}/assignments", json={"product_key": pk, "quantity": 4})
    )
    assert counters["unused"] == 4
    too_many = api.post(f"/orders/{orders[-1]['id']}/assignments", json={"product_key": pk, "quantity": 7})
    assert too_many.status_code == 409


def test_states_are_set_and_felt(api, mock):
    pk = product(api)["product_key"]
    made = done(api.post("/debug-devices", json={"key_type": "sm4-128"}))
    done(api.put(f"/devices/{made['id2']}/state", json={"state": "suspended"}))
    with client_of(api, mock) as service, pytest.raises(ServiceRefusal) as refused:
        service.get_server_random(made["id2"])
    assert refused.value.code == 45
    assert pk in api.get("/products").text


def test_faults_are_switched_and_counted(api, mock):
    (fault,) = done(api.post("/faults", json={"kind": "code", "code": 54, "operation": "GetServerRandom"}))
    assert (fault["code"], fault["count"], fault["struck"]) == (54, 1, 0)
    done(api.post("/devices", json={"id2": ID2, "key_type": "aes-128", "key": KEY}))
    with client_of(api, mock) as service:
        with pytest.raises(ServiceRefusal) as busy:
            service.get_server_random(ID2)
        assert busy.value.code == 54
        assert service.get_server_random(ID2), "it strikes once"
        done(api.post("/faults", json={"kind": "drop", "count": None}))
        with pytest.raises(ServiceUnavailable):
            service.get_server_random(ID2)
        assert api.delete("/faults").status_code == 204
        assert service.get_server_random(ID2)
    assert done(api.get("/faults")) == []
    noted = [call["fault"] for call in done(api.get("/calls"))]
    assert noted[0] == "code"
    assert noted[1] == ""


def test_the_clock_moves(api):
    before = done(api.get("/clock"))["now_ms"]
    after = done(api.post("/clock", json={"move_s": 86_400}))["now_ms"]
    assert 86_400_000 <= after - before < 86_500_000


def test_calls_are_paged(api, mock):
    done(api.post("/devices", json={"id2": ID2, "key_type": "aes-128", "key": KEY}))
    with client_of(api, mock) as service:
        for _ in range(5):
            service.get_server_random(ID2)
    newest = done(api.get("/calls", params={"limit": 2}))
    older = done(api.get("/calls", params={"limit": 2, "before": newest[0]["id"]}))
    assert [call["id"] for call in older + newest] == sorted(call["id"] for call in older + newest)
    assert len({call["request_id"] for call in older + newest}) == 4


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "/products/a1aaaaaaaaa", None, 404, "does not exist"),
        ("GET", "/products/nonsense", None, 422, "product_key"),
        ("GET", "/devices/00FFFFFF0000000000000000", None, 404, "does not exist"),
        ("POST", "/products", {"name": "a b"}, 409, "name"),
        ("POST", "/products", {"name": "door_lock", "colour": "red"}, 422, "colour"),
        (
            "POST",
            "/products",
            {"name": "door_lock", "licences": 1, "years": 2},
            422,
            "years: Input should be 1",
        ),
        ("POST", "/products", {"name": "door_lock", "years": 2}, 422, "years: Input should be 1"),
        ("POST", "/devices", {"id2": ID2, "key_type": "aes-128", "key": "12"}, 409, "key"),
        ("POST", "/faults", {"kind": "latency"}, 409, "latency_ms"),
        ("POST", "/faults", {"kind": "drop", "operation": "Verfy"}, 409, "'Verfy' is unknown"),
        ("DELETE", "/faults/7", None, 404, "fault 7"),
        ("DELETE", "/access-keys/LTAInone", None, 404, "LTAInone"),
        ("GET", "/nowhere", None, 404, "Not Found"),
        ("GET", "/no%0Awhere", None, 404, "Not Found"),
        ("POST", "/devices/a%0Aline/erasure", None, 422, "at least 24 characters"),
        ("PUT", "/products", None, 405, "Method Not Allowed"),
    ],
)
def test_refusals_name_what_is_wrong(api, method, path, body, status, said):
    response = api.request(method, path, json=body)
    assert response.status_code == status, response.text
    assert said in response.json()["error"]


def test_a_refused_value_is_not_repeated(api):
    response = api.post("/devices", json={"id2": ID2, "key_type": "aes-128", "key": ["SECRET-KEY"]})
    assert response.status_code == 422
    assert "SECRET-KEY" not in response.text


def test_pages_of_others_cannot_use_it(api, mock):
    foreign = api.post("/products", json={"name": "door_lock"}, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403
    rebound = api.get("/products", headers={"Host": "evil.example"})
    assert rebound.status_code == 421
    for refusal in (foreign, rebound):
        assert set(refusal.json()) == {"error", "hint"}
        assert all(refusal.json().values())
    assert done(api.get("/products")) == []


@pytest.mark.parametrize("path", ["/admin", "/admin/"])
def test_the_way_to_the_description(mock, path):
    answer = httpx.get(f"{mock.endpoint}{path}", trust_env=False)
    assert answer.status_code == 200
    described = httpx.get(f"{mock.endpoint}{answer.json()['description']}", trust_env=False)
    assert described.json()["openapi"]
    rebound = httpx.get(f"{mock.endpoint}{path}", headers={"Host": "evil.example"}, trust_env=False)
    assert rebound.status_code == 421


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit(mock, api, chunked):
    body = b'{"name": "' + b"x" * BODY_MAX + b'"}'
    large = api.post("/products", content=iter([body]) if chunked else body, headers=JSON)
    assert large.status_code == 413
    assert "larger than" in large.json()["error"]
    fits = api.post("/products", content=body[: BODY_MAX - 2] + b'"}', headers=JSON)
    assert fits.status_code == 422, "the largest is read, and judged by its form"
    assert done(api.get("/products")) == []


def test_an_expired_device_is_told_as_expired(api, mock):
    made = product(api)
    done(api.post("/devices", json={"id2": ID2, "key_type": "aes-128", "key": KEY}))
    device = Device(ID2, Key.parse(KeyType.AES_128, KEY))
    with mock.client() as service:
        assert service.verify(ID2, made["product_key"], device.answer(service.get_server_random(ID2)))
    done(api.post("/clock", json={"move_s": 400 * 86_400}))
    assert done(api.get(f"/devices/{ID2}"))["state"] == "expired"
    for wanted in ({}, {"state": "expired"}):
        (told,) = done(api.get("/devices", params=wanted))["devices"]
        assert told["state"] == "expired"
    assert done(api.get("/devices", params={"state": "bound"}))["devices"] == []


def test_too_many_wrong_tokens_are_told_to_wait():
    settings = Settings(login_attempts_per_minute=2)
    with MockService(web=True, token=Secret("the-right-token"), settings=settings) as mock:
        where = f"{mock.endpoint}/admin/products"
        for token, status in (("wrong", 401), ("wrong", 401), ("the-right-token", 429)):
            shown = {"Authorization": f"Bearer {token}"}
            answer = httpx.get(where, headers=shown, trust_env=False)
            assert answer.status_code == status
            assert set(answer.json()) == {"error", "hint"}
        assert int(answer.headers["Retry-After"]) > 0
        assert "wait" in answer.json()["hint"]


def test_it_is_not_there_in_a_mock_without_pages():
    with MockService() as mock:
        assert httpx.get(f"{mock.endpoint}/admin/products", trust_env=False).status_code == 404


def test_a_production_line_burns_and_its_devices_authenticate(api, mock):
    line = rsa.generate_private_key(65537, 1024)
    public = line.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    grant = {"vendor": "8182", "product_code": "A71CL", "quota": 2, "public_key": public}
    assert "52" in api.post("/burn-licences", json=grant).json()["error"]
    done(api.post("/vendors", json={"code": "8182", "name": "NXP"}))
    licence = done(api.post("/burn-licences", json=grant))["licence"]

    def retrieve(count: int) -> httpx.Response:
        signed = line.sign(burning.signed_text(licence, count), padding.PKCS1v15(), SHA256())
        wanted = {"licence": licence, "count": count, "sign": base64.b64encode(signed).decode()}
        return api.post("/production-line/retrievals", json=wanted)

    (item,) = done(retrieve(1))
    assert "16" in retrieve(2).json()["error"], "one of two is left"
    key = Key(
        KeyType.AES_128, Secret(line.decrypt(base64.b64decode(item["private_key"]), padding.PKCS1v15()))
    )
    device, pk = Device(item["id2"], key), product(api)["product_key"]
    with client_of(api, mock) as service, pytest.raises(ServiceRefusal) as early:
        service.get_server_random(device.id2)
    assert early.value.code == 44
    receipt = {"id2": device.id2, "key_source": 0, "proof": item["kcv"]}
    done(api.post("/production-line/receipts", json={"licence": licence, "receipts": [receipt]}))
    with client_of(api, mock) as service:
        assert service.verify(device.id2, pk, device.answer(service.get_server_random(device.id2)))


def test_a_burn_list_is_looked_at_and_then_imported(api, mock):
    text = f"id2;key;note\n{'A' * 24};{KEY};x\n{'B' * 24};{KEY};x\n"
    file = {"text": text, "key_type": "aes-128"}
    looked = done(api.post("/imports", json={**file, "only_check": True}))
    assert (looked["kind"], looked["new"], looked["wrong"], looked["columns_not_read"]) == (
        "burn-list",
        2,
        0,
        ["note"],
    )
    assert mock.admin.find_device("A" * 24) is None
    assert done(api.post("/imports", json=file))["new"] == 2
    assert mock.admin.find_device("B" * 24) is not None
    again = done(api.post("/imports", json=file))
    assert (again["new"], again["same"]) == (0, 2)


def test_of_a_file_with_wrong_rows_nothing_is_made_unless_they_are_left_out(api, mock):
    text = f"{'A' * 24},aes-128,{KEY}\n{KEY},aes-128,{'A' * 24}\n"
    refused = api.post("/imports", json={"text": text})
    assert refused.status_code == 409
    assert "1 of 2 rows are wrong, so nothing was made: line 2" in refused.json()["error"]
    assert KEY not in refused.text, "it stands where no key is sought"
    assert mock.admin.find_device("A" * 24) is None
    made = done(api.post("/imports", json={"text": text, "leave_out_wrong": True}))
    assert (made["new"], made["wrong"], made["wrong_rows"][0]["line"]) == (1, 1, 2)
    assert KEY not in str(made)
    assert mock.admin.find_device("A" * 24) is not None


@pytest.mark.parametrize(
    "text", ["\0" * 50, "\x89PNG\r\n\x1a\n\0\0\0", "  \n", "devices: [", "id2,note\n1,2\n"]
)
def test_what_is_no_file_to_import_is_refused(api, text):
    refused = api.post("/imports", json={"text": text})
    assert refused.status_code == 409
    assert refused.json()["error"]


def test_a_board_file_is_imported_with_its_key(api, mock):
    text = f"name: x\ndevice:\n  id: {'A' * 24}\nplan: {{key_type: aes-128}}\n"
    assert api.post("/imports", json={"text": text}).status_code == 409
    assert done(api.post("/imports", json={"text": text, "board_key": KEY}))["new"] == 1
    found = mock.admin.find_device("A" * 24)
    assert found is not None
    assert found.key == Key.parse(KeyType.AES_128, KEY)
