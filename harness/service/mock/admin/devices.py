"""The admin side of devices.

Source: service.md 3, 4.3.
"""

import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.errors import UsageError
from harness.id2 import ids
from harness.id2.errors import Id2Error
from harness.id2.keys import Key, KeyType
from harness.secret import Secret
from harness.service.mock.admin import naming
from harness.service.mock.core import Core
from harness.service.mock.store import devices
from harness.service.mock.store.devices import Device, DevicePage, DeviceState, Origin

DEBUG_ID_PREFIX = "000FFFFF"
"""How debug ID²s begin in the vendor's sample logs. Source: service.md 6.1."""


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A device to make known.

    Attributes:
        id2: Its identifier.
        key: Its key; a public key is enough to verify codes.
        state: The state that its ID² gets.
        chip: It is an ID² chip: a licence of 5 years comes with it.
    """

    id2: str
    key: Key
    state: DeviceState = DeviceState.BURNT
    chip: bool = False


class DeviceAdmin:
    """Devices, and the debug ID²s of the debugging service."""

    _core: Core

    def add_device(self, id2: str, key: Key, *, chip: bool = False) -> Device:
        """Make a burnt device known to the service.

        Args:
            id2: Its identifier, 24 hex digits or the PUF form.
            key: Its key; a public key is enough to verify codes.
            chip: It is an ID² chip: a licence of 5 years comes with it, so its first use takes none of the product.

        Raises:
            UsageError: Not an identifier, or the device exists.
        """
        return self._add(_burnt(NewDevice(id2, key, chip=chip)))

    def add_devices(self, wanted: Sequence[NewDevice]) -> None:
        """Make devices known, all of them or none.

        Raises:
            UsageError: As for `add_device` and `set_device_state`; the message names the device.
        """
        made = [(_burnt(each), each.state) for each in wanted]
        now_ms = self._core.clock.now_ms()
        with self._core.store.transaction() as db:
            for device, state in made:
                try:
                    devices.insert(db, device, now_ms)
                except sqlite3.IntegrityError:
                    raise UsageError(f"device {device.id2} exists already") from None
                if state is not DeviceState.BURNT:
                    devices.update(db, _in_state(device, state, now_ms))

    def make_debug_device(self, key_type: KeyType | str = KeyType.AES_128) -> Device:
        """Make a debug ID² with its key, for tests only: it uses no licence, by setting.

        Args:
            key_type: A symmetric type, but SM1, which exists inside chips only.

        Raises:
            UsageError: Another type.

        Source: service.md 4.3.
        """
        try:
            kind = KeyType.parse(key_type)
        except Id2Error as error:
            raise UsageError(str(error)) from None
        if not kind.symmetric or kind is KeyType.SM1_128:
            raise UsageError(f"no debug ID² of type {kind}: AES, 3DES and SM4 can be had")
        key = Key(kind, Secret(secrets.token_bytes(kind.key_size)))
        id2 = DEBUG_ID_PREFIX + secrets.token_hex(8).upper()
        return self._add(Device(id2, key, DeviceState.BURNT, origin=Origin.DEBUG))

    def device(self, id2: str) -> Device:
        """Return a device as it is stored; `state_at` applies the end of validity.

        Raises:
            UsageError: There is none.
        """
        with self._core.store.reading() as db:
            return _device(db, id2)

    def find_device(self, id2: str) -> Device | None:
        """Return a device as it is stored, or None when there is none."""
        with self._core.store.reading() as db:
            return devices.find(db, id2)

    def find_devices(self, ids: Sequence[str]) -> dict[str, Device]:
        """Return those of some devices that there are, by ID²."""
        with self._core.store.reading() as db:
            return devices.find_each(db, ids)

    def devices(
        self,
        *,
        product_key: str | None = None,
        state: DeviceState | str | None = None,
        search: str = "",
        limit: int = 50,
        offset: int = 0,
    ) -> DevicePage:
        """Return a page of devices by ID².

        Args:
            product_key: Only those bound to or provisioned for it.
            state: Only those in it, the end of validity applied.
            search: How their ID² begins, in any case of letters.
            limit: How many at most.
            offset: How many to leave out first.

        Raises:
            UsageError: No such state.
        """
        with self._core.store.reading() as db:
            return devices.search(
                db,
                product_key=product_key or None,
                state=None if not state else naming.member(DeviceState, state, "device state"),
                text=search.strip().upper(),
                now_ms=self._core.clock.now_ms(),
                limit=max(0, limit),
                offset=max(0, offset),
            )

    def set_device_state(self, id2: str, state: DeviceState | str) -> Device:
        """Put a device into a state.

        `burnt` and `activated` take it off its product; `burnt` also forgets the first use. Either way the
        licence that it used stays used, and the next success uses another one. `bound` is for a device that
        still has its product. `expired` is for good: no renewal.

        Raises:
            UsageError: No such device or state, or `bound` without a product.
        """
        wanted = naming.member(DeviceState, state, "device state")
        with self._core.store.transaction() as db:
            device = _device(db, id2)
            changed = _in_state(device, wanted, self._core.clock.now_ms())
            devices.update(db, changed)
            return changed

    def erase_device(self, id2: str) -> Device:
        """Do what erasing its storage does: the device is new, and its next first use costs another licence.

        A chip's own licence is used up by then too.

        Raises:
            UsageError: There is no such device.

        Source: service.md 3 (consumption).
        """
        with self._core.store.transaction() as db:
            device = _device(db, id2)
            origin = Origin.REGISTERED if device.origin is Origin.CHIP else device.origin
            erased = Device(device.id2, device.key, DeviceState.BURNT, origin=origin)
            devices.update(db, erased)
            return erased

    def _add(self, made: Device) -> Device:
        try:
            with self._core.store.transaction() as db:
                devices.insert(db, made, self._core.clock.now_ms())
        except sqlite3.IntegrityError:
            raise UsageError(f"device {made.id2} exists already") from None
        return made


def _device(db: sqlite3.Connection, id2: str) -> Device:
    found = devices.find(db, id2)
    if found is None:
        raise UsageError(f"device {id2} is not known to the service")
    return found


def _burnt(wanted: NewDevice) -> Device:
    try:
        provisioned = ids.parse(wanted.id2).provisioned
    except Id2Error as error:
        raise UsageError(f"device: {error}") from None
    if not provisioned:
        raise UsageError("device: an ID of F only is what a device without an ID sends")
    origin = Origin.CHIP if wanted.chip else Origin.REGISTERED
    return Device(wanted.id2, wanted.key, DeviceState.BURNT, origin=origin)


def _in_state(device: Device, wanted: DeviceState, now_ms: int) -> Device:
    if wanted is DeviceState.BOUND and device.product_key is None:
        raise UsageError(f"device {device.id2} belongs to no product; a successful Verify binds it")
    changed = replace(device, state=wanted)
    if wanted not in (DeviceState.BURNT, DeviceState.ACTIVATED):
        return changed
    return replace(
        changed,
        product_key=None,
        licence_id=None,
        expires_ms=None,
        activated_ms=None if wanted is DeviceState.BURNT else device.activated_ms or now_ms,
    )
