"""Commands of the harness in recipes: taken out of shell text, and read by our own command line without being run."""

import shlex
from collections.abc import Iterator

import typer.main

from harness.cli.main import application

HARNESS = "/opt/id2-harness/bin/harness"


def in_shell(text: str) -> Iterator[list[str]]:
    """Yield each command of the harness in shell text, as words without its redirections."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    command: list[str] = []
    redirected = False
    # A line that ends with an operator goes on in the next one: no command begins before its first word.
    for word in (*lexer, "\n"):
        if word in (">", ">>", "<"):
            redirected = True
        elif set(word) <= set("|&;\n"):
            if command[:1] == [HARNESS]:
                yield command
            command = []
        elif redirected:
            redirected = False
        else:
            command.append(word)


def read(command: list[str]) -> str:
    """Have our command line read a command; give its name.

    Raises an error of the command line when it has no such command or option, or a value does not fit.
    """
    group = typer.main.get_command(application(command[1:]))
    words, context, names = command[1:], group.make_context("harness", list(command[1:])), []
    while hasattr(group, "resolve_command"):
        name, group, words = group.resolve_command(context, words)
        names.append(name)
        context = group.make_context(name, list(words), parent=context)
    return " ".join(names)
