"""Evidence: files that show what a verdict was given for."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from harness.run.folder import create_file, safe_name
from harness.run.safe import Mask

SIZE_LIMIT = 16 * 1024 * 1024
"""Bytes kept of one piece of evidence."""

# Opened with a double click, these are shown and not run. Anything else gets .txt or .bin behind its own
# ending.
_HARMLESS = frozenset(
    {".txt", ".log", ".json", ".jsonl", ".csv", ".hex", ".bin", ".pem", ".der", ".png", ".jpg", ".pcapng"}
)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of evidence as it lies in the folder.

    Attributes:
        path: The file.
        media_type: Its media type, `application/octet-stream` when none that is valid was given.
        size: Its size in bytes.
        sha256: Its SHA-256, hex.
        cut_from: The size that it would have had, when it was larger than `SIZE_LIMIT`.
        masked: True when a secret inside was replaced by stars.
    """

    path: Path
    media_type: str
    size: int
    sha256: str
    cut_from: int | None
    masked: bool


def keep(folder: Path, data: bytes, *, number: str, name: str, media_type: str, mask: Mask) -> Kept:
    """Write one piece of evidence into `folder` under a safe name that begins with `number`.

    Raises:
        BenchError: the disk refuses.
    """
    media_type = media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream"
    shown = mask.data(data)
    kept = shown[:SIZE_LIMIT]
    path = folder / f"{number}-{_file_name(mask.text(name), media_type)}"
    create_file(path, kept)
    return Kept(
        path=path,
        media_type=media_type,
        size=len(kept),
        sha256=hashlib.sha256(kept).hexdigest(),
        cut_from=len(data) if len(data) > SIZE_LIMIT else None,
        masked=shown != data,
    )


def _file_name(name: str, media_type: str) -> str:
    safe = safe_name(name, fallback="evidence")
    if Path(safe).suffix.lower() in _HARMLESS:
        return safe
    readable = media_type.startswith("text/") or media_type == "application/json"
    return safe + (".txt" if readable else ".bin")
