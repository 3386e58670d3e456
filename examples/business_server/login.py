"""One login of a device: challenge, answer, verification, session key, and the device's own check of the server."""

import secrets
import time
from dataclasses import dataclass

from cloud import NOT_ACTIVATED, Cloud, CloudError
from device import Device


class Refused(Exception):  # noqa: N818 - an ordinary outcome of a login
    """The device is not let in."""


@dataclass(frozen=True)
class Session:
    """A device that is let in; what it sends from now on is protected with the session key."""

    id2: str
    session_key: str


class Login:
    """Lets devices in. Every step that a manufacturer can get wrong is a method of its own."""

    def __init__(self, cloud: Cloud, flow: str = "mutual") -> None:
        self.cloud = cloud
        self.flow = flow

    def run(self, id2: str, device: Device) -> Session:
        """Authenticate a device.

        Raises:
            Refused: The service or the device said no, or said nothing.
            CloudError: As `Refused`, with the service's code.
            DeviceError: The device cannot be reached.
        """
        if self.flow == "timestamp":
            return self.by_timestamp(id2, device)
        try:
            return self.mutual(id2, device)
        except CloudError as error:
            if error.code != NOT_ACTIVATED:
                raise
        # The first login ever: a plain verification activates the device, and uses one licence of the product.
        self.activate(id2, device)
        return self.mutual(id2, device)

    def mutual(self, id2: str, device: Device) -> Session:
        """Device and service prove themselves to each other, and the device gets its session key."""
        extra = self.extra()
        device_challenge = device.challenge()
        code = device.challenge_code(self.challenge(id2), extra)
        session_key = self.session_key()
        server_code, ciphertext = self.cloud.server_code(
            id2, code, self.extra_to_verify(extra), device_challenge, session_key, extra
        )
        if not device.trusts(server_code, device_challenge, extra):
            raise Refused("the device does not trust the server's code")
        device.take_session_key(ciphertext)
        return Session(id2, session_key)

    def activate(self, id2: str, device: Device) -> None:
        """Verify the device plainly."""
        extra = self.extra()
        code = device.challenge_code(self.challenge(id2), extra)
        self.cloud.verify(id2, code, self.extra_to_verify(extra))

    def by_timestamp(self, id2: str, device: Device) -> Session:
        """The device signs the present time; there is no challenge to wait for, and no session key."""
        extra = self.extra()
        code = device.timestamp_code(self.now(), extra)
        self.cloud.verify(id2, code, self.extra_to_verify(extra))
        return Session(id2, "")

    def challenge(self, id2: str) -> str:
        """Return a challenge; a fresh one of the service, each time."""
        return self.cloud.challenge(id2)

    def extra(self) -> str:
        """Return what the device signs along; here a number of this login."""
        return f"login-{secrets.token_hex(8)}"

    def extra_to_verify(self, extra: str) -> str:
        """Return the extra that the service verifies with: the same."""
        return extra

    def session_key(self) -> str:
        """Return a new session key: 128 random bits."""
        return secrets.token_hex(16)

    def now(self) -> int:
        """Return the time, milliseconds since 1970."""
        return time.time_ns() // 1_000_000
