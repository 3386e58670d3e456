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


def hidden(line: bytes) -> bytes:
    """Return a line of a console or a module, as long as it is, with stars in place of what is secret by its name."""
    line = SecretLines().hide(line)
    for pattern in (_NAMED, _AT_SECRET):
        line = pattern.sub(_starred, line)
    return line


def is_at_secret(line: bytes) -> bool:
    """Tell whether an AT command deals in secrets, so that its data at a prompt do too."""
    return _AT_SECRET.search(line) is not None


def _starred(found: re.Match[bytes]) -> bytes:
    begin, end = (at - found.start() for at in found.span("value"))
    whole = found[0]
    return whole[:begin] + whole[begin:end].translate(STARS) + whole[end:]
