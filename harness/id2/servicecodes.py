"""What the ID² service answers: codes of its OpenAPI and alerts of its iTLS handshake.

Source: service.md 4.4, 5.2, 8; device-protocol.md h.3, h.4.
"""

from harness.id2.codebase import Code


class ServiceCode(Code):
    """`Code` of the ID² OpenAPI."""

    SUCCESS = 200, "success", ""
    PARAMETER = 500, "parameter error", "Check names and forms of the request's parameters."
    SYSTEM = 700, "system error of the service", "Wait and try again; then ask the vendor with the RequestId."
    BOUND_ELSEWHERE = (
        12,
        "already activated, under another product",
        (
            "Use the product that it is bound to, or erase and provision the device again (this costs a "
            "licence)."
        ),
    )
    NO_CHIP = 13, "chip does not exist", "Check the chip's registration."
    CRYPTO = (
        14,
        "signing, verifying, encrypting or decrypting failed",
        "Check that the ID's key type is the product's.",
    )
    NO_BURN_LICENCE = 15, "burn licence does not exist", "Apply for the burn licence."
    NO_QUOTA = (
        16,
        "no licence left for this product",
        "Buy licences and assign them to this product, in its region.",
    )
    NO_ID = (
        18,
        "ID² does not exist",
        "The device holds an ID the service does not know: erase it and provision again.",
    )
    AUTH_CODE = (
        21,
        "auth code invalid: wrong code, challenge used before, or clock off by 10 minutes or more",
        "Take a fresh challenge; check ID, key, extra, and the device's clock in milliseconds.",
    )
    NOT_ACTIVATED = 32, "ID² not activated", "Let the device authenticate once (Verify), then repeat."
    TIMESTAMP_EXPIRED = (
        33,
        "timestamp expired",
        "Set the device's clock; the offset must stay below 10 minutes.",
    )
    TIMESTAMP_REPEATED = (
        34,
        "timestamp code used before",
        "Make a new code; use milliseconds, not seconds times 1000.",
    )
    CHALLENGE = (
        35,
        "challenge invalid: not from the service, or used before",
        "Call GetServerRandom for each code.",
    )
    DATA = 36, "data invalid", "Check the Data parameter."
    API_VERSION = 37, "ApiVersion invalid", "Send ApiVersion=1.1.2."
    SERVER_EXTRA = 38, "extra of the server code invalid", "At most 512 bytes."
    DEVICE_EXTRA = 39, "extra of the device code invalid", "Pass exactly the bytes that the device signed."
    DEVICE_CHALLENGE = (
        40,
        "device challenge invalid",
        "Pass the device's challenge unchanged, 1 to 128 characters.",
    )
    USE_CODE = 41, "authorisation code of use invalid", "Check the code in the console."
    UNSUPPORTED = 42, "function not supported", "Check product, key type and region."
    STATE = 43, "state of the ID² does not allow it", "Look at the device's state in the console."
    BURNING = 44, "burning was not completed", "Finish burning: send the receipt of the production line."
    SUSPENDED = 45, "ID² suspended", "Resume it in the console."
    DISCARDED = 46, "ID² discarded", "This ID is dead; provision a new one."
    NO_RIGHT = 47, "user has no right", "Use an AccessKey of the account that owns the product."
    VENDOR = 48, "vendor code invalid", "Check the vendor code."
    PRODUCT_CODE = 49, "product code invalid", "Check the ProductKey."
    EXPIRED = (
        50,
        "ID² expired",
        "Renew: buy licences or switch on automatic renewal, then authenticate again.",
    )
    NO_PRODUCT = 51, "product does not exist", "Check the ProductKey and its region."
    NO_VENDOR = 52, "vendor not registered", "Register the vendor."
    DOWNLOAD_LIMIT = 53, "ID² downloads are limited", "Ask the vendor for a larger limit."
    BUSY = 54, "system busy", "Wait and try again."
    OTP_OFF = 55, "field provisioning (OTP) is not enabled", "Enable it for the product."
    FINGERPRINT = 56, "device fingerprint invalid", "Check ls_hal_get_dev_id: stable, unique, not empty."
    FINGERPRINT_DUPLICATE = 57, "device fingerprint used twice", "Give each device its own ls_hal_get_dev_id."
    RAM_RIGHT = (
        63,
        "RAM right AliyunIOTIDFullAccess is missing",
        "Grant the right to the RAM user of this AccessKey.",
    )


