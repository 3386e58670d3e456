"""Which boards a command means: by file, by name, by a pattern of either, by tag, or all of a lab file."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from harness.board.models import BoardFile
from harness.board.models.lab_file import LabFile
from harness.board.reading.file import (
    DEFAULT_FOLDER,
    MAX_LISTED,
    SHIPPED,
    SUFFIXES,
    board_files,
    is_board_name,
    load,
    locate,
)
from harness.board.reading.lab_boards import files_like, is_pattern, lab_boards
from harness.errors import UsageError
from harness.settings.problems import printable
from harness.settings.suggest import CLOSE_ENOUGH, nearest


@dataclass(frozen=True, slots=True)
class Selected:
    """The boards that a command means.

    Attributes:
        paths: Their files in the order in which they were named, each once; a plain word stays as it was written.
        doubts: What a person should know of the selection: what a tag left out, and what could not be read.
    """

    paths: tuple[Path, ...]
    doubts: tuple[str, ...] = ()


def select(
    words: Sequence[str], lab: LabFile, *, tags: Sequence[str] = (), all_by_default: bool = False
) -> Selected:
    """Return the boards that are meant.

    Args:
        words: Board files, names of boards, and patterns of both. None at all stands for every board of the lab when a
            lab file was named, and, with tags, for every board that there is.
        lab: The lab; where it has boards, names and patterns of names are sought among them first.
        tags: Tags that each board must have, all of them; several may stand in one text with commas between them.
            A tag may be a pattern.
        all_by_default: Whether nothing named stands for every board that there is, be it readable or not.

    Raises:
        UsageError: Nothing is named, a word or the tags match no board, or the same board is named twice.
    """
    sought = _Search(lab)
    wanted = _tags(tags)
    if words:
        found = sought.by_words(words)
    elif all_by_default and not wanted:
        return Selected(tuple(sought.everything()))
    elif wanted or (lab.boards and not lab.source.by_default):
        found = sought.everything()
    else:
        raise _nothing_named(lab)
    doubts: list[str] = []
    if wanted:
        found, doubts = _tagged(found, wanted, words, certain=bool(words or lab.boards))
    _require_different(found)
    return Selected(tuple(found), tuple(doubts))


class _Search:
    """Finds boards among those of the lab, then those of the working folder, then the shipped ones."""

    def __init__(self, lab: LabFile) -> None:
        self._lab = lab
        self._files: tuple[Path, ...] | None = None
        self._names: dict[Path, str] = {}

    def by_words(self, words: Sequence[str]) -> list[Path]:
        """Return the board files that words mean, in their order.

        Raises:
            UsageError: A word means none, or two words mean the same file.
        """
        found: dict[str, Path] = {}
        written: dict[str, str] = {}
        for word in words:
            single = os.path.lexists(word) or not is_pattern(word)
            meant = [self._one(word)] if single else self._like(word)
            for path in meant:
                file = os.path.realpath(locate(path))
                if single and file in written:
                    raise UsageError(
                        f"{printable(word)}: the same board is named twice"
                        + (f", as {printable(written[file])} too" if written[file] != word else ""),
                        hint="name it once; --repeat 2 runs it twice",
                    )
                if single:
                    written[file] = word
                found.setdefault(file, path)
        return list(found.values())

    def everything(self) -> list[Path]:
        """Return all boards: of the lab where it has some, else of `boards/`, else the shipped ones."""
        return list(self._of_lab()) or board_files(DEFAULT_FOLDER) or board_files(SHIPPED)

    def _of_lab(self) -> tuple[Path, ...]:
        if self._files is None:
            self._files = lab_boards(self._lab)
        return self._files

    def _one(self, word: str) -> Path:
        """Return the file that a word without a pattern means; the word itself where only `load` can say."""
        path = Path(word)
        if os.path.lexists(word) or not is_board_name(path):
            return path
        here = self._of_lab()
        for named in (lambda one: one.stem, self._name_in):
            meant = [one for one in here if named(one) == word]
            if len(meant) > 1:
                raise UsageError(
                    f"{printable(word)}: {len(meant)} board files of {self._lab.source.path} are called so: "
                    f"{_listing(map(str, meant))}",
                    hint="name the file",
                )
            if meant:
                return meant[0]
        if locate(path) != path:
            return path
        others = [one for one in board_files(DEFAULT_FOLDER) if self._name_in(one) == word]
        if others:
            return others[0]
        if here:
            raise self._no_match(word, "there is no such board")
        return path

    def _like(self, pattern: str) -> list[Path]:
        """Return the files that a pattern of names or of paths matches.

        Raises:
            UsageError: It matches none.
        """
        if os.sep not in pattern and not pattern.endswith(SUFFIXES):
            for files in (self._of_lab(), board_files(DEFAULT_FOLDER), board_files(SHIPPED)):
                if meant := [one for one in files if self._is_like(one, pattern)]:
                    return meant
        if meant := [one for one in files_like(pattern) if not self._is_lab_file(one)]:
            return meant
        raise self._no_match(pattern, "no board matches")

    def _is_like(self, path: Path, pattern: str) -> bool:
        return fnmatchcase(path.stem, pattern) or fnmatchcase(self._name_in(path), pattern)

    def _is_lab_file(self, path: Path) -> bool:
        lab = self._lab.source.path
        return lab is not None and os.path.realpath(lab) == os.path.realpath(path)

    def _name_in(self, path: Path) -> str:
        """Return the name that stands in a board file; empty for one that cannot be read."""
        if path not in self._names:
            try:
                self._names[path] = load(path).name
            except UsageError:
                self._names[path] = ""
        return self._names[path]

    def _no_match(self, word: str, problem: str) -> UsageError:
        known = {
            name: None for path in self.everything() for name in (path.stem, self._name_in(path)) if name
        }
        plain = "".join(char for char in Path(word).name.removesuffix(SUFFIXES[0]) if char not in "*?[]!")
        near = get_close_matches(plain, list(known), n=3, cutoff=CLOSE_ENOUGH)
        guess = f"; did you mean {' or '.join(map(repr, near))}?" if near else ";"
        return UsageError(f"{printable(word)}: {problem}{guess} boards: {_listing(known)}")


def _tags(given: Iterable[str]) -> list[str]:
    tags = [part.strip() for text in given for part in text.split(",")]
    if any(not tag for tag in tags):
        raise UsageError(
            f"--tag {printable(','.join(given))!r}: a tag is missing", hint="write --tag i2c,desk-2"
        )
    return list(dict.fromkeys(tags))


def _tagged(
    paths: Iterable[Path], wanted: Sequence[str], words: Sequence[str], *, certain: bool
) -> tuple[list[Path], list[str]]:
    """Return the boards that have all tags, and what to tell of the others.

    Args:
        paths: The boards.
        wanted: The tags.
        words: What was named.
        certain: Whether somebody named these boards, so that each of them must be readable.

    Raises:
        UsageError: No board has them; or one cannot be read, and somebody named it.
    """
    found, without, doubts = [], [], []
    known: dict[str, None] = {}
    for path in paths:
        try:
            board = load(path)
        except UsageError as error:
            if certain:
                raise
            doubts.append(
                "cannot be read, so whether it has the tag is not known and it is left out: "
                + error.message.partition("\n")[0]
            )
            continue
        known |= dict.fromkeys(board.tags)
        if _has_all(board, wanted):
            found.append(path)
        elif not any(is_pattern(word) for word in words):
            without.append(board.name)
    asked = " and ".join(map(printable, wanted))
    if not found:
        guess = next((near for tag in wanted if tag not in known and (near := nearest(tag, known))), None)
        there = f"tags: {_listing(sorted(known))}" if known else "none of them has tags"
        raise UsageError(
            f"--tag: no board has {'the tag' if len(wanted) == 1 else 'all of the tags'} {asked}"
            + (f"; did you mean {guess!r}? {there}" if guess else f"; {there}"),
            hint="a board file has `tags: [i2c, desk-2]`; several --tag must all be there",
        )
    if words and without:
        doubts.append(f"without the tag {asked}, so left out: {_listing(without)}")
    return found, doubts


def _has_all(board: BoardFile, wanted: Iterable[str]) -> bool:
    return all(any(fnmatchcase(tag, one) for tag in board.tags) for one in wanted)


def _require_different(paths: Sequence[Path]) -> None:
    """Refuse two files of one name: run folders, locks and reports go by it."""
    if len(paths) < 2:
        return
    by_name: dict[str, Path] = {}
    for path in paths:
        board = load(path)
        other = by_name.setdefault(board.name, path)
        if other is not path:
            raise UsageError(
                f"{path}: its name is {board.name}, as that of {other}; two boards of one name cannot run in one go, "
                "as their run folders, locks and reports could not be told apart",
                hint="give one of them another `name:`, or run them one after the other by two commands",
            )


def _nothing_named(lab: LabFile) -> UsageError:
    source = lab.source
    if source.path is None or not lab.boards:
        return UsageError(
            "no BOARD is named" + (f", and {source.path} has no boards:" if source.path else ""),
            hint="name a board, such as virtual-se-i2c; `harness boards list` has them",
        )
    return UsageError(
        "no BOARD is named",
        hint=f"--lab {source.path} means all boards of the lab file, --tag TAG some of them",
    )


def _listing(names: Iterable[str]) -> str:
    each = list(map(printable, names))
    more = f" and {len(each) - MAX_LISTED} more" if len(each) > MAX_LISTED else ""
    return ", ".join(each[:MAX_LISTED]) + more
