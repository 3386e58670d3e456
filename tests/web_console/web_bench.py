"""What the tests of the console share: a browser without scripts, and pages taken apart."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

import httpx
from playwright.sync_api import Page as LivePage

from harness.id2 import published
from harness.id2.keys import Key, KeyType
from harness.service.mock.server import MockService
from harness.simulator.console.board import ConsoleBoard, ConsoleConfig

SAMPLES = Path(__file__).parents[1] / "samples"
PUBLISHED = published.KEYS[KeyType.AES_128]
SE_ID = "379551166B860D8DC4235AC7"
SE_KEY = Key.parse(KeyType.DES3_168, "1005F0D5333978630AD5D02EA777DC548FA94C5263EA071E")
GOOD_LOG = (SAMPLES / "id2_app-3.1.0-aes128.log").read_text()
SE_LOG = (SAMPLES / "id2_app-3.1.0-se-3des168.log").read_text(errors="replace")

LINE_KEY = """-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDOH9w/497++SaMK7BFyHCdNLEW
fj/tKy+JP7D96VdkiUvporGVQGMW4U3/W4KMF6rnixVW4iSbgVak4L8Erjrb++IY
+bJXuBUS8KjnfBVjCeAt7T29mIAPd1w1s2oWoYG3YpK/yZZp2L5o1O+TAIIwf/gQ
a9/gQksbK8GEZ5Wf1wIDAQAB
-----END PUBLIC KEY-----
"""
"""Public key of a production line whose private half nobody has."""


def good_json() -> str:
    from harness.id2 import report

    found = report.find(GOOD_LOG)
    assert found is not None
    return found


def decryption_log(id2: str, *, plain: str | None = None, end: str = "Pass") -> str:
    """Return what the program prints with a ciphertext in it."""
    tail = "<LS_LOG> id2_client_decrypt_data 345: plaintext data is error\n" if end == "Fail" else ""
    return (
        "<LS_LOG> ID2 Client Version: 0x00030100\n"
        f"<LS_LOG> id2_client_test_get_id 41: ID2: {id2}\n"
        "<LS_LOG> id2_client_decrypt_data 304: ====> ID2 Client Test Decrypt Start.\n"
        f"<LS_LOG> id2_client_decrypt_data 341: out_data: {id2 if plain is None else plain}\n"
        f"{tail}<LS_LOG> id2_client_decrypt_data 362: =================>ID2 Client Test Decrypt {end}.\n"
    )


def device_prints(id2: str, key: Key, *, cipher_text: str = "", server_code: str = "") -> str:
    """Return the console of a simulated device with this ID and key that runs id2_app."""
    config = ConsoleConfig(id2, key, cipher_text=cipher_text, server_code=server_code)
    return b"".join(ConsoleBoard(config).text()).decode("latin-1")


@dataclass
class Page:
    """A page taken apart."""

    status: int
    html: str
    url: str
    text: str = ""
    headings: list[tuple[int, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    labelled: set[str] = field(default_factory=set)
    controls: list[dict[str, str]] = field(default_factory=list)
    tables: int = 0
    captions: int = 0
    unscoped: int = 0
    lang: str = ""
    links: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    handlers: list[str] = field(default_factory=list)
    copied: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._words: list[str] = []
        self._heading: tuple[int, list[str]] | None = None
        self._code: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag, attrs):
        page, values = self.page, {name: value or "" for name, value in attrs}
        page.tags.add(tag)
        page.handlers += [name for name in values if name.startswith("on")]
        if "id" in values:
            page.ids.append(values["id"])
        if tag == "html":
            page.lang = values.get("lang", "")
        elif tag in {"h1", "h2", "h3", "h4"}:
            self._heading = int(tag[1]), []
        elif tag == "label":
            page.labelled.add(values.get("for", ""))
        elif tag in {"input", "select", "textarea"} and values.get("type") != "hidden":
            page.controls.append(values)
        elif tag == "table":
            page.tables += 1
        elif tag == "caption":
            page.captions += 1
        elif tag == "th" and "scope" not in values:
            page.unscoped += 1
        elif tag == "code" and "id" in values:
            self._code = values["id"], []
        if tag == "a":
            page.links.append(values.get("href", ""))
        for name in ("src", "href", "action"):
            if "//" in values.get(name, "") or values.get(name, "").lower().startswith("javascript"):
                page.outside.append(values[name])

    def handle_endtag(self, tag):
        if self._heading and tag == f"h{self._heading[0]}":
            self.page.headings.append((self._heading[0], "".join(self._heading[1]).strip()))
            self._heading = None
        if self._code and tag == "code":
            self.page.copied[self._code[0].removeprefix("copy-")] = "".join(self._code[1])
            self._code = None

    def handle_data(self, data):
        self._words.append(data)
        if self._heading:
            self._heading[1].append(data)
        if self._code:
            self._code[1].append(data)

    def close(self):
        super().close()
        self.page.text = " ".join(" ".join(self._words).split())


def taken_apart(response: httpx.Response) -> Page:
    page = Page(response.status_code, response.text, str(response.url))
    reader = _Reader(page)
    reader.feed(response.text)
    reader.close()
    return page


class Browser:
    """A browser without scripts: cookies, redirects, and the hidden token of forms."""

    def __init__(self, mock: MockService, **headers: str) -> None:
        self.mock = mock
        self.http = httpx.Client(
            base_url=mock.endpoint,
            headers=headers,
            trust_env=False,
            verify=False,  # nothing here speaks TLS, and reading the authorities costs more than a page
            follow_redirects=True,
            timeout=30,
        )

    def get(self, path: str) -> Page:
        return taken_apart(self.http.get(path))

    def token(self, path: str = "/console/clock") -> str:
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.http.get(path).text)
        assert found, "every form carries a token"
        return found[1]

    def post(self, path: str, **fields: str) -> Page:
        return taken_apart(self.http.post(path, data={"csrf": self.token(), **fields}))

    def paste(self, path: str, text: str = "", *, file: bytes | None = None) -> Page:
        parts: dict[str, tuple[str | None, bytes]] = {
            "csrf": (None, self.token().encode()),
            "report": (None, text.encode("utf-8", "replace")),
            "file": ("" if file is None else "log.txt", file or b""),
        }
        return taken_apart(self.http.post(path, files=parts))

    def close(self) -> None:
        self.http.close()


class Watch:
    """What must never happen on any page, collected while a test runs."""

    def __init__(self, page: LivePage, origin: str) -> None:
        self.seen: list[str] = []
        self.expected_statuses = {200, 303, 307, 304}
        page.on("dialog", lambda dialog: (self.seen.append(f"dialog {dialog.message}"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.seen.append(f"error {error}"))
        page.on("console", self._console)
        page.on("request", lambda request: self._request(request.url, origin))

    def _console(self, message) -> None:
        # Chromium reports the status of a page that was refused on purpose; all else is a defect.
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.seen.append(f"console {message.text}")

    def _request(self, url: str, origin: str) -> None:
        if not url.startswith(origin):
            self.seen.append(f"request to {url}")
