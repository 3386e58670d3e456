"""Turns references into keys and secrets, at the last moment. No message here ever repeats a value."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from harness.board.models import BoardFile
from harness.board.reading.checks import simulated_device
from harness.errors import UsageError
from harness.id2 import published
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.settings import regular_file
from harness.settings.references import (
    DeviceKeyReference,
    PinReference,
    SecretReference,
    SimulatedKeyReference,
)
from harness.settings.simulated_device import PIN, SimulatedDevice

MAX_SECRET_BYTES = 64 * 1024
_LONGEST_PIN = 16

Reference = SecretReference | DeviceKeyReference | PinReference | SimulatedKeyReference


class Resolver:
    """Finds the values behind the references of one board file.

    Args:
        board: The board file; relative paths start at its folder.
        environment: Where `env` references are looked up; the process's own when left out.
    """

    def __init__(self, board: BoardFile, environment: Mapping[str, str] | None = None) -> None:
        self._board = board
        self._environment = os.environ if environment is None else environment
        self._found: list[Secret] = []
        self._tell: Callable[[Secret], None] = self._found.append

    def tell(self, hide: Callable[[Secret], None]) -> None:
        """Give every secret that was found so far, and each one from now on, to whoever keeps it out of a journal."""
        for secret in self._found:
            hide(secret)
        self._tell = hide

    def secret(self, reference: SecretReference, field: str) -> Secret:
        """Return the secret behind `reference`.

        Args:
            reference: Where it is.
            field: The field that holds the reference, for messages, e.g. `service.access_key.secret`.

        Raises:
            UsageError: The variable is not set, or the file is missing, open to others, empty or too large.
        """
        return Secret(self._text(reference, field))

    def device_key(self) -> Key | None:
        """Return the ID² key of the device, or None when the board file names none.

        Raises:
            UsageError: The reference leads nowhere, or to something that is no key of the plan's type.
        """
        reference = self._board.device.key
        if reference is None:
            return None
        if reference.simulated is not None:
            device = simulated_device(self._board, reference.simulated)
            if device is None:
                raise UsageError(f"{self._place('device.key.simulated')}: leads to no simulated device")
            return self.simulated_key(device, reference.simulated)
        if reference.published is not None:
            return published.KEYS[reference.published].key
        if reference.public is not None:
            with self._telling("device.key.public"):
                return Key.parse_public(self._board.plan.key_type, reference.public)
        return self._key(self._board.plan.key_type, self._text(reference, "device.key"), "device.key")

    def pin(self) -> Secret | None:
        """Return the PIN of the chip, or None when the board file does not know it.

        Raises:
            UsageError: The reference leads nowhere, or to something that is no PIN of 1 to 16 bytes.
        """
        reference = self._board.device.pin.value if self._board.device.pin else None
        if reference is None:
            return None
        if reference.simulated is not None:
            if simulated_device(self._board, reference.simulated) is None:
                raise UsageError(f"{self._place('device.pin.value.simulated')}: leads to no simulated device")
            return Secret(PIN)
        text = self._text(reference, "device.pin.value")
        try:
            value = bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode("ascii")
        except ValueError:
            value = b""
        if not 1 <= len(value) <= _LONGEST_PIN:
            raise UsageError(
                f"{self._place('device.pin.value')}: is no PIN of 1 to {_LONGEST_PIN} bytes",
                hint="write its characters, or 0x and hex digits",
            )
        self._tell(Secret(value))
        return Secret(value)

    def simulated_key(self, device: SimulatedDevice, transport: str) -> Key:
        """Return the key of the simulated device behind `transport`.

        Raises:
            UsageError: As for `device_key`.
        """
        field = f"transports.{transport}.device.key"
        if device.key.published is not None:
            return published.KEYS[device.key.published].key
        if device.key.test_key is not None:
            return self._key(device.key_type, device.key.test_key.get_secret_value(), f"{field}.test_key")
        return self._key(device.key_type, self._text(device.key, field), field)

    def _key(self, key_type: KeyType, text: str, field: str) -> Key:
        with self._telling(field):
            return Key.parse(key_type, text)

    @contextmanager
    def _telling(self, field: str) -> Iterator[None]:
        """Tell what is wrong with a key by the field that names it."""
        try:
            yield
        except Id2Error as error:
            raise UsageError(f"{self._place(field)}: {error}") from None

    def _text(self, reference: Reference, field: str) -> str:
        if reference.env is not None:
            text = self._from_environment(reference.env, field)
            self._tell(Secret(text))
            return text
        if reference.file is not None:
            text = self._from_file(self._board.folder / Path(reference.file).expanduser(), field)
            self._tell(Secret(text))
            return text
        raise UsageError(f"{self._place(field)}: names neither a variable nor a file")

    def _from_environment(self, name: str, field: str) -> str:
        value = self._environment.get(name, "").strip()
        if not value:
            state = "is empty" if name in self._environment else "is not set"
            raise UsageError(
                f"{self._place(field)}: the environment variable {name} {state}", hint=f"export {name}=…"
            )
        return value

    def _from_file(self, path: Path, field: str) -> str:
        place = self._place(field)
        try:
            data = regular_file.read(
                path, MAX_SECRET_BYTES, check=lambda status: require_private(status, path)
            )
        except FileNotFoundError:
            raise UsageError(f"{place}: {path}: there is no such file") from None
        except IsADirectoryError:
            raise UsageError(f"{place}: {path}: is a folder, not a file") from None
        except UsageError as error:
            raise UsageError(f"{place}: {error.message}", hint=error.hint) from None
        try:
            text = data.decode("utf-8-sig").strip()
        except UnicodeDecodeError:
            raise UsageError(f"{place}: {path}: is not text") from None
        if not text:
            raise UsageError(f"{place}: {path}: is empty")
        return text

    def _place(self, field: str) -> str:
        path = self._board.source.path
        return f"{path}: {field}" if path else f"board {self._board.name}: {field}"


def require_private(status: os.stat_result, path: Path) -> None:
    """Refuse a file with a secret that others than its owner have access to.

    Raises:
        UsageError: Its mode lets them in; the hint says how to shut them out.
    """
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise UsageError(
            f"{path}: has mode {mode:04o}; others must have no access to it", hint=f"chmod 600 {path}"
        )
