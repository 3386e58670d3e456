"""Guests that have booted and imported the modules of others, kept on disk: to bring one back takes a second.

What is kept holds nothing of ours, and is made anew when anything in it has changed: the kernel, QEMU, how a guest is
started, what is installed, or any file that its Python was made of.
"""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from harness.errors import BenchError
from tools.lab import initrd, machine
from tools.lab.inside import READY
from tools.lab.kernel import Kernel

_ROOT = Path(__file__).parents[2]
_UNUSED_AFTER = 24 * 3600.0  # seconds
_LOADER = (Path("/lib64/ld-linux-x86-64.so.2"), Path("/etc/ld.so.cache"))
_LIMIT = 900.0  # seconds for a guest to get ready in


@dataclass(frozen=True, slots=True)
class Stored:
    """A guest that waits to be brought back.

    Attributes:
        folder: Where it is kept; the console of its boot is beside it.
    """

    folder: Path

    @property
    def state(self) -> Path:
        """The file to bring it back from."""
        return self.folder / "state"


def stored(kernel: Kernel, python: Path | None = None) -> Stored:
    """Return a guest to bring back, made now when there is none or something in it has changed.

    Args:
        kernel: What it boots.
        python: The Python that it is to have, by the path that it is to have there; this one if left out.

    Raises:
        BenchError: it cannot be made; the error ends with the last lines of its console.
    """
    python = python or Path(sys.executable)
    cache = kernel.image.parent.parent
    key = _key(kernel, python)
    found = _find(cache, key)
    if found is None:
        with FileLock(cache / "storing.lock"):
            found = _find(cache, key)
            if found is None:
                found = _make(cache, key, kernel, python)
                _forget_unused(cache)
    os.utime(found.folder)
    return found


def _key(kernel: Kernel, python: Path) -> str:
    qemu = Path(machine.program()).resolve()
    installed = sorted(path.name for folder in _packages(python) for path in folder.glob("*.dist-info"))
    parts = (
        *(kernel.image.parent.name, machine.shape(), str(python), installed),
        *(str(qemu), _stamp(qemu), initrd.INSIDE.read_text(encoding="utf-8")),
        Path(__file__).with_name("listing.py").read_text(encoding="utf-8"),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _packages(python: Path) -> list[Path]:
    return list((python.parent.parent / "lib").glob("python*/site-packages"))


def _stamp(path: Path) -> list[int]:
    """Return what changes when a file does."""
    try:
        status = path.stat()
    except OSError:
        return []
    return [status.st_size, status.st_mtime_ns]


def _find(cache: Path, key: str) -> Stored | None:
    for folder in sorted(cache.glob(f"stored-{key}-*")):
        made_of = json.loads((folder / "made-of.json").read_text(encoding="utf-8"))
        if all(_stamp(Path(name)) == stamp for name, stamp in made_of.items()):
            return Stored(folder)
    return None


def _make(cache: Path, key: str, kernel: Kernel, python: Path) -> Stored:
    modules, files = _listed(python)
    made_of = {str(path): _stamp(path) for path in files}
    name = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:16]
    with tempfile.TemporaryDirectory(prefix="storing-", dir=cache) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        archive = Path(scratch) / "initrd"
        extra = {
            "inside.py": initrd.INSIDE.read_bytes(),
            "modules.json": json.dumps(modules).encode(),
            "python": str(python).encode(),
        }
        initrd.with_files(kernel.initrd, archive, files, extra)
        _boot_and_store(kernel, archive, made)
        (made / "made-of.json").write_text(json.dumps(made_of), encoding="utf-8")
        target = cache / f"stored-{key}-{name}"
        shutil.rmtree(target, ignore_errors=True)
        made.rename(target)
        return Stored(target)


def _listed(python: Path) -> tuple[list[str], list[Path]]:
    """Return the modules to import, and the files that they and Python consist of."""
    done = subprocess.run(  # noqa: S603 - our own words
        [python, "-m", "tools.lab.listing"],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"the imports of the harness cannot be listed: {done.stderr.strip()[-300:]}")
    listed = json.loads(done.stdout)
    files = {Path(name) for name in listed["files"]}
    files |= {python, python.parent.parent / "pyvenv.cfg", *_LOADER}
    files |= {path for folder in _packages(python) for path in folder.glob("*.pth")}
    files |= {link for path in files if ".so" in path.name for link in _names_of(path)}
    return listed["modules"], sorted(path for path in files if path.is_file())


def _names_of(library: Path) -> Iterable[Path]:
    """Return the links beside a library that lead to it: programs ask for it by one of them."""
    return (
        path
        for path in library.parent.glob(f"{library.name.partition('.so')[0]}*.so*")
        if path.is_symlink() and path.resolve() == library.resolve()
    )


def _boot_and_store(kernel: Kernel, archive: Path, made: Path) -> None:
    console = made / "console.log"
    monitor = archive.with_name("monitor")
    command = [
        *(machine.program(), *machine.arguments(made), *machine.booting(kernel.image, archive)),
        *("-qmp", f"unix:{monitor},server=on,wait=off"),
    ]
    with subprocess.Popen(  # noqa: S603 - our own words
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as guest:
        watch = threading.Timer(_LIMIT, guest.kill)
        watch.start()
        try:
            assert guest.stdout is not None, "it was made with a pipe"
            with console.open("wb") as log:
                for line in guest.stdout:
                    log.write(line)
                    if line.strip() == READY.encode():
                        break
                else:
                    log.flush()
                    raise BenchError("the guest ended before it was ready", traffic=_tail(console))
            with machine.Monitor(monitor) as spoken_to:
                spoken_to.store(shlex.quote(str(made / "state")))
        finally:
            watch.cancel()
            guest.kill()


def _tail(console: Path) -> list[str]:
    return [ascii(line)[1:-1] for line in console.read_text(errors="replace").splitlines()[-8:]]


def _forget_unused(cache: Path) -> None:
    for folder in cache.glob("stored-*"):
        if time.time() - folder.stat().st_mtime > _UNUSED_AFTER:
            shutil.rmtree(folder, ignore_errors=True)
