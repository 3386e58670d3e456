"""Products: creating, looking at and changing them."""

from fastapi import APIRouter

from harness.secret import Secret
from harness.service.mock.admin.admin import Admin
from harness.service.mock.api import models
from harness.service.mock.api.answers import NOT_THERE, REFUSED, links, not_there
from harness.service.mock.api.models import (
    Names,
    NewProduct,
    Product,
    ProductChange,
    ProductKey,
    ProductSecret,
)
from harness.service.mock.store.licences import Counters

_OF_A_PRODUCT = (
    "get_product",
    "change_product",
    "get_product_secret",
    "get_counters",
    "set_registration",
    "get_whitelist",
    "add_to_whitelist",
    "remove_from_whitelist",
    "list_orders_of_product",
    "buy_for_product",
)


def router(admin: Admin) -> APIRouter:
    """Return the routes under `/products`."""
    routes = APIRouter(prefix="/products", tags=["products"])

    def require(product_key: str) -> None:
        if admin.find_product(product_key) is None:
            raise not_there(f"product {product_key}")

    @routes.get("")
    def list_products() -> list[Product]:
        """All products, oldest first."""
        return [Product.model_validate(product) for product in admin.products()]

    @routes.post("", status_code=201, responses=REFUSED | {201: links("product_key", *_OF_A_PRODUCT)})
    def create_product(wanted: NewProduct) -> Product:
        """Create a product by the rules of its console."""
        secret = wanted.product_secret
        made = admin.create_product(
            wanted.name,
            console=wanted.console,
            algorithm=wanted.algorithm,
            licences=wanted.licences,
            years=wanted.years,
            product_key=wanted.product_key,
            product_secret=None if secret is None else Secret(secret.get_secret_value()),
            region=wanted.region,
            edition=wanted.edition,
            node_type=wanted.node_type,
            instance_id=wanted.instance_id,
            registration=wanted.registration,
            trial=wanted.trial,
            account=wanted.account,
        )
        return Product.model_validate(made)

    @routes.get("/{product_key}", responses=NOT_THERE)
    def get_product(product_key: ProductKey) -> Product:
        """One product."""
        require(product_key)
        return Product.model_validate(admin.product(product_key))

    @routes.patch("/{product_key}", responses=NOT_THERE | REFUSED)
    def change_product(product_key: ProductKey, change: ProductChange) -> Product:
        """Change the algorithm, automatic renewal or field provisioning."""
        require(product_key)
        if change.algorithm is not None:
            admin.change_algorithm(product_key, change.algorithm)
        if change.auto_renew is not None:
            admin.set_auto_renew(product_key, enabled=change.auto_renew)
        if change.otp_enabled is not None:
            admin.set_otp(product_key, enabled=change.otp_enabled)
        return Product.model_validate(admin.product(product_key))

    @routes.get("/{product_key}/secret", responses=NOT_THERE)
    def get_product_secret(product_key: ProductKey) -> ProductSecret:
        """The ProductSecret in clear: devices use it as their provisioning token."""
        require(product_key)
        secret = admin.product(product_key).product_secret.reveal().decode()
        return ProductSecret(product_secret=secret)

    @routes.get("/{product_key}/counters", responses=NOT_THERE)
    def get_counters(product_key: ProductKey) -> Counters:
        """The licence counters."""
        require(product_key)
        return admin.counters(product_key)

    @routes.put("/{product_key}/registration", responses=NOT_THERE | REFUSED)
    def set_registration(product_key: ProductKey, change: models.RegistrationChange) -> Product:
        """Let devices register themselves, or only those on the whitelist."""
        require(product_key)
        admin.set_registration(product_key, change.mode, confirmed=change.confirmed)
        return Product.model_validate(admin.product(product_key))

    @routes.get("/{product_key}/whitelist", responses=NOT_THERE)
    def get_whitelist(product_key: ProductKey) -> list[str]:
        """The device names that may register."""
        require(product_key)
        return list(admin.whitelist(product_key))

    @routes.post("/{product_key}/whitelist", responses=NOT_THERE | REFUSED)
    def add_to_whitelist(product_key: ProductKey, names: Names) -> list[str]:
        """Add device names; those that are there already stay."""
        require(product_key)
        admin.whitelist_add(product_key, names.names)
        return list(admin.whitelist(product_key))

    @routes.post("/{product_key}/whitelist/removals", responses=NOT_THERE | REFUSED)
    def remove_from_whitelist(product_key: ProductKey, names: Names) -> list[str]:
        """Take device names off; those that are not there are no error."""
        require(product_key)
        admin.whitelist_remove(product_key, names.names)
        return list(admin.whitelist(product_key))

    return routes
