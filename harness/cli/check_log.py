"""`harness check-log`: judge a captured serial console of the vendor's programs."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.id2.keys import KeyType
    from harness.logcheck import KeyRing
    from harness.logcheck.claims import Claims

CHUNK = 256 * 1024
STDIN = "-"


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command(
        "check-log", help="Judge a captured serial console of the vendor's programs, without a board."
    )(check_log)


def _key_types() -> list[str]:
    from harness.cli.id2_values import key_type_names

    return key_type_names()


def check_log(
    file: Annotated[
        str, typer.Argument(help="The captured console; - reads standard input.", metavar="FILE")
    ],
    key_type: Annotated[
        str | None,
        typer.Option(
            "--key-type",
            help="Key type that the device should have, such as aes-128; without it the log decides.",
            metavar="TYPE",
            autocompletion=_key_types,
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", help="The device's key: HEX, env:NAME or file:PATH.", metavar="KEY"),
    ] = None,
    id2: Annotated[
        str | None, typer.Option("--id", help="The ID² that the device should have.", metavar="ID")
    ] = None,
    sdk: Annotated[
        str | None,
        typer.Option(
            "--sdk", help="SDK version that the firmware should have, such as 3.1.0.", metavar="X.Y.Z"
        ),
    ] = None,
    carrier: Annotated[
        str | None,
        typer.Option(
            "--carrier",
            help="Carrier that should hold the key: se, km, tee, puf, module or demo.",
            metavar="NAME",
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            help="Program that should run: id2_app, hal_app, itls_app or id2_demo.",
            metavar="NAME",
        ),
    ] = None,
    debug_keys: Annotated[
        bool, typer.Option("--debug-keys", help="Try the vendor's published debug keys, matched by ID.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document on standard output.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count findings as failures.")] = False,
    allow_demo: Annotated[
        bool, typer.Option("--allow-demo", help="Do not count findings that only mean the Demo carrier.")
    ] = False,
) -> None:
    """Judge a captured console and end with the exit code of its verdict."""
    import json
    import os
    import sys

    from rich.console import Console

    from harness.errors import BenchError, UsageError
    from harness.logcheck import judge
    from harness.logcheck.render import show, show_findings, to_document
    from harness.run.asserts import require_asserts
    from harness.run.verdict import Verdict, exit_code
    from harness.transport.printable import safe_text

    require_asserts()
    keys, expected = _keys(key_type, key, id2, debug_keys=debug_keys)
    claims = _claims(key_type, sdk, carrier, program)
    report = judge(
        _chunks(file), keys=keys, id2=expected, strict=strict, allow_demo=allow_demo, claims=claims
    )
    code = exit_code([report.verdict])
    if not report.recognised and report.unread:
        code = exit_code([Verdict.BLOCKED])
    if as_json:
        print(json.dumps(to_document(report, file, code), indent=2))
        raise typer.Exit(code)
    wide = sys.stdout.isatty() or "COLUMNS" in os.environ
    console = Console(width=None if wide else 140, highlight=False, emoji=False, markup=False)
    if report.recognised:
        show(report, console)
    else:
        show_findings(report, console)
    name = "standard input" if file == STDIN else file
    if not report.recognised and report.unread:
        line, example = report.unread[0]
        raise BenchError(
            f"{name}: prefix not understood: the vendor's program speaks in it, and what stands around its lines "
            f"keeps them from being read, such as in line {line}: {safe_text(example, 120)}",
            hint="take off what the terminal or logger put before each line, or capture the console without it",
        )
    if not report.recognised and not as_json:  # the document says so by itself
        raise UsageError(
            f"{name}: nothing of the vendor's programs is in it ({report.lines} lines, {report.size} bytes)",
            hint="looked for the console of id2_app ('ID2 Client Version: …', 'ID2 Client Test …', the "
            "validation report), of hal_app ('HAL … Test'), of itls_app ('iTLS Client Sample …') and of the "
            "1.0.0 demo ('AUTHCODE:|…'); is it the right file, and was the baud rate right?",
        )
    raise typer.Exit(code)


def _keys(
    key_type: str | None, key: str | None, id2: str | None, *, debug_keys: bool
) -> "tuple[KeyRing, str]":
    """Return the keys that may be tried, and the ID that the device should have."""
    from harness.cli.id2_values import as_usage_error
    from harness.id2 import ids
    from harness.id2.keys import KeyType
    from harness.logcheck import KeyRing

    with as_usage_error():
        expected = "" if id2 is None else ids.parse(id2).text
        kind = None if key_type is None else KeyType.parse(key_type)
    ring = KeyRing()
    if key is not None:
        ring += _key_ring(kind, key, expected)
    if debug_keys:
        ring += KeyRing.debug()
    return ring, expected


def _claims(key_type: str | None, sdk: str | None, carrier: str | None, program: str | None) -> "Claims":
    """Return what the options say that the console must show."""
    from harness.cli.id2_values import as_usage_error
    from harness.errors import UsageError
    from harness.id2.keys import KeyType
    from harness.logcheck.claims import CARRIERS, PROGRAMS, Claims

    with as_usage_error():
        kind = None if key_type is None else KeyType.parse(key_type)
    if sdk is not None and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){2}", sdk, re.ASCII):
        raise UsageError(f"--sdk: {sdk[:20]!a} is no version", hint="give one like 3.1.0")
    if carrier is not None and carrier not in CARRIERS:
        raise UsageError(
            f"--carrier: {carrier[:20]!a} is no carrier", hint=f"give one of {', '.join(CARRIERS)}"
        )
    if program is not None and program not in PROGRAMS:
        raise UsageError(
            f"--program: {program[:20]!a} is no program of the vendor",
            hint=f"give one of {', '.join(PROGRAMS)}",
        )
    return Claims(
        source="the command line",
        program=PROGRAMS[program] if program else None,
        carrier=carrier or "",
        key_type=kind,
        sdk_version=sdk or "",
    )


def _key_ring(kind: "KeyType | None", key: str, id2: str) -> "KeyRing":
    """Read the key as its type, or as every type that it can be."""
    from harness.cli.id2_values import subject
    from harness.errors import UsageError
    from harness.id2.keys import KeyType
    from harness.logcheck import KeyRing, KnownKey

    if kind is not None:
        return KeyRing.of(subject(kind, key, None, debug_key=False, need_id=False, public=True).key, id2)
    candidates, wrong = [], []
    for each in KeyType:
        try:
            candidates.append(subject(each, key, None, debug_key=False, need_id=False, public=True).key)
        except UsageError as error:
            wrong.append(error)
    if candidates:
        return KeyRing((KnownKey(tuple(candidates), id2),))
    if len({error.message for error in wrong}) == 1:  # the same for every type: it could not be read at all
        raise wrong[0]
    raise UsageError(
        "--key: it has the form of no key type",
        hint="32, 48 or 64 hex digits, or PEM for RSA; --key-type says which type it should be",
    )


def _chunks(file: str) -> Iterator[bytes]:
    """Give the bytes of a file or of standard input."""
    import sys
    from pathlib import Path

    from harness.errors import UsageError

    try:
        if file == STDIN:
            yield from iter(lambda: sys.stdin.buffer.read(CHUNK), b"")
        else:
            with Path(file).open("rb") as stream:
                yield from iter(lambda: stream.read(CHUNK), b"")
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror or error}", hint="name the file with the captured console"
        ) from None
