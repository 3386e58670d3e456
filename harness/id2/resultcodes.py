"""What the layers of a device return: client API, key manager, crypto and storage port.

Source: device-protocol.md a.3; service.md 6.0.
"""

from harness.id2.codebase import Code


class ResultCode(Code):
    """`irot_result_t`, what every function of the ID² client API returns. There is no -6."""

    SUCCESS = 0, "success", ""
    GENERIC = (
        -1,
        "generic error: everything without a number of its own, also every chip status but 9000",
        (
            "Read the ERROR line before it on the console; for a secure element look for the status word "
            "in the APDU dump."
        ),
    )
    BAD_PARAMETERS = (
        -2,
        (
            "bad parameters: a null pointer, an empty challenge or seed, a challenge above 32 characters, "
            "a key length outside 1 to 32, or a ciphertext that is not whole blocks"
        ),
        "Compare the arguments with the limits of the API.",
    )
    SHORT_BUFFER = (
        -3,
        "short buffer: the needed length was written back",
        (
            "Give 48 bytes for an ID and 256 for an auth code (512 with RSA). In a self-test that starts "
            "with an empty buffer this answer is expected."
        ),
    )
    EXCESS_DATA = (
        -4,
        (
            "excess data: extra above 512 bytes (or a pointer with length 0), seed above 128, ciphertext "
            "above 1024, or more than 4 provisioning calls"
        ),
        (
            "Shorten the data, pass NULL instead of an empty extra, or restart the process before "
            "provisioning again."
        ),
    )
    OUT_OF_MEMORY = -5, "out of memory", "Give the task more heap; the API allocates a few KB for each call."
    COMMUNICATION = (
        -7,
        "communication with the chip or the network failed",
        "Check wiring, address, clock and power of the chip, or the network.",
    )
    NOT_SUPPORTED = (
        -8,
        "not supported by this build, carrier or key type",
        (
            "Compare build options with the plan: OTP, key type, carrier. For a business key it means that "
            "it exists already."
        ),
    )
    NOT_IMPLEMENTED = (
        -9,
        "not implemented: a stub answered",
        "Implement the adaptation function that logs it.",
    )
    TIMEOUT = (
        -10,
        "time-out",
        "Check power and reset of the chip or module, then the time limit of the driver.",
    )
    ITEM_NOT_FOUND = (
        -11,
        "item not found: the device holds no ID²",
        "Provision the device (burn the ID², or run OTP provisioning) and try again.",
    )
    ACCESS_CONFLICT = (
        -12,
        "access conflict: the item exists already (HAL only)",
        "Delete the old item first, if that is intended.",
    )
    AUTHENTICATION = -13, "authentication failed (HAL only)", "Check the credentials of the key store."


class KmCode(Code):
    """Results of the key manager layer (`km_*`)."""

    SUCCESS = 0, "success", ""
    GENERIC = 0xFFFF0000, "generic error", "Read the ERROR line of the carrier before it."
    AUTHENTICATION = 0xFFFF0001, "authentication failed", "Check the credentials of the key store."
    BAD_PARAMETERS = 0xFFFF0002, "bad parameters", "Check name, type and lengths that the client passed down."
    NOT_SUPPORTED = (
        0xFFFF0003,
        "not supported by this carrier",
        "RSA auth codes on a secure element end here in SDK 3.1, a known defect (k.1); use a symmetric key.",
    )
    BAD_FORMAT = 0xFFFF0004, "bad format", "Check the form of the key that is imported."
    SHORT_BUFFER = 0xFFFF0005, "short buffer", "Give the buffer the length that was written back."
    OUT_OF_MEMORY = 0xFFFF0006, "out of memory", "Give the task more heap."
    ACCESS_CONFLICT = 0xFFFF0007, "access conflict: the item exists already", "Delete the old item first."
    ITEM_NOT_FOUND = 0xFFFF0008, "item not found: no ID² or no such key", "Provision the device."
    CORRUPT_KEY = 0xFFFF0009, "the stored key is corrupt", "Erase the key storage and provision again."
    OVERFLOW = 0xFFFF000A, "overflow: no room or a number too large", "Free storage of the key manager."
    ACCESS_DENIED = 0xFFFF000B, "access denied", "Check who may use this key."


class CryptoHalCode(Code):
    """Results of the crypto adaptation layer (`ls_hal_*` of hash, cipher and key functions)."""

    SUCCESS = 0, "success", ""
    GENERIC = 0xFFFF0000, "generic error", "Read the log of the crypto port."
    BAD_PARAMETERS = 0xFFFF0001, "bad parameters", "Check pointers and modes."
    NOT_SUPPORTED = 0xFFFF0002, "scheme not supported", "Implement it in the port, if the plan needs it."
    INVALID_CONTEXT = 0xFFFF0003, "invalid context", "Call init before process and finish."
    INVALID_ARGUMENT = 0xFFFF0004, "invalid argument", "Check key sizes and modes."
    LENGTH = 0xFFFF0005, "invalid length", "Check the block multiple."
    OUT_OF_MEMORY = 0xFFFF0006, "out of memory", "Give the task more heap."
    SHORT_BUFFER = 0xFFFF0007, "output buffer too short", "Give a larger buffer."
    INVALID_AUTHENTICATION = (
        0xFFFF0008,
        "verification failed",
        "Check key, padding and hash of the signature.",
    )


class StorageHalCode(Code):
    """Results of the storage adaptation layer (`ls_hal_kv_*`)."""

    SUCCESS = 0, "success", ""
    GENERIC = 0xFFFF0000, "generic error", "Read the log of the storage port."
    ITEM_NOT_FOUND = 0xFFFF0001, "item not found", "Nothing was stored under this name."
    NO_SPACE = 0xFFFF0002, "no space left in the storage", "Reserve at least 4 KB, and erase what is stale."
    BAD_PARAMETERS = 0xFFFF0003, "bad parameters", "Check name and length."
    OUT_OF_MEMORY = 0xFFFF0004, "out of memory", "Give the task more heap."
    SHORT_BUFFER = 0xFFFF0005, "short buffer", "Ask with an empty buffer for the true length first."
    NOT_SUPPORTED = 0xFFFF0006, "not supported", "Implement the function in the port."
