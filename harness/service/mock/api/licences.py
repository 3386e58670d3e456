"""Licences: buying, assigning, and the ledger of their uses."""

from typing import Annotated

from fastapi import APIRouter, Query

from harness.service.mock.admin.admin import Admin
from harness.service.mock.api import models
from harness.service.mock.api.answers import NOT_THERE, REFUSED, not_there
from harness.service.mock.api.models import ProductKey
from harness.service.mock.store.licences import Counters, LedgerEntry, Order


def router(admin: Admin) -> APIRouter:
    """Return the routes about licences."""
    routes = APIRouter(tags=["licences"])

    def require(product_key: str) -> None:
        if admin.find_product(product_key) is None:
            raise not_there(f"product {product_key}")

    @routes.get("/orders")
    def list_orders() -> list[Order]:
        """All purchases, those for the account included, oldest first."""
        return list(admin.orders())

    @routes.post("/orders", status_code=201, responses=REFUSED)
    def buy_for_account(purchase: models.AccountPurchase) -> list[Order]:
        """Buy licences for the account; answers with all purchases."""
        admin.buy_account_licences(purchase.quantity, purchase.years, region=purchase.region)
        return list(admin.orders())

    @routes.post("/orders/{order_id}/assignments", responses=NOT_THERE | REFUSED)
    def assign(
        order_id: Annotated[int, models.Field(ge=1, le=2**63 - 1)], wanted: models.Assignment
    ) -> Counters:
        """Give licences of an account purchase to a product."""
        require(wanted.product_key)
        admin.assign_licences(order_id, wanted.product_key, wanted.quantity)
        return admin.counters(wanted.product_key)

    @routes.get("/products/{product_key}/orders", responses=NOT_THERE)
    def list_orders_of_product(product_key: ProductKey) -> list[Order]:
        """The purchases of one product, oldest first."""
        require(product_key)
        return list(admin.orders(product_key))

    @routes.post("/products/{product_key}/orders", status_code=201, responses=NOT_THERE | REFUSED)
    def buy_for_product(product_key: ProductKey, purchase: models.Purchase) -> Counters:
        """Buy licences for a product; answers with its counters."""
        require(product_key)
        admin.buy_licences(product_key, purchase.quantity, purchase.years, trial=purchase.trial)
        return admin.counters(product_key)

    @routes.get("/ledger", responses=NOT_THERE)
    def read_ledger(
        product_key: ProductKey | None = None, limit: Annotated[int, Query(ge=1, le=10_000)] = 200
    ) -> list[LedgerEntry]:
        """The newest uses of licences."""
        if product_key is not None:
            require(product_key)
        return list(admin.ledger(product_key, limit=limit))

    return routes
