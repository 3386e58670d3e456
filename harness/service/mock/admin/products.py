"""The admin side of products.

Source: service.md 2.
"""

import secrets
import sqlite3
import string
from collections.abc import Iterable
from dataclasses import replace

from harness.errors import UsageError
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType
from harness.secret import Secret
from harness.service.mock import token
from harness.service.mock.admin import naming
from harness.service.mock.admin.licences import require_purchase, require_sold
from harness.service.mock.core import Core
from harness.service.mock.store import licences as orders
from harness.service.mock.store import products
from harness.service.mock.store.access import MAIN_ACCOUNT
from harness.service.mock.store.licences import OrderKind
from harness.service.mock.store.products import (
    DEFAULT_REGION,
    PUBLIC_INSTANCE,
    Console,
    Edition,
    NodeType,
    Product,
    Registration,
)

DEBUG_PRODUCT_KEY = "a1DebugID2x"
"""The fixed product of the debugging service, for debug ID²s. Source: service.md 4.3."""

_ALPHABET = string.ascii_letters + string.digits
_WHITELIST_MAX = 1000


class ProductAdmin:
    """Products of both consoles."""

    _core: Core

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
        region: str = DEFAULT_REGION,
        edition: Edition | str = Edition.STANDARD,
        node_type: NodeType | str | None = None,
        instance_id: str | None = None,
        registration: Registration | str = Registration.AUTO,
        auto_renew: bool = True,
        trial: bool = False,
        account: str = MAIN_ACCOUNT,
        only_check: bool = False,
    ) -> Product:
        """Create a product.

        Args:
            name: 4 to 30 positions: Chinese (two each), letters, digits, underscore.
            console: Where it is created; fixed, and with it that devices authenticate by ID².
            algorithm: Device authentication algorithm, which also decides what field provisioning hands out.
            licences: Bought along with it. A console asks for some; 0 makes the zero-quota situation.
            years: Their validity: 1, 3 or 5.
            product_key: `a1` and 9 letters or digits; made up by default.
            product_secret: In the form of a provisioning token; made up by default.
            region: Where it is.
            edition: `standard`, or `basic` with a daily limit.
            node_type: IoT Platform only; `device` by default.
            instance_id: IoT Platform only; the public instance `-` by default.
            registration: IoT Platform only.
            auto_renew: Renew expired devices that call again.
            trial: The licences are a free trial.
            account: Whose it is.
            only_check: Create nothing; the errors are the same.

        Raises:
            UsageError: A value is outside its form or does not fit the console, or the ProductKey, the secret or
                (by setting) the name exists.

        Source: service.md 2.1, 2.2, 3; device-protocol.md c.6.
        """
        where = naming.member(Console, console, "console")
        naming.require_product_name(name, where, self._core.settings)
        naming.require_region(region)
        kind = _key_type(algorithm)
        made = Product(
            product_key=product_key if product_key is not None else "a1" + _random(9),
            product_secret=product_secret or token.new(kind),
            name=name,
            console=where,
            algorithm=kind,
            account=account,
            region=region,
            edition=naming.member(Edition, edition, "edition"),
            node_type=None if node_type is None else naming.member(NodeType, node_type, "node type"),
            instance_id=instance_id,
            registration=naming.member(Registration, registration, "registration"),
            auto_renew=auto_renew,
            created_ms=self._core.clock.now_ms(),
        )
        made = _by_console(made)
        _require_product_key(made.product_key)
        require_sold(years)
        if licences:
            require_purchase(licences, years)
        if only_check:
            self._require_new(made)
        else:
            self._insert(made, licences, years, trial=trial)
        return made

    def products(self) -> tuple[Product, ...]:
        """Return all products, oldest first, without that of the debugging service."""
        with self._core.store.reading() as db:
            return tuple(made for made in products.list_all(db) if made.product_key != DEBUG_PRODUCT_KEY)

    def product(self, product_key: str) -> Product:
        """Return a product.

        Raises:
            UsageError: There is none.
        """
        with self._core.store.reading() as db:
            return products.known(db, product_key)

    def find_product(self, product_key: str) -> Product | None:
        """Return a product, or None when there is none."""
        with self._core.store.reading() as db:
            return products.find(db, product_key)

    def change_algorithm(self, product_key: str, algorithm: KeyType | str) -> Product:
        """Change the device authentication algorithm.

        Devices that hold a key of the former one go on (unless the setting `key_type_must_match` says no); what
        is provisioned from now on gets the new one, with the ProductSecret as it is after this: its digit of the
        key type follows.

        Raises:
            UsageError: No such product or algorithm.

        Source: service.md 1.2.
        """
        kind = _key_type(algorithm)
        with self._core.store.transaction() as db:
            found = products.known(db, product_key)
            changed = replace(
                found, algorithm=kind, product_secret=token.with_key_type(found.product_secret, kind)
            )
            products.update(db, changed)
            return changed

    def set_otp(self, product_key: str, *, enabled: bool) -> None:
        """Switch field provisioning of a product on or off; it is on after creation.

        Raises:
            UsageError: There is no such product.
        """
        with self._core.store.transaction() as db:
            products.update(db, replace(products.known(db, product_key), otp_enabled=enabled))

    def set_auto_renew(self, product_key: str, *, enabled: bool) -> None:
        """Switch automatic renewal of a product's devices on or off; it is on after creation.

        Raises:
            UsageError: There is no such product.
        """
        with self._core.store.transaction() as db:
            products.update(db, replace(products.known(db, product_key), auto_renew=enabled))

    def set_registration(self, product_key: str, mode: Registration | str, *, confirmed: bool) -> Product:
        """Choose who may register: every device, or those of the whitelist.

        Args:
            product_key: A product of the IoT Platform.
            mode: `auto` or `whitelist`.
            confirmed: The person confirmed it, which the real console asks by SMS before the whitelist is on.

        Raises:
            UsageError: No such product or mode, a product of the ID² console, or not confirmed.
        """
        wanted = naming.member(Registration, mode, "registration")
        with self._core.store.transaction() as db:
            found = products.known(db, product_key)
            _require_platform(found, "registration")
            if wanted is Registration.WHITELIST and not confirmed:
                raise UsageError(
                    "the whitelist refuses every device that is not on it; confirm to switch it on"
                )
            changed = replace(found, registration=wanted)
            products.update(db, changed)
            return changed

    def whitelist(self, product_key: str) -> tuple[str, ...]:
        """Return the DeviceNames on a product's whitelist.

        Raises:
            UsageError: There is no such product.
        """
        with self._core.store.reading() as db:
            return products.whitelist(db, products.known(db, product_key).product_key)

    def whitelist_add(self, product_key: str, names: Iterable[str]) -> None:
        """Put DeviceNames on the whitelist; it may be filled before it is switched on.

        Raises:
            UsageError: No such product, not of the IoT Platform, or a name outside its form.
        """
        wanted = tuple(names)
        if len(wanted) > _WHITELIST_MAX:
            raise UsageError(f"{len(wanted)} names at once are too many; at most {_WHITELIST_MAX}")
        for name in wanted:
            naming.require_device_name(name)
        with self._core.store.transaction() as db:
            _require_platform(products.known(db, product_key), "a whitelist")
            products.whitelist_add(db, product_key, wanted)

    def whitelist_remove(self, product_key: str, names: Iterable[str]) -> None:
        """Take DeviceNames off the whitelist.

        Raises:
            UsageError: There is no such product.
        """
        with self._core.store.transaction() as db:
            products.known(db, product_key)
            products.whitelist_remove(db, product_key, names)

    def debug_product(self) -> Product:
        """Return the fixed product of the debugging service; it is made when it is first asked for."""
        with self._core.store.transaction() as db:
            found = products.find(db, DEBUG_PRODUCT_KEY)
            if found is None:
                found = Product(
                    DEBUG_PRODUCT_KEY,
                    token.new(KeyType.AES_128),
                    "debug_product",
                    Console.ID2,
                    KeyType.AES_128,
                    created_ms=self._core.clock.now_ms(),
                )
                products.insert(db, found, token.provision_id(found.product_secret))
            return found

    def _require_new(self, made: Product) -> None:
        provision_id = token.provision_id(made.product_secret)
        with self._core.store.reading() as db:
            if self._core.settings.unique_product_names in ("always", made.console.value):
                _require_new_name(db, made)
            if products.find(db, made.product_key) or products.find_by_provision_id(db, provision_id):
                raise _exists(made)

    def _insert(self, made: Product, quantity: int, years: int, *, trial: bool) -> None:
        provision_id = token.provision_id(made.product_secret)
        unique = self._core.settings.unique_product_names
        try:
            with self._core.store.transaction() as db:
                if unique in ("always", made.console.value):
                    _require_new_name(db, made)
                products.insert(db, made, provision_id)
                if quantity:
                    kind = OrderKind.TRIAL if trial else OrderKind.PURCHASE
                    orders.buy(db, made, quantity, years, made.created_ms, kind=kind)
        except sqlite3.IntegrityError:
            raise _exists(made) from None


