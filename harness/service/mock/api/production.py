"""Production lines: vendors, burn licences, and the two calls of a line."""

import base64

from fastapi import APIRouter

from harness.service.mock.admin.admin import Admin
from harness.service.mock.api import models
from harness.service.mock.api.answers import REFUSED
from harness.service.mock.api.models import BurnItem
from harness.service.mock.store import burning
from harness.service.mock.store.burning import BurnLicence, Vendor


def router(admin: Admin) -> APIRouter:
    """Return the routes about production lines; a refusal's `error` names the service's code."""
    routes = APIRouter(tags=["production lines"])

    @routes.get("/vendors")
    def list_vendors() -> list[Vendor]:
        """The registered vendors, by code."""
        return list(admin.vendors())

    @routes.post("/vendors", status_code=201, responses=REFUSED)
    def register_vendor(wanted: models.NewVendor) -> Vendor:
        """Register a vendor."""
        return admin.register_vendor(wanted.code, wanted.name)

    @routes.get("/burn-licences")
    def list_burn_licences() -> list[BurnLicence]:
        """The burn licences, oldest first."""
        return list(admin.burn_licences())

    @routes.post("/burn-licences", status_code=201, responses=REFUSED)
    def grant_burn_licence(wanted: models.NewBurnLicence) -> BurnLicence:
        """Grant a burn licence to a vendor."""
        return admin.create_burn_licence(
            wanted.vendor, wanted.product_code, wanted.quota, wanted.key_type, wanted.public_key
        )

    @routes.post("/production-line/retrievals", status_code=201, responses=REFUSED)
    def retrieve(wanted: models.Retrieval) -> list[BurnItem]:
        """Hand ID²s to a line; each answers 44 until its receipt has come."""
        items = admin.retrieve_id2(wanted.licence, wanted.count, base64.b64decode(wanted.sign))
        return [
            BurnItem(
                id2=item.id2,
                private_key=base64.b64encode(item.private_key).decode(),
                kcv=base64.b64encode(item.kcv).decode(),
            )
            for item in items
        ]

    @routes.post("/production-line/receipts", status_code=204, responses=REFUSED)
    def take_receipts(wanted: models.Receipts) -> None:
        """Take a line's receipts."""
        admin.return_id2(
            wanted.licence,
            [
                burning.Receipt(receipt.id2, receipt.key_source, base64.b64decode(receipt.proof))
                for receipt in wanted.receipts
            ],
        )

    return routes
