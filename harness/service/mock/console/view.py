"""One request of a person: what was asked, and the pages that answer."""

import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from harness.id2.codes import describe_service
from harness.secret import Secret
from harness.service.mock.admin.admin import Admin
from harness.service.mock.console.language import Language, texts
from harness.service.mock.http.guard import Guard
from harness.transport.printable import safe_text

_TEMPLATES = Path(__file__).parent / "templates"
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
    """The flash of each browser, until it is shown; bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Flash] = OrderedDict()

    def put(self, browser: str, flash: Flash) -> None:
        """Keep what the next page says."""
        with self._lock:
            self._waiting[browser] = flash
            while len(self._waiting) > _FLASHES_MAX:
                self._waiting.popitem(last=False)

    def take(self, browser: str) -> Flash | None:
        """Return it, and forget it."""
        with self._lock:
            return self._waiting.pop(browser, None)


@dataclass(frozen=True, slots=True)
class View:
    """One request.

    Attributes:
        admin: The service behind the console.
        guard: For form tokens and the login.
        request: As it came.
        form: Fields of its form; empty for a GET.
        language: Of the answer.
        browser: What ties forms and flashes to the browser.
        flashes: Of all browsers.
    """

    admin: Admin
    guard: Guard
    request: Request
    form: Mapping[str, str]
    language: Language
    browser: str
    flashes: Flashes

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
        return texts(self.language)[key].format_map(values)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page."""
        flash = self.flashes.take(self.browser)
        html = (
            environment()
            .get_template(template)
            .render(
                t=self.text,
                language=self.language,
                languages=tuple(Language),
                path=self.request.url.path,
                here=self._here,
                form_token=self.guard.form_token(self.browser),
                needs_login=self.guard.needs_login,
                now=self.admin.now(),
                flash=flash,
                once={} if flash is None else {key: _revealed(each) for key, each in flash.once.items()},
                # A long paste that was cut would be sent again as if it were whole.
                values={name: value for name, value in self.form.items() if len(value) <= _ECHO_MAX},
                **{"errors": {}, "problem": "", **values},
            )
        )
        return HTMLResponse(html, status)

    def refused(self, template: str, problem: str = "", **values: Any) -> Response:
        """Return a form again, with what is wrong with it."""
        return self.page(template, 422, problem=problem, **values)

    def done(self, where: str, flash: Flash | None = None) -> Response:
        """Send the browser on after a form, so that loading the page again repeats nothing.

        Args:
            where: Path below `/console`.
            flash: What the next page says.
        """
        if flash is not None:
            self.flashes.put(self.browser, flash)
        return RedirectResponse(f"/console{where}", 303)

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
        path = quote(self.request.url.path, safe="/") if self.request.method == "GET" else "/console/"
        return f"{path}?{urlencode(query, errors='replace')}" if query else path


@cache
def environment() -> Environment:
    """Return where templates live: escaped throughout, and a missing value is an error."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"time": time_text, "segment": lambda text: quote(str(text), safe="")}
    made.globals["described"] = describe_service
    return made


def shown(value: object) -> object:
    """Return a value as a page may hold it: nothing in it reorders or hides text, and all of it is UTF-8."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    lines = value.replace("\r\n", "\n").split("\n")
    return "\n".join(line if line.isprintable() else safe_text(line) for line in lines)


def time_text(milliseconds: int | datetime | None) -> str:
    """Return a time as people read it, UTC."""
    if milliseconds is None:
        return "–"  # noqa: RUF001 - a dash for "none"
    when = (
        milliseconds
        if isinstance(milliseconds, datetime)
        else datetime.fromtimestamp(milliseconds / 1000, UTC)
    )
    return when.strftime("%Y-%m-%d %H:%M:%S")


def _revealed(value: str | Secret) -> str:
    return value if isinstance(value, str) else value.reveal().decode("utf-8", "replace")
