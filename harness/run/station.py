"""Where a run was made: enough to find the bench again and to compare runs, nothing that names a person."""

import hashlib
import os
import platform
import re
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import ClassVar

from harness.offers import groups, offers

STATION_NAME = "HARNESS_STATION"
"""Environment variable with the lab's own name for the bench; it appears in reports."""

_VERSION = re.compile(r"^Version: *(\S+)\s*$", re.MULTILINE)

_PACKAGES = (
    "allure-python-commons",
    "anyio",
    "cffi",
    "cryptography",
    "fastapi",
    "filelock",
    "h11",
    "httpcore",
    "httptools",
    "httpx",
    "hypothesis",
    "jinja2",
    "libusb-package",
    "paho-mqtt",
    "pluggy",
    "pydantic",
    "pydantic-core",
    "pyftdi",
    "pyscard",
    "pyserial",
    "pytest",
    "python-multipart",
    "pyudev",
    "pyusb",
    "pyyaml",
    "smbus2",
    "starlette",
    "trustme",
    "typst",
    "uvicorn",
)
_OUR_PACKAGE, _OUR_GROUPS = "id2-harness", "harness."


@dataclass(frozen=True, slots=True)
class Station:
    """The machine of a run."""

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "extra": "ignore",
        "use_attribute_docstrings": True,
        "json_schema_serialization_defaults_required": True,
    }

    name: str = ""
    """What the lab calls the bench (`HARNESS_STATION`), empty when it has no name."""
    id: str = ""
    """12 hex digits, the same for every run on one machine; they cannot be turned back into its machine id."""
    os: str = ""
    """The operating system, e.g. "Debian GNU/Linux 12 (bookworm)"."""
    kernel: str = ""
    """The kernel, e.g. "Linux 6.1.0-18-amd64"."""
    machine: str = ""
    """The processor architecture."""

    @classmethod
    def here(cls) -> "Station":
        """Return this machine."""
        return cls(os.environ.get(STATION_NAME, ""), _machine(), _system(), _kernel(), platform.machine())


@cache
def packages() -> dict[str, str]:
    """Return the versions of the packages whose behaviour a verdict may depend on."""
    found: dict[str, str] = {}
    for name in (*_PACKAGES, *_extending()):
        try:
            found[name] = _version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _version(name: str) -> str:
    """Return the version that a package's own record begins with; reading all of the record takes long."""
    package = metadata.distribution(name)
    line = _VERSION.search((package.read_text("METADATA") or "").partition("\n\n")[0])
    return package.version if line is None else line[1]


def _extending() -> list[str]:
    """Return the other packages that bring the harness transports, carriers, suites and the like of their own."""
    ours = [group for group in groups() if group.startswith(_OUR_GROUPS)]
    found = {one.dist.name for group in ours for one in offers(group) if one.dist is not None}
    return sorted(found - {_OUR_PACKAGE, *_PACKAGES})


@cache
def _machine() -> str:
    try:
        secret = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        secret = ""
    # The machine id is confidential by its own manual, so only a hash made for this purpose leaves the
    # machine.
    return hashlib.sha256(f"id2-harness station {secret or platform.node()}".encode()).hexdigest()[:12]


@cache
def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()


def _kernel() -> str:
    return f"{platform.system()} {platform.release()}"
