"""The lines of the vendor's iTLS library and of `itls_app`.

Source: SDK 3.1.0 app/itls_app, modules/itls/src/hal_itls.c; device-protocol.md h.3.
"""

import re

START = re.compile(r"=*> ?i(?:D)?TLS Client Sample start\.?")
LOOP = re.compile(r"=* ?i(?:D)?TLS Client Sample - Loop Count: \d{1,9}")
END = re.compile(r"<=* ?i(?:D)?TLS Client Sample End\.?")
FAILED = re.compile(r"i(?:D)?TLS Client Sample (?:Test )?Failed!")
VERIFIED = re.compile(r"\.? *Verify iTLS Server authCode (?P<word>OK|Failed)!")

_FUNCTIONS = ("hal_itls_", "itls_hal_", "idtls_", "hal_idtls_")


def is_about_itls(function: str, text: str) -> bool:
    """Tell whether a line is of the iTLS library or of its sample."""
    return function.startswith(_FUNCTIONS) or bool(
        VERIFIED.match(text) or START.match(text) or LOOP.match(text) or END.match(text) or FAILED.match(text)
    )


def begins_sample(text: str) -> bool:
    """Tell whether `itls_app` begins here."""
    return bool(START.fullmatch(text))
