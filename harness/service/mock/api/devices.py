"""Devices: adding, finding and changing them."""

from typing import Annotated

from fastapi import APIRouter, Query

from harness.errors import UsageError
from harness.id2.errors import Id2Error
from harness.id2.keys import Key
from harness.service.mock.admin.admin import Admin
from harness.service.mock.api import models
from harness.service.mock.api.answers import NOT_THERE, REFUSED, links, not_there
from harness.service.mock.api.models import DebugDevice, Device, DevicePage, Id2, NewDevice, ProductKey
from harness.service.mock.store.devices import Device as Stored
from harness.service.mock.store.devices import DeviceState

_OF_A_DEVICE = ("get_device", "set_state", "erase")


def router(admin: Admin) -> APIRouter:
    """Return the routes about devices."""
    routes = APIRouter(tags=["devices"])

    def told(device: Stored) -> Device:
        return _told(device, round(admin.now().timestamp() * 1000))

    def require(id2: str) -> Stored:
        found = admin.find_device(id2)
        if found is None:
            raise not_there(f"device {id2}")
        return found

    @routes.get("/devices")
    def list_devices(
        product_key: ProductKey | None = None,
        state: DeviceState | None = None,
        search: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 50,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> DevicePage:
        """Devices by product, state, or a part of the ID²."""
        page = admin.devices(product_key=product_key, state=state, search=search, limit=limit, offset=offset)
        return DevicePage(devices=[told(device) for device in page.devices], total=page.total)

    @routes.post("/devices", status_code=201, responses=REFUSED | {201: links("id2", *_OF_A_DEVICE)})
    def add_device(wanted: NewDevice) -> Device:
        """Make a burnt device known."""
        try:
            key = Key.parse(wanted.key_type, wanted.key.get_secret_value())
        except Id2Error as error:
            raise UsageError(f"key: {error}") from None
        return told(admin.add_device(wanted.id2, key))

    @routes.get("/devices/{id2}", responses=NOT_THERE)
    def get_device(id2: Id2) -> Device:
        """One device."""
        return told(require(id2))

    @routes.put("/devices/{id2}/state", responses=NOT_THERE | REFUSED)
    def set_state(id2: Id2, change: models.StateChange) -> Device:
        """Put a device into a state."""
        require(id2)
        return told(admin.set_device_state(id2, change.state))

    @routes.post("/devices/{id2}/erasure", responses=NOT_THERE | REFUSED)
    def erase(id2: Id2) -> Device:
        """Forget that the device was ever used: its next success spends another licence."""
        require(id2)
        admin.erase_device(id2)
        return told(require(id2))

    @routes.post("/debug-devices", status_code=201, responses=REFUSED | {201: links("id2", *_OF_A_DEVICE)})
    def make_debug_device(wanted: models.NewDebugDevice) -> DebugDevice:
        """Make a debug ID² and tell its key."""
        made = admin.make_debug_device(wanted.key_type)
        assert made.key.secret is not None
        return DebugDevice(
            id2=made.id2, key_type=made.key.key_type, key=made.key.secret.reveal().hex().upper()
        )

    return routes


def _told(device: Stored, now_ms: int) -> Device:
    return Device(
        id2=device.id2,
        key_type=device.key.key_type,
        state=device.state_at(now_ms),
        product_key=device.product_key,
        licence_id=device.licence_id,
        activated_ms=device.activated_ms,
        expires_ms=device.expires_ms,
    )
