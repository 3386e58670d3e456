"""The admin side of the production line: vendors, burn licences, and a line's two calls in process.

Source: service.md 6.6.
"""

import re
import sqlite3
from collections.abc import Sequence

from harness.errors import UsageError
from harness.id2.codes import ServiceCode, describe_service
from harness.id2.errors import Id2Error
from harness.id2.keys import KeyType
from harness.service.mock.core import Core
from harness.service.mock.request import Refused
from harness.service.mock.store import burning
from harness.service.mock.store.burning import BurnItem, BurnLicence, Receipt, Vendor

_CODE_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")


class BurningAdmin:
    """What chip and module vendors have."""

    _core: Core

    def register_vendor(self, code: str, name: str = "") -> Vendor:
        """Register a vendor.

        Args:
            code: 4 hex digits in capitals, as chips carry them.
            name: For people.

        Raises:
            UsageError: Another form, or registered already.
        """
        if not re.fullmatch(r"[0-9A-F]{4}", code):
            raise UsageError("vendor code must be 4 hex digits in capitals")
        made = Vendor(code, name)
        try:
            with self._core.store.transaction() as db:
                burning.insert_vendor(db, made, self._core.clock.now_ms())
        except sqlite3.IntegrityError:
            raise UsageError(f"vendor {code} is registered already") from None
        return made

    def vendors(self) -> tuple[Vendor, ...]:
        """Return the registered vendors by code."""
        with self._core.store.reading() as db:
            return burning.list_vendors(db)

    def create_burn_licence(
        self, vendor: str, product_code: str, quota: int, key_type: KeyType | str, public_key: str
    ) -> BurnLicence:
        """Grant a burn licence.

        Args:
            vendor: A registered vendor's code.
            product_code: The vendor's chip or module model.
            quota: How many ID²s, up to 1,000,000.
            key_type: Type of their keys: AES, 3DES or SM4.
            public_key: RSA public key in PEM, of the pair that the production line holds.

        Raises:
            UsageError: No such vendor, or a value outside its limits.
        """
        try:
            kind = KeyType.parse(key_type)
        except Id2Error as error:
            raise UsageError(f"burn licence: {error}") from None
        if kind not in burning.BURNABLE:
            raise UsageError(f"burn licence: no keys of type {kind} are made here; AES, 3DES and SM4 are")
        if not 1 <= quota <= burning.QUOTA_MAX:
            raise UsageError(f"burn licence: the quota is 1 to {burning.QUOTA_MAX}, not {quota}")
        if not _CODE_FORM.fullmatch(product_code):
            raise UsageError("burn licence: the product code has 1 to 64 letters, digits, '-' and '_'")
        burning.load_public_key(public_key)
        made = BurnLicence(burning.new_licence(), vendor, product_code, kind, public_key, quota, 0)
        with self._core.store.transaction() as db:
            if not burning.vendor_known(db, vendor):
                raise _refused(ServiceCode.NO_VENDOR)
            burning.insert_licence(db, made, self._core.clock.now_ms())
        return made

    def burn_licences(self) -> tuple[BurnLicence, ...]:
        """Return the burn licences, oldest first."""
        with self._core.store.reading() as db:
            return burning.list_licences(db)

    def retrieve_id2(self, licence: str, count: int, sign: bytes) -> tuple[BurnItem, ...]:
        """Hand ID²s to a production line; until their receipts come they answer 44.

        Args:
            licence: Text of the burn licence.
            count: 1 to 30.
            sign: Signature over `burning.signed_text`, by the private half of the licence's key.

        Raises:
            UsageError: Refused, with the service's code in `code`: 14, 15, 16, 500.
        """
        try:
            with self._core.store.transaction() as db:
                found = burning.known_licence(db, licence)
                _require_count(count, self._core.settings.retrieve_max)
                burning.require_signature(found, burning.signed_text(licence, count), sign)
                return burning.retrieve(db, found, count, self._core.clock.now_ms())
        except Refused as refused:
            raise _refused(refused.code) from None

    def return_id2(self, licence: str, receipts: Sequence[Receipt]) -> None:
        """Take a production line's receipts, all or none; their ID²s can be activated from now on.

        Raises:
            UsageError: Refused, with the service's code in `code`: 12, 13, 14, 15.
        """
        try:
            with self._core.store.transaction() as db:
                burning.give_back(db, burning.known_licence(db, licence), receipts, self._core.clock.now_ms())
        except Refused as refused:
            raise _refused(refused.code) from None


def _require_count(count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise Refused(ServiceCode.PARAMETER)


def _refused(code: int) -> UsageError:
    told = describe_service(code)
    return UsageError(f"production line: {told}", hint=told.hint, code=int(code))
