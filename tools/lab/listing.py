"""Prints which modules of others the harness imports, and which files hold them and this Python.

Runs in a process of its own, natively, before a guest with all of them imported is stored.
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

_START = ("pytest", "harness.fixtures.plugin", "harness.cli.main")
_OURS = ("__main__", "__mp_main__", "harness", "tests", "tools")
_LEFT_OUT = (
    "harness.bench_page",
    "harness.explore",
    "harness.itls",
    "harness.lab",
    "harness.service.mock.api",
    "harness.service.mock.console",
    "harness.cli.service_settings",
)
"""Our packages that no run in a guest needs: their frameworks take an emulated processor long to import."""


class _Order:
    """Remembers in which order modules are asked for: some can only be imported in one."""

    def __init__(self) -> None:
        self.asked: dict[str, None] = {}

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        self.asked[name] = None


def main() -> None:
    """Import our packages and print `{"modules": [...], "files": [...]}`; a module that fails is left out."""
    order = _Order()
    sys.meta_path.insert(0, order)
    for name in (*_START, *_names("_pytest"), *_names("harness")):
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - an extra that is not installed, or a module that a test shall tell of
            sys.stderr.write(f"{name}: {error}\n")
    others = {name: module for name, module in sys.modules.items() if name.partition(".")[0] not in _OURS}
    files = {path for module in others.values() for path in _files(module)}
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        if (start := line.find("/")) >= 0:
            files.add(line[start:])
    modules = [name for name in order.asked if name in others]
    sys.stdout.write(json.dumps({"modules": modules, "files": sorted(files)}) + "\n")


def _names(package: str) -> Iterator[str]:
    found = importlib.import_module(package)
    for each in pkgutil.walk_packages(found.__path__, f"{package}."):
        if not each.name.startswith(_LEFT_OUT) and not each.name.endswith("__main__"):
            yield each.name


def _files(module: ModuleType) -> Iterator[str]:
    for name in ("__file__", "__cached__"):
        path = getattr(module, name, None)
        if isinstance(path, str) and Path(path).is_file():
            yield path


if __name__ == "__main__":
    main()
