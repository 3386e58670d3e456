"""Names inside a zip that mean the same file on every system, and never one outside of where it is unpacked."""

import unicodedata
from collections.abc import Iterable

_LONGEST = 1024
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
)


def problems(names: Iterable[str]) -> dict[str, str]:
    """Return what is wrong with each name that is wrong; a name that ends with a slash is a folder's."""
    found: dict[str, str] = {}
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    all_names = list(names)
    for name in all_names:
        if why := _wrong(name):
            found[name] = why
            continue
        plain = _plain(name.rstrip("/"))
        if plain in seen:
            same = seen[plain] == name.rstrip("/")
            found[name] = "stands twice" if same else f"differs from {seen[plain]} by case alone"
        seen[plain] = name.rstrip("/")
        parts = name.rstrip("/").split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            known = folders.setdefault(_plain(folder), folder)
            if known != folder:
                found[name] = f"lies in a folder that differs from {known} by case alone"
    for name in all_names:
        if name not in found and not name.endswith("/") and _plain(name) in folders:
            found[name] = "is a file and a folder"
    return found


def _plain(name: str) -> str:
    """Return what file systems that know no case, or only one form of an accent, make of a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _wrong(name: str) -> str:
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return "is no UTF-8"
    parts = name.removesuffix("/").split("/")
    if "\0" in name:
        return "holds a zero byte"
    if name.startswith("/"):
        return "is an absolute path"
    if "\\" in name:
        return "holds a backslash, which some systems take for a path"
    if any(part in {"", ".", ".."} for part in parts):
        return "leads out of its folder"
    if ":" in name:
        return "holds a colon, which some systems take for a drive or a stream"
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in name):
        return "holds a control character"
    if any(part.endswith((" ", ".")) or part.partition(".")[0].casefold() in _RESERVED for part in parts):
        return "means another file on some systems"
    return "is too long" if len(encoded) > _LONGEST else ""
