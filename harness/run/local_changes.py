"""Whether this harness is the one that was released or committed: an official report names it by its version alone."""

import subprocess
from base64 import urlsafe_b64encode
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

_PACKAGE = "id2-harness"
_LIMIT_S = 20.0
_SHOWN = 3


def local_changes() -> str:
    """Return what of the harness was changed on this computer, or why that cannot be told; empty for nothing."""
    root = Path(__file__).resolve().parents[2]
    if (root / "pyproject.toml").is_file():
        return _of_checkout(root)
    try:
        installed = distribution(_PACKAGE)
    except PackageNotFoundError:
        return "it is neither installed nor a checkout of its repository, so nobody can tell whether it was changed"
    return _of_installed(installed)


def _of_checkout(root: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program
            ["git", "-C", str(root), "status", "--porcelain"],  # noqa: S607 - that of the user's PATH
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "git does not answer, so nobody can tell whether this checkout was changed"
    if done.returncode:
        return "git knows nothing of this checkout, so nobody can tell whether it was changed"
    return _told([line[3:] for line in done.stdout.splitlines()])


def _of_installed(installed: Distribution) -> str:
    changed = []
    for file in installed.files or ():
        if file.hash is None or file.hash.mode != "sha256":
            continue
        try:
            digest = sha256(Path(str(file.locate())).read_bytes()).digest()
        except OSError:
            changed.append(str(file))
            continue
        if urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            changed.append(str(file))
    return _told(changed)


def _told(changed: list[str]) -> str:
    if not changed:
        return ""
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f"changed on this computer: {', '.join(changed[:_SHOWN])}{more}"
