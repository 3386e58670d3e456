"""`harness probe`: talk to the probe in a board's firmware by hand."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import complete

if TYPE_CHECKING:
    from harness.board.opening.board import Board
    from harness.errors import UsageError
    from harness.probe.answers import Answer, Null
    from harness.probe.link import ProbeLink

_ACTIONS = ("hello", "call", "apdu", "monitor")
_SLOTS = ("a", "b", "c")
_NUMBERS = ("k", "m", "n", "p")
_THEN = "then"
_WORD = (1 << 32) - 1
_SECRETS = frozenset({"sec", "dky"})
"""Functions whose result is a secret of the device."""
_STARTS_ANEW = frozenset({"rst", "crs"})
"""Functions that start the board anew and do not return."""


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("probe", help="Talk to the probe in a board's firmware: hello, call, apdu, monitor.")(probe)


def probe(
    board: Annotated[
        str,
        typer.Argument(
            help="Board file, or the name of a board: of one in boards/, or of a shipped one.",
            metavar="BOARD",
            autocompletion=complete.boards,
        ),
    ],
    action: Annotated[
        str,
        typer.Argument(
            help="hello: what the firmware says of itself. call FUNCTION [a=t:TEXT|x:HEX|-] [o=SIZE] [k=NUMBER]: one "
            "call; `then` and another FUNCTION follow in the same conversation. apdu HEX...: commands through the "
            "board's SE driver. monitor: what the console prints.",
            metavar="ACTION",
        ),
    ] = "hello",
    words: Annotated[
        list[str] | None, typer.Argument(help="What the action needs.", metavar="[WORD...]")
    ] = None,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Print results that are secrets of the device.")
    ] = False,
    seconds: Annotated[
        float,
        typer.Option("--for", min=0, help="monitor: how long; 0 until Ctrl-C.", metavar="SECONDS"),
    ] = 0.0,
) -> None:
    """Open the board's console, carry the action out and print what came back."""
    from harness.board.opening.board import Board
    from harness.board.reading.file import load
    from harness.errors import UsageError
    from harness.settings.suggest import meant

    if action not in _ACTIONS:
        raise UsageError(
            f"there is no action {action[:40]!r}{meant(action, _ACTIONS)} actions: {', '.join(_ACTIONS)}",
            hint="such as: harness probe BOARD call gid o=48",
        )
    given = words or []
    if given and action in ("hello", "monitor"):
        raise UsageError(f"{action} takes no words: {given[0][:40]!r}")
    with Board(load(board)) as opened:
        if action == "hello":
            _hello(opened)
        elif action == "call":
            _calls(opened, given, show_secrets=show_secrets)
        elif action == "apdu":
            _apdu(opened, given)
        else:
            _monitor(opened, seconds)


def _hello(board: "Board") -> None:
    from harness.cli.width import fitted
    from harness.probe.functions import FUNCTIONS, Group

    link = board.probe()
    hello = link.hello
    a, b, c = hello.slots
    print(f"probe    version {hello.version}, boot {hello.boot:04X}, name {hello.name or 'none'}")
    print(f"lines    {hello.line} characters; slots {a}, {b}, {c} bytes; result {hello.result} bytes")
    for group in Group:
        names = [name for name, known in FUNCTIONS.items() if known.group is group and name in link.functions]
        if names:
            print(fitted(f"{group:<12} {' '.join(names)}"))


@dataclass(frozen=True, slots=True)
class _Call:
    """One call as it was typed."""

    function: str
    slots: dict[str, "bytes | Null"]
    numbers: dict[str, int]
    out: "int | Null | None"


def _calls(board: "Board", words: list[str], *, show_secrets: bool) -> None:
    """Make the calls that `then` separates, one after the other, in one conversation."""
    typed: list[list[str]] = [[]]
    for word in words:
        if word == _THEN:
            typed.append([])
        else:
            typed[-1].append(word)
    calls = [_read(each) for each in typed]  # all of them are read before the first is made
    link = board.probe()
    for call in calls:
        print(call.function)
        if call.function in _STARTS_ANEW:
            print(f"started anew, boot {link.start_by(call.function, k=call.numbers.get('k', 0)).boot:04X}")
            continue
        secret = call.function in _SECRETS
        _print(_made(link, call, secret=secret), hide=secret and not show_secrets)


