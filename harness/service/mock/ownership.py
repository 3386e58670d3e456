"""Whose a product is, and where: the account of the AccessKey and the region of the call must be the product's.

Source: service.md 3 (binding), 4.1 (account), 4.4 (47, 51).
"""

from harness.id2.codes import ServiceCode
from harness.service.mock.products import Product
from harness.service.mock.request import Refused, Request


def require_own(request: Request, product: Product | None) -> Product:
    """Return the product when this call may use it.

    Raises:
        Refused: 51 none, or in another region than the call's `RegionId`; 47 another account's (by setting).
    """
    if product is None:
        raise Refused(ServiceCode.NO_PRODUCT)
    if product.account != request.account:
        raise Refused(request.settings.foreign_account_code)
    region = request.optional("RegionId")
    if request.settings.region_bound and region and region != product.region:
        raise Refused(ServiceCode.NO_PRODUCT)
    return product
