"""The debugging service and the device-side adaptation verification, for the console and the admin API.

Source: service.md 4.3 (debugging service), 7 (adaptation verification).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from harness.errors import UsageError
from harness.id2.errors import Id2Error
from harness.service.mock.store import devices, onetime
from harness.service.mock.store.devices import Device, DeviceState

if TYPE_CHECKING:
    from harness.id2.decryption import Decryption
    from harness.service.mock.core import Core
    from harness.service.mock.store.adaptations import Adaptation

CodeMode = Literal["challenge", "timestamp"]


@dataclass(frozen=True, slots=True)
class DebugCode:
    """What the auth-code generator gives.

    Attributes:
        id2: The device.
        auth_code: Its code.
        random: The challenge or timestamp in it.
        extra: What was signed along with it; the caller of `Verify` must give the same.
    """

    id2: str
    auth_code: str
    random: str
    extra: str


@dataclass(frozen=True, slots=True)
class DeviceInputs:
    """What goes into the firmware for the second half of a verification.

    Attributes:
        ciphertext: Hex digits for `ID2_CIPHER_DATA`; None for keys without a cipher.
        server_code: For `ID2_AUTH_CODE`; None for such keys.
    """

    ciphertext: str | None
    server_code: str | None


class DebuggingAdmin:
    """The part of the admin side that helps to bring a device or a server up."""

    _core: Core

    def debug_auth_code(self, id2: str, mode: CodeMode, *, challenge: str = "", extra: str = "") -> DebugCode:
        """Make the code that a device would give, to try a server with.

        Args:
            id2: A device whose private key the service knows, so mostly a debug ID².
            mode: Over a challenge or over the service's time.
            challenge: As `GetServerRandom` answered it; empty has one issued now. Not for timestamps.
            extra: At most 512 bytes; empty is without.

        Raises:
            UsageError: No such device, no private key, or a value outside its limits.
        """
        from harness.id2 import authcode

        with self._core.store.transaction() as db:
            device = _device(db, id2)
            now_ms = self._core.clock.now_ms()
            random = challenge or onetime.issue_challenge(db, id2, now_ms)
            if mode == "timestamp":
                random = str(now_ms)
            try:
                code = authcode.build(
                    device.key,
                    id2,
                    challenge=random if mode == "challenge" else None,
                    timestamp=random if mode == "timestamp" else None,
                    extra=extra.encode("utf-8", "replace"),
                )
            except Id2Error as error:
                raise UsageError(str(error)) from None
        return DebugCode(id2, code.text, random, extra)

    def verify_report(self, text: str) -> Adaptation:
        """Judge the validation report of a device, and keep the verdict.

        Args:
            text: The report's JSON, or the console log with it.

        Raises:
            UsageError: There is no report in it, or none that can be read.
        """
        from harness.id2 import adaptation
        from harness.service.mock.store import adaptations
        from harness.service.mock.store.adaptations import Adaptation

        try:
            found = adaptation.find_report(_printed(text))
        except Id2Error as error:
            raise UsageError(str(error)) from None
        with self._core.store.transaction() as db:
            device = devices.find(db, found.report.id2) if found.report.id2.isascii() else None
            known = device is not None and device.state is not DeviceState.UNKNOWN
            key = device.key if device is not None and known else None
            return adaptations.insert(
                db,
                Adaptation(
                    id=0,
                    at_ms=self._core.clock.now_ms(),
                    id2=found.report.id2,
                    key_type="" if key is None else key.key_type.value,
                    sdk_version=found.report.sdk_version,
                    built=found.report.date,
                    items=adaptation.judge(found, key),
                ),
            )

    def verify_decryption(self, number: int, text: str) -> Adaptation:
        """Judge the console log of the device with the ciphertext in it.

        Raises:
            UsageError: No such verification, or its report did not pass.
        """
        from harness.id2 import decryption

        with self._core.store.transaction() as db:
            made = _passed(db, number)
            return self._decide(db, made, decryption.judge(_printed(text), made.id2), by_hand=False)

    def confirm_decryption(self, number: int, *, passed: bool) -> Adaptation:
        """Take a person's word for what the device printed.

        Raises:
            UsageError: No such verification, or its report did not pass.
        """
        from harness.id2.decryption import Decryption, DecryptionCause

        cause = DecryptionCause.PASSED if passed else DecryptionCause.FAILED
        with self._core.store.transaction() as db:
            return self._decide(db, _passed(db, number), Decryption(cause), by_hand=True)

    def device_inputs(self, number: int) -> DeviceInputs:
        """Return what goes into the firmware next.

        Raises:
            UsageError: No such verification, its report did not pass, or the device is gone.
        """
        from harness.id2 import adaptation

        with self._core.store.transaction() as db:
            made = _passed(db, number)
            device = _device(db, made.id2)
        cipher = adaptation.ciphertext(device.key, device.id2)
        return DeviceInputs(
            None if cipher is None else cipher.hex().upper(), adaptation.server_code(device.key, device.id2)
        )

    def adaptation(self, number: int) -> Adaptation:
        """Return a verification.

        Raises:
            UsageError: There is none with this number.
        """
        with self._core.store.transaction() as db:
            return _adaptation(db, number)

    def adaptations(self, limit: int = 20) -> tuple[Adaptation, ...]:
        """Return the last verifications, newest first."""
        from harness.service.mock.store import adaptations

        with self._core.store.transaction() as db:
            return adaptations.recent(db, limit)

    def _decide(
        self, db: sqlite3.Connection, made: Adaptation, decided: Decryption, *, by_hand: bool
    ) -> Adaptation:
        from harness.service.mock.store import adaptations

        changed = replace(made, decryption=decided, decided_ms=self._core.clock.now_ms(), by_hand=by_hand)
        adaptations.update(db, changed)
        return changed


def _device(db: sqlite3.Connection, id2: str) -> Device:
    found = devices.find(db, id2) if id2.isascii() else None
    if found is None:
        raise UsageError("this ID² is not known to the service")
    return found


def _adaptation(db: sqlite3.Connection, number: int) -> Adaptation:
    from harness.service.mock.store import adaptations

    found = adaptations.find(db, number) if 0 < number < 1 << 62 else None
    if found is None:
        raise UsageError(f"there is no verification {number}")
    return found


def _printed(pasted: str) -> str:
    """Return a pasted console log as the device printed it, read as `check-log` reads it."""
    from harness.console.capture import printed_text

    return printed_text(pasted.encode("utf-8", errors="surrogatepass"))


def _passed(db: sqlite3.Connection, number: int) -> Adaptation:
    found = _adaptation(db, number)
    if not found.report_passed:
        raise UsageError(f"the report of verification {number} did not pass; mend the device and paste again")
    return found
