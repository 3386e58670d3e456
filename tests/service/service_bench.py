"""What the tests of the service share: devices that answer as real ones do, and a mock with a client."""

import contextlib
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from harness.id2 import authcode
from harness.id2.keys import Key, KeyType
from harness.service.client import Id2Service
from harness.service.errors import ServiceRefusal
from harness.service.mock.admin.admin import Admin
from harness.service.mock.server import MockService
from harness.service.mock.signature import sign
from harness.service.mock.store import housekeeping
from harness.service.mock.store.products import Product
from harness.service.rpc import timestamp

SYMMETRIC = (
    KeyType.AES_128,
    KeyType.AES_192,
    KeyType.AES_256,
    KeyType.DES3_112,
    KeyType.DES3_168,
    KeyType.SM4_128,
)


@dataclass(frozen=True)
class Device:
    """A device of our own making: identifier and key."""

    id2: str
    key: Key

    def answer(self, challenge: str, extra: str = "") -> str:
        return authcode.build(self.key, self.id2, challenge=challenge, extra=extra.encode()).text

    def stamp(self, timestamp: int | str, extra: str = "", device_random: str | None = None) -> str:
        code = authcode.build(
            self.key, self.id2, timestamp=str(timestamp), extra=extra.encode(), device_random=device_random
        )
        return code.text


@dataclass(frozen=True)
class Bench:
    """A mock, a client of it, and what a test needs in front of it."""

    mock: MockService
    service: Id2Service

    @property
    def admin(self) -> Admin:
        return self.mock.admin

    def now_ms(self) -> int:
        return round(self.admin.now().timestamp() * 1000)

    def product(self, licences: int = 5, algorithm: KeyType = KeyType.AES_128) -> Product:
        return self.admin.create_product("lock", algorithm=algorithm, licences=licences)

    def device(self, key_type: KeyType = KeyType.AES_128) -> Device:
        made = new_device(key_type)
        self.admin.add_device(made.id2, made.key)
        return made

    def verify(self, device: Device, product: Product, extra: str = "") -> bool:
        challenge = self.service.get_server_random(device.id2)
        return self.service.verify(device.id2, product.product_key, device.answer(challenge, extra), extra)

    @contextlib.contextmanager
    def refused(self, code: int) -> Iterator[None]:
        """Expect one call that is refused with this code and writes only its nonce and its log line."""
        self._tidy()
        before = self._writes()
        with pytest.raises(ServiceRefusal) as caught:
            yield
        assert caught.value.code == code
        assert self._writes() - before == 2, "a refusal changes nothing"

    def _tidy(self) -> None:
        """Delete now what has expired, so that the call does not do it by the way: a loaded machine takes minutes."""
        core, before = self.mock.core, None
        with self.mock._store.transaction() as db:
            while before != db.total_changes:
                before = db.total_changes
                housekeeping.after_call(db, 0, core.clock.floor_ms(), core.settings)

    def _writes(self) -> int:
        with self.mock._store.transaction() as db:
            return db.total_changes

    def signed(self, action: str, method: str = "POST", **changes: str | None) -> dict[str, str]:
        """Return the parameters of a call, signed here and not by the client; None leaves one out.

        A `Signature` among the changes stays as given.
        """
        key = self.admin.default_access_key()[0]
        wanted: dict[str, str | None] = {
            "Action": action,
            "Version": "2017-07-07",
            "ApiVersion": "1.1.2",
            "Format": "JSON",
            "AccessKeyId": key.id,
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "SignatureNonce": str(uuid.uuid4()),
            "Timestamp": timestamp(self.admin.now()),
            **changes,
        }
        parameters = {name: value for name, value in wanted.items() if value is not None}
        if "Signature" not in changes:
            parameters["Signature"] = sign(key.secret, method, parameters)
        return parameters

    def post(self, action: str, **changes: str | None) -> httpx.Response:
        return httpx.post(self.mock.endpoint, data=self.signed(action, **changes), trust_env=False)

    def active(self, key_type: KeyType = KeyType.AES_128) -> tuple[Device, Product]:
        """Return a device that was activated under a product."""
        device, product = self.device(key_type), self.product()
        assert self.verify(device, product)
        return device, product


def new_device(key_type: KeyType = KeyType.AES_128) -> Device:
    return Device(secrets.token_hex(12).upper(), Key.parse(key_type, secrets.token_hex(key_type.key_size)))
