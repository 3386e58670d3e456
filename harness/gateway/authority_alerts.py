"""Code of the OpenAPI to alert of the handshake: one table for all, and what provisioning has otherwise.

No source pairs them. Where names or documented hints do not, the choice is ours (docs/link.md).

Source: service.md 4.4, 5.2.
"""

from collections.abc import Mapping

from harness.id2.codes import ItlsAlert, ServiceCode

ALERTS: Mapping[ServiceCode, ItlsAlert] = {
    ServiceCode.BOUND_ELSEWHERE: ItlsAlert.BOUND_ELSEWHERE,
    ServiceCode.NO_CHIP: ItlsAlert.NO_ID,
    ServiceCode.CRYPTO: ItlsAlert.KEY_TYPE,
    ServiceCode.NO_BURN_LICENCE: ItlsAlert.GENERIC,
    ServiceCode.NO_QUOTA: ItlsAlert.NO_QUOTA,
    ServiceCode.NO_ID: ItlsAlert.NO_ID,
    ServiceCode.AUTH_CODE: ItlsAlert.AUTH_CODE,
    ServiceCode.NOT_ACTIVATED: ItlsAlert.NOT_ACTIVATED,
    ServiceCode.TIMESTAMP_EXPIRED: ItlsAlert.TIMESTAMP_EXPIRED,
    ServiceCode.TIMESTAMP_REPEATED: ItlsAlert.AUTH_CODE,
    ServiceCode.CHALLENGE: ItlsAlert.CHALLENGE,
    ServiceCode.DATA: ItlsAlert.GENERIC,
    ServiceCode.API_VERSION: ItlsAlert.UNSUPPORTED,
    ServiceCode.SERVER_EXTRA: ItlsAlert.AUTH_CODE,
    ServiceCode.DEVICE_EXTRA: ItlsAlert.AUTH_CODE,
    ServiceCode.DEVICE_CHALLENGE: ItlsAlert.GENERIC,
    ServiceCode.USE_CODE: ItlsAlert.GENERIC,
    ServiceCode.UNSUPPORTED: ItlsAlert.UNSUPPORTED,
    ServiceCode.STATE: ItlsAlert.NOT_ACTIVATED,
    ServiceCode.BURNING: ItlsAlert.NOT_ACTIVATED,
    ServiceCode.SUSPENDED: ItlsAlert.SUSPENDED,
    ServiceCode.DISCARDED: ItlsAlert.DISCARDED,
    ServiceCode.NO_RIGHT: ItlsAlert.NO_PRODUCT,
    ServiceCode.VENDOR: ItlsAlert.GENERIC,
    ServiceCode.PRODUCT_CODE: ItlsAlert.PRODUCT_KEY,
    ServiceCode.EXPIRED: ItlsAlert.NO_QUOTA,
    ServiceCode.NO_PRODUCT: ItlsAlert.NO_PRODUCT,
    ServiceCode.NO_VENDOR: ItlsAlert.GENERIC,
    ServiceCode.DOWNLOAD_LIMIT: ItlsAlert.NO_QUOTA,
    ServiceCode.BUSY: ItlsAlert.BUSY,
    ServiceCode.OTP_OFF: ItlsAlert.UNSUPPORTED,
    ServiceCode.FINGERPRINT: ItlsAlert.FINGERPRINT,
    ServiceCode.FINGERPRINT_DUPLICATE: ItlsAlert.FINGERPRINT_DUPLICATE,
    ServiceCode.RAM_RIGHT: ItlsAlert.GENERIC,
    ServiceCode.PARAMETER: ItlsAlert.GENERIC,
    ServiceCode.SYSTEM: ItlsAlert.GENERIC,
}
"""The alert that a device gets for each refusal of the service."""

PROVISIONING_ALERTS: Mapping[ServiceCode, ItlsAlert] = {
    **ALERTS,
    # The hint that is documented for 160 is "check ProductSecret", which is what is wrong in these two.
    ServiceCode.AUTH_CODE: ItlsAlert.GENERIC,
    ServiceCode.NO_PRODUCT: ItlsAlert.GENERIC,
    ServiceCode.UNSUPPORTED: ItlsAlert.KEY_TYPE,
}
"""The same for `OtpGetId2`, whose 21 and 51 speak of the ProductSecret and whose 42 speaks of the key type."""
