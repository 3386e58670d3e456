"""How a site looks: its templates, texts and static files, read from its folder, over those that all sites share."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.patterns import Patterns
from harness.transport.printable import safe_text
from harness.web.language import Language, texts

_SHARED = Path(__file__).parent
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


class Appearance:
    """The look of one site.

    Attributes:
        root: Where the site begins, without a slash at the end: `/console`; empty for a site of its own.
        menu: Names of the entries, the home page first; `menu.NAME` is the text, `ROOT/NAME` the address.
        styles: Names of the site's own style sheets, after the shared one.
        scripts: Names of its own scripts, after the shared one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        root: str,
        menu: Sequence[str],
        styles: Sequence[str] = (),
        scripts: Sequence[str] = (),
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        """Read nothing yet; templates and texts are read when a page first needs them.

        Args:
            folder: Has `templates/`, `texts/` and, if wanted, `static/`.
            root: See the attribute.
            menu: See the attribute.
            styles: See the attribute.
            scripts: See the attribute.
            functions: What templates may call besides `t` and `here`.
        """
        self.root = root
        self.menu = tuple(menu)
        self.styles = ("web.css", *styles)
        self.scripts = ("web.js", *scripts)
        self._folder = folder
        self._environment = Environment(
            loader=FileSystemLoader([folder / "templates", _SHARED / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=shown,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {"time": time_text, "segment": lambda text: quote(str(text), safe="")}
        self._environment.globals |= dict(functions or {})
        self._said: dict[Language, tuple[Mapping[str, str], Patterns]] = {}

    def render(self, template: str, values: Mapping[str, Any]) -> str:
        """Return a page as HTML: every value is escaped, and one that is missing is an error."""
        return self._environment.get_template(template).render(values)

    def text(self, language: Language, key: str, **values: object) -> str:
        """Return a text.

        Raises:
            KeyError: There is no such text.
        """
        return texts(self._folder / "texts", language)[key].format_map(values)

    def said(self, language: Language, message: str) -> str | None:
        """Return in a language what a message in English says; None when its words are not known.

        Args:
            language: Which one; its words stand in `texts/details.LANGUAGE.json` of the site, by the English ones, with
                the places of values in braces.
            message: An error of the harness, a hint, or a detail of a verdict.
        """
        if language is Language.EN:
            return message
        if language not in self._said:
            path = self._folder / "texts" / f"details.{language.value}.json"
            table = json.loads(path.read_text("utf-8")) if path.is_file() else {}
            self._said[language] = table, Patterns(table)
        table, patterns = self._said[language]
        return patterns.told(message, table.get)

    def static(self, name: str) -> tuple[bytes, str] | None:
        """Return a style sheet, script or picture and its media type; None when there is none of this name."""
        kind = _TYPES.get(Path(name).suffix)
        if kind is None or name != Path(name).name:
            return None
        for folder in (self._folder / "static", _SHARED / "static"):
            if (folder / name).is_file():
                # Whole, from memory: a file that is sent in parts stays open when the service ends in between.
                return (folder / name).read_bytes(), kind
        return None


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
