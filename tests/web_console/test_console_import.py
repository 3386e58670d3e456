"""Registering and importing devices through the pages: what is shown, what is made, and what never comes back."""

import logging
import re
from urllib.parse import quote, urlsplit

import pytest

from harness.id2 import published
from harness.id2.keys import Key, KeyType
from harness.service.mock.store.devices import DeviceState, Origin
from tests.web_console.web_bench import PUBLISHED, Browser, taken_apart

A, B, C = (f"{digit * 24}" for digit in "123")
KEY = "00112233445566778899AABBCCDDEEFF"
LIST = f"id2,key_type,key\n{A},aes-128,{KEY}\n{B},sm4-128,{KEY}\n{C},aes-128,{KEY}00\n"
HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m'\"{{7*7}}"


def upload(browser, text="", *, file=None, **fields):
    parts = {"csrf": (None, browser.token()), "text": (None, text.encode("utf-8", "replace"))}
    parts |= {name: (None, value) for name, value in fields.items()}
    if file is not None:
        parts["file"] = ("list.csv", file)
    return taken_apart(browser.http.post("/console/devices/import", files=parts))


def timeless(page):
    return re.sub(r"\d\d:\d\d:\d\d", "", page.text)


def name_of(page):
    return re.search(r"/devices/import/([\w-]+)", page.url)[1]


def confirm(browser, page, **fields):
    return browser.post(f"/console/devices/import/{name_of(page)}", **fields)


def test_one_device_by_form(browser):
    page = browser.post(
        "/console/devices/new", id2=A.lower(), key_type="aes-128", key=f" {KEY}\n", chip="yes"
    )
    assert page.url.endswith(f"/devices/{A}")
    assert "The device is registered." in page.text
    device = browser.mock.admin.device(A)
    assert (device.origin, device.key) == (Origin.CHIP, Key.parse(KeyType.AES_128, KEY))
    again = browser.post("/console/devices/new", id2=A, key_type="aes-128", key=KEY)
    assert "registered already" in again.text
    other = browser.post("/console/devices/new", id2=A, key_type="aes-128", key="F" * 32)
    assert (other.status, "another key" in other.text) == (422, True)
    assert browser.mock.admin.device(A) == device


def test_a_public_key_and_a_state_by_form(browser):
    key = published.KEYS[KeyType.ECC_K256].key
    page = browser.post(
        "/console/devices/new",
        id2=A,
        key_type="ecc-k256",
        key=key.public.hex(),
        key_is="public",
        state="suspended",
    )
    assert page.status == 200
    device = browser.mock.admin.device(A)
    assert (device.key.secret, device.key.public, device.state) == (None, key.public, DeviceState.SUSPENDED)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"id2": "12"}, "id2"),
        ({"id2": HOSTILE}, "id2"),
        ({"id2": "F" * 24}, "id2"),
        ({"key": ""}, "key"),
        ({"key": KEY[:-1]}, "key"),
        ({"key": HOSTILE}, "key"),
        ({"key": KEY * 40_000}, "key"),
        ({"key_type": HOSTILE}, "key_type"),
        ({"state": "bound"}, "state"),
        ({"key_is": "public"}, "key"),
    ],
)
def test_a_form_that_is_wrong_says_where_and_shows_no_key(visitor, fields, wrong):
    given = {"id2": A, "key_type": "aes-128", "key": KEY, "state": "burnt", **fields}
    page = visitor.post("/console/devices/new", **given)
    assert page.status == 422
    assert re.findall(r'id="(\w+)-error"', page.html) == [wrong]
    assert KEY[:16] not in page.html
    assert "<img" not in page.html
    assert "\u202e" not in page.html
    assert "\x1b" not in page.html
    assert visitor.mock.admin.find_device(A) is None


def test_a_list_is_looked_at_and_then_imported(browser, caplog):
    caplog.set_level(logging.DEBUG)
    page = upload(browser, file=LIST.encode("utf-16"))
    assert page.status == 200
    assert browser.mock.admin.find_device(A) is None, "nothing is made before somebody says so"
    assert page.text.count("New") >= 2
    assert "needs 32 hex digits" in page.text
    assert (
        browser.get(page.url.partition("/console")[1] + page.url.partition("/console")[2]).text == page.text
    )
    refused = confirm(browser, page)
    assert (refused.status, browser.mock.admin.find_device(A)) == (422, None), (
        "a wrong row is left out on purpose only"
    )
    done = confirm(browser, page, leave_out="yes")
    assert "2 imported; 0 were there already, 1 left out." in done.text
    assert browser.mock.admin.device(B).key == Key.parse(KeyType.SM4_128, KEY)
    assert "not here any more" in confirm(browser, page, leave_out="yes").text, "sent twice, it is made once"
    again = upload(browser, LIST)
    assert "nothing new" in again.text
    seen = page.html + done.html + again.html + caplog.text
    assert KEY not in seen.upper()


