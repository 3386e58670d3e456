"""The console in real headless Chromium, as people use it, and as they might attack it."""

import re

import pytest
from playwright.sync_api import Page

from harness.id2.keys import Key, KeyType
from harness.service.mock.faults import Fault, FaultKind
from tests.web_console.web_bench import (
    GOOD_LOG,
    LINE_KEY,
    PUBLISHED,
    SE_ID,
    SE_LOG,
    decryption_log,
    device_prints,
    good_json,
)

pytestmark = pytest.mark.browser

HOSTILE = "<script>document.title='pwned'</script><img src=x onerror=\"alert(1)\"><a href='javascript:alert(2)'>x</a>{{7*7}}"


def every_page(mock) -> list[str]:
    admin = mock.admin
    own = admin.create_product("a_rather_long_product_name_30", licences=3)
    platform = admin.create_product("网关产品", console="iot-platform", node_type="gateway")
    admin.whitelist_add(platform.product_key, ["device-" + "x" * 25])
    admin.buy_account_licences(10, 1, region="cn-shanghai")
    debug = admin.make_debug_device("aes-256")
    with mock.client() as service:
        code = admin.debug_auth_code(debug.id2, "challenge", extra="e" * 512).auth_code
        service.verify(debug.id2, own.product_key, code, "e" * 512)
    admin.issue_sts("verify", lifetime_s=900)
    admin.register_vendor("8185", "a vendor with a rather long name " + "x" * 30)
    admin.create_burn_licence("8185", "M" * 64, 1_000_000, "aes-128", LINE_KEY)
    admin.faults.add(Fault(kind=FaultKind.WRONG_CIPHERTEXT, count=None, latency_ms=600_000, after=1_000_000))
    admin.faults.add(
        Fault(kind=FaultKind.CODE, operation="GetServerAuthCodeAndEncryptData", after_effect=True)
    )
    good = admin.verify_report(GOOD_LOG)
    bad = admin.verify_report(good_json().replace("8NOg6H0D", "8NOg6H0E").replace("3.1.0", "W" * 64))
    names = (
        "",
        "products",
        "products/new",
        "products/new?console=iot-platform",
        "licences",
        "devices",
        "keys",
    )
    return [
        *(f"/console/{name}" for name in names),
        "/console/devices/new",
        "/console/production",
        "/console/faults",
        "/console/calls",
        "/console/clock",
        "/console/debugging",
        f"/console/debugging?id2={debug.id2}",
        "/console/adaptation",
        f"/console/adaptation/{good.id}",
        f"/console/adaptation/{bad.id}",
        f"/console/products/{own.product_key}",
        f"/console/products/{platform.product_key}",
        f"/console/devices/{debug.id2}",
        "/console/login",
    ]


