"""Text for people: what a device printed, made visible and bounded, the same in every report."""

import unicodedata

_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
# Separators that break a line or a paragraph, and the characters that reorder or hide text around them.
_INVISIBLE = frozenset({"Zl", "Zp", "Cf", "Cs", "Co", "Cn"})


_MORE = "… ({rest} more characters)"


def visible(text: str, limit: int = 2_000, more: str = _MORE) -> str:
    """Return `text` with nothing in it that could act on a terminal, a page or a reader's eye.

    Control characters become their pictures (␛), invisible and reordering ones their code (<U+202E>); line
    ends and tabs stay. What is longer than `limit` characters is cut, and says by how much in the words of `more`.
    """
    rest = len(text) - limit
    kept = text[:limit]
    shown = kept if kept.isprintable() else "".join(map(_shown, kept))
    return shown + more.format(rest=rest) if rest > 0 else shown


def one_line(text: str, limit: int = 200, more: str = _MORE) -> str:
    """Return `visible` text on one line."""
    return " ".join(visible(text, limit, more).split())


def _shown(character: str) -> str:
    if " " <= character < "\x7f" or character in "\n\t":
        return character
    code = ord(character)
    if code < ord(" "):
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return "␡"
    if unicodedata.category(character) in _INVISIBLE or 0x80 <= code < 0xA0:
        return f"<U+{code:04X}>"
    return character


def seconds(value: float | None) -> str:
    """Return a duration in the unit that suits it."""
    if value is None:
        return "-"
    if value < 0.001:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.0f} ms"
    if value < 120:
        return f"{value:.1f} s"
    return f"{value // 60:.0f} min {value % 60:02.0f} s"


def size(count: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    if count < 10_000:
        return f"{count} bytes"
    if count < 10_000_000:
        return f"{count / 1024:.0f} KiB"
    return f"{count / 1024 / 1024:.0f} MiB"


def folder_title(step_folder: str) -> str:
    """Return the name of a suite folder as a heading: step3_chip is "Step 3 · chip"."""
    head, _, tail = step_folder.partition("_")
    number = head.removeprefix("step")
    words = tail.replace("_", " ").replace("-", " ")
    if head.startswith("step") and number.isdigit():
        return f"Step {number} · {capital(words)}" if words else f"Step {number}"
    return capital(one_line(step_folder.replace("_", " "))) or "Other"


def folder_label(step_folder: str) -> str:
    """Return the name of a suite folder where room is short: step3_chip is "3 chip"."""
    return one_line(step_folder.removeprefix("step").replace("_", " "))


def capital(words: str) -> str:
    """Return the words with a capital letter in front; an id is all capitals."""
    return "ID" if words == "id" else words[:1].upper() + words[1:]