def _read(words: list[str]) -> _Call:
    from harness.errors import UsageError
    from harness.probe.functions import FUNCTIONS
    from harness.settings.suggest import meant

    function, *arguments = words or [""]
    if function not in FUNCTIONS:
        raise UsageError(
            f"there is no function {function[:20]!r}{meant(function, FUNCTIONS)}",
            hint=f"functions: {' '.join(FUNCTIONS)}; docs/probe-protocol.md says what each takes",
        )
    slots: dict[str, bytes | Null] = {}
    numbers: dict[str, int] = {}
    out: int | Null | None = None
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if equals and name in _SLOTS:
            slots[name] = _bytes(argument, value)
        elif equals and name == "o":
            out = _size(argument, value)
        elif equals and name in _NUMBERS:
            numbers[name] = _number(argument, value)
        else:
            raise _wrong(argument)
    return _Call(function, slots, numbers, out)


def _made(link: "ProbeLink", call: _Call, *, secret: bool) -> "Answer":
    from harness.probe.answers import NULL

    a, b, c = (call.slots.get(name, NULL) for name in _SLOTS)
    k, m, n, p = (call.numbers.get(name, 0) for name in _NUMBERS)
    out = NULL if call.out is None else call.out
    return link.call(call.function, a=a, b=b, c=c, k=k, m=m, n=n, p=p, out=out, secret=secret)


def _print(answer: "Answer", *, hide: bool) -> None:
    from harness.id2.codes import describe_result
    from harness.transport.printable import safe_bytes

    meaning = f"  {describe_result(answer.rc).meaning}" if answer.rc < 0 else ""
    print(f"rc       {answer.rc}{meaning}")
    print(f"length   {answer.length}")
    if hide and answer.data:
        print(f"result   {len(answer.data)} bytes, a secret of the device; --show-secrets prints them")
    elif answer.data:
        print(f"hex      {answer.data.hex().upper()}")
        print(f"text     {safe_bytes(answer.data)}")
    if answer.overwritten:
        print(f"wrong    {answer.overwritten} bytes behind the end of the buffer were changed")


def _apdu(board: "Board", words: list[str]) -> None:
    from harness.errors import UsageError
    from harness.probe.driver import SeDriver

    if not words:
        raise UsageError("apdu needs a command in hex", hint="such as: harness probe BOARD apdu 80F8000000")
    commands = [_hex(word, word) for word in words]
    driver = SeDriver(board.probe())
    _refused("se_open_session", driver.open())
    try:
        for command in commands:
            print(f"> {command.hex().upper()}")
            answer = driver.transmit(command)
            _refused("se_transmit", answer.rc)
            print(f"< {answer.data.hex().upper()}")
    finally:
        driver.close()


def _refused(function: str, code: int) -> None:
    from harness.errors import DeviceError
    from harness.id2.codes import describe_result

    if code:
        described = describe_result(code)
        raise DeviceError(
            f"{function} returned {described.text}: {described.meaning}",
            hint="is the chip there and powered? `harness probe BOARD monitor` shows what the driver prints",
            code=code,
        )


def _monitor(board: "Board", seconds: float) -> None:
    import time

    from harness.transport.printable import safe_bytes

    console = board.console()
    shown = 0
    rest = b""
    end = time.monotonic() + seconds if seconds else None
    while end is None or time.monotonic() < end:
        console.check()
        data, now = console.since(shown)
        shown = now
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            print(safe_bytes(line.rstrip(b"\r")), flush=True)
        time.sleep(0.05)  # for a person's eyes; the reader of the console keeps all that comes
    if rest:
        print(safe_bytes(rest))


def _bytes(argument: str, value: str) -> "bytes | Null":
    if value.startswith("-"):
        return _null(argument, value)
    kind, colon, content = value.partition(":")
    if colon and kind == "t":
        return content.encode()
    if colon and kind == "x":
        return _hex(argument, content)
    raise _wrong(argument)


def _size(argument: str, value: str) -> "int | Null":
    return _null(argument, value) if value.startswith("-") else _number(argument, value)


def _null(argument: str, value: str) -> "Null":
    from harness.probe.answers import Null

    return Null(_number(argument, value[1:] or "0"))


def _number(argument: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal()) or int(value[:12]) > _WORD:
        raise _wrong(argument)
    return int(value)


def _hex(argument: str, value: str) -> bytes:
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise _wrong(argument) from None


def _wrong(argument: str) -> "UsageError":
    from harness.errors import UsageError

    return UsageError(
        f"{argument[:60]!r} is no argument of a call",
        hint="a=t:TEXT, a=x:HEX, a=- (NULL), a=-5 (NULL, length 5), the same for b and c; o=SIZE or o=-; k=, m=, n= "
        "and p= a number",
    )
