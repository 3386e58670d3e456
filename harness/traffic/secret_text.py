"""Secrets that stand in the lines of a console or a module by their names: nobody needs them to follow the talk.

Recordings hide most of them when they are made; here they are hidden in those of other days and other programs too.
"""

import re

from harness.transport.secret_lines import STARS, SecretLines

_NAMES = rb"""
    (?: product[ _-]?secret | device[ _-]?secret | access[ _-]?key[ _-]?secret | id2[ _-]?key | pass(?:word|wd|phrase)
      | psk | (?<![a-z]) pin (?![a-z]) )
"""
# The vendor's test program says how long a value is before it: `device secret: [64] 6510DE…`.
_SIZE = rb"(?: \[ \s? \d{1,4} \s? \] \s{0,3} )?"
_NAMED = re.compile(
    rb"(?ix)"
    + _NAMES
    + rb"""["']? \s{0,3} (?: [:=] | \s ) \s{0,3} """
    + _SIZE
    + rb"""
    ["']? (?P<value> (?! \[ \s? \d{1,4} \s? \] ) [^\s"',;}]{4,} )
    """
)
_BYTE = rb"(?: 0x )? [0-9a-f]{2}"
_BYTES = _BYTE + rb"(?: [ ,:]{1,2} " + _BYTE + rb" ){3,}"
# Derived keys are printed byte by byte in several lines, each with the name: `key: 0x7f 0x68 0x41 0x11`.
_KEY = re.compile(
    rb"(?ix) (?<![a-z0-9]) key ["
    rb"'\"]? \s? [:=] \s{0,3} "
    + _SIZE
    + rb"(?P<value> "
    + _BYTES
    + rb" | [0-9a-f]{16,} (?![0-9a-z]) | [\w+/-]{22,} =* )"
)
_OPEN = re.compile(rb"(?ix)" + _NAMES + rb"""["']? \s{0,3} [:=]? \s{0,3} """ + _SIZE + rb"\Z")
_BEHIND = re.compile(
    rb"(?ix) (?P<before> .{0,80}? (?<![^\s:>\]]) ) (?P<value> "
    + _BYTES
    + rb" | (?= \S* \d ) [\w+/=.~-]{8,} | [\w+/=.~-]{16,} ) \s* \Z"
)
# A value that has begun where something else breaks into its line, and what of it comes behind that.
_BEGUN = re.compile(
    rb"(?ix) (?:"
    + _NAMES
    + rb"""["']? \s{0,3} [:=]? | (?<![a-z0-9]) key ["']? \s? [:=] ) \s{0,3} """
    + _SIZE
    + rb"""["']? (?P<value> [^\s"',;}]* | (?: (?: 0x )? [0-9a-f]{1,2} [ ,:]{1,2} )+ [0-9a-fx]* ) \Z"""
)
_REST = re.compile(rb"""(?ix) (?P<value> [^\s"',;}]* (?: [ ,:]{1,2} (?: 0x )? [0-9a-f]{2} \b )* )""")
_LINES = 8  # of a value that begins below its name
_AT_SECRET = re.compile(
    rb"(?i)(?P<name>(?:AT)?[+^#$*@][A-Z0-9_]{0,20}(?:LOAD|KEY|SEC|PIN|PWD|PASS|PSK|DEC|IMPORT|BURN)[A-Z0-9_]{0,20})"
    rb"(?P<sign>[=:] ?)(?P<value>.+)"
)
_AT_COMMAND = re.compile(rb"\s*AT", re.IGNORECASE)
_VALUE = re.compile(rb"\s*[\w+/=.~-]{12,}\s*")


def hidden(line: bytes) -> bytes:
    """Return a line of a console or a module, as long as it is, with stars in place of what is secret by its name."""
    line = SecretLines().hide(line)
    for pattern in (_NAMED, _KEY, _AT_SECRET):
        line = pattern.sub(_starred, line)
    return line


class ModuleSecrets:
    """Hides what is given and said on lines of their own: behind a prompt, without its name, or below it."""

    def __init__(self) -> None:
        self._secret = False
        self._goes_on = False  # behind something that broke into its line
        self._below = 0  # lines that may still hold the value of a name above them

    def sent(self, line: bytes) -> bytes:
        """Return a line to the module without what is secret."""
        if not _AT_COMMAND.match(line):
            return line.translate(STARS) if self._secret else hidden(line)
        self._secret = _AT_SECRET.search(line) is not None
        return hidden(line)

    def came(self, line: bytes, *, whole: bool = True) -> bytes:
        """Return a line of the module without what is secret.

        Args:
            line: The line, without its end.
            whole: Whether it has ended; what goes on behind something else goes on being secret.
        """
        if self._secret and _VALUE.fullmatch(line) is not None:
            return line.translate(STARS)
        begun = None if whole else _BEGUN.search(line)
        goes_on, self._goes_on = self._goes_on, begun is not None
        if begun is not None:
            return hidden(line[: begun.start()]) + _starred(begun)
        if goes_on and (rest := _REST.match(line)) is not None:
            return _starred(rest) + hidden(line[rest.end() :])
        if _OPEN.search(line.rstrip()) is not None:
            self._below = _LINES
            return hidden(line)
        self._below -= 1
        if self._below >= 0 and (found := _BEHIND.match(line)) is not None:
            return _starred(found)
        self._below = 0
        return hidden(line)


def _starred(found: re.Match[bytes]) -> bytes:
    begin, end = (at - found.start() for at in found.span("value"))
    whole = found[0]
    return whole[:begin] + whole[begin:end].translate(STARS) + whole[end:]
