"""The admin side of licences.

Source: service.md 3.
"""

import sqlite3

from harness.errors import UsageError
from harness.service.mock import validity
from harness.service.mock.admin import naming
from harness.service.mock.core import Core
from harness.service.mock.store import licences, products
from harness.service.mock.store.access import MAIN_ACCOUNT
from harness.service.mock.store.licences import Counters, LedgerEntry, Order, OrderKind
from harness.service.mock.store.products import DEFAULT_REGION, Product

_MOST_AT_ONCE = 10_000_000


class LicenceAdmin:
    """Orders, the account's pool, counters and the ledger."""

    _core: Core

    def orders(self, product_key: str | None = None) -> tuple[Order, ...]:
        """Return the orders, oldest first: of one product, or all with the account's pools."""
        with self._core.store.reading() as db:
            return licences.orders(db, product_key)

    def buy_licences(
        self, product_key: str, quantity: int, years: int = 1, *, trial: bool = False
    ) -> Counters:
        """Buy licences for a product and return its counters after that.

        Raises:
            UsageError: No such product, no quantity, a validity that is not sold, or (by setting) another one
                than that of the product's first order.
        """
        require_purchase(quantity, years)
        with self._core.store.transaction() as db:
            product = products.known(db, product_key)
            self._require_same_validity(db, product, years)
            now_ms = self._core.clock.now_ms()
            kind = OrderKind.TRIAL if trial else OrderKind.PURCHASE
            licences.buy(db, product, quantity, years, now_ms, kind=kind)
            return licences.counters(db, product_key, now_ms)

    def buy_account_licences(
        self, quantity: int, years: int, *, region: str = DEFAULT_REGION, account: str = MAIN_ACCOUNT
    ) -> Order:
        """Buy licences for the account's pool, to be assigned to products or used by renewals.

        Raises:
            UsageError: No quantity, a validity that is not sold, or no region.
        """
        require_purchase(quantity, years)
        naming.require_region(region)
        with self._core.store.transaction() as db:
            return licences.buy(
                db, None, quantity, years, self._core.clock.now_ms(), account=account, region=region
            )

    def assign_licences(self, order_id: int, product_key: str, quantity: int) -> Order:
        """Give licences of the account's pool to a product, and return the order that this makes.

        Raises:
            UsageError: No such pool or product, another account or region, more than the pool has left or the
                setting `assignment_max` allows.

        Source: service.md 2.1, 3 (binding).
        """
        with self._core.store.transaction() as db:
            pool, product = licences.find_order(db, order_id), products.known(db, product_key)
            if pool is None or pool.product_key is not None:
                raise UsageError(f"order {order_id} is not one of the account's pool")
            if (pool.account, pool.region) != (product.account, product.region):
                raise UsageError(
                    f"order {order_id} is valid in {pool.region}, account {pool.account}; product {product_key}"
                    f" is in {product.region}, account {product.account}"
                )
            most = self._core.settings.assignment_max
            if quantity < 1 or (most is not None and quantity > most):
                raise UsageError(f"an assignment has 1 to {most or pool.left} licences, not {quantity}")
            if quantity > pool.left:
                raise UsageError(f"order {order_id} has {pool.left} licences left, fewer than {quantity}")
            self._require_same_validity(db, product, pool.years)
            return licences.assign(db, pool, product, quantity, self._core.clock.now_ms())

    def counters(self, product_key: str | None = None) -> Counters:
        """Return the licence counters of a product, or of everything.

        Raises:
            UsageError: There is no such product.
        """
        with self._core.store.reading() as db:
            if product_key is not None:
                products.known(db, product_key)
            return licences.counters(db, product_key, self._core.clock.now_ms())

    def ledger(self, product_key: str | None = None, *, limit: int = 200) -> tuple[LedgerEntry, ...]:
        """Return what licences were used for, newest first."""
        with self._core.store.reading() as db:
            return licences.ledger(db, product_key, limit)

    def _require_same_validity(self, db: sqlite3.Connection, product: Product, years: int) -> None:
        if not self._core.settings.same_validity_per_product:
            return
        bought = [
            order for order in licences.orders(db, product.product_key) if order.kind is not OrderKind.CHIP
        ]
        if bought and bought[0].years != years:
            raise UsageError(
                f"the licences of product {product.product_key} are valid for {bought[0].years} years; later orders"
                " must be too"
            )


def require_purchase(quantity: int, years: int) -> None:
    """Check what is bought.

    Raises:
        UsageError: No quantity, more than can be counted, or a validity that is not sold.
    """
    if quantity < 1:
        raise UsageError(f"a purchase of {quantity} licences is none; the least is 1")
    if quantity > _MOST_AT_ONCE:
        raise UsageError(f"a purchase of {quantity} licences is too large; the most is {_MOST_AT_ONCE}")
    require_sold(years)


def require_sold(years: int) -> None:
    """Check a validity.

    Raises:
        UsageError: It is not sold.
    """
    if years not in validity.YEARS:
        raise UsageError(
            f"a validity of {years} years is not sold; sold are {', '.join(map(str, validity.YEARS))}"
        )
