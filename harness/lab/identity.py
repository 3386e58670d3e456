"""Which harness a host has, and whether two hosts have the same."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness import __version__
from harness.errors import BenchError
from harness.run.tool import code_digest, folder_digest
from harness.seal.tree import sha256

_OF_FILE = "file:"


@dataclass(frozen=True, slots=True)
class Identity:
    """A harness, by what decides what it judges.

    Attributes:
        version: Its version.
        sha256: Digest of its code with the shipped suites.
        suites: Digest of each further folder of suites and of each file that a run is given, by the word for it.
    """

    version: str
    sha256: str
    suites: tuple[tuple[str, str], ...] = ()

    @classmethod
    def here(cls, suites: Iterable[str] = ()) -> "Identity":
        """Return that of this host; what cannot be read has no digest."""
        digests = tuple((word, _digest(word)) for word in suites)
        return cls(__version__, code_digest().sha256, digests)

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Identity":
        """Return that of another host, as it tells it."""
        suites = told.get("suites")
        pairs = (
            [one for one in suites if isinstance(one, list) and len(one) == 2]
            if isinstance(suites, list)
            else []
        )
        return cls(
            str(told.get("version", ""))[:40],
            str(told.get("sha256", ""))[:64],
            tuple((str(word), str(digest)) for word, digest in pairs),
        )

    def plain(self) -> dict[str, object]:
        """Return it as JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.version} (code {self.sha256[:12] or 'unreadable'})"


def _digest(word: str) -> str:
    path = Path(word)
    if not path.is_file():
        return folder_digest(_folder(word)).sha256
    try:
        return _OF_FILE + sha256(path)
    except BenchError:
        return ""


def _folder(word: str) -> Path:
    """Return the folder of suites that a word names as --suites does: a folder, or what an installed package offers."""
    if Path(word).is_dir():
        return Path(word)
    from importlib.util import find_spec  # noqa: PLC0415 - only for suites of packages

    from harness.offers import offers  # noqa: PLC0415 - as above

    with suppress(ImportError, ValueError):
        for entry in offers("harness.suites"):
            found = find_spec(entry.value) if entry.name == word else None
            for place in found.submodule_search_locations or () if found is not None else ():
                return Path(place)
    return Path(word)


@dataclass(frozen=True, slots=True)
class Difference:
    """How the harness of a bench differs from that of this computer.

    Attributes:
        words: In words that follow the name of the bench.
        hint: What to do about it.
    """

    words: str
    hint: str


SAME_HARNESS = "install the same harness on every host, or use the one that they have here: harness --version"
_COPY = "copy it to the bench under the same path, a relative one from the folder of the host in the lab file"


def difference(here: Identity, there: Identity) -> Difference | None:
    """Return how the harness of a bench differs from this one; None for not at all."""
    if here.version != there.version or here.sha256 != there.sha256 or not here.sha256:
        return Difference(f"has harness {there}, and this computer has {here}", SAME_HARNESS)
    theirs = dict(there.suites)
    for word, digest in here.suites:
        if digest.startswith(_OF_FILE) and theirs.get(word) != digest:
            words = (
                f"has another file {word} than this computer" if theirs.get(word) else f"has no file {word}"
            )
            return Difference(words, f"{word}: {_COPY}")
        hint = f"{word}: {_COPY}; or install the same package of suites on both"
        if not theirs.get(word):
            return Difference(f"has no suites {word}, or they cannot be read there", hint)
        if theirs[word] != digest:
            words = f"has other suites {word}: {theirs[word][:12]}, and this computer {digest[:12]}"
            return Difference(words, hint)
    return None
