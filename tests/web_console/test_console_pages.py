"""The console over real HTTP, without a browser: pages, forms, verdicts, and hostile input."""

import itertools
import json
import re
from datetime import timedelta

import pytest

from harness.id2 import ciphers
from harness.id2.report import BANNER
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.mock.server import MockService
from tests.service.service_bench import Device
from tests.web_console.web_bench import (
    GOOD_LOG,
    PUBLISHED,
    SE_ID,
    SE_LOG,
    Browser,
    decryption_log,
    device_prints,
    good_json,
)

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}{% raw %}"
PLAIN_PAGES = (
    "/console/",
    "/console/products",
    "/console/products/new",
    "/console/products/new?console=iot-platform",
    "/console/licences",
    "/console/devices",
    f"/console/devices/{PUBLISHED.id2}",
    "/console/keys",
    "/console/calls",
    "/console/clock",
    "/console/debugging",
    "/console/adaptation",
    "/console/login",
    "/console/no-such-page",
)


def populated(browser: Browser) -> list[str]:
    """Fill the store so that every table has rows; return every page there is then."""
    admin = browser.mock.admin
    own = admin.create_product("门锁lock", licences=3)
    platform = admin.create_product("gateway_1", console="iot-platform", node_type="gateway")
    admin.set_registration(platform.product_key, "whitelist", confirmed=True)
    admin.whitelist_add(platform.product_key, ["dev-1"])
    admin.buy_account_licences(10, 1, region="cn-shanghai")
    debug = admin.make_debug_device("aes-128")
    with browser.mock.client() as service:
        code = admin.debug_auth_code(debug.id2, "challenge").auth_code
        service.verify(debug.id2, own.product_key, code)
    good = admin.verify_report(GOOD_LOG)
    bad = admin.verify_report(good_json().replace("8NOg6H0D", "8NOg6H0E"))
    return [
        *PLAIN_PAGES,
        f"/console/products/{own.product_key}",
        f"/console/products/{platform.product_key}",
        f"/console/devices/{debug.id2}",
        f"/console/debugging?id2={debug.id2}",
        f"/console/adaptation/{good.id}",
        f"/console/adaptation/{bad.id}",
    ]


def test_every_page_in_both_languages_is_well_made(browser):
    pages = populated(browser)
    seen = {}
    for language, tag in (("en", "en"), ("zh", "zh-CN")):
        for path in pages:
            joined = f"{path}{'&' if '?' in path else '?'}lang={language}"
            page = browser.get(joined)
            assert page.status == (404 if "no-such" in path else 200), joined
            assert page.lang == tag
            levels = [level for level, _ in page.headings]
            assert levels[0] == 1, joined
            assert levels.count(1) == 1, joined
            assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), joined
            assert len(page.ids) == len(set(page.ids)), joined
            assert all(
                control.get("id") in page.labelled or control.get("type") == "radio"
                for control in page.controls
            ), joined
            assert page.tables == page.captions, joined
            assert page.unscoped == 0, joined
            assert page.outside == [], joined
            assert page.handlers == [], joined
            assert "style" not in page.tags
            seen[language, path] = page.text
    for path in pages:
        assert seen["en", path] != seen["zh", path]
        assert re.search(r"[一-鿿]", seen["zh", path])


def test_every_link_of_every_page_leads_somewhere(browser):
    known = {link for path in populated(browser) for link in browser.get(path).links}
    known = {link for link in known if link.startswith("/console") and "no-such" not in link}
    assert len(known) > 20
    for link in known:
        assert browser.http.get(link).status_code == 200, link


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("de,en;q=0.5,zh;q=0.1", "en"),
        ("", "en"),
        ("zh;q=x" * 5_000, "en"),
    ],
)
def test_the_browser_chooses_the_language(shared_mock, header, tag):
    browser = Browser(shared_mock, **{"Accept-Language": header})
    assert browser.get("/console/").lang == tag
    browser.close()


def test_the_chosen_language_is_remembered(browser):
    assert browser.get("/console/?lang=zh").lang == "zh-CN"
    assert browser.get("/console/products").lang == "zh-CN"
    assert browser.get("/console/products?lang=klingon").lang == "zh-CN"


def test_a_product_of_the_own_console(browser):
    made = browser.post(
        "/console/products", console="id2", name="smart_lock", algorithm="sm4-128", quantity="7", years="3"
    )
    product = browser.mock.admin.products()[-1]
    assert made.url.endswith(f"/console/products/{product.product_key}")
    assert (product.name, product.algorithm, product.console) == ("smart_lock", "sm4-128", "id2")
    assert browser.mock.admin.counters(product.product_key).unused == 7
    assert "Product smart_lock is created." in made.text
    again = browser.get(f"/console/products/{product.product_key}")
    assert "is created" not in again.text, "said once"