class ItlsAlert(Code):
    """Alerts of an iTLS connection: the plain TLS ones that occur, and those of ID² from 160 on."""

    CLOSE_NOTIFY = (
        0,
        "TLS: close notify, the sender has no more to say",
        "Nothing: this is how a session ends.",
    )
    UNEXPECTED_MESSAGE = 10, "TLS: unexpected message", "Check that this port speaks iTLS."
    BAD_RECORD_MAC = 20, "TLS: bad record MAC", "The two sides hold other keys: check the ID² key."
    RECORD_OVERFLOW = 22, "TLS: record overflow", "Keep records to the negotiated maximum fragment length."
    HANDSHAKE_FAILURE = (
        40,
        "TLS: handshake failure; the client sends it for a wrong or missing server code or pre-master",
        "Check that device and service hold the same ID² key.",
    )
    ILLEGAL_PARAMETER = 47, "TLS: illegal parameter", "Compare the hello with that of the vendor's client."
    DECODE_ERROR = 50, "TLS: decode error", "Check lengths of the extensions."
    DECRYPTION = 51, "TLS: decryption failed", "Check the ID² key."
    PROTOCOL_VERSION = 70, "TLS: protocol version", "iTLS is TLS 1.2, version 03 03."
    INTERNAL_ERROR = 80, "TLS: internal error", "Read the log of the other side."
    USER_CANCELED = 90, "TLS: handshake given up", "Read the log of the other side."
    UNSUPPORTED_EXTENSION = 110, "TLS: unsupported extension", "Check the version of the library."
    GENERIC = 160, "generic ID² error", "Check the ProductSecret."
    NO_QUOTA = 161, "no licence left for this product", "Buy licences and assign them to this product."
    NO_ID = (
        162,
        "ID² does not exist",
        "The device holds an ID the service does not know: erase and provision again.",
    )
    AUTH_CODE = 163, "auth code invalid", "Each challenge is used once; check the ID² key."
    NOT_ACTIVATED = (
        164,
        "ID² not activated (one page of the vendor says the opposite)",
        "Authenticate once first.",
    )
    TIMESTAMP_EXPIRED = 165, "timestamp expired", "Set the device's clock."
    CHALLENGE = 166, "challenge invalid", "Start the handshake again with a fresh challenge."
    UNSUPPORTED = 167, "operation not supported", "Check product and key type."
    SUSPENDED = 168, "ID² suspended", "Resume it in the console."
    DISCARDED = 169, "ID² discarded", "This ID is dead; provision a new one."
    BOUND_ELSEWHERE = 170, "bound to another product", "Use that ProductKey, or erase and provision again."
    PRODUCT_KEY = 171, "ProductKey invalid", "Check the ProductKey in the firmware."
    NO_PRODUCT = (
        172,
        "product does not exist, or was not made with ID² authentication",
        "Create it in ID² mode.",
    )
    BUSY = 173, "server busy", "Wait and try again."
    FINGERPRINT = 174, "device fingerprint invalid", "Check ls_hal_get_dev_id: stable, unique, not empty."
    FINGERPRINT_DUPLICATE = (
        175,
        "device fingerprint used twice",
        "Give each device its own ls_hal_get_dev_id.",
    )
    SERVER_RANDOM = 176, "server random invalid", "Start the handshake again."
    HASH_TYPE = 177, "hash (MAC) type invalid", "SHA-256 with 3DES, AES and RSA; SM3 with SM1, SM2 and SM4."
    KEY_TYPE = 178, "key type invalid", "Compare the key type of the build with the product's."
