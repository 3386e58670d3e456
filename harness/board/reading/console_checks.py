"""Checks of the console section against the dialect that it speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.board.models import BoardFile
from harness.errors import UsageError
from harness.settings.problems import Problem

if TYPE_CHECKING:
    from harness.console.shell_grammar import ShellGrammar


def errors(board: BoardFile) -> list[Problem]:
    """Return what the console section asks for and its dialect cannot do."""
    console = board.console
    if console is None:
        return []
    grammar = board.dialect.shell()
    if grammar is None:
        text = (
            f"the dialect {board.dialect_name} has no shell; name the one that it speaks as console.dialect"
        )
        return [
            Problem(("console", field), text)
            for field in ("command", "login")
            if getattr(console, field) is not None
        ]
    found = []
    if console.login is not None and grammar.login is None:
        found.append(
            Problem(("console", "login"), f"the dialect {board.dialect_name} never asks for a login")
        )
    if console.command is not None and (why := _unusable(board, console.command, grammar)):
        found.append(Problem(("console", "command"), why))
    return found


def _unusable(board: BoardFile, command: str, grammar: ShellGrammar) -> str:
    if len(command) > grammar.longest_line:
        return f"has {len(command)} characters; one of more than {grammar.longest_line} {grammar.beyond}"
    if len(command.split()) > grammar.most_words:
        return f"has {len(command.split())} words; one of more than {grammar.most_words} {grammar.beyond}"
    try:
        from harness.console.guard import Guard

        Guard(board.dialect).check(command.encode() + grammar.line_end)
    except UsageError as error:
        return error.message
    return ""
