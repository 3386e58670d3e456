"""What only a console can do at the real service: products, licences, devices. In process only.

Source: service.md 2, 3.
"""

import secrets
import sqlite3
import string
from dataclasses import replace
from datetime import datetime, timedelta

from harness.errors import UsageError
from harness.id2 import ids
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.access_key import AccessKey
from harness.service.mock import access, calls, devices, products, token, validity
from harness.service.mock.access import Policy
from harness.service.mock.calls import CallRecord
from harness.service.mock.core import Core
from harness.service.mock.devices import Device, DeviceState
from harness.service.mock.products import Console, Counters, Product

_ALPHABET = string.ascii_letters + string.digits
_MAX_NAME = 64


class Admin:
    """The admin side of one mock service; safe to use while calls come in, and from any thread."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def now(self) -> datetime:
        """Return the service's time, UTC."""
        return self._core.clock.now()

    def move_clock(self, by: timedelta) -> None:
        """Move the service's clock; clients made by `MockService.client` move with it."""
        self._core.clock.move(by)

    def create_access_key(
        self, policy: Policy | str = Policy.FULL, *, key: AccessKey | None = None
    ) -> AccessKey:
        """Add an AccessKey, a new one or a given one.

        Raises:
            UsageError: No such policy, or the id exists.
        """
        made = key or access.new()
        try:
            with self._core.store.transaction() as db:
                access.insert(db, made, Policy(policy), self._core.clock.now_ms())
        except ValueError:
            raise UsageError(f"policy {policy!r} is unknown; known are {', '.join(Policy)}") from None
        except sqlite3.IntegrityError:
            raise UsageError(f"AccessKey {made.id} exists already") from None
        return made

    def default_access_key(self) -> tuple[AccessKey, bool]:
        """Return the oldest AccessKey with all rights, made now when there is none, and whether it was."""
        with self._core.store.transaction() as db:
            found = access.first_full(db)
            if found is not None:
                return found, False
            made = access.new()
            access.insert(db, made, Policy.FULL, self._core.clock.now_ms())
            return made, True

    def access_key(self, key_id: str) -> tuple[AccessKey, Policy] | None:
        """Look an AccessKey up."""
        with self._core.store.transaction() as db:
            return access.find(db, key_id)

    def create_product(
        self,
        name: str,
        *,
        console: Console | str = Console.ID2,
        algorithm: KeyType | str = KeyType.AES_128,
        licences: int = 0,
        years: int = 1,
        product_key: str | None = None,
        product_secret: Secret | None = None,
    ) -> Product:
        """Create a product.

        Args:
            name: 1 to 64 characters.
            console: Where it is created.
            algorithm: Device authentication algorithm, which also decides what field provisioning hands out.
            licences: Bought along with it.
            years: Their validity: 1, 3 or 5.
            product_key: `a1` and 9 letters or digits; made up by default.
            product_secret: In the form of a provisioning token; made up by default.

        Raises:
            UsageError: A value is outside its form, or the ProductKey or the secret exists.

        Source: service.md 2.1, 3; device-protocol.md c.6.
        """
        if not 1 <= len(name) <= _MAX_NAME:
            raise UsageError(f"product name has {len(name)} characters; it must have 1 to {_MAX_NAME}")
        kind = _key_type(algorithm)
        try:
            where = Console(console)
        except ValueError:
            raise UsageError(f"console {console!r} is unknown; known are {', '.join(Console)}") from None
        made = Product(
            product_key=product_key if product_key is not None else "a1" + _random(9),
            product_secret=product_secret or token.new(kind),
            name=name,
            console=where,
            algorithm=kind,
            otp_enabled=True,
        )
        _require_product_key(made.product_key)
        provision_id = token.provision_id(made.product_secret)
        try:
            with self._core.store.transaction() as db:
                now_ms = self._core.clock.now_ms()
                products.insert(db, made, provision_id, now_ms)
                if licences:
                    _require_purchase(licences, years)
                    products.buy(db, made.product_key, licences, years, now_ms)
        except sqlite3.IntegrityError:
            raise UsageError(
                f"a product with ProductKey {made.product_key}, or with this secret, exists already"
            ) from None
        return made

    def product(self, product_key: str) -> Product:
        """Return a product.

        Raises:
            UsageError: There is none.
        """
        found = self.find_product(product_key)
        if found is None:
            raise _no_product(product_key)
        return found

    def find_product(self, product_key: str) -> Product | None:
        """Return a product, or None when there is none."""
        with self._core.store.transaction() as db:
            return products.find(db, product_key)

    def set_otp(self, product_key: str, *, enabled: bool) -> None:
        """Switch field provisioning of a product on or off; it is on after creation.

        Raises:
            UsageError: There is no such product.
        """
        with self._core.store.transaction() as db:
            if not products.set_otp(db, product_key, enabled=enabled):
                raise _no_product(product_key)

    def buy_licences(self, product_key: str, quantity: int, years: int = 1) -> Counters:
        """Buy licences for a product and return its counters after that.

        Raises:
            UsageError: No such product, no quantity, or a validity that is not sold.
        """
        _require_purchase(quantity, years)
        with self._core.store.transaction() as db:
            if products.find(db, product_key) is None:
                raise _no_product(product_key)
            now_ms = self._core.clock.now_ms()
            products.buy(db, product_key, quantity, years, now_ms)
            return products.counters(db, product_key, now_ms)

    def counters(self, product_key: str) -> Counters:
        """Return the licence counters of a product.

        Raises:
            UsageError: There is no such product.
        """
        with self._core.store.transaction() as db:
            if products.find(db, product_key) is None:
                raise _no_product(product_key)
            return products.counters(db, product_key, self._core.clock.now_ms())

    def add_device(self, id2: str, key: Key) -> Device:
        """Make a burnt device known to the service.

        Args:
            id2: Its identifier, 24 hex digits or the PUF form.
            key: Its key; a public key is enough to verify codes.

        Raises:
            UsageError: Not an identifier, or the device exists.
        """
        try:
            provisioned = ids.parse(id2).provisioned
        except Id2Error as error:
            raise UsageError(f"device: {error}") from None
        if not provisioned:
            raise UsageError("device: an ID of F only is what a device without an ID sends")
        made = Device(id2, key, DeviceState.BURNT)
        try:
            with self._core.store.transaction() as db:
                devices.insert(db, made, self._core.clock.now_ms())
        except sqlite3.IntegrityError:
            raise UsageError(f"device {id2} exists already") from None
        return made

    def device(self, id2: str) -> Device:
        """Return a device as it is stored; `state_at` applies the end of validity.

        Raises:
            UsageError: There is none.
        """
        found = self.find_device(id2)
        if found is None:
            raise UsageError(f"device {id2} is not known to the service")
        return found

    def find_device(self, id2: str) -> Device | None:
        """Return a device as it is stored, or None when there is none."""
        with self._core.store.transaction() as db:
            return devices.find(db, id2)

    def set_device_state(self, id2: str, state: DeviceState | str) -> Device:
        """Put a device into a state.

        `burnt` and `activated` take it off its product; `burnt` also forgets the first use. Either way the
        licence that it used stays used, and the next success uses another one. `bound` is for a device that
        still has its product.

        Raises:
            UsageError: No such device or state, or `bound` without a product.
        """
        try:
            wanted = DeviceState(state)
        except ValueError:
            raise UsageError(
                f"device state {state!r} is unknown; known are {', '.join(DeviceState)}"
            ) from None
        with self._core.store.transaction() as db:
            device = devices.find(db, id2)
            if device is None:
                raise UsageError(f"device {id2} is not known to the service")
            if wanted is DeviceState.BOUND and device.product_key is None:
                raise UsageError(f"device {id2} belongs to no product; a successful Verify binds it")
            changed = replace(device, state=wanted)
            if wanted in (DeviceState.BURNT, DeviceState.ACTIVATED):
                first_use = device.activated_ms or self._core.clock.now_ms()
                changed = replace(
                    changed,
                    product_key=None,
                    licence_id=None,
                    expires_ms=None,
                    activated_ms=None if wanted is DeviceState.BURNT else first_use,
                )
            devices.update(db, changed)
            return changed

    def calls(self) -> tuple[CallRecord, ...]:
        """Return the call log, oldest first."""
        with self._core.store.transaction() as db:
            return calls.read(db)


def _require_product_key(product_key: str) -> None:
    good = len(product_key) == 11 and product_key.startswith("a1") and set(product_key) <= set(_ALPHABET)
    if not good:
        raise UsageError("ProductKey must be 'a1' and 9 letters or digits")


def _require_purchase(quantity: int, years: int) -> None:
    if quantity < 1:
        raise UsageError(f"a purchase of {quantity} licences is none; the least is 1")
    if years not in validity.YEARS:
        raise UsageError(
            f"a validity of {years} years is not sold; sold are {', '.join(map(str, validity.YEARS))}"
        )


def _key_type(algorithm: KeyType | str) -> KeyType:
    try:
        return KeyType.parse(algorithm)
    except Id2Error as error:
        raise UsageError(f"device authentication algorithm: {error}") from None


def _no_product(product_key: str) -> UsageError:
    return UsageError(f"product {product_key} does not exist")


def _random(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
