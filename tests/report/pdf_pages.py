"""What poppler and qpdf read in a PDF: pages as words with their boxes, fonts, attachments."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

_PAGE = "{http://www.w3.org/1999/xhtml}page"
_WORD = "{http://www.w3.org/1999/xhtml}word"


@dataclass(frozen=True)
class Page:
    """A page: its size in points, and its words as (text, left, top, right, bottom)."""

    width: float
    height: float
    words: tuple

    @property
    def text(self):
        return " ".join(word[0] for word in self.words)


def needs(*programs):
    """Return a mark that skips where a program is not installed."""
    lacking = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(lacking), reason=f"needs {', '.join(lacking)} (poppler-utils, qpdf)")


def run(*command):
    return subprocess.run(command, capture_output=True, check=True, timeout=120).stdout


def pages(path):
    """Return every page of a PDF."""
    # What XML cannot hold poppler writes all the same.
    xml = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"?", run("pdftotext", "-bbox", path, "-"))
    return [
        Page(
            float(page.get("width")),
            float(page.get("height")),
            tuple(
                (word.text or "", *(float(word.get(side)) for side in ("xMin", "yMin", "xMax", "yMax")))
                for word in page.iter(_WORD)
            ),
        )
        for page in ET.fromstring(xml).iter(_PAGE)
    ]


def outside(path, margin=40.0):
    """Return the words of a PDF that leave the text's place, with their pages."""
    return [
        (number, word)
        for number, page in enumerate(pages(path), start=1)
        for word in page.words
        if word[1] < margin or word[3] > page.width - margin or word[2] < 20 or word[4] > page.height - 20
    ]


def squeezed(path):
    """Return the text of a PDF without blanks, so that no line's end matters."""
    return re.sub(r"\s", "", run("pdftotext", "-layout", path, "-").decode())


def raw(path):
    """Return the text of a PDF in the order of its content, without blanks."""
    return re.sub(r"\s", "", run("pdftotext", "-raw", path, "-").decode())