def test_two_tabs_and_another_browser(browser):
    page = upload(browser, LIST)
    other = Browser(browser.mock)
    path = f"/console/devices/import/{name_of(page)}"
    assert other.get(path).status == 404
    assert other.post(path, leave_out="yes").status == 404
    assert "forgotten" in other.post(f"{path}/drop").text
    assert browser.get(path).status == 200, "another browser's word does not count"
    browser.mock.admin.add_device(A, Key.parse(KeyType.AES_128, KEY))
    assert "There already 1" in browser.get(path).text, "judged by what is there now"
    assert "1 imported; 1 were there already" in confirm(browser, page, leave_out="yes").text
    other.close()


def test_rows_by_outcome_and_pages(visitor):
    lines = "".join(f"{number:024X},aes-128,{KEY}\n" for number in range(1, 251))
    page = upload(visitor, f"{lines}{HOSTILE},aes-128,{KEY}\n{PUBLISHED.id2},aes-128,{KEY}\n")
    path = f"/console/devices/import/{name_of(page)}"
    assert "Page 1 of 3" in page.text
    assert "252 row(s)" in visitor.get(f"{path}?page=9").text
    wrong = visitor.get(f"{path}?show=wrong")
    assert "2 row(s)" in wrong.text
    assert "another key" in wrong.text
    for odd in ("?show=x&page=-1", "?page=" + "9" * 400, "?page=\u0663", f"?show={quote(HOSTILE)}"):
        assert visitor.get(path + odd).status == 200
    assert "<img" not in page.html + wrong.html


@pytest.mark.parametrize(
    ("text", "fields", "said"),
    [
        ("", {}, "Choose a file"),
        ("#\n", {}, "no device"),
        ("id,batch\n1,2\n", {}, "no column for the key"),
        (LIST, {"kind": "pickle"}, "Choose one of the list"),
        (LIST, {"default_type": "x"}, "Choose one of the list"),
        (f"devices:\n  - {{id: {A}, key_type: aes-128, key: [{KEY}]}}\n", {}, "devices[0].key"),
        (f"devices:\n  - {{id: {A}, key_type: {KEY}, key: x}}\n", {}, "devices[0].key_type"),
        ("version: 1\ndevice: {}\n", {}, "says no ID²"),
        ("a: &a [x]\n" + "".join(f"{n}: [*a, *a]\n" for n in range(9)), {"kind": "seed"}, "the file"),
        (f"access_keys:\n  - {{id: x, secret: {KEY}, policy: {KEY}}}\n", {}, "access_keys[0].policy"),
        (f"access_keys:\n  - {{id: x, secret:{KEY}}}\n", {}, "access_keys[0].…: there is no such field"),
        (f"access_keys:\n  - {{id: x, {KEY}}}\n", {}, "access_keys[0].…: there is no such field"),
        (f"devices:\n  - {{id: {A}, kee: {KEY}}}\n", {}, "devices[0].kee: there is no such field"),
    ],
)
def test_a_file_that_is_no_import_is_told_and_no_secret_repeated(visitor, text, fields, said):
    page = upload(visitor, text, **fields)
    assert page.status == 422
    assert said in page.text
    assert KEY not in page.html


def test_an_upload_is_bounded_and_needs_its_form_token(visitor):
    assert upload(visitor, file=b"x" * (4 * 1024 * 1024 + 1)).status == 413
    parts = {"csrf": (None, "0" * 64), "file": ("list.csv", LIST.encode())}
    assert visitor.http.post("/console/devices/import", files=parts).status_code == 403
    foreign = visitor.http.post(
        "/console/devices/import", files=parts, headers={"Origin": "http://evil.example"}
    )
    assert foreign.status_code == 403


def test_the_list_of_devices_as_a_file(visitor):
    answer = visitor.http.get("/console/devices.csv?search=21222324")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    head, line = answer.content.decode("utf-8-sig").splitlines()
    assert head.startswith("id2,key_type,state")
    assert line.startswith(f"{PUBLISHED.id2},aes-128,burnt,registered,")
    assert PUBLISHED.key.reveal().hex().upper() not in answer.text.upper()
    assert visitor.http.get("/console/devices.csv?state=nothing&product=x").text.count("\n") == 1


def test_an_id_with_characters_of_addresses_has_its_page(browser):
    uid = "a/b?c#d%2Fe~f;g&h=\"'<i>/state"
    id2 = f"0500000007000{len(uid):03X}"[:14] + f"{len(uid):02X}" + uid
    key = published.KEYS[KeyType.ECC_K256].key.public.hex()
    page = browser.post("/console/devices/new", id2=id2, key_type="ecc-k256", key=key, key_is="public")
    assert (page.status, "is registered" in page.text) == (200, True)
    changed = browser.post(urlsplit(page.url).path + "/state", state="suspended")
    assert "The state is changed." in changed.text
    assert browser.mock.admin.device(id2).state is DeviceState.SUSPENDED
    listed = browser.get("/console/devices?search=05000000")
    link = next(each for each in listed.links if each.startswith("/console/devices/0500"))
    assert browser.get(link).status == 200
    assert "<i>" not in listed.html
