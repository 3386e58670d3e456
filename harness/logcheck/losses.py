"""Tell of a console that it loses characters: fixed texts of the vendor's programs come with a letter missing.

A line that lost a letter of a fixed text may have lost one of a value as well: nobody can be blamed for what it says.
"""

import re
from itertools import product

LOSSY = "the console loses characters"
ENOUGH = 2
"""Lines with a damaged text; in one line alone somebody may have misspelt it."""

_TAG = "<LS_LOG>"
_WORDS = (
    *("Client", "Device", "Challenge", "Timestamp", "Secret", "One-Time", "Password", "Decrypt"),
    *("Generate", "AuthCode", "Validation", "authcode", "CONFIG_ID2_DEBUG", "CONFIG_ID2_OTP"),
    *("transmit", "length", "rsp_len", "Response", "Command", "buffer", "Version", "id2_client_unit_test"),
    *("CONFIG_ID2_KEY_TYPE", "CONFIG_CHIP_DEBUG", "CONFIG_CHIP_TYPE", "CONFIG_CHIP_KEY_TYPE"),
    *("id2_client_get_id", "id2_client_get_challenge_auth_code", "id2_client_get_timestamp_auth_code"),
    *("reportVersion", "sdkVersion", "testContent", "id2_client_get_prov_stat", "id2_client_derive_key"),
    *("id2_client_get_secret", "id2_client_generate_authcode", "id2_client_init", "result", "timestamp"),
)
"""Words of `id2_client.c`, `id2_app` and the chips' adapters; none of them is another word when a letter is missing."""

_TESTS = (
    *("Get ID", "Get Device Challenge", "Get Challenge Auth Code", "Get Timestamp Auth Code", "Get Secret"),
    *("Derive Key", "One-Time Password", "Decrypt", "KPM"),
)
_RESULTS = ("Start", "End", "Pass", "Not Support")
_SENTENCES = (
    *(f"ID2 Client Test {name} {result}." for name, result in product(_TESTS, _RESULTS)),
    *("auth code short buffer, 0 256.", "short buffer, 0."),
)
"""What stands behind an arrow or a colon, whole."""

_MAY = re.compile(r"LOG|=>|LS_|^\s*\"")
"""A line that may be the SDK's; others hold what words they like."""
_WORD = re.compile(r"[\w-]{5,40}")
_ENDS = tuple({sentence[-1] for sentence in _SENTENCES} | {sentence[-2] for sentence in _SENTENCES})
_BEFORE = re.compile(r".*(?:=> ?|: )")


def _damages(text: str) -> set[str]:
    return {text[:at] + text[at + 1 :] for at in range(len(text))} - {text}


_DAMAGED = frozenset().union(*map(_damages, _WORDS)) - {*_WORDS}
_DAMAGED_SENTENCES = frozenset().union(*map(_damages, _SENTENCES)) - {*_SENTENCES}
_DAMAGED_TAG = re.compile("|".join(map(re.escape, sorted(_damages(_TAG) - {_TAG[:-1]}))) + f"|{_TAG[:-1]} ")


def is_damaged(text: str) -> bool:
    """Tell whether a line of the SDK's shows a fixed text with a letter missing.

    Args:
        text: The line, as it came.
    """
    if _TAG not in text:
        if _MAY.search(text) is None:
            return False
        if _DAMAGED_TAG.search(text):
            return True
    # Once, from the beginning: from each place on it would cost the square of a long line.
    before = _BEFORE.match(text) if text.endswith(_ENDS) else None
    if before is not None and text[before.end() :] in _DAMAGED_SENTENCES:
        return True
    return not _DAMAGED.isdisjoint(_WORD.findall(text))
