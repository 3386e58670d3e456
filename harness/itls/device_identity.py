"""A device's ID² and key in memory, as the client of iTLS uses them.

Source: device-protocol.md b, c.1, c.6, h.3.
"""

import secrets
from collections.abc import Callable

from harness.id2 import authcode, ciphers, codetext, otp, servercode
from harness.id2.codes import ItlsAlert
from harness.id2.errors import Id2Error
from harness.id2.keys import Key
from harness.itls.errors import ItlsError


class KeyIdentity:
    """An identity whose key is known: simulated devices, and tests.

    Attributes:
        id2: The ID², or None before provisioning.
    """

    def __init__(
        self,
        id2: str | None,
        key: Key | None,
        *,
        token: otp.Token | None = None,
        fingerprint: bytes = b"demo-uid",
        random: Callable[[int], bytes] = secrets.token_bytes,
        stored: Callable[[str, Key], None] | None = None,
    ) -> None:
        """Hold an identity, or what is needed to get one.

        Args:
            id2: The ID²; None for a device without one.
            key: Its key.
            token: OTP token (the product secret), for a device that may be provisioned.
            fingerprint: Device id, 1 to 128 bytes.
            random: Source of random bytes.
            stored: Told of a new ID² and key, so that they survive a restart.
        """
        self.id2 = id2
        self._key = key
        self._token = token
        self._fingerprint = fingerprint
        self._random = random
        self._stored = stored
        self._session_key = b""

    def auth_code(self, challenge: str) -> str:
        """Return a code of type 0 over the challenge."""
        key, id2 = self._held()
        device_random = self._random(8).hex().upper()
        try:
            return authcode.build(key, id2, challenge=challenge, device_random=device_random).text
        except Id2Error as error:
            raise ItlsError(f"no auth code over the challenge: {error}", None) from None

    def verify_server(self, code: str, device_random: str) -> bool:
        """Return whether a server code of type 10 is right."""
        key, id2 = self._held()
        try:
            servercode.verify(key, id2, codetext.parse(code), device_random)
        except Id2Error:
            return False
        return True

    def server_code(self, device_random: str) -> str:
        """Return the server code of type 10 that is due over this random."""
        key, id2 = self._held()
        return servercode.build(key, id2, device_random).text

    def opened(self, data: bytes) -> bytes:
        """Decrypt whole blocks and leave the padding on."""
        key, _ = self._held()
        return ciphers.ecb_decrypt(key, data)

    def decrypt(self, data: bytes) -> bytes:
        """Open a ciphertext; padding that is wrong ends the handshake as the vendor's client does."""
        key, _ = self._held()
        try:
            return ciphers.decrypt(key, data)
        except Id2Error as error:
            raise ItlsError(
                f"the pre-master secret does not open: {error}", ItlsAlert.HANDSHAKE_FAILURE
            ) from None

    def otp_code(self) -> bytes:
        """Return the OTP code with a fresh session key."""
        if self._token is None:
            raise ItlsError("the device has no ID² and no product secret to get one with", None)
        self._session_key = self._random(otp.SESSION_KEY_SIZE)
        return otp.build_device_code(self._token, self._session_key, self._fingerprint).data

    def load_otp(self, data: bytes) -> None:
        """Check and store what was handed out."""
        try:
            parsed = otp.parse_data(data)
            key = otp.open_data(parsed, self._session_key)
        except Id2Error as error:
            raise ItlsError(f"OTP data: {error}", None) from None
        self.id2, self._key = parsed.id2, key
        if self._stored is not None:
            self._stored(parsed.id2, key)

    def _held(self) -> tuple[Key, str]:
        if self._key is None or self.id2 is None:
            raise ItlsError("the device has no ID²", None)
        return self._key, self.id2