def test_a_product_of_the_iot_platform(browser):
    browser.post(
        "/console/products",
        console="iot-platform",
        name="网关一号",
        algorithm="aes-256",
        node_type="gateway",
        instance_id="-",
    )
    product = browser.mock.admin.products()[-1]
    assert (product.name, product.node_type, product.instance_id) == ("网关一号", "gateway", "-")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "abc"}, "3 positions"),
        ({"name": "锁" * 16}, "32 positions"),
        ({"name": "a b c d"}, "Only Chinese characters"),
        ({"quantity": "0"}, "1 to 1000"),
        ({"quantity": "1001"}, "1 to 1000"),
        ({"quantity": "-1"}, "1 to 1000"),
        ({"quantity": "\uff11"}, "1 to 1000"),
        ({"years": "2"}, "1, 3 or 5 years"),
        ({"algorithm": "rot13"}, "Choose one of the list"),
    ],
)
def test_a_wrong_product_says_which_field(visitor, changes, message):
    before = len(visitor.mock.admin.products())
    fields = {
        "console": "id2",
        "name": "lock",
        "algorithm": "aes-128",
        "quantity": "5",
        "years": "1",
        **changes,
    }
    page = visitor.post("/console/products", **fields)
    assert page.status == 422
    assert message in page.text
    name = next(iter(changes))
    control = next(each for each in page.controls if each.get("id") == name)
    assert "aria-invalid" in control
    assert f"{name}-error" in control["aria-describedby"]
    assert len(visitor.mock.admin.products()) == before


def test_the_product_secret_is_hidden_until_asked_for(browser):
    product = browser.mock.admin.create_product("lock", licences=1)
    secret = product.product_secret.reveal().decode()
    path = f"/console/products/{product.product_key}"
    assert secret not in browser.get(path).html
    assert browser.post(f"{path}/secret").copied["products-secret"] == secret
    assert secret not in browser.get(path).html


def test_everything_that_can_be_done_with_a_product(browser):
    admin = browser.mock.admin
    key = admin.create_product("gateway", console="iot-platform").product_key
    path = f"/console/products/{key}"
    browser.post(f"{path}/algorithm", algorithm="aes-256")
    browser.post(f"{path}/licences", quantity="4", years="5")
    browser.post(f"{path}/otp", enabled="no")
    browser.post(f"{path}/renewal", enabled="no")
    unconfirmed = browser.post(f"{path}/registration", registration="whitelist")
    assert unconfirmed.status == 422
    assert "Confirm this first" in unconfirmed.text
    browser.post(f"{path}/registration", registration="whitelist", confirmed="yes")
    browser.post(f"{path}/whitelist", names="dev-1\r\n dev-2 \r\n\r\n")
    browser.post(f"{path}/whitelist", remove="dev-1")
    product = admin.product(key)
    assert product.algorithm == "aes-256"
    assert (product.otp_enabled, product.auto_renew, product.registration) == (False, False, "whitelist")
    assert list(admin.whitelist(key)) == ["dev-2"]
    order = admin.orders(key)[-1]
    assert (order.quantity, order.years) == (4, 5)


def test_licences_of_the_account_are_assigned(browser):
    admin = browser.mock.admin
    key = admin.create_product("lock", licences=1).product_key
    browser.post("/console/licences", quantity="10", years="1", region="cn-shanghai")
    pool = next(order for order in admin.orders() if order.product_key is None)
    browser.post("/console/licences/assign", order=str(pool.id), product_key=key, assigned="4")
    assert admin.counters(key).unused == 5
    too_many = browser.post("/console/licences/assign", order=str(pool.id), product_key=key, assigned="7")
    assert too_many.status == 422
    assert admin.counters(key).unused == 5


def test_devices_are_found_and_changed(browser):
    admin = browser.mock.admin
    found = browser.get("/console/devices?search=3795&state=burnt")
    assert SE_ID in found.text
    assert PUBLISHED.id2 not in found.text
    assert PUBLISHED.id2 not in browser.get("/console/devices?state=suspended").text
    browser.post(f"/console/devices/{SE_ID}/state", state="suspended")
    assert admin.device(SE_ID).state == "suspended"
    assert browser.post(f"/console/devices/{SE_ID}/erase").status == 422
    erased = browser.post(f"/console/devices/{SE_ID}/erase", confirmed="yes")
    assert erased.status == 200
    assert browser.get("/console/devices/nobody").status == 404


