"""Words of a document as HTML: their style, their language, and links only to places that are there."""

import re
from collections.abc import Collection
from pathlib import Path

from markupsafe import Markup, escape

from harness.report.document.blocks import Line, Words
from harness.report.page.compared import compared
from harness.report.words import Language
from harness.run.verdict import Verdict

STATES = (*(verdict.value for verdict in Verdict), "uncovered")
"""Every verdict and state of a requirement, each with its colour and its mark in the stylesheet."""

_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")
_JOINTS = re.compile(r"(?<=[a-z0-9][_/.:-])(?=[A-Za-z0-9])")


def icon(state: str) -> Markup:
    """Return the mark of a verdict; nothing for what is none."""
    if state not in STATES:
        return Markup("")
    return _made(f'<svg class="icon" aria-hidden="true"><use href="#i-{state}"/></svg>')


def verdict(state: str, words: str) -> Markup:
    """Return a verdict in words, with its mark and its colour."""
    if state not in STATES:
        return escape(words)
    return _made(f'<span class="verdict v-{state}">{icon(state)}{escape(words)}</span>')


def _made(html: str) -> Markup:
    """Return markup that was put together of escaped pieces: faster than to let every piece be escaped again."""
    return Markup(html)  # noqa: S704 - every caller escapes what is not its own


def _breaking(text: str) -> str:
    """Return a path or an id that may be broken behind its joints, before it is broken anywhere."""
    return "<wbr>".join(map(escape, _JOINTS.split(text)))


class Inline:
    """Renders words in rows."""

    def __init__(self, anchors: Collection[str], folder: Path, say: Language) -> None:
        """Take what links may lead to.

        Args:
            anchors: The places inside the page.
            folder: The run folder, whose files may be linked.
            say: The language of the page.
        """
        self._anchors = anchors
        self._folder = folder
        self._say = say

    def line(self, words: Line) -> Markup:
        """Return the HTML of words in a row."""
        return _made("".join(map(self._one, words)))

    def message(self, words: Line) -> Markup:
        """Return the HTML of a message that may compare two values."""
        return Markup("").join(compared(each.text, self._say) for each in words)

    def target(self, link: str) -> str:
        """Return where a link leads, or an empty text where there is no such place or it may lead anywhere else."""
        if link.startswith("#"):
            return link if link[1:] in self._anchors else ""
        path = self._folder / link
        plain = _PATH.fullmatch(link) is not None and not path.is_symlink() and not path.parent.is_symlink()
        return link if plain and path.is_file() else ""

    def _one(self, words: Words) -> str:
        text = _breaking(words.text) if words.code else str(escape(words.text))
        if words.verdict:
            text = str(verdict(words.verdict, words.text))
        if words.code:
            text = f"<code>{text}</code>"
        if words.strong:
            text = f"<strong>{text}</strong>"
        if words.link and (target := self.target(words.link)):
            text = f'<a href="{escape(target)}">{text}</a>'
        if words.soft or words.foreign:
            style = ' class="soft"' if words.soft else ""
            english = ' lang="en"' if words.foreign else ""
            text = f"<span{style}{english}>{text}</span>"
        return text
