"""Debian's kernel for the guest: fetched once, unpacked, and kept under its version.

The cache is filled in a folder of its own and moved into place in one step, under a file lock, so that two
labs which start at once do not disturb each other and a killed one leaves nothing half done.
"""

import lzma
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from harness.errors import BenchError
from tools.lab import initrd

META_PACKAGE = "linux-image-amd64"
LAYOUT = 2
"""Raised when what is kept of a kernel changes; it is part of the cache's key."""

_XZ = b"\xfd7zXZ\x00"
_ELF = b"\x7fELF"
_KEPT = (
    "./boot/vmlinuz*",
    "./lib/modules/*/modules.*",
    *(
        f"./lib/modules/*/kernel/{folder}/*"
        for folder in (
            *(f"drivers/{name}" for name in ("char", "hid", "i2c", "net", "tty", "usb", "virtio")),
            *(f"fs/{name}" for name in ("9p", "fscache", "netfs", "overlayfs")),
            *("net/9p", "lib", "crypto"),
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel that is ready to boot.

    Attributes:
        version: As `uname -r` says it in the guest.
        image: The uncompressed kernel; a compressed one takes seconds to unpack itself when emulated.
        initrd: What it boots into.
        modules: Folder to give to `modprobe -d`.
    """

    version: str
    image: Path
    initrd: Path
    modules: Path


def cache_folder() -> Path:
    """Return where kernels are kept: `ID2_LAB_CACHE`, else `id2-harness/lab` in the user's cache."""
    named = os.environ.get("ID2_LAB_CACHE")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "id2-harness" / "lab"


def kernel(cache: Path | None = None) -> Kernel:
    """Return the kernel that Debian offers now, from the cache when it is there.

    Raises:
        BenchError: it is not there and cannot be fetched, or a program is missing.
    """
    folder = cache or cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    package, version = _offered()
    ready = folder / f"{package}_{version}_{LAYOUT}_{initrd.digest()}"
    if not ready.is_dir():
        with FileLock(folder / "filling.lock"):
            if not ready.is_dir():
                _fill(folder, ready, package, version)
    (module_folder,) = (ready / "root" / "lib" / "modules").iterdir()
    return Kernel(module_folder.name, ready / "vmlinux", ready / "initrd.gz", ready / "root")


def extract(image: bytes) -> bytes:
    """Return the kernel inside a compressed image.

    Raises:
        BenchError: it is not compressed with xz, as Debian's are.
    """
    start = image.find(_XZ)
    try:
        found = lzma.LZMADecompressor().decompress(image[start:]) if start >= 0 else b""
    except lzma.LZMAError:
        found = b""
    if not found.startswith(_ELF):
        raise BenchError("the kernel image holds no kernel packed with xz", hint="take Debian's own kernel")
    return found


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a program of the system and return what it printed.

    Raises:
        BenchError: it is missing, or it failed.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    except FileNotFoundError as error:
        raise BenchError(f"{words[0]} is missing", hint="run tools/lab/install.sh") from error
    if done.returncode:
        raise BenchError(f"{' '.join(words)[:200]}: {done.stderr.strip()[-300:] or done.returncode}")
    return done.stdout


def _offered() -> tuple[str, str]:
    """Return name and version of the kernel package that Debian's list names."""
    depends = re.search(r"Depends: (linux-image-\S+)", run("apt-cache", "depends", META_PACKAGE))
    package = depends[1] if depends else ""
    version = (
        re.search(r"^Version: (\S+)", run("apt-cache", "show", package), re.MULTILINE) if package else None
    )
    if version is None:
        raise BenchError("Debian's package lists name no kernel", hint="apt-get update")
    return package, version[1].replace(":", "%3a")


def _fill(folder: Path, ready: Path, package: str, version: str) -> None:
    with tempfile.TemporaryDirectory(prefix="filling-", dir=folder) as scratch:
        made, packages = Path(scratch) / "made", Path(scratch) / "packages"
        root = made / "root"
        for each in (root, packages):
            each.mkdir(parents=True)
        packages.chmod(0o777)  # apt fetches as a user of its own
        Path(scratch).chmod(0o755)
        run("apt-get", "download", "-qq", package, cwd=packages)
        archive = next(packages.glob("*.deb"), None)
        if archive is None:
            raise BenchError(f"apt-get fetched no {package} {version}", hint="apt-get update")
        _unpack(archive, root)
        (image,) = (root / "boot").glob("vmlinuz*")
        (made / "vmlinux").write_bytes(extract(image.read_bytes()))
        shutil.rmtree(root / "boot")
        (modules,) = (root / "lib" / "modules").iterdir()
        run("depmod", "-b", root, modules.name)
        initrd.build(
            made / "initrd.gz", _with_dependencies(root, modules.name, (*initrd.MODULES, *initrd.DRIVERS))
        )
        made.rename(ready)


def _unpack(archive: Path, root: Path) -> None:
    packed = root.parent / "files.tar"
    with packed.open("wb") as file:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=file, check=True)  # noqa: S603, S607 - Debian's
    # tar ends with 2 when a pattern fits nothing, which is no harm: kernels differ in their folders.
    subprocess.run(  # noqa: S603 - our own words
        ["tar", "-x", "-f", str(packed), "-C", str(root), "--wildcards", *_KEPT],  # noqa: S607 - the system's
        check=False,
        capture_output=True,
    )
    packed.unlink()


def _with_dependencies(root: Path, version: str, names: Iterable[str]) -> list[Path]:
    """Return the module files for `names` in the order in which they must be loaded."""
    found: dict[Path, None] = {}
    for name in names:
        for line in run("modprobe", "-d", root, "-S", version, "--show-depends", name).splitlines():
            action, _, rest = line.partition(" ")
            if action == "insmod":
                found[Path(rest.split()[0])] = None
    return list(found)
