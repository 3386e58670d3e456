"""Whether a device may connect by MQTT under the name that it gives: the IoT Platform's rules for ID² products.

Source: service.md 2.2; device-protocol.md h.5.
"""

import sqlite3
import threading
from dataclasses import dataclass

from harness.errors import UsageError
from harness.gateway.authority import note_call
from harness.gateway.mqtt.packets import ConnAck, ConnectPacket, MqttError
from harness.service.mock.admin import naming
from harness.service.mock.core import Core
from harness.service.mock.store import products
from harness.service.mock.store.products import PUBLIC_INSTANCE, Product, Registration

DEMANDED = {
    "securemode": "8",
    "signmethod": "hmacsha1",
    "timestamp": "2524608000000",
    "authtype": "id2",
}
"""What the suffix of a client id must say; further names may stand beside them."""

_INSTANCE = "instanceId"
_SHOWN = 80
_HELD_SHOWN = 4
_NAMES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class MqttIdentity:
    """What a CONNECT says about the device.

    Attributes:
        device_name: The first part of the user name.
        product_key: The second.
        suffix: Names and values between the bars of the client id.
    """

    device_name: str
    product_key: str
    suffix: dict[str, str]


class Registry:
    """Checks CONNECTs against the products of a mock service, and remembers which device has which name.

    A DeviceName belongs to the first ID² that connects under it, for as long as the gateway lives. A board that was
    erased and provisioned again has a new ID², and its name with it: a name goes over to the newest ID² that the store
    has for the fingerprint of its owner. One ID² has one name in its product, unless it is allowed more: else a single
    device could keep all others out.
    """

    def __init__(self, core: Core, *, names_per_id2: int = 1) -> None:
        self._core = core
        self._names_per_id2 = names_per_id2
        self._lock = threading.Lock()
        self._owners: dict[tuple[str, str], str] = {}
        self._names: dict[tuple[str, str], set[str]] = {}

    def admit(self, connect: ConnectPacket, product_key: str, id2: str) -> MqttIdentity:
        """Check a CONNECT, register its DeviceName, and write a line in the mock's call log.

        Args:
            connect: What the device sent.
            product_key: The product that its handshake was for.
            id2: The device.

        Raises:
            MqttError: With 2 for the client id, 4 for the user name, 5 for a device that may not register, 3 while
                another process holds the store.
        """
        try:
            return self._admit(connect, product_key, id2)
        except sqlite3.OperationalError as error:
            raise MqttError(f"the service's store cannot be used: {error}", ConnAck.UNAVAILABLE) from None

    def _admit(self, connect: ConnectPacket, product_key: str, id2: str) -> MqttIdentity:
        asked = {
            "ProductKey": product_key,
            "Id2": id2,
            "ClientId": connect.client_id,
            "UserName": connect.user_name or "",
        }
        outcome: MqttIdentity | MqttError
        with self._core.store.transaction() as db:
            try:
                identity = read_identity(connect)
                product = products.find(db, product_key)
                listed = product is not None and identity.device_name in products.whitelist(db, product_key)
                _require_product(identity, product, listed=listed, product_key=product_key)
                self._register(db, identity, id2)
                outcome = identity
            except MqttError as refused:
                outcome = refused
            refusal = f"connack {outcome.code}" if isinstance(outcome, MqttError) and outcome.answer else None
            note_call(self._core, db, "mqtt:connect", asked, refusal)
        if isinstance(outcome, MqttError):
            raise outcome
        return outcome

    def _register(self, db: sqlite3.Connection, identity: MqttIdentity, id2: str) -> None:
        name = (identity.product_key, identity.device_name)
        with self._lock:
            if len(self._owners) >= _NAMES_MAX and name not in self._owners:
                self._owners.clear()
                self._names.clear()
            owner = self._owners.get(name)
            if owner is None or (owner != id2 and _succeeds(db, owner, id2)):
                self._require_room(name, id2)
                owner = self._owners[name] = id2
                self._names.setdefault((identity.product_key, id2), set()).add(identity.device_name)
        if owner != id2:
            raise MqttError(
                f"DeviceName {identity.device_name} belongs to another ID² of this product",
                ConnAck.NOT_AUTHORIZED,
                hint="give each device its own DeviceName",
            )

    def _require_room(self, name: tuple[str, str], id2: str) -> None:
        product_key, device_name = name
        taken = self._names.get((product_key, id2), set())
        # A name that went over to another board since is not this one's any more.
        held = sorted(one for one in taken if self._owners.get((product_key, one)) == id2)
        if len(held) >= self._names_per_id2:
            raise MqttError(
                f"ID² {id2} is {', '.join(held[:_HELD_SHOWN])} already, and asks to be {device_name} as well",
                ConnAck.NOT_AUTHORIZED,
                hint="one ID² has one DeviceName in its product; --itls-settings names_per_id2=N allows more",
            )


