"""`harness plan --new`: a plan chosen from the vendor's table, and the board file to start with."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from harness.board.discovery.draft import write
from harness.board.models import Pattern, PlannedCarrier
from harness.board.plan.starting_file import starting_file
from harness.board.plan.table import Cell, cell, in_words
from harness.board.plan.table_text import cell_text
from harness.board.reading.file import DEFAULT_FOLDER, SUFFIXES, parse
from harness.cli.json_document import print_json
from harness.cli.plan_questions import Questions, Quit, choices, given, impossible
from harness.cli.width import fitted
from harness.errors import UsageError
from harness.id2.keys import KeyType
from harness.settings.problems import printable

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_RULE = "lower-case letters, digits, . _ and -, at most 64, the first a letter or a digit"
_YES = frozenset({"y", "yes"})
_NO = frozenset({"n", "no"})


def new_plan(
    board: str | None, answers: Mapping[str, str | None], *, probe: bool | None, as_json: bool
) -> None:
    """Ask for what is not given, say what the plan needs, and write the board file.

    Args:
        board: Name of the board, or the file to write; None when it is not given.
        answers: The choices of the plan, by field; None for one that is not given.
        probe: Whether the probe is linked into the firmware; None when it is not given.
        as_json: Print one JSON document; nothing is asked then.

    Raises:
        UsageError: Something is not given and nobody can be asked, an answer is none, the plan is impossible, the
            name is none, or the file exists.
        BenchError: The file cannot be written.
    """
    known = given(answers)
    if why := impossible(known):
        raise UsageError(f"no board can follow {', '.join(known.values())}: {why}")
    if board is not None:
        known["board"] = board
        _new_file(board)
    if probe is not None:
        known["probe"] = "yes" if probe else "no"
    asks = sys.stdin.isatty() and sys.stdout.isatty() and not as_json
    chosen = _asked(known) if asks else _complete(known)
    if chosen is None:
        print("nothing was written")
        return
    _write(chosen, said=asks, as_json=as_json)


def _complete(known: Mapping[str, str]) -> Mapping[str, str]:
    missing = [choice for choice in choices() if choice.field not in known]
    lacking = ([] if "board" in known else ["BOARD"]) + [choice.flag for choice in missing]
    if lacking:
        values = "; ".join(f"{choice.flag}: {', '.join(choice.options)}" for choice in missing)
        raise UsageError(
            f"nobody is at a terminal to be asked, and {', '.join(lacking)} "
            f"{'is' if len(lacking) == 1 else 'are'} not given{f' ({values})' if values else ''}",
            hint="harness plan NAME --new --pattern … --carrier … --platform … --key-type …",
        )
    return known


def _asked(known: Mapping[str, str]) -> Mapping[str, str] | None:
    questions = Questions(input, lambda text: print(fitted(text)))

    def name(_: Mapping[str, str]) -> str:
        while True:
            text = questions.answer("\nName of the board: ")
            try:
                _new_file(text)
            except UsageError as error:
                questions.say(error.message)
            else:
                return text

    def probe(answers: Mapping[str, str]) -> str:
        needed = _cell(answers).demands
        questions.say(f"\nIs the probe linked into the firmware? What it gives: {needed.probe}")
        return _yes_or_no(questions, "probe [y/n]: ")

    def confirm(answers: Mapping[str, str]) -> str:
        questions.say("\n" + cell_text(_cell(answers)))
        return _yes_or_no(questions, f"\nWrite {_new_file(answers['board'])}? [y/n]: ")

    try:
        chosen = questions.ask(known, (("probe", probe), ("board", name), ("confirm", confirm)))
    except Quit:
        return None
    return chosen if chosen["confirm"] == "yes" else None


def _yes_or_no(questions: Questions, prompt: str) -> str:
    while True:
        text = questions.answer(prompt).lower()
        if text in _YES | _NO:
            return "yes" if text in _YES else "no"
        questions.say("y or n; b goes back, r starts again, q quits and writes nothing")


def _write(chosen: Mapping[str, str], *, said: bool, as_json: bool) -> None:
    plan, path = _cell(chosen), _new_file(chosen["board"])
    text = starting_file(plan, path, path.stem, probe=chosen.get("probe") == "yes")
    warnings = parse(text, path).warnings
    write(path, text)
    if as_json:
        print_json(
            {"file": str(path), "left": list(warnings), "needs": plan.to_record() | plan.needs_record()}
        )
        return
    if not said:
        print(fitted(cell_text(plan)))
    print(fitted(f"{path}: written for {in_words(plan.plan)}; left to do, as harness boards check says:"))
    for warning in warnings:
        print(fitted(f"  {warning}"))


def _cell(answers: Mapping[str, str]) -> Cell:
    return cell(
        Pattern(answers["pattern"]),
        PlannedCarrier(answers["carrier"]),
        answers["platform"],
        KeyType(answers["key_type"]),
    )


def _new_file(board: str) -> Path:
    """Return where the board file goes.

    Raises:
        UsageError: The name is none, there is no such folder, or the file is there already.
    """
    path = Path(board)
    if path.parent == Path() and path.suffix not in SUFFIXES:
        path = (DEFAULT_FOLDER if DEFAULT_FOLDER.is_dir() else Path()) / f"{board}.yaml"
    name = path.stem if path.suffix in SUFFIXES else path.name
    if not _NAME.fullmatch(name):
        raise UsageError(f"{printable(board)!r} names no board: {_RULE}")
    if path.suffix not in SUFFIXES:
        raise UsageError(f"{printable(board)!r}: a board file ends in .yaml")
    if not path.parent.is_dir():
        raise UsageError(f"{path}: there is no folder {str(path.parent)!r}")
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path}: exists; a board file is never written over", hint="name another board")
    return path
