"""One request to the bench page: who asks, and what its templates can say."""

import time
from typing import Any
from urllib.parse import quote, unquote

from starlette.responses import Response

from harness.bench_page.bench import Bench
from harness.report.text import one_line
from harness.report.words import language
from harness.web.guard import cookie
from harness.web.language import Language
from harness.web.view import View

_PERSON_COOKIE = "id2-person"
_PERSON_MAX = 60
_YEAR_S = 365 * 24 * 3600


class BenchView(View[Bench]):
    """One request."""

    def common(self) -> dict[str, Any]:
        """Return what the templates of every page get."""
        return {
            "now": time.time(),
            "say": language(self.language.value),
            "person": self.person,
            "has": self.has,
            "field_name": self.field_name,
            "live": "",
            "report_name": self.report_name,
        }

    def report_name(self) -> str:
        """Return the file of a run's report in the person's language."""
        return "report.html" if self.language is Language.EN else f"report-{self.language.value}.html"

    def has(self, key: str) -> bool:
        """Tell whether there is a text of this key, which may come from a campaign."""
        try:
            self.text(key)
        except (KeyError, ValueError, IndexError):
            return False
        return True

    def field_name(self, name: str) -> str:
        """Return what a person calls a field of an operator step."""
        return self.text(f"field.{name}") if self.has(f"field.{name}") else one_line(name, 60)

    @property
    def person(self) -> str:
        """The name under which somebody answered or started something from this browser; empty at first."""
        found = cookie(self.request.scope, _PERSON_COOKIE)
        return one_line(unquote(found, errors="replace"), _PERSON_MAX, "…")

    def named(self) -> str:
        """Return the name that a form gives, as one line."""
        return one_line(self.field("person", _PERSON_MAX), _PERSON_MAX, "…")

    def remember_person(self, response: Response, name: str) -> None:
        """Have the browser remember who it is that uses it."""
        self.guard.set_cookie(response, _PERSON_COOKIE, quote(name, safe=""), max_age_s=_YEAR_S)
