"""What the guest boots into: busybox, the modules that reach the host's files, and the way to the real root."""

import gzip
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from harness.errors import BenchError

MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay")
"""Kernel modules needed before the root file system is there."""

_BUSYBOX = Path("/bin/busybox")
_APPLETS = ("cat", "insmod", "mkdir", "mount", "poweroff", "sh", "switch_root")
_FOLDERS = ("bin", "dev", "host", "mods", "newroot", "proc", "rw", "sys")
_INIT = """\
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /mods/*.ko; do insmod "$module" || echo "lab: $module does not load"; done
share() { mount -t 9p -o "trans=virtio,version=9p2000.L,msize=524288,$3" "$1" "$2"; }
# The host's files, read-only; what is written to them goes to memory.
share host /host ro,cache=loose &&
mount -t tmpfs -o size=75% rw /rw && mkdir -p /rw/upper /rw/work &&
mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work overlay /newroot &&
share results /newroot/mnt rw,cache=none || { echo "lab: no root file system"; poweroff -f; }
for each in proc sys dev; do mount --move /$each /newroot/$each; done
exec switch_root /newroot /bin/sh /mnt/inside.sh
"""


def digest() -> str:
    """Return a short name that changes when what is built here changes."""
    return hashlib.sha256(repr((MODULES, _APPLETS, _FOLDERS, _INIT)).encode()).hexdigest()[:8]


def build(target: Path, modules: Iterable[Path]) -> None:
    """Write the archive.

    Args:
        target: Where to write it, compressed with gzip.
        modules: Module files in the order in which they are to be loaded.

    Raises:
        BenchError: a program is missing.
    """
    if not _BUSYBOX.exists():
        raise BenchError(f"{_BUSYBOX} is missing", hint="run tools/lab/install.sh")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        for name in _FOLDERS:
            (root / name).mkdir()
        shutil.copy(_BUSYBOX, root / "bin" / "busybox")
        for name in _APPLETS:
            (root / "bin" / name).symlink_to("busybox")
        for number, module in enumerate(modules):
            shutil.copy(module, root / "mods" / f"{number:02}-{module.name}")
        init = root / "init"
        init.write_text(_INIT)
        init.chmod(0o755)
        target.write_bytes(gzip.compress(_archived(root), compresslevel=1))


def _archived(root: Path) -> bytes:
    names = "\n".join(sorted(str(path.relative_to(root)) for path in root.rglob("*"))) + "\n"
    try:
        return subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet", "--owner=0:0"],  # noqa: S607 - the system's
            cwd=root,
            input=names.encode(),
            capture_output=True,
            check=True,
        ).stdout
    except FileNotFoundError as error:
        raise BenchError("cpio is missing", hint="run tools/lab/install.sh") from error
