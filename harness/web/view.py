"""One request of a person: what was asked, and the pages that answer."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, unquote, urlencode, urlsplit

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from harness.secret import Secret
from harness.web.appearance import Appearance, shown
from harness.web.guard import Guard
from harness.web.language import Language

S = TypeVar("S")
"""What stands behind a site."""

LIVE_HEADER = "x-live"
"""Sent by the script that renews parts of a page, with the page's language: such a request takes no flash, which a
person is yet to see, and another tab's choice of a language does not reach into this one."""

_LINE_MAX = 4_096
_ECHO_MAX = 20_000
_FLASHES_MAX = 256


@dataclass(frozen=True, slots=True)
class Flash:
    """What the page after a form says once.

    Attributes:
        text: Key of the text.
        values: Values in it.
        once: Things to show this one time, by key of their name; secrets stay hidden until the page is made.
    """

    text: str
    values: Mapping[str, object] = field(default_factory=dict)
    once: Mapping[str, str | Secret] = field(default_factory=dict)


class Flashes:
    """The flashes of all browsers, each for one page, until they are shown; bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[tuple[str, str], Flash] = OrderedDict()

    def put(self, browser: str, path: str, flash: Flash) -> None:
        """Keep what the page at a path says; other pages of the same browser do not take it."""
        with self._lock:
            self._waiting[browser, path] = flash
            while len(self._waiting) > _FLASHES_MAX:
                self._waiting.popitem(last=False)

    def take(self, browser: str, path: str) -> Flash | None:
        """Return it, and forget it."""
        with self._lock:
            return self._waiting.pop((browser, path), None)


@dataclass(frozen=True, slots=True)
class View(Generic[S]):
    """One request.

    Attributes:
        behind: What the site shows and changes.
        appearance: Templates and texts.
        guard: For form tokens and the login.
        request: As it came.
        form: Fields of its form; empty for a GET.
        language: Of the answer.
        browser: What ties forms and flashes to the browser.
        flashes: Of all browsers.
    """

    behind: S
    appearance: Appearance
    guard: Guard
    request: Request
    form: Mapping[str, str]
    language: Language
    browser: str
    flashes: Flashes

    def common(self) -> dict[str, Any]:
        """Return what the templates of every page of the site get; a site adds its own."""
        return {}

    def field(self, name: str, limit: int = _LINE_MAX) -> str:
        """Return a field of the form without the blanks around it; what is longer than the limit is cut."""
        return self.form.get(name, "")[:limit].strip()

    def number(self, name: str, largest: int = 1_000_000) -> int | None:
        """Return a field as a number from 0 to `largest`, or None."""
        text = self.field(name, 16)
        return int(text) if text.isascii() and text.isdigit() and int(text) <= largest else None

    def path(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        """Return a part of the query; empty when it is not there."""
        return self.request.query_params.get(name, "")[:_LINE_MAX].strip()

    def text(self, key: str, **values: object) -> str:
        """Return a text in the person's language.

        Raises:
            KeyError: There is no such text.
        """
        return self.appearance.text(self.language, key, **values)

    def said(self, message: str) -> str:
        """Return in the person's language what a message of the harness says, or the message, marked as English."""
        told = self.appearance.said(self.language, message)
        return Markup('<span lang="en">{}</span>').format(shown(message)) if told is None else told

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        path = str(self.request.scope["path"])
        live = LIVE_HEADER in self.request.headers
        flash = None if live else self.flashes.take(self.browser, path)
        known = {
            "t": self.text,
            "said": self.said,
            "language": self.language,
            "languages": tuple(Language),
            "root": self.appearance.root,
            "menu": self.appearance.menu,
            "styles": self.appearance.styles,
            "scripts": self.appearance.scripts,
            "path": path,
            "here": self._here,
            "form_token": self.guard.form_token(self.browser),
            "needs_login": self.guard.needs_login,
            "inside": self.guard.logged_in(self.request.scope),
            "flash": flash,
            "once": {} if flash is None else {key: _revealed(each) for key, each in flash.once.items()},
            # A long paste that was cut would be sent again as if it were whole.
            "values": {name: value for name, value in self.form.items() if len(value) <= _ECHO_MAX},
            "errors": {},
            "problem": "",
            "changes": "",
        }
        return HTMLResponse(self.appearance.render(template, {**known, **self.common(), **values}), status)

    def done(self, where: str, flash: Flash | None = None) -> Response:
        """Send the browser on after a form, so that loading the page again repeats nothing.

        Args:
            where: Path below the site's root, with query and fragment if need be.
            flash: What the next page says.
        """
        target = f"{self.appearance.root}{where}"
        if flash is not None:
            self.flashes.put(self.browser, unquote(urlsplit(target).path), flash)
        return RedirectResponse(target, 303)

    def download(self, name: str, content: object) -> Response:
        """Return JSON as a file."""
        text = json.dumps(content, ensure_ascii=True, indent=2) + "\n"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(text, media_type="application/json", headers=headers)

    def _here(self, **changes: str | int | None) -> str:
        """Return this page's address with a changed query."""
        query = {name: value for name, value in self.request.query_params.items() if name != "lang"}
        query |= {name: str(value) for name, value in changes.items() if value is not None}
        for name, value in changes.items():
            if value is None:
                query.pop(name, None)
        reading = self.request.method == "GET"
        path = quote(self.request.scope["path"], safe="/") if reading else f"{self.appearance.root}/"
        return f"{path}?{urlencode(query, errors='replace')}" if query else path


def _revealed(value: str | Secret) -> str:
    return value if isinstance(value, str) else value.reveal().decode("utf-8", "replace")
