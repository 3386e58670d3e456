"""Broken firmwares with a link. Each class is one way to be broken; `fault_list` says them in words."""

import time
from typing import ClassVar

from harness.id2.keys import Key
from harness.itls.client import ClientConnection, ClientPolicy
from harness.itls.messages import RANDOM_SIZE
from harness.simulator.link.hooks import LinkHooks

_BUFFER = 1024  # bytes that a careless firmware has room for
_DEVICE_RANDOM = 8  # bytes


class AcceptsWrongServerCode(LinkHooks):
    """The server code is computed, found wrong, and accepted."""

    checks_server_code: ClassVar[bool] = False


class ForgetsIdentity(LinkHooks):
    """The flash is read before it is mounted, and so is always empty."""

    def stored(self, identity: tuple[str, Key] | None) -> tuple[str, Key] | None:
        del identity
        return None


class NeverReconnects(LinkHooks):
    """The main loop has no loop."""

    reconnects: ClassVar[bool] = False


class Hammers(LinkHooks):
    """The pause is ten milliseconds."""

    def pause(self, seconds: float) -> float:
        return min(seconds, 0.01)


class StopsAtFirstAlert(LinkHooks):
    """Every alert is taken for final."""

    def attempts(self, alert: int, *, final: bool, most: int) -> int | None:
        del alert, final, most
        return 1


class RetriesForEver(LinkHooks):
    """No alert is taken for final."""

    def attempts(self, alert: int, *, final: bool, most: int) -> int | None:
        del alert, final, most
        return None


class KeyInClear(LinkHooks):
    """A debug beacon was left in."""

    def beside_at_start(self, id2: str, key: Key) -> bytes:
        return (
            b"id2=" + id2.encode() + b" key=" + key.reveal() + b" hex=" + key.reveal().hex().upper().encode()
        )


class PayloadInClear(LinkHooks):
    """A debug copy of each payload was left in."""

    def beside_with(self, payload: bytes) -> bytes:
        return payload


class WrongClientId(LinkHooks):
    """The login was written for a device without ID²."""

    def login_suffix(self, text: str) -> str:
        return text.replace("securemode=8", "securemode=2").replace("authtype=id2", "authtype=secret")


class CutsLongData(LinkHooks):
    """The echo has a buffer of 1024 bytes."""

    def payload(self, data: bytes) -> bytes:
        return data[:_BUFFER]


class DropsFragments(LinkHooks):
    """The second kilobyte of what is sent falls out of a ring buffer."""

    def stream(self, data: bytes) -> bytes:
        return data[:_BUFFER] + data[2 * _BUFFER :]


class IgnoresClose(LinkHooks):
    """The session counts as alive until TCP says otherwise, and nobody asks TCP."""

    heeds_close: ClassVar[bool] = False


class NeverPings(LinkHooks):
    """The keep-alive timer is never started."""

    pings: ClassVar[bool] = False


class PrintsProductSecret(LinkHooks):
    """A debug print was left in."""

    def remark(self, product_secret: bytes) -> str:
        return f"product secret: {product_secret.decode('latin-1')}"


class SameDeviceRandom(LinkHooks):
    """The device random of auth codes is a constant."""

    def drawn(self, data: bytes) -> bytes:
        return b"\x5a" * len(data) if len(data) == _DEVICE_RANDOM else data


class CountsDeviceRandom(LinkHooks):
    """The device random of auth codes is a counter."""

    _drawn = 0

    def drawn(self, data: bytes) -> bytes:
        if len(data) != _DEVICE_RANDOM:
            return data
        self._drawn += 1
        return self._drawn.to_bytes(len(data), "big")


class CountsClientRandom(LinkHooks):
    """The client random is a counter."""

    _drawn = 0

    def drawn(self, data: bytes) -> bytes:
        if len(data) != RANDOM_SIZE:
            return data
        self._drawn += 1
        return self._drawn.to_bytes(len(data), "big")


class TimeOnlyClientRandom(LinkHooks):
    """Of the client random only the time at its front changes, in microseconds."""

    def drawn(self, data: bytes) -> bytes:
        if len(data) != RANDOM_SIZE:
            return data
        return (time.monotonic_ns() // 1000).to_bytes(8, "big") + bytes(RANDOM_SIZE - 8)


class FewBitsClientRandom(LinkHooks):
    """Of each byte of the client random only two bits change."""

    def drawn(self, data: bytes) -> bytes:
        return bytes(byte & 0x03 for byte in data) if len(data) == RANDOM_SIZE else data


class OtherClient(LinkHooks):
    """The library of another maker is linked: one check is not made, or made by half."""

    def __init__(self, client: type[ClientConnection]) -> None:
        self._client = client

    @property
    def connection(self) -> type[ClientConnection]:  # type: ignore[override]
        return self._client


class OtherPolicy(LinkHooks):
    """One check of the library is switched off."""

    def __init__(self, policy: ClientPolicy) -> None:
        self._policy = policy

    @property
    def policy(self) -> ClientPolicy:  # type: ignore[override]
        return self._policy