def test_a_released_device_says_so(browser):
    admin = browser.mock.admin
    key = admin.create_product("lock", licences=1).product_key
    device = Device(PUBLISHED.id2, PUBLISHED.key)
    with browser.mock.client() as service:
        assert service.verify(device.id2, key, device.answer(service.get_server_random(device.id2)))
    path = f"/console/devices/{device.id2}"
    admin.move_clock(timedelta(days=370))
    assert "Refused with 50" in browser.get(path).text
    admin.move_clock(timedelta(days=15))
    text = browser.get(path).text
    assert "Refused with 50" not in text
    assert "its data is released, and it is answered with 18" in text


def test_assigned_licences_are_no_purchase(browser):
    admin = browser.mock.admin
    key = admin.create_product("lock").product_key
    pool = admin.buy_account_licences(1, 1)
    admin.assign_licences(pool.id, key, 1)
    text = browser.get("/console/licences").text
    assert f"Assigned from order {pool.id}" in text
    rows = re.findall(r"<tr>.*?</tr>", browser.get("/console/licences").html, re.DOTALL)
    bought = next(re.sub(r"<[^>]*>", " ", row).split() for row in rows if "Purchase<" in row)
    assert bought[-6:-2] == ["1", "0", "1", "0"], "quantity, used, assigned, left"
    assert sum("Purchase<" in row for row in rows) == 1


def test_an_empty_call_log_is_not_a_search_without_a_result(browser):
    assert "There is no call yet." in browser.get("/console/calls").text
    assert "No call fits." in browser.get("/console/calls?operation=Verify").text


def test_the_change_of_the_algorithm_tells_its_price(browser):
    key = browser.mock.admin.create_product("lock", licences=1).product_key
    text = browser.get(f"/console/products/{key}").text
    assert "ProductSecret changes its key-type digit" in text
    assert "gets code 42" in text


def test_devices_come_in_pages(browser):
    for _ in range(60):
        browser.mock.admin.make_debug_device("aes-128")
    first, second = browser.get("/console/devices"), browser.get("/console/devices?page=2")
    assert "Page 1 of 2" in first.text
    assert "Page 2 of 2" in second.text
    assert not set(re.findall(r"\b[0-9A-F]{24}\b", first.text)) & set(
        re.findall(r"\b[0-9A-F]{24}\b", second.text)
    )
    for number in ("0", "-1", "x", "9" * 400, "٣"):
        assert browser.get(f"/console/devices?page={number}").status == 200


def test_an_access_key_works_and_its_secret_is_shown_once(browser):
    page = browser.post("/console/keys", policy="verify")
    made = AccessKey(page.copied["keys-id"], Secret(page.copied["keys-secret"]))
    with browser.mock.client(made) as service:
        assert service.get_server_random(PUBLISHED.id2)
    again = browser.get("/console/keys")
    assert made.id in again.text
    assert page.copied["keys-secret"] not in again.html
    browser.post("/console/keys/delete", id=made.id)
    assert made.id not in browser.get("/console/keys").text


def test_temporary_access_keys(browser):
    assert browser.post("/console/keys/temporary", policy="verify", lifetime="10").status == 422
    page = browser.post("/console/keys/temporary", policy="verify", lifetime="900")
    assert page.copied["keys-id"].startswith("STS.")
    assert page.copied["keys-token"]


def test_the_call_log_says_what_a_code_means(browser):
    product = browser.mock.admin.create_product("lock", licences=1)
    with browser.mock.client() as service, pytest.raises(Exception, match="auth code invalid"):
        service.verify(SE_ID, product.product_key, "0~2~nonsense")
    text = browser.get("/console/calls?operation=Verify").text
    assert "auth code invalid" in text
    assert SE_ID in text
    assert SE_ID not in browser.get("/console/calls?operation=GetServerRandom").text
    assert SE_ID not in browser.get(f"/console/calls?id2={PUBLISHED.id2}").text.replace("value", "")
    assert "认证码无效" in browser.get("/console/calls?lang=zh").text


def test_the_call_log_comes_in_pages(browser):
    with browser.mock.client() as service:
        for _ in range(55):
            service.get_server_random(SE_ID)
    first = browser.get("/console/calls")
    older = next(link for link in first.links if "before=" in link)
    second = browser.get(older)
    assert first.text.count("GetServerRandom") > second.text.count("GetServerRandom") > 1
    for before in ("0", "-1", "x", "9" * 400):
        assert browser.get(f"/console/calls?before={before}").status == 200


