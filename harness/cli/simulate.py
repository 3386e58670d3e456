"""`harness simulate`: simulated chips, modules and consoles that other programs can talk to."""

from pathlib import Path
from typing import Annotated

import typer

from harness.cli import complete, simulate_attach

_KeyType = Annotated[str, typer.Option("--key-type", help="Type of the ID² key, e.g. aes-128.")]
_Key = Annotated[
    str | None, typer.Option("--key", metavar="KEY", help="The ID² key: HEX, env:NAME or file:PATH.")
]
_DebugKey = Annotated[
    bool, typer.Option("--debug-key", help="Use the vendor's published key and ID of this key type.")
]
_Id = Annotated[str | None, typer.Option("--id", metavar="ID", help="The ID²: 24 upper-case hex digits.")]
_CommandSet = Annotated[str, typer.Option("--command-set", help="Commands of the chip, such as ica or mtk.")]
_Answers = Annotated[
    str, typer.Option("--answers", help="How the chip hands over data: direct or get-response.")
]
_Vendor = Annotated[str, typer.Option("--vendor", metavar="HEX", help="Vendor id, four hex digits.")]
_Fault = Annotated[
    str | None,
    typer.Option(
        "--fault",
        metavar="NAME",
        help="Break the device; `simulate faults` lists how.",
        autocompletion=complete.device_faults,
    ),
]
_Seed = Annotated[int | None, typer.Option("--seed", help="Make random numbers repeatable.")]
_Remote = Annotated[bool, typer.Option("--allow-remote", help="Let other machines connect.")]
_LISTEN_HELP = "Where to listen: tcp:HOST:PORT (port 0 takes a free one), unix:PATH, pty or pty:LINK."
_DEFAULT_VENDOR = "8180"


def register(app: typer.Typer) -> None:
    """Add the command group to `app`."""
    group = typer.Typer(
        help="Serve simulated chips, modules and consoles, sound or broken in one way.", no_args_is_help=True
    )
    group.command("chip", help="Serve a chip: one hex APDU a line in, one hex line out.")(chip)
    group.command("pty", help="Serve a chip on a pseudo-terminal and print its path.")(pty)
    group.command("console", help="Serve a serial console: a captured FILE, or a board that runs id2_app.")(
        console
    )
    group.command("firmware", help="Serve the console of a BOARD that runs our own firmware.")(firmware)
    group.command(
        "module", help="Serve a security module by the vendor's socket protocol, or by AT commands (--at)."
    )(module)
    group.command("faults", help="List the ways in which a device can be broken.")(faults)
    simulate_attach.register(group)
    app.add_typer(group, name="simulate")


def chip(
    *,
    key_type: _KeyType,
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS", help=_LISTEN_HELP)
    ] = "tcp:127.0.0.1:0",
    key: _Key = None,
    debug_key: _DebugKey = False,
    id_text: _Id = None,
    command_set: _CommandSet = "ica",
    answers: _Answers = "direct",
    vendor: _Vendor = _DEFAULT_VENDOR,
    fault: _Fault = None,
    seed: _Seed = None,
    allow_remote: _Remote = False,
) -> None:
    """Serve a chip until SIGINT or SIGTERM; every connection is a session of its own with the same chip."""
    from harness.cli import simulate_serve as serve

    device = serve.device(
        key_type,
        key,
        id_text,
        debug_key=debug_key,
        command_set=command_set,
        answers=answers,
        vendor=f"0x{vendor}",
        fault=fault,
        seed=seed,
    )
    serve.chip(device, listen, allow_remote=allow_remote)


def pty(
    *,
    key_type: _KeyType,
    link: Annotated[
        Path | None, typer.Option("--link", help="A path that shall lead to the terminal.")
    ] = None,
    key: _Key = None,
    debug_key: _DebugKey = False,
    id_text: _Id = None,
    command_set: _CommandSet = "ica",
    answers: _Answers = "direct",
    vendor: _Vendor = _DEFAULT_VENDOR,
    fault: _Fault = None,
    seed: _Seed = None,
) -> None:
    """Serve a chip on a pseudo-terminal until SIGINT or SIGTERM."""
    chip(
        key_type=key_type,
        listen=f"pty:{link}" if link else "pty",
        key=key,
        debug_key=debug_key,
        id_text=id_text,
        command_set=command_set,
        answers=answers,
        vendor=vendor,
        fault=fault,
        seed=seed,
    )


