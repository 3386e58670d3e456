"""What the console has besides the vendor's: imports, faults and production lines, in real headless Chromium."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from harness.id2.keys import Key, KeyType
from harness.service.errors import ServiceRefusal
from tests.web_console.test_console_browser import HOSTILE, every_page, submit
from tests.web_console.web_bench import LINE_KEY, PUBLISHED

pytestmark = pytest.mark.browser

A, B = "1" * 24, "2" * 24
KEY = "00112233445566778899AABBCCDDEEFF"
LIST = f"id2,key_type,key,batch\n{A},aes-128,{KEY},7\n{B},sm4-128,{KEY},7\n{HOSTILE},aes-128,{KEY},7\n"


def preview(page, text=LIST):
    page.goto("/console/devices/new")
    page.get_by_label("Or its text").fill(text)
    submit(page, "Look at it")
    page.get_by_role("heading", name="Import: what would be made").wait_for()


def test_axe_finds_nothing_on_any_page(page, mock):
    paths = every_page(mock)
    found = {}
    for scheme, language, width in (("light", "en", 1280), ("dark", "zh", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 844})
        for path in paths:
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            found[path, scheme] = [each["id"] for each in Axe().run(page).response["violations"]]
    page.goto("/console/devices/new?lang=en")
    preview(page)
    found["preview", ""] = [each["id"] for each in Axe().run(page).response["violations"]]
    page.get_by_role("button", name="Import 2").click()
    page.locator("#leave_out-error").wait_for()
    found["refused", ""] = [each["id"] for each in Axe().run(page).response["violations"]]
    assert {place: rules for place, rules in found.items() if rules} == {}


def test_a_file_is_looked_at_reloaded_and_imported(page, mock):
    page.goto("/console/")
    page.get_by_role("link", name="Devices", exact=True).first.click()
    page.get_by_role("link", name="Register devices").click()
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "<img src=x>.csv", "mimeType": "text/csv", "buffer": LIST.encode("utf-16")}
    )
    submit(page, "Look at it")
    page.get_by_role("heading", name="Import: what would be made").wait_for()
    looked_at = page.url
    page.reload()
    assert KEY not in page.content()
    assert page.locator("main img, main script").count() == 0
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert (
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        )
    submit(page, "Import 2")
    page.locator("#leave_out-error").wait_for()
    assert mock.admin.find_device(A) is None
    page.get_by_label("Leave out the 1 wrong row(s).").check()
    submit(page, "Import 2")
    page.get_by_text("2 imported; 0 were there already, 1 left out.").wait_for()
    assert mock.admin.device(B).key == Key.parse(KeyType.SM4_128, KEY)
    page.goto(looked_at)
    page.get_by_text("not here any more").wait_for()
    assert mock.admin.devices().total == 4
    with page.expect_download() as download:
        page.goto("/console/devices")
        page.get_by_role("link", name="Download as CSV").click()
    assert f"{A},aes-128,burnt" in download.value.path().read_text("utf-8-sig")


def test_a_key_is_write_only_in_the_form(page):
    page.goto("/console/devices/new")
    page.get_by_label("ID²", exact=True).fill("12")
    page.get_by_label("Key", exact=True).fill(KEY)
    submit(page, "Register")
    page.locator("#id2-error").wait_for()
    assert page.get_by_label("ID²", exact=True).input_value() == "12", "what is no secret stays"
    assert page.get_by_label("Key", exact=True).input_value() == ""


def test_two_tabs_agree_without_a_reload(context, page, mock):
    page.goto("/console/faults")
    other = context.new_page()
    other.goto("/console/faults?lang=zh")
    page.bring_to_front()
    page.goto("/console/faults?lang=en")
    page.get_by_label("Fault", exact=True).select_option("code")
    submit(page, "Turn on")
    page.get_by_text("Fault 1 is switched on.").wait_for()
    other.bring_to_front()
    other.get_by_text("返回码拒绝").first.wait_for()
    with mock.client() as service, pytest.raises(ServiceRefusal):
        service.get_server_random(PUBLISHED.id2)
    other.get_by_text("服务正常。", exact=False).wait_for()
    page.bring_to_front()
    page.get_by_text("No fault is switched on: the service behaves.").wait_for()
    assert page.get_by_text("Fault 1 is switched on.").is_visible(), (
        "what was said stays until the page is left"
    )
    other.close()


def test_a_part_in_which_somebody_is_stays(page, mock):
    page.goto("/console/calls")
    with mock.client() as service:
        service.get_server_random(PUBLISHED.id2)
        page.locator("details").first.wait_for()
        page.locator("summary").first.click()
        service.get_server_random(PUBLISHED.id2)
    page.wait_for_timeout(1_500)
    assert page.locator("details[open]").count() == 1
    page.locator("h1").click()
    page.evaluate("document.activeElement.blur()")
    with mock.client() as service:
        service.get_server_random(PUBLISHED.id2)
    page.locator("tbody tr").nth(2).wait_for()


def test_vendors_and_burn_licences_by_keyboard_and_without_scripts(chromium, mock):
    context = chromium.new_context(base_url=mock.endpoint, java_script_enabled=False)
    page = context.new_page()
    page.goto("/console/production?lang=en")
    page.get_by_label("Vendor code").fill("8185")
    page.get_by_label("Vendor name").fill(HOSTILE[:60])
    page.keyboard.press("Enter")
    page.get_by_text("Vendor 8185 is registered.").wait_for()
    page.get_by_label("Product code").fill("ST33")
    page.get_by_label("Or a file with it").set_input_files(
        {"name": "k.pem", "mimeType": "text/plain", "buffer": LINE_KEY.encode()}
    )
    submit(page, "Grant")
    licence = page.locator("#copy-production-licence").inner_text()
    assert mock.admin.burn_licences()[0].licence == licence
    assert page.locator("main img, main script").count() == 0
    page.goto("/console/devices/new")
    page.get_by_label("Or its text").fill(LIST)
    submit(page, "Look at it")
    page.get_by_label("Leave out the 1 wrong row(s).").check()
    submit(page, "Import 2")
    page.get_by_text("2 imported").wait_for()
    page.goto("/console/faults")
    page.get_by_label("Every call").check()
    page.get_by_label("Fault", exact=True).select_option("drop")
    submit(page, "Turn on")
    submit(page, "Turn all off")
    page.get_by_text("All faults are switched off.").wait_for()
    context.close()


def test_a_page_whose_service_is_away_says_so_and_follows_again(context):
    tab = context.new_page()
    tab.set_default_timeout(60_000)
    refused = []
    tab.route("**/changes*", lambda route: (refused.append(1), route.fulfill(status=503)))
    tab.goto("/console/")
    expect(tab.locator("#stream")).to_contain_text("No connection")
    tab.unroute("**/changes*")
    expect(tab.locator("#stream")).to_be_empty(timeout=30_000)
    assert refused
