"""Which products and devices may be used, and what a success costs: licences, activation, renewal, the daily limit.

Everything is written in the transaction of the call, after everything has been judged: a refusal changes nothing,
and a success is whole.

Source: service.md 3, 4.4.
"""

from dataclasses import replace

from harness.id2.codes import ServiceCode
from harness.service.mock import validity
from harness.service.mock.judge import AcceptedCode
from harness.service.mock.request import Refused, Request
from harness.service.mock.settings import Settings
from harness.service.mock.store import devices, licences, onetime, products
from harness.service.mock.store.devices import Device, DeviceState, Origin
from harness.service.mock.store.licences import CHIP_YEARS, Licence, OrderKind, Reason
from harness.service.mock.store.products import Edition, Product

_HOUR_MS = 3600 * 1000
_DAY_MS = 24 * _HOUR_MS
_STATE_CODES = {
    DeviceState.UNKNOWN: ServiceCode.NO_ID,
    DeviceState.BURNING: ServiceCode.BURNING,
    DeviceState.SUSPENDED: ServiceCode.SUSPENDED,
    DeviceState.DISCARDED: ServiceCode.DISCARDED,
    DeviceState.EXPIRED: ServiceCode.EXPIRED,
}


def require_own(request: Request, product: Product | None) -> Product:
    """Return the product when this call may use it: account and region must be the product's.

    Raises:
        Refused: 51 none, or in another region than the call's `RegionId`; 47 another account's (by setting).

    Source: service.md 3 (binding), 4.1 (account), 4.4 (47, 51).
    """
    if product is None:
        raise Refused(ServiceCode.NO_PRODUCT)
    if product.account != request.account:
        raise Refused(request.settings.foreign_account_code)
    region = request.optional("RegionId")
    if request.settings.region_bound and region and region != product.region:
        raise Refused(ServiceCode.NO_PRODUCT)
    return product


def require_usable(request: Request, device: Device) -> None:
    """Check the state of a device; one that expired and will be renewed by a success is usable.

    Raises:
        Refused: 18, 44, 45, 46, 50; 18 or 50 (by setting) once its data is released.
    """
    state = device.state_at(request.now_ms)
    code = _STATE_CODES.get(state)
    if code is None:
        return
    if state is DeviceState.EXPIRED:
        if device.released_at(request.now_ms):
            raise Refused(request.settings.released_code)
        if device.state is not DeviceState.EXPIRED and _renewal_order(request, device) is not None:
            return
    raise Refused(code)


def accept(
    request: Request, product: Product, device: Device, judged: AcceptedCode, *, order_id: int | None = None
) -> None:
    """Write down a success: licence, activation, binding, and what must not be accepted again.

    Args:
        request: The call.
        product: Under which product it succeeded.
        device: The device as it was before.
        judged: What must be marked as used.
        order_id: The order whose licence a first use takes; None for the product's oldest.

    Raises:
        Refused: 16 no licence; the code of the daily limit.
    """
    if product.edition is Edition.BASIC:
        _count_of_day(request, device)
    changed = _activated(request, product, device, order_id)
    if changed != device:
        devices.update(request.db, changed)
    if judged.challenge is not None:
        onetime.spend_challenge(request.db, judged.challenge, request.now_ms)
    if judged.mark is not None:
        onetime.use_code(request.db, judged.mark, device.id2, request.now_ms, judged.expires_ms)


def day_of(now_ms: int, settings: Settings) -> int:
    """Return the number of the day of the basic edition."""
    return (now_ms - settings.day_starts_utc_hour * _HOUR_MS) // _DAY_MS


def _activated(request: Request, product: Product, device: Device, order_id: int | None) -> Device:
    activated_ms = request.now_ms if device.activated_ms is None else device.activated_ms
    if device.origin is Origin.DEBUG and request.settings.debug_devices_free:
        return replace(device, state=DeviceState.ACTIVATED, activated_ms=activated_ms)
    expires_ms = device.expires_ms
    if expires_ms is not None and expires_ms <= request.now_ms:
        licence = _renewed(request, device)
        expires_ms = validity.end(expires_ms, licence.years)
    elif device.licence_id is None:
        licence = _first_licence(request, product, device, order_id)
    elif expires_ms is None:
        licence = Licence(device.licence_id, licences.years_of(request.db, device.licence_id))
    elif (
        device.state is DeviceState.BOUND
        and device.product_key == product.product_key
        and device.activated_ms is not None
    ):
        return device  # the usual case: in use already, under the product that it belongs to
    else:
        licence = Licence(device.licence_id, 0)
    return replace(
        device,
        state=DeviceState.BOUND,
        product_key=product.product_key,
        licence_id=licence.id,
        activated_ms=activated_ms,
        expires_ms=validity.end(request.now_ms, licence.years) if expires_ms is None else expires_ms,
    )


def _first_licence(request: Request, product: Product, device: Device, order_id: int | None) -> Licence:
    if device.origin is Origin.CHIP:
        bought = licences.buy(request.db, product, 1, CHIP_YEARS, request.now_ms, kind=OrderKind.CHIP, used=1)
        taken: Licence | None = Licence(bought.id, bought.years)
    elif order_id is None:
        taken = licences.take(request.db, product.product_key)
    else:
        taken = licences.take_of(request.db, order_id)
    if taken is None:
        raise Refused(ServiceCode.NO_QUOTA)
    licences.write_ledger(
        request.db, product.product_key, device.id2, taken, reason=Reason.ACTIVATION, now_ms=request.now_ms
    )
    return taken


def _renewal_order(request: Request, device: Device) -> int | None:
    product = products.find(request.db, device.product_key or "")
    if product is None or not product.auto_renew:
        return None
    return licences.for_renewal(request.db, product)


def _renewed(request: Request, device: Device) -> Licence:
    order_id = _renewal_order(request, device)
    taken = None if order_id is None else licences.take_of(request.db, order_id)
    if taken is None:
        raise Refused(ServiceCode.EXPIRED)
    licences.write_ledger(
        request.db, device.product_key or "", device.id2, taken, reason=Reason.RENEWAL, now_ms=request.now_ms
    )
    return taken


def _count_of_day(request: Request, device: Device) -> None:
    day = day_of(request.now_ms, request.settings)
    if devices.count_of_day(request.db, device.id2, day) >= request.settings.daily_limit:
        raise Refused(request.settings.daily_limit_code)
    devices.count(request.db, device.id2, day)