def read_identity(connect: ConnectPacket) -> MqttIdentity:
    """Read client id and user name.

    Raises:
        MqttError: With 2 when the client id has not the suffix, 4 when the user name has not its form.
    """
    suffix = _suffix(connect.client_id)
    for name, value in DEMANDED.items():
        if suffix.get(name) != value:
            raise _wrong_id(f"its suffix must say {name}={value}", connect.client_id)
    device_name, ampersand, product_key = (connect.user_name or "").partition("&")
    try:
        naming.require_device_name(device_name)
    except UsageError as error:
        raise _wrong_user(str(error), connect.user_name) from None
    if not ampersand or not product_key:
        raise _wrong_user("it must be DeviceName&ProductKey", connect.user_name)
    return MqttIdentity(device_name, product_key, suffix)


def _succeeds(db: sqlite3.Connection, owner: str, id2: str) -> bool:
    """Return whether an ID² is the newest of the board that has the owner's, going by fingerprint and product."""
    newest = db.execute(
        "SELECT newer.id2 FROM device AS newer JOIN device AS owner"
        " ON newer.fingerprint = owner.fingerprint AND newer.product_key = owner.product_key"
        " WHERE owner.id2 = ? ORDER BY newer.created_ms DESC, newer.rowid DESC LIMIT 1",
        (owner,),
    ).fetchone()
    return newest is not None and newest[0] == id2


def _suffix(client_id: str) -> dict[str, str]:
    _, bar, rest = client_id.partition("|")
    inside, end, behind = rest.partition("|")
    if not bar or not end or behind:
        raise _wrong_id("it must end in |name=value,…|", client_id)
    found: dict[str, str] = {}
    for pair in inside.split(","):
        name, equals, value = pair.partition("=")
        if not equals or not name or name in found:
            raise _wrong_id("between the bars stand name=value pairs, each name once", client_id)
        found[name] = value
    return found


def _require_product(
    identity: MqttIdentity, product: Product | None, *, listed: bool, product_key: str
) -> None:
    if product is None or identity.product_key != product_key:
        raise MqttError(
            f"the user name is of product {identity.product_key[:_SHOWN]!a}, the handshake was for {product_key}",
            ConnAck.CREDENTIALS,
        )
    instance = product.instance_id or PUBLIC_INSTANCE
    given = identity.suffix.get(_INSTANCE)
    if instance == PUBLIC_INSTANCE and given is not None:
        raise MqttError(
            f"instanceId={given[:_SHOWN]!a} for a product of the public instance, which has none",
            ConnAck.IDENTIFIER,
        )
    if instance not in (PUBLIC_INSTANCE, given):
        what = "no instanceId" if given is None else f"instanceId={given[:_SHOWN]!a}"
        raise MqttError(f"{what} for a product of instance {instance}", ConnAck.IDENTIFIER)
    if product.registration is Registration.WHITELIST and not listed:
        raise MqttError(
            f"DeviceName {identity.device_name} is not on the ID² whitelist of {product_key}",
            ConnAck.NOT_AUTHORIZED,
            hint="put it on the whitelist, or let devices register themselves",
        )


def _wrong_id(why: str, client_id: str) -> MqttError:
    return MqttError(f"client id {client_id[:_SHOWN]!a}: {why}", ConnAck.IDENTIFIER)


def _wrong_user(why: str, user_name: str | None) -> MqttError:
    shown = "(none)" if user_name is None else f"{user_name[:_SHOWN]!a}"
    return MqttError(f"user name {shown}: {why}", ConnAck.CREDENTIALS)
