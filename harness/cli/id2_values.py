"""What the `harness id2` commands share: reading keys and identifiers, and errors that name the option."""

import base64
import binascii
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError
from harness.id2 import ids, published
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType

_KEY_FILE_MAX = 64 * 1024
_OPTIONS = {
    "key_type": "--key-type",
    "key": "--key",
    "id": "--id",
    "random": "--challenge or --timestamp",
    "extra": "--extra",
    "device_random": "--device-random",
    "seed": "--seed",
    "length": "--length",
    "cipher": "CIPHER",
    "plain": "PLAINTEXT",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """The device that a command is about.

    Attributes:
        key: Its key.
        id2: Its identifier; empty when the command needs none and none was given.
    """

    key: Key
    id2: str


def subject(
    key_type: str,
    key: str | None,
    id2: str | None,
    *,
    debug_key: bool,
    need_id: bool = True,
    public: bool = False,
) -> Subject:
    """Read key and identifier from the options.

    Args:
        key_type: Value of `--key-type`.
        key: Value of `--key`: the key, `env:NAME` or `file:PATH`.
        id2: Value of `--id`.
        debug_key: Whether `--debug-key` is set.
        need_id: Whether the command needs an identifier.
        public: Whether a public key is enough.

    Raises:
        UsageError: A value is missing or wrong; it names the option, never the key.
    """
    with as_usage_error():
        kind = KeyType.parse(key_type)
    if debug_key:
        if key is not None:
            raise UsageError("--key and --debug-key are both given", hint="give one of them")
        debug = published.KEYS.get(kind)
        if debug is None:
            known = ", ".join(published.KEYS)
            raise UsageError(
                f"--debug-key: the vendor published no {kind} key", hint=f"there is one for {known}"
            )
        return Subject(debug.key, _identifier(id2) if id2 is not None else debug.id2)
    if key is None:
        raise UsageError(
            "--key is missing", hint="give --key HEX, --key env:NAME, --key file:PATH or --debug-key"
        )
    parsed = _parse_key(kind, _key_text(key), public=public)
    if id2 is None:
        if need_id:
            raise UsageError("--id is missing", hint="give the device's ID²: 24 upper-case hex digits")
        return Subject(parsed, "")
    return Subject(parsed, _identifier(id2))


@contextmanager
def as_usage_error(**names: str) -> Iterator[None]:
    """Turn an `Id2Error` into a `UsageError` that names the option; `names` maps fields to other options."""
    try:
        yield
    except Id2Error as error:
        option = names.get(error.field) or _OPTIONS.get(error.field, "")
        raise UsageError(f"{option}: {error}" if option else str(error)) from None


def read_cipher(text: str) -> bytes:
    """Return the bytes of a ciphertext in hex (tried first) or base64.

    Raises:
        UsageError: Neither.
    """
    digits = re.sub(r"\s", "", text)
    if re.fullmatch(r"(?:[0-9A-Fa-f]{2})+", digits):
        return bytes.fromhex(digits)
    try:
        data = base64.b64decode(digits, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        raise UsageError(
            "CIPHER: neither hex nor base64", hint="give whole bytes in hex, or base64 with its padding"
        )
    return data


def shown(data: bytes, output: str) -> str:
    """Return plaintext as the user wants to see it.

    Args:
        data: The bytes.
        output: `auto` (text when it is printable ASCII, else hex), `text` or `hex`.

    Raises:
        UsageError: Text is wanted and the bytes are no printable ASCII.
    """
    printable = all(0x20 <= byte <= 0x7E for byte in data)
    if output == "text" and not printable:
        raise UsageError("--output text: the plaintext is not printable ASCII", hint="use --output hex")
    return data.decode("ascii") if printable and output != "hex" else data.hex().upper()


def encoded(data: bytes, output: str) -> str:
    """Return ciphertext as upper-case hex or as base64."""
    return data.hex().upper() if output == "hex" else base64.b64encode(data).decode()


def one_of(option: str, value: str, allowed: tuple[str, ...]) -> str:
    """Return the value of an option with fixed words.

    Raises:
        UsageError: Another word.
    """
    if value not in allowed:
        raise UsageError(f"{option}: {value[:20]!a} is not {' or '.join(allowed)}")
    return value


def key_type_names() -> list[str]:
    """Return the key types, for shell completion."""
    return list(KeyType)


def _identifier(text: str) -> str:
    with as_usage_error():
        try:
            return ids.parse(text).text
        except Id2Error as error:
            raise Id2Error(str(error), field="id", position=error.position) from None


def _parse_key(kind: KeyType, text: str, *, public: bool) -> Key:
    with as_usage_error():
        if kind.symmetric or not public:
            return Key.parse(kind, text)
        try:
            return Key.parse(kind, text)
        except Id2Error:
            return Key.parse_public(kind, text)


def _key_text(value: str) -> str:
    if value.startswith("env:"):
        name = value.removeprefix("env:")
        found = os.environ.get(name)
        if not found:
            raise UsageError(f"--key: environment variable {name[:64]!a} is not set")
        return found
    if value.startswith("file:"):
        path = Path(value.removeprefix("file:"))
        try:
            with path.open("rb") as stream:
                data = stream.read(_KEY_FILE_MAX + 1)
            if len(data) > _KEY_FILE_MAX:
                raise UsageError(f"--key: file {path} is larger than {_KEY_FILE_MAX} bytes: no key file")
            return data.decode("ascii")
        except OSError as error:
            raise UsageError(f"--key: file {path} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise UsageError(
                f"--key: file {path} is not text", hint="it holds hex digits, or PEM for RSA"
            ) from None
    return value
