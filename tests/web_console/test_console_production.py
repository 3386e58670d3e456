"""Vendors and burn licences on their page, up to a line that burns with what it got there."""

import re

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from harness.service.mock.store import burning

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def line():
    return rsa.generate_private_key(65537, 1024)


def pem(key) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def grant(browser, **fields):
    given = {
        "vendor": "8185",
        "product_code": "ST33",
        "key_type": "aes-128",
        "quota": "2",
        "public_key": "x",
        **fields,
    }
    return browser.post("/console/production/licences", **given)


def test_from_a_vendor_to_a_burnt_device(browser, line):
    assert "Register a vendor first." in browser.get("/console/production").text
    page = browser.post("/console/production/vendors", code="81aB", name=HOSTILE)
    assert "Vendor 81AB is registered." in page.text
    assert "<img" not in page.html
    granted = grant(browser, vendor="81AB", public_key=pem(line))
    assert "is granted" in granted.text
    licence = granted.copied["production-licence"]
    admin = browser.mock.admin
    sign = line.sign(burning.signed_text(licence, 2), padding.PKCS1v15(), hashes.SHA256())
    item = admin.retrieve_id2(licence, 2, sign)[0]
    admin.return_id2(licence, [burning.Receipt(item.id2, 0, item.kcv)])
    assert f"{licence} 81AB ST33 aes-128 2 2 0" in browser.get("/console/production").text
    assert "Production line" in browser.get(f"/console/devices/{item.id2}").text


@pytest.mark.parametrize(
    "code", ["", "818", "81855", "818G", HOSTILE, "\uff18\uff11\uff18\uff15", "8" * 100_000]
)
def test_a_vendor_code_has_its_form(visitor, code):
    page = visitor.post("/console/production/vendors", code=code, name="x")
    assert (page.status, re.findall(r'id="(\w+)-error"', page.html)) == (422, ["code"])
    assert visitor.mock.admin.vendors() == ()


@pytest.mark.parametrize("name", ["x" * 65, "a\u202eb", "a\x1b[31mb", "x" * 1_000_000])
def test_a_vendor_name_is_short_and_printable(visitor, name):
    page = visitor.post("/console/production/vendors", code="8185", name=name)
    assert (page.status, re.findall(r'id="(\w+)-error"', page.html)) == (422, ["name"])
    assert "\u202e" not in page.html


def test_a_vendor_is_registered_once(browser):
    browser.post("/console/production/vendors", code="8185")
    page = browser.post("/console/production/vendors", code="8185", name="another")
    assert (page.status, "registered already" in page.text) == (422, True)
    assert browser.mock.admin.vendors()[0].name == ""


def test_what_is_wrong_with_a_burn_licence_is_told_at_its_field(browser, line):
    browser.mock.admin.register_vendor("8185")
    good = pem(line)
    curve = pem(ec.generate_private_key(ec.SECP256R1()))
    for fields, wrong in [
        ({"vendor": "8186"}, ["vendor"]),
        ({"product_code": HOSTILE}, ["product_code"]),
        ({"product_code": ""}, ["product_code"]),
        ({"key_type": "rsa-1024"}, ["key_type"]),
        ({"key_type": "sm1-128"}, ["key_type"]),
        ({"quota": "0"}, ["quota"]),
        ({"quota": "1000001"}, ["quota"]),
        ({"public_key": HOSTILE}, ["public_key"]),
        ({"public_key": curve}, ["public_key"]),
        ({"public_key": good * 1000}, []),
        ({"public_key": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")}, ["public_key"]),
    ]:
        page = grant(browser, **{"public_key": good, **fields})
        assert re.findall(r'id="(\w+)-error"', page.html) == wrong, fields
        assert "<img" not in page.html
    assert len(browser.mock.admin.burn_licences()) == 1


def test_a_key_may_come_as_a_file(browser, line):
    browser.mock.admin.register_vendor("8185")
    fields = {
        "csrf": browser.token(),
        "vendor": "8185",
        "product_code": "x",
        "key_type": "sm4-128",
        "quota": "1",
    }
    parts = {name: (None, value) for name, value in fields.items()} | {
        "key_file": ("k.pem", pem(line).encode())
    }
    assert browser.http.post("/console/production/licences", files=parts).status_code == 200
    assert len(browser.mock.admin.burn_licences()) == 1
    assert (
        browser.http.post("/console/production/licences", data={**fields, "csrf": "0" * 64}).status_code
        == 403
    )
