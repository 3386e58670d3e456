"""The hardened form of an auth code, a build option of the SDK: `99~` and base64 of the encrypted code.

Known from source text only; no device was ever seen to send it. Source: device-protocol.md b.1.
"""

import base64
import binascii

from harness.id2 import ciphers
from harness.id2.codetext import HARDENED_PREFIX, is_hardened
from harness.id2.errors import Id2Error
from harness.id2.keys import Key

_FAMILIES = ("3DES", "AES", "SM4")


def harden(key: Key, text: str) -> str:
    """Return the hardened form of a code: PKCS#5 and ECB under the ID² key, then base64 after `99~`.

    Raises:
        Id2Error: Not a key of 3DES, AES or SM4.
    """
    _require_family(key)
    return HARDENED_PREFIX + base64.b64encode(ciphers.encrypt(key, text.encode())).decode()


def unharden(key: Key, text: str) -> str:
    """Return the code inside a hardened one.

    Raises:
        Id2Error: Not the hardened form, not base64, or not made with this key.
    """
    _require_family(key)
    if not is_hardened(text):
        raise Id2Error(f"a hardened code starts with '{HARDENED_PREFIX}'", field="type", position=0)
    try:
        cipher = base64.b64decode(text[len(HARDENED_PREFIX) :], validate=True)
        return ciphers.decrypt(key, cipher).decode("ascii")
    except (binascii.Error, UnicodeError, Id2Error):
        raise Id2Error("hardened code cannot be opened with this key", field="code") from None


def _require_family(key: Key) -> None:
    if key.key_type.family not in _FAMILIES:
        raise Id2Error(f"key type {key.key_type} has no hardened codes", field="key_type")
