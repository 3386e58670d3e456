"""Status words of a secure element.

Source: device-protocol.md e.2 (table 11 of the command standard).
"""

from harness.id2.codebase import Code


class StatusWord(Code):
    """SW1 SW2 of a secure element, those with one fixed value; `describe_status` knows the families too."""

    OK = 0x9000, "success", ""
    DATA_MAY_BE_WRONG = (
        0x6281,
        "part of the returned data may be wrong",
        "Repeat the command; then suspect the chip.",
    )
    SELECTED_INVALIDATED = 0x6283, "the selected application is invalidated", "Exchange the chip."
    MORE_DATA_EXPECTED = 0x6310, "more data is expected", "Send the next block (P2 = 00 until the last one)."
    NO_CHANGE = 0x6400, "execution error, nothing was changed", "Repeat the command once."
    MEMORY_FAILURE = 0x6581, "writing the EEPROM failed", "Check the supply voltage; then exchange the chip."
    WRONG_LENGTH = 0x6700, "wrong length", "Check Lc and the length field inside the data."
    CLASS_UNSUPPORTED = (
        0x6900,
        "class not supported in this state",
        "Check CLA, and select the application first.",
    )
    COMMAND_STATE = (
        0x6901,
        "command not accepted in the present state",
        "Select the application and start again.",
    )
    COMMAND_FILE = 0x6981, "command does not fit the file", "Check the file and its access."
    SECURITY_STATUS = 0x6982, "security condition not met", "Verify the PIN or open the secure channel first."
    KEY_LOCKED = 0x6983, "key or PIN is locked", "Unblock it, or exchange the chip."
    NO_CHALLENGE = 0x6984, "no random was taken before this command", "Send GetChallenge directly before it."
    CONDITIONS = (
        0x6985,
        "conditions of use not met",
        "Send the blocks in order, with the first one first; check that the chip is personalised.",
    )
    NO_FILE = 0x6986, "command not allowed, no file is selected", "Select the application first."
    NO_SECURE_MESSAGING = 0x6987, "secure messaging data is missing", "Add the MAC of the secure channel."
    WRONG_SECURE_MESSAGING = 0x6988, "secure messaging data is wrong", "Check session keys and MAC chaining."
    WRONG_DATA = (
        0x6A80,
        "wrong data, or a verification failed",
        "Check algorithm, key id, length and padding.",
    )
    FUNCTION_UNSUPPORTED = (
        0x6A81,
        "function not supported",
        "Compare with the option bitmap of GetVendorInfo.",
    )
    FILE_NOT_FOUND = (
        0x6A82,
        "file or application not found",
        "Check the AID; this chip may hold no ID² applet.",
    )
    RECORD_NOT_FOUND = 0x6A83, "record not found", "Check the reference in P1 and P2."
    NO_SPACE = 0x6A84, "not enough space", "Free storage of the chip."
    WRONG_P1P2 = 0x6A86, "wrong P1 or P2", "Check the block number and the last-block mark."
    WRONG_OFFSET = 0x6B00, "wrong parameters or offset", "Check P1 and P2."
    INS_UNSUPPORTED = 0x6D00, "instruction not supported", "Check INS; is the ID² application selected?"
    CLA_UNSUPPORTED = (
        0x6E00,
        "class not supported",
        "Check CLA: 80 for the ID² commands, 00 for ISO commands.",
    )
    WRONG_ORDER = 0x6E01, "commands came in the wrong order", "Start the sequence again from its first block."
    NO_SECURITY_ENVIRONMENT = 0x6E02, "no security environment", "Personalise the chip."
    INVALID_DATA = (
        0x6F00,
        "data invalid, or an error without a name",
        "Check the data; then ask the chip's maker.",
    )
    APPLICATION_LOCKED = 0x9303, "the application is locked for good", "Exchange the chip."
    ALGORITHM = 0x9401, "algorithm not supported", "Compare with the option bitmap of GetVendorInfo."
    KEY_TYPE = 0x9402, "key type not supported", "Compare the key type of chip and build."
    KEY_NOT_FOUND = 0x9403, "key not found", "Check the key id; the ID² key is 00. Is the chip personalised?"
    ID_EXISTS = 0x9404, "an ID² is written already", "It cannot be written again; use a fresh chip."
    KEY_EXISTS = 0x9405, "the key exists already", "Use another key id."
    MAC_UNAVAILABLE = 0x9406, "MAC is not available", "Use the secure channel, or another algorithm."
