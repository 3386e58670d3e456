"""The admin side of AccessKeys.

Source: service.md 4.1.
"""

import sqlite3

from harness.errors import UsageError
from harness.service.access_key import AccessKey
from harness.service.mock.admin import naming
from harness.service.mock.core import Core
from harness.service.mock.store import access
from harness.service.mock.store.access import MAIN_ACCOUNT, AccessKeyInfo, Policy, StsCredentials

_LONGEST_S = 12 * 3600
_SHORTEST_S = 1


class AccessAdmin:
    """AccessKeys, permanent and temporary."""

    _core: Core

    def create_access_key(
        self, policy: Policy | str = Policy.FULL, *, key: AccessKey | None = None, account: str = MAIN_ACCOUNT
    ) -> AccessKey:
        """Add an AccessKey, a new one or a given one.

        Raises:
            UsageError: No such policy, or the id exists.
        """
        made, wanted = key or access.new(), naming.member(Policy, policy, "policy")
        try:
            with self._core.store.transaction() as db:
                access.insert(db, made, wanted, self._core.clock.now_ms(), account=account)
        except sqlite3.IntegrityError:
            raise UsageError(f"AccessKey {made.id} exists already") from None
        return made

    def issue_sts(
        self, policy: Policy | str, *, lifetime_s: int, account: str = MAIN_ACCOUNT
    ) -> StsCredentials:
        """Make a temporary AccessKey with its security token.

        Args:
            policy: What it may do.
            lifetime_s: How long it is valid, seconds, up to 12 hours as STS has it.
            account: Whose it is.

        Raises:
            UsageError: No such policy, or no such lifetime.
        """
        wanted = naming.member(Policy, policy, "policy")
        if not _SHORTEST_S <= lifetime_s <= _LONGEST_S:
            raise UsageError(f"a temporary AccessKey is valid for {_SHORTEST_S} to {_LONGEST_S} seconds")
        with self._core.store.transaction() as db:
            return access.insert_temporary(
                db, wanted, self._core.clock.now_ms(), lifetime_s=lifetime_s, account=account
            )

    def delete_access_key(self, key_id: str) -> None:
        """Delete an AccessKey.

        Raises:
            UsageError: There is none.
        """
        with self._core.store.transaction() as db:
            if not access.delete(db, key_id):
                raise UsageError(f"AccessKey {key_id} does not exist")

    def set_access_key_active(self, key_id: str, *, active: bool) -> None:
        """Enable or disable an AccessKey.

        Raises:
            UsageError: There is none.
        """
        with self._core.store.transaction() as db:
            if not access.set_active(db, key_id, active=active):
                raise UsageError(f"AccessKey {key_id} does not exist")

    def access_keys(self) -> tuple[AccessKeyInfo, ...]:
        """Return all AccessKeys without their secrets, oldest first."""
        with self._core.store.reading() as db:
            return access.list_all(db)

    def access_key(self, key_id: str) -> tuple[AccessKey, Policy] | None:
        """Look an AccessKey up."""
        with self._core.store.reading() as db:
            return access.find(db, key_id)

    def default_access_key(self) -> tuple[AccessKey, bool]:
        """Return the oldest AccessKey with all rights, made now when there is none, and whether it was."""
        with self._core.store.transaction() as db:
            found = access.first_full(db)
            if found is not None:
                return found, False
            made = access.new()
            access.insert(db, made, Policy.FULL, self._core.clock.now_ms())
            return made, True
