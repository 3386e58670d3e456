"""`harness simulate attach` and `detach`: a virtual board in the kernel of this machine."""

import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.board.models import BoardFile
    from harness.simulator.usb.board import Attached, VirtualBoard

_MARK = "# Written by `harness simulate attach`: it is written anew when the board is attached again.\n"
_LOOK = 0.2  # seconds between two looks whether somebody has pulled the board out


def register(group: typer.Typer) -> None:
    """Add the commands to `group`."""
    group.command("attach", help="Plug a virtual BOARD into this machine's kernel, as USB devices.")(attach)
    group.command("detach", help="Pull a virtual BOARD out again.")(detach)


def attach(
    board: Annotated[Path, typer.Argument(help="Board file with simulated transports, or its name.")],
    board_file: Annotated[
        Path | None,
        typer.Option(
            "--board-file", metavar="FILE", help="Write the board file that names the real buses here."
        ),
    ] = None,
) -> None:
    """Plug the board in and serve it until `harness simulate detach`, SIGINT or SIGTERM; root only."""
    from harness.board.reading.file import load

    described = load(board)
    if board_file is not None:
        check_target(board_file)
    virtual = virtual_board(described)
    wanted = threading.Event()
    before = [
        (each, signal.signal(each, lambda *_: wanted.set())) for each in (signal.SIGINT, signal.SIGTERM)
    ]
    try:
        found = virtual.insert()
        for each in found:
            print(
                f"{each.name}: {each.node}, USB serial number {each.identity.serial_number}, at {each.place}"
            )
        if board_file is not None:
            write_board_file(described, found, board_file)
            print(f"run it with: harness run {board_file}")
        print("attached", flush=True)
        while not wanted.is_set() and not virtual.wait_until_out(_LOOK):
            pass
    finally:
        virtual.remove()
        for number, handler in before:
            signal.signal(number, handler)
    print("detached")


def detach(
    board: Annotated[Path, typer.Argument(help="Board file, or name of the board that is attached.")],
) -> None:
    """Pull out every device of the board; the program that serves it ends by that."""
    from harness.simulator.usb.board import detach_board

    name = board.stem if board.suffix in (".yaml", ".yml") else board.name
    if not detach_board(name):
        raise UsageError(f"no board {name!r} is attached", hint="harness simulate attach plugs one in")
    print(f"detached {name}")


def virtual_board(described: "BoardFile") -> "VirtualBoard":
    """Return the simulated devices of a board file, not plugged in yet.

    Raises:
        UsageError: it has none, or one of them says something that cannot be.
    """
    from harness.board.opening.opener import context_of
    from harness.board.opening.resolve import Resolver
    from harness.simulator.kind import SimulatedKind
    from harness.simulator.usb.board import VirtualBoard

    resolver = Resolver(described)
    transports = [
        (settings, context_of(described, name, resolver))
        for name, settings in described.transports.items()
        if isinstance(settings, SimulatedKind)
    ]
    return VirtualBoard(described.name, transports)


def check_target(path: Path) -> None:
    """Check, before anything is plugged in, that a board file may be written there.

    Raises:
        UsageError: its name is none for a board, its folder is not there, or a file is in its place, or in that of its
            key, that this command did not write.
    """
    from pydantic import TypeAdapter, ValidationError

    from harness.board.reading.file import SUFFIXES
    from harness.settings.words import Word

    try:
        TypeAdapter(Word).validate_python(path.stem)
        is_name = path.suffix in SUFFIXES
    except ValidationError:
        is_name = False
    if not is_name:
        raise UsageError(
            f"--board-file {path}: a board cannot be called so",
            hint="small letters, digits, '.', '-' and '_', at most 64, then .yaml: boards/lab-1.yaml",
        )
    if not path.parent.is_dir():
        raise UsageError(f"--board-file {path}: there is no folder {str(path.parent)!r}")
    beside = {what: path.with_suffix(suffix) for what, suffix in (("key", ".key"), ("PIN", ".pin"))}
    if os.path.lexists(path):
        if not _is_ours(path):
            raise UsageError(
                f"--board-file {path}: is there already, and was not written by this command",
                hint="name a file that is not there yet",
            )
        return
    for what, file in beside.items():
        if os.path.lexists(file):
            raise UsageError(
                f"--board-file {path}: its {what} would go to {file}, which is there already",
                hint="name another file, or remove that one if it is of no use",
            )


def _is_ours(path: Path) -> bool:
    from harness.board.reading.file import KIND
    from harness.settings import regular_file

    try:
        return regular_file.read(path, KIND.max_bytes).startswith(_MARK.encode())
    except (OSError, UsageError):
        return False


def write_board_file(described: "BoardFile", found: "Sequence[Attached]", path: Path) -> None:
    """Write a copy of a board file in which the transports that were plugged in lead through the kernel.

    The board is called as the new file is. A test key and a PIN go to files of their own beside it, mode 0600.

    Args:
        described: The board file with simulated transports, which was loaded from a file.
        found: Where its devices are now.
        path: The new file.
    """
    import yaml

    from harness.board.reading.file import KIND
    from harness.settings import yaml_file
    from harness.settings.simulated_device import PIN

    source = described.source.path
    assert source is not None, "a board file that was loaded has a path"
    document = yaml_file.load(source, KIND).to_data()
    assert isinstance(document, dict), "the board file was loaded before"
    transports = document["transports"]
    assert isinstance(transports, dict), "the board file was loaded before"
    keys: dict[str, object] = {}
    for each in found:
        old = transports[each.name]
        assert isinstance(old, dict), "the board file was loaded before"
        inner = old.get("device")
        keys[each.name] = inner.get("key") if isinstance(inner, dict) else None
        new: dict[str, object] = each.settings()
        if "address" in old:
            new["address"] = old["address"]
        if "actions" in old:  # the kernel raises both lines when a port is opened: RTS would hold it in reset
            new |= {"dtr": True, "rts": False, "actions": old["actions"]}
        transports[each.name] = new  # type: ignore[assignment]  # a plain tree, as the one it is put into
    document["name"] = path.stem
    device = document.get("device")
    if isinstance(device, dict) and isinstance(key := device.get("key"), dict) and "simulated" in key:
        device["key"] = _real_key(keys[str(key["simulated"])], path)  # type: ignore[assignment]  # as above
    if isinstance(device, dict) and isinstance(pin := device.get("pin"), dict):
        value = pin.get("value")
        if isinstance(value, dict) and "simulated" in value:
            pin["value"] = _secret_file(path.with_suffix(".pin"), PIN.decode("ascii"))  # type: ignore[assignment]
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    path.write_text(_MARK + text, encoding="utf-8")


def _real_key(reference: object, path: Path) -> dict[str, str]:
    """Return the reference by which a board file may name the key of the simulated device."""
    assert isinstance(reference, dict), "a simulated device has a key"
    if "test_key" not in reference:
        return {str(kind): str(value) for kind, value in reference.items()}
    return _secret_file(path.with_suffix(".key"), str(reference["test_key"]))


def _secret_file(file: Path, text: str) -> dict[str, str]:
    """Write a secret where only its owner reads it, and return the reference to it."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text)
    return {"file": file.name}
