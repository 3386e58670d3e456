"""Secrets that stand in the lines of a console or a module by their names: nobody needs them to follow the talk.

Recordings hide most of them when they are made; here they are hidden in those of other days and other programs too.
"""

import re

from harness.transport.secret_lines import STARS, SecretLines

_NAMED = re.compile(
    rb"""(?ix)
    (?: product[ _-]?secret | device[ _-]?secret | access[ _-]?key[ _-]?secret | id2[ _-]?key | pass(?:word|wd|phrase)
      | psk | (?<![a-z]) pin (?![a-z]) )
    ["']? \s{0,3} (?: [:=] | \s ) \s{0,3} ["']? (?P<value> [^\s"',;}]{4,} )
    """
)
_AT_SECRET = re.compile(
    rb"(?i)(?P<name>(?:AT)?[+^#$*@][A-Z0-9_]{0,20}(?:LOAD|KEY|SEC|PIN|PWD|PASS|PSK|DEC|IMPORT|BURN)[A-Z0-9_]{0,20})"
    rb"(?P<sign>[=:] ?)(?P<value>.+)"
)
_AT_COMMAND = re.compile(rb"\s*AT", re.IGNORECASE)
_VALUE = re.compile(rb"\s*[\w+/=.~-]{12,}\s*")


def hidden(line: bytes) -> bytes:
    """Return a line of a console or a module, as long as it is, with stars in place of what is secret by its name."""
    line = SecretLines().hide(line)
    for pattern in (_NAMED, _AT_SECRET):
        line = pattern.sub(_starred, line)
    return line


class ModuleSecrets:
    """Hides what a module is given and gives on lines of their own: behind a prompt, or without its name."""

    def __init__(self) -> None:
        self._secret = False

    def sent(self, line: bytes) -> bytes:
        """Return a line to the module without what is secret."""
        if not _AT_COMMAND.match(line):
            return line.translate(STARS) if self._secret else hidden(line)
        self._secret = _AT_SECRET.search(line) is not None
        return hidden(line)

    def came(self, line: bytes) -> bytes:
        """Return a line of the module without what is secret."""
        bare = self._secret and _VALUE.fullmatch(line) is not None
        return line.translate(STARS) if bare else hidden(line)


def _starred(found: re.Match[bytes]) -> bytes:
    begin, end = (at - found.start() for at in found.span("value"))
    whole = found[0]
    return whole[:begin] + whole[begin:end].translate(STARS) + whole[end:]