def console(
    *,
    file: Annotated[Path | None, typer.Argument(help="A captured console to play back.")] = None,
    app: Annotated[
        str, typer.Option("--app", help="Program that prints, when there is no FILE.")
    ] = "id2_app",
    carrier: Annotated[str, typer.Option("--carrier", help="Where its key lives: se or demo.")] = "se",
    listen: Annotated[str, typer.Option("--listen", metavar="ADDRESS", help=_LISTEN_HELP)] = "pty",
    key_type: Annotated[str, typer.Option("--key-type", help="Type of the ID² key, e.g. aes-128.")] = "",
    key: _Key = None,
    debug_key: _DebugKey = False,
    id_text: _Id = None,
    command_set: _CommandSet = "ica",
    server_code: Annotated[
        str, typer.Option("--server-code", help="Server code that is compiled into the program.")
    ] = "",
    cipher: Annotated[
        str, typer.Option("--cipher", help="Ciphertext of the ID (hex), compiled into the program.")
    ] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Print when a line is sent, not at once.")] = False,
    chunk: Annotated[int, typer.Option("--chunk", help="Bytes in a piece of a played FILE.")] = 4096,
    pacing: Annotated[float, typer.Option("--pacing", help="Seconds before each piece of FILE.")] = 0.0,
    fault: _Fault = None,
    seed: _Seed = None,
    allow_remote: _Remote = False,
) -> None:
    """Serve a console until SIGINT or SIGTERM; it prints on connection, and again for each line sent."""
    from harness.cli import simulate_serve as serve

    if file is not None:
        board = serve.played(file, chunk=chunk, pacing=pacing, wait=wait, fault=fault)
    else:
        device = serve.device(
            key_type,
            key,
            id_text,
            debug_key=debug_key,
            carrier=carrier,
            command_set=command_set,
            fault=fault,
            seed=seed,
        )
        board = serve.simulated(device, program=app, server_code=server_code, cipher=cipher, wait=wait)
    serve.console(board, listen, allow_remote=allow_remote)


def firmware(
    *,
    board: Annotated[Path, typer.Argument(help="Board file with a transport of kind firmware, or its name.")],
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS", help=_LISTEN_HELP)
    ] = "tcp:127.0.0.1:0",
    allow_remote: _Remote = False,
) -> None:
    """Serve it until SIGINT or SIGTERM; the board has power while somebody is connected, and its flash stays."""
    from harness.cli import simulate_serve as serve

    serve.firmware(board, listen, allow_remote=allow_remote)


def module(
    *,
    key_type: _KeyType,
    listen: Annotated[
        str, typer.Option("--listen", metavar="ADDRESS", help=_LISTEN_HELP)
    ] = "tcp:127.0.0.1:0",
    key: _Key = None,
    debug_key: _DebugKey = False,
    id_text: _Id = None,
    fault: _Fault = None,
    seed: _Seed = None,
    dialect: Annotated[
        str | None,
        typer.Option("--at", metavar="DIALECT", help="Speak AT commands: a shipped dialect, or a YAML file."),
    ] = None,
    allow_remote: _Remote = False,
) -> None:
    """Serve a module until SIGINT or SIGTERM; every connection is a client of its own of the same module."""
    from harness.cli import simulate_module as serve

    serve.serve(
        serve.connections(
            key_type, key, id_text, debug_key=debug_key, fault=fault, seed=seed, dialect=dialect
        ),
        listen,
        allow_remote=allow_remote,
    )


def faults() -> None:
    """Print one fault a line: name, layer, the verdict that a good harness gives, what is wrong."""
    from harness.simulator.faults.catalogue import FAULTS

    width = max(len(fault.name) for fault in FAULTS)
    for fault in FAULTS:
        notes = [f"shows with {fault.shows_with}"] if fault.shows_with else []
        notes += [f"needs answers {fault.needs}"] if fault.needs else []
        note = f" [{'; '.join(notes)}]" if notes else ""
        print(f"{fault.name:<{width}}  {fault.layer:<7}  {fault.expected:<7}  {fault.summary}{note}")