def test_the_clock_is_moved(browser):
    before = browser.mock.admin.now()
    browser.post("/console/clock", direction="forward", amount="3", unit="days")
    assert 2.9 < (browser.mock.admin.now() - before).total_seconds() / 86_400 < 3.1
    assert browser.post("/console/clock", direction="forward", amount="0", unit="days").status == 422
    assert browser.post("/console/clock", direction="forward", amount="1", unit="aeons").status == 422


@pytest.mark.parametrize(
    ("mode", "extra"),
    [("challenge", ""), ("challenge-extra", "摘要=1"), ("timestamp", ""), ("timestamp-extra", "abcd1234")],
)
def test_the_debugging_service_makes_codes_that_verify(visitor, mode, extra):
    device = visitor.post("/console/debugging/device", algorithm="sm4-128")
    id2, key = device.copied["debugging-id2"], device.copied["debugging-key"]
    assert f'ID2_ID   "{id2}"' in device.copied["debugging-constants"]
    assert visitor.mock.admin.device(id2).key.reveal().hex().upper() == key
    assert key not in visitor.get("/console/debugging").html
    made = visitor.post("/console/debugging/code", mode=mode, id2=id2, extra=extra)
    with visitor.mock.client() as service:
        assert service.verify(id2, made.copied["products-key"], made.copied["debugging-auth_code"], extra)
    assert "200 success" in visitor.get(f"/console/debugging?id2={id2}").text


def test_a_code_over_the_challenge_that_the_server_took(browser):
    device = browser.mock.admin.make_debug_device("aes-128")
    with browser.mock.client() as service:
        challenge = service.get_server_random(device.id2)
        made = browser.post("/console/debugging/code", mode="challenge", id2=device.id2, challenge=challenge)
        code = made.copied["debugging-auth_code"]
        assert f"~{challenge}~" in code
        assert service.verify(device.id2, made.copied["products-key"], code)


@pytest.mark.parametrize(
    "changes",
    [
        {"id2": PUBLISHED.id2},
        {"id2": "X" * 24},
        {"mode": "guess"},
        {"mode": "challenge-extra", "extra": "x" * 513},
    ],
)
def test_the_code_generator_is_for_debug_ids_only(visitor, changes):
    device = visitor.mock.admin.make_debug_device("aes-128")
    page = visitor.post("/console/debugging/code", **{"mode": "challenge", "id2": device.id2, **changes})
    assert page.status == 422
    assert "debugging-auth_code" not in page.copied


@pytest.mark.parametrize(
    "text", [GOOD_LOG, good_json(), GOOD_LOG.replace("\n", "\r\n")], ids=["log", "json", "crlf"]
)
def test_a_good_report_gives_a_ciphertext_of_the_id(visitor, text):
    page = visitor.paste("/console/adaptation", text)
    assert page.status == 200
    assert "Not judged KPM auth code" in page.text
    assert page.text.count("Passed ") >= 4
    cipher = page.copied["ciphertext"]
    assert len(cipher) > 48
    assert ciphers.decrypt(PUBLISHED.key, bytes.fromhex(cipher)).decode() == PUBLISHED.id2
    assert page.copied["server-code"].startswith("11~2~")


def test_a_verification_from_paste_to_confirmation(browser):
    path = browser.paste("/console/adaptation", SE_LOG).url
    path = path.removeprefix(browser.mock.endpoint)
    assert "Decryption to be confirmed" in browser.get(path).text
    other = browser.paste(f"{path}/decryption", decryption_log(PUBLISHED.id2))
    assert "The log is of another device." in other.text
    assert "Failed" in other.text
    done = browser.paste(f"{path}/decryption", decryption_log(SE_ID))
    assert "decrypted the ciphertext to its own ID²" in done.text
    record = json.loads(browser.http.get(f"{path}.json").text)
    assert record["complete"] is True
    assert record["id2"] == SE_ID
    assert "Passed" in browser.get("/console/adaptation").text
    answered = browser.post(f"{path}/answer", answer="fail")
    assert "Answered by a person" in answered.text
    assert json.loads(browser.http.get(f"{path}.json").text)["complete"] is False


@pytest.mark.parametrize(("given", "good"), [("right", True), ("of another device", False), ("cut", False)])
def test_a_simulated_device_with_the_ciphertext_in_it(browser, given, good):
    device = browser.mock.admin.make_debug_device("aes-256")
    page = browser.paste("/console/adaptation", device_prints(device.id2, device.key))
    cipher, code = page.copied["ciphertext"], page.copied["server-code"]
    if given == "of another device":
        cipher = browser.paste("/console/adaptation", GOOD_LOG).copied["ciphertext"]
    log = device_prints(
        device.id2, device.key, cipher_text=cipher[:-1] if given == "cut" else cipher, server_code=code
    )
    page = browser.paste(page.url.removeprefix(browser.mock.endpoint) + "/decryption", log)
    assert ("The device decrypted the ciphertext to its own ID²" in page.text) == good
    assert "The device accepted the server code." in page.text


