"""The way to one device. In a product this is the manufacturer's own protocol; here it is the harness's device link."""

import json
import urllib.error
import urllib.request


class DeviceError(Exception):
    """The device refused, or cannot be reached."""


class Device:
    """One device behind its link."""

    def __init__(self, link: str) -> None:
        self._link = link

    def challenge_code(self, challenge: str, extra: str) -> str:
        """Have the device answer a challenge of the service."""
        return str(self._ask("/challenge-code", challenge=challenge, extra=extra)["code"])

    def timestamp_code(self, timestamp: int, extra: str) -> str:
        """Have the device sign a time, milliseconds since 1970."""
        return str(self._ask("/timestamp-code", timestamp=str(timestamp), extra=extra)["code"])

    def challenge(self) -> str:
        """Have the device make a challenge for the service."""
        return str(self._ask("/device-challenge")["challenge"])

    def trusts(self, server_code: str, challenge: str, extra: str) -> bool:
        """Have the device verify the service's code over its own challenge."""
        return (
            self._ask("/verify-server", code=server_code, challenge=challenge, extra=extra)["accepted"]
            is True
        )

    def take_session_key(self, ciphertext: str) -> None:
        """Give the device its session key, as the service encrypted it."""
        self._ask("/decrypt", cipher=ciphertext)

    def _ask(self, path: str, **fields: str) -> dict[str, object]:
        request = urllib.request.Request(  # noqa: S310 - the harness gives the address
            self._link + path, json.dumps(fields).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - see above
                found = json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise DeviceError(f"{path}: {type(error).__name__}") from None
        if not isinstance(found, dict):
            raise DeviceError(f"{path}: no answer")
        return found