def _exists(made: Product) -> UsageError:
    return UsageError(f"a product with ProductKey {made.product_key}, or with this secret, exists already")


def _by_console(made: Product) -> Product:
    if made.console is Console.IOT_PLATFORM:
        instance = PUBLIC_INSTANCE if made.instance_id is None else made.instance_id
        naming.require_instance(instance)
        return replace(made, node_type=made.node_type or NodeType.DEVICE, instance_id=instance)
    for what, given in (
        ("a node type", made.node_type is not None),
        ("an instance id", made.instance_id is not None),
        ("a whitelist", made.registration is not Registration.AUTO),
    ):
        if given:
            raise UsageError(
                f"{what} belongs to products of the IoT Platform console; this one is of the ID² console"
            )
    return made


def _require_platform(product: Product, what: str) -> None:
    if product.console is not Console.IOT_PLATFORM:
        raise UsageError(
            f"{what} belongs to products of the IoT Platform console; {product.product_key} is not one"
        )


def _require_new_name(db: sqlite3.Connection, made: Product) -> None:
    if products.name_taken(db, made.name, made.console, made.account):
        raise UsageError(f"the account has a product named {made.name} in this console already")


def _require_product_key(product_key: str) -> None:
    good = len(product_key) == 11 and product_key.startswith("a1") and set(product_key) <= set(_ALPHABET)
    if not good:
        raise UsageError("ProductKey must be 'a1' and 9 letters or digits")


def _key_type(algorithm: KeyType | str) -> KeyType:
    try:
        return KeyType.parse(algorithm)
    except Id2Error as error:
        raise UsageError(f"device authentication algorithm: {error}") from None


def _random(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))
