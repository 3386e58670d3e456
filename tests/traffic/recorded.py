"""Recordings that tests write, as the recorder would."""

import json
from dataclasses import dataclass
from pathlib import Path

SECOND = 1_000_000_000


@dataclass(frozen=True)
class Used:
    """A transport as a report has it."""

    name: str
    recording: str


class Folder:
    """A run folder with nothing but recordings, whose clock begins at one second."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "transport").mkdir()
        self.used: list[Used] = []

    def file(self, name: str) -> Path:
        return self.path / "transport" / f"{name}.jsonl"

    def write(self, name: str, *records: dict[str, object], tail: bytes = b"") -> None:
        lines = [json.dumps(each, separators=(",", ":")) + "\n" for each in (header(name), *records)]
        self.file(name).write_bytes("".join(lines).encode() + tail)
        self.used.append(Used(name, f"transport/{name}.jsonl"))

    def beside(self, name: str, *records: dict[str, object]) -> None:
        lines = [json.dumps(each, separators=(",", ":")) + "\n" for each in (header(name), *records)]
        (self.path / "beside" / f"{name}.jsonl").write_text("".join(lines))


def header(name: str) -> dict[str, object]:
    return {
        "format": "id2-recording",
        "version": 1,
        "transport": name,
        "identity": "x",
        "capabilities": [],
        "anchor": {"wall": "2026-11-22T18:00:00Z", "monotonic_ns": SECOND},
    }


def record(seconds: float, op: str, way: str, data: bytes = b"", **rest: object) -> dict[str, object]:
    shown = {"x": data.hex()} if way in "<>" and not rest.keys() & {"x", "m"} else {}
    return {"t": SECOND + round(seconds * SECOND), "op": op, "d": way, **shown, **rest}


def at(seconds: float) -> int:
    return SECOND + round(seconds * SECOND)