def submit(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_from_product_to_verified_code(page, mock):
    page.goto("/console/")
    page.get_by_role("link", name="Products", exact=True).first.click()
    page.get_by_role("link", name="Create product", exact=True).click()
    page.get_by_label("Product name").fill("smart_lock")
    page.get_by_label("Device authentication algorithm").select_option("aes-128")
    page.get_by_label("Licences", exact=True).fill("2")
    submit(page, "Create product")
    page.get_by_text("Product smart_lock is created.").wait_for()
    page.get_by_label("Licences", exact=True).fill("5")
    page.get_by_label("Validity").select_option("3")
    submit(page, "Buy")
    page.get_by_text("5 licence(s) bought.").wait_for()
    product = mock.admin.products()[-1]
    assert mock.admin.counters(product.product_key).unused == 7

    page.get_by_role("link", name="Debugging service").click()
    submit(page, "Generate debug ID²")
    id2 = page.locator("#copy-debugging-id2").inner_text()
    assert page.get_by_label("Debug ID²").input_value() == id2, "filled in for the next step"
    page.get_by_label("Mode").select_option("challenge-extra")
    page.get_by_label("Extra", exact=False).last.fill("order=42")
    submit(page, "Generate authCode")
    code = page.locator("#copy-debugging-auth_code").inner_text()
    key = page.locator("#copy-products-key").inner_text()
    with mock.client() as service:
        assert service.verify(id2, key, code, "order=42")
    page.reload()
    page.get_by_text("200 success").wait_for()


def test_a_device_from_debug_id_to_decryption(page):
    page.goto("/console/debugging")
    page.get_by_label("Algorithm").select_option("sm4-128")
    submit(page, "Generate debug ID²")
    id2 = page.locator("#copy-debugging-id2").inner_text()
    key = Key.parse(KeyType.SM4_128, page.locator("#copy-debugging-key").inner_text())
    page.get_by_role("link", name="Adaptation verification").click()
    page.get_by_label("Console log or JSON report").fill(device_prints(id2, key))
    submit(page, "Verify")
    page.get_by_text("Decryption to be confirmed").wait_for()
    page.locator("[data-copy=copy-ciphertext]").click()
    page.get_by_role("button", name="Copied").wait_for()
    cipher = page.evaluate("navigator.clipboard.readText()")
    server_code = page.locator("#copy-server-code").inner_text()
    second = device_prints(id2, key, cipher_text=cipher, server_code=server_code)
    page.get_by_label("Console log or JSON report").fill(second)
    submit(page, "Confirm decryption")
    page.get_by_text("The device decrypted the ciphertext to its own ID²").wait_for()
    page.get_by_text("The device accepted the server code.").wait_for()
    assert page.locator(".stamp").inner_text() == "Passed"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download as JSON").click()
    assert '"complete": true' in download.value.path().read_text()


@pytest.mark.parametrize(
    ("report", "decryption", "message"),
    [
        (
            SE_LOG,
            decryption_log(SE_ID, plain="nonsense", end="Fail"),
            "decrypted to something that is not its ID²",
        ),
        (SE_LOG, decryption_log(PUBLISHED.id2), "The log is of another device"),
        (GOOD_LOG.replace("8NOg6H0D", "8NOg6H0E"), None, "The signature is not what the device's key makes"),
        (
            GOOD_LOG.replace("2122232425262728292A2B2C", "2122232425262728292A2B2D"),
            None,
            "does not know this ID²",
        ),
    ],
)
def test_a_bad_device_is_told_why(page, report, decryption, message):
    page.goto("/console/adaptation")
    page.get_by_label("Console log or JSON report").fill(report)
    submit(page, "Verify")
    if decryption is not None:
        page.get_by_label("Console log or JSON report").fill(decryption)
        submit(page, "Confirm decryption")
    page.get_by_text(message).first.wait_for()
    assert page.locator(".stamp").inner_text() == "Failed"


def test_hostile_text_is_shown_and_does_nothing(page, mock):
    encoded = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    report = good_json().replace('"3.1.0"', f'"{encoded}"').replace("Nov 22 2026", "\\u202e\\ud800\\u0000")
    page.goto("/console/adaptation")
    page.get_by_label("Console log or JSON report").fill(report)
    submit(page, "Verify")
    page.get_by_text("document.title='pwned'").first.wait_for()
    assert "pwned" not in page.title()
    assert page.locator("main img, main script").count() == 0
    assert "{{7*7}}" in page.content()
    nested = '{"a":' * 100_000
    for text in (HOSTILE, nested, "\u202e" * 1_000, "﻿" + HOSTILE, "\x01\x1b[31m"):
        page.goto("/console/adaptation")
        page.get_by_label("Console log or JSON report").fill(text)
        submit(page, "Verify")
        page.locator(".field-error").wait_for()
    page.goto(f"/console/devices?search={HOSTILE}&product={HOSTILE}")
    assert page.locator("main img, main script").count() == 0


def test_ten_megabytes_are_answered(page):
    page.goto("/console/adaptation")
    page.evaluate("document.getElementById('report').value = '<script>alert(1)</script>'.repeat(420000)")
    submit(page, "Verify")
    page.get_by_text("larger than 4 MB").wait_for()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "gb18030"])
def test_a_log_file_is_uploaded(page, encoding):
    page.goto("/console/adaptation")
    data = ("终端日志\r\n" + GOOD_LOG).encode(encoding)
    page.get_by_label("Or a log file").set_input_files(
        {"name": "<img src=x onerror=alert(1)>.log", "mimeType": "text/plain", "buffer": data}
    )
    submit(page, "Verify")
    page.get_by_role("heading", name="Ciphertext").wait_for()


def test_the_keyboard_alone_is_enough(page, mock):
    page.goto("/console/products/new")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id || location.hash") in {"content", "#content"}
    for _ in range(40):
        if page.evaluate("document.activeElement.id") == "name":
            break
        page.keyboard.press("Tab")
    page.keyboard.type("by_keyboard")
    seen = [page.evaluate("document.activeElement.id")]
    while page.evaluate("document.activeElement.tagName") != "BUTTON":
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.id"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", "the focus is visible"
        assert len(seen) < 20
    assert seen[:4] == ["name", "algorithm", "quantity", "years"]
    page.keyboard.press("Enter")
    page.get_by_text("Product by_keyboard is created.").wait_for()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640), (1280, 900)])
def test_no_page_is_wider_than_the_screen(page, mock, language, width, height):
    page.set_viewport_size({"width": width, "height": height})
    for path in every_page(mock):
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert page.locator("html").get_attribute("lang") == ("zh-CN" if language == "zh" else "en")
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0, f"{path} at {width}: {overflow} px too wide"


def test_every_page_has_enough_contrast(page, mock):
    """Text against what is behind it: 4.5 to 1, in light and dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for path in every_page(mock) if scheme == "light" else ("/console/", "/console/adaptation/1"):
            page.goto(path)
            weak = page.evaluate(_WEAK_TEXT)
            assert weak == [], f"{path} in {scheme}"


def test_it_works_without_javascript(chromium, mock):
    context = chromium.new_context(base_url=mock.endpoint, java_script_enabled=False)
    page = context.new_page()
    page.goto("/console/keys?lang=zh")
    page.get_by_role("button", name="创建 AccessKey").click()
    secret = page.locator("#copy-keys-secret").inner_text()
    assert re.fullmatch(r"[A-Za-z0-9]{30}", secret)
    assert not page.locator("button.copy").first.is_visible()
    context.close()


_WEAK_TEXT = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility() || node.closest("[aria-hidden]")) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) weak.push(`${walker.currentNode.textContent.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return weak;
}"""
