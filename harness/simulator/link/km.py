"""Soft-KM of a simulated board: ID² and key in the reserved partition of its flash, with everything that it prints.

Source: device-protocol.md c.6, g, h.3, i.1; the logs in tests/vectors/itls.json and otp.json.
"""

from typing import Protocol

from harness.id2.keys import Key
from harness.id2.otp import Token
from harness.itls.device_identity import KeyIdentity
from harness.itls.errors import ItlsError
from harness.simulator.chip.randomness import RandomSource
from harness.simulator.console.log import SdkLog
from harness.simulator.link.hooks import LinkHooks

MOST_OTP_CODES = 4
"""How often a board asks for an ID² in one start."""


class Flash(Protocol):
    """Where the identity is kept; the board file's side owns it."""

    identity: tuple[str, Key] | None


class SoftKm(KeyIdentity):
    """The identity of a board between two starts.

    Args:
        flash: Where the identity is kept.
        token: The OTP token (the product secret); None for one that cannot be read.
        fingerprint: Device id, ASCII.
        log: Where it prints.
        hooks: Where a fault takes hold.
        random: Where random bytes come from.
    """

    def __init__(
        self,
        flash: Flash,
        *,
        token: Token | None,
        fingerprint: str,
        log: SdkLog,
        hooks: LinkHooks,
        random: RandomSource,
    ) -> None:
        id2, key = hooks.stored(flash.identity) or (None, None)
        super().__init__(
            id2,
            key,
            token=token,
            fingerprint=fingerprint.encode(),
            random=random,
            stored=self._store,
        )
        self._flash = flash
        self._log = log
        self._hooks = hooks
        self._printed = False
        self._asked = 0

    @property
    def held(self) -> tuple[str, Key] | None:
        """ID² and key, or None before provisioning."""
        if self.id2 is None:
            return None
        key, id2 = self._held()
        return id2, key

    @property
    def may_ask(self) -> bool:
        """Whether a board without an ID² may still ask for one in this start."""
        return self._asked < MOST_OTP_CODES

    def otp_code(self) -> bytes:
        """Return the code that asks for an ID²; four times in one start."""
        if not self.may_ask:
            self._log.tell_error("id2_client_get_otp_auth_code", 634, "exceed the allowed times!")
            raise ItlsError("the board has asked for an ID² as often as it may in one start", None)
        self._asked += 1
        return super().otp_code()

    def auth_code(self, challenge: str) -> str:
        """Return a code of type 0 over the challenge; the ID² is printed with the first one."""
        if not self._printed:
            self._printed = True
            self._log.tell("id2_client_get_id", 1022, f"ID2: {self.id2}")
        return super().auth_code(challenge)

    def verify_server(self, code: str, device_random: str) -> bool:
        """Return whether a server code is right, and print it."""
        log = self._log
        right = super().verify_server(code, device_random)
        if not right:
            log.tell_error("_id2_verify", 254, "signature compare error.")
        if right or not self._hooks.checks_server_code:
            log.tell("mbedtls_parse_auth_code_ext", 407, "  . Verify iTLS Server authCode OK!")
            return True
        log.tell_error("id2_client_verify_server", 1413, "id2 verify signature fail, -1")
        log.tell("mbedtls_parse_auth_code_ext", 403, "  . Verify iTLS Server authCode Failed!")
        return False

    def load_otp(self, data: bytes) -> None:
        """Check and store what was handed out; data that does not fit changes nothing."""
        try:
            super().load_otp(data)
        except ItlsError:
            self._log.tell_error("id2_client_load_otp_data", 690, "id2 load otp data fail, -1")
            raise

    def _store(self, id2: str, key: Key) -> None:
        self._flash.identity = id2, key
