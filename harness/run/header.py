"""The header of a run, `run.json`: what was asked for, with what, and where."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from harness import __version__
from harness.errors import UsageError
from harness.run.bench import Bench
from harness.run.events import Mode
from harness.run.policy_named import Named
from harness.run.safe import Mask, json_value
from harness.run.station import Station, packages
from harness.run.tool import Tool

FORMAT = "id2-run"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a run was made from, by name and hash: board file, requirements list, firmware image."""

    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "ignore", "use_attribute_docstrings": True}

    role: str
    """What it is for, e.g. "board file"."""
    name: str
    """Its name without folders."""
    size: int
    """Its size in bytes."""
    sha256: str
    """Its SHA-256, hex."""

    @classmethod
    def of(cls, path: Path, role: str) -> "InputFile":
        """Return the entry for the file at `path`.

        Raises:
            UsageError: the file cannot be read.
        """
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                return cls(role, path.name, file.tell(), digest)
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True)
class Header:
    """What the caller knows before the run begins. Values are plain, secrets are references or `Secret`.

    Attributes:
        board_file: The board file as used, after defaults.
        plan: What the manufacturer chose: pattern, carrier, platform, key type.
        declaration: What the board claims.
        options: How the run was asked for: service, selection, destructive.
        inputs: The files that it was made from.
        probes: Names of what each session with a chip is asked beside the scenarios.
        mode: Development or official.
        report: What people say for the report, as `harness.settings.particulars` has it.
        known_failures: The failures that are known, as `harness.settings.known_failures` has them.
        tool: The harness and the suites, by their digests.
        bench: What leads to the board, and the clock of the computer.
        named: What the policy of the lab has an official run name.
    """

    board_file: Mapping[str, object] = field(default_factory=dict)
    plan: Mapping[str, object] = field(default_factory=dict)
    declaration: Mapping[str, object] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)
    inputs: tuple[InputFile, ...] = ()
    probes: tuple[str, ...] = ()
    mode: Mode = "development"
    report: Mapping[str, object] = field(default_factory=dict)
    known_failures: Sequence[Mapping[str, object]] = ()
    tool: Tool = field(default_factory=Tool)
    bench: Bench = field(default_factory=Bench)
    named: tuple[Named, ...] = ()


def plain_header(header: Header, *, board: str, started: str, mask: Mask) -> dict[str, object]:
    """Return the header of a run that starts now as plain JSON values, before any folder exists.

    Raises:
        ToolError: the header holds something that has no plain JSON form.
    """
    record = {
        "board": board,
        "started": started,
        "harness": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": packages(),
        "tool": header.tool,
        "station": Station.here(),
        "bench": header.bench,
        "plan": header.plan,
        "declaration": header.declaration,
        "options": header.options,
        "inputs": header.inputs,
        "probes": header.probes,
        "mode": header.mode,
        "named": header.named,
        "report": header.report,
        **({"known_failures": header.known_failures} if header.known_failures else {}),
        "board_file": header.board_file,
    }
    return {name: json_value(value, mask) for name, value in record.items()}


def header_json(plain: dict[str, object], *, run: str) -> bytes:
    """Return `run.json` for the run of this name."""
    record = {"format": FORMAT, "schema": SCHEMA, "run": run, **plain}
    return json.dumps(record, ensure_ascii=False, indent=2, allow_nan=False).encode() + b"\n"