def test_a_report_of_an_unknown_device_gets_no_ciphertext():
    with MockService(web=True) as mock:
        browser = Browser(mock)
        page = browser.paste("/console/adaptation", GOOD_LOG)
        assert "The service does not know this ID²" in page.text
        assert "ciphertext" not in page.copied
        assert browser.post(page.url.removeprefix(mock.endpoint) + "/answer", answer="pass").status == 422
        browser.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Paste the console log"),
        ("nothing of interest", "there is no validation report"),
        (GOOD_LOG[: GOOD_LOG.index("testContent")], "is cut"),
        ("{" * 100_000, "the limit is 65536"),
        ('{"a":' * 8_000 + "1" + "}" * 8_000, "not JSON"),
        (good_json()[:-2], "not JSON at position"),
        (f"{BANNER}\n{{" * 5_000, "5000 validation reports"),
        (HOSTILE, "there is no validation report"),
        (good_json().replace('"date"', '"dat"e"'), "is not JSON"),
        ('{"reportVersion": NaN}', "NaN is not JSON"),
    ],
)
def test_what_is_no_report_is_said_to_be_none(visitor, text, message):
    page = visitor.paste("/console/adaptation", text)
    assert page.status == 422
    assert message in page.text


def test_hostile_values_are_text(visitor):
    report = good_json().replace('"3.1.0"', json.dumps(HOSTILE)).replace("Nov 22 2026", r"\u202e")
    page = visitor.paste("/console/adaptation", report)
    assert page.status == 200
    assert HOSTILE in page.text, "shown as it is"
    assert "<script>alert" not in page.html
    assert "<img" not in page.html
    assert page.handlers == []
    assert "\u202e" not in page.html, "nothing reorders the text around it"
    assert "\\u202e" in page.text
    for path in (
        f"?x={HOSTILE}",
        f"?search={HOSTILE}&product={HOSTILE}",
        f"?id2={HOSTILE}&operation={HOSTILE}",
    ):
        for where in ("devices", "calls", "debugging"):
            assert "<script>alert" not in visitor.get(f"/console/{where}{path}").html
    named = visitor.post(
        "/console/products", console="id2", name=HOSTILE, algorithm=HOSTILE, quantity=HOSTILE
    )
    assert "<script>alert" not in named.html


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_log_files_of_any_terminal_program(visitor, encoding):
    log = "终端日志 设备启动\n" + GOOD_LOG
    page = visitor.paste("/console/adaptation", file=log.encode(encoding))
    assert "ciphertext" in page.copied, page.text[-500:]


def test_ten_megabytes_get_a_page(visitor):
    page = visitor.paste("/console/adaptation", "x" * 10_000_000)
    assert page.status == 413
    assert "larger than 4 MB" in page.text
    page = visitor.post("/console/adaptation", report="<" * 10_000_000)
    assert page.status == 413
    assert visitor.get("/console/").status == 200


def test_broken_forms_get_a_page(visitor):
    token = visitor.token()
    many = visitor.http.post("/console/clock", data={"csrf": token, **{f"f{i}": "x" for i in range(1_000)}})
    assert many.status_code == 400
    bad = {
        "multipart/form-data": b"x",
        "multipart/form-data; boundary=b": b"--b\r\nnonsense\r\n\r\n--b",
        "application/json": b"{}",
    }
    for kind, body in bad.items():
        answer = visitor.http.post("/console/adaptation", content=body, headers={"Content-Type": kind})
        assert 400 <= answer.status_code < 500, kind
        assert "</html>" in answer.text
    raw = visitor.http.post(
        "/console/debugging/code",
        content=f"csrf={token}&id2=%ff%fe%00%ed%a0%80&mode=%".encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert raw.status_code == 422


def test_the_store_keeps_verifications(tmp_path):
    file = tmp_path / "service.db"
    with MockService(file, web=True) as mock:
        mock.admin.add_device(PUBLISHED.id2, PUBLISHED.key)
        number = mock.admin.verify_report(GOOD_LOG).id
    with MockService(file, web=True) as mock:
        browser = Browser(mock)
        assert "ciphertext" in browser.get(f"/console/adaptation/{number}").copied
        browser.close()
