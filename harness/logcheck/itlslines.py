"""The lines of the vendor's iTLS library and of `itls_app`.

Source: SDK 2.0.0 to 3.1.0 app/itls_app, modules/itls/src/hal_itls.c; device-protocol.md h.3.
"""

import re

START = re.compile(r"=*> ?(?P<which>iD?TLS) Client Sample start\.?")
LOOP = re.compile(r"=* ?i(?:D)?TLS Client Sample - Loop Count: \d{1,9}")
END = re.compile(r"<=* ?(?P<which>iD?TLS) Client Sample End\.?")
FAILED = re.compile(r"i(?:D)?TLS Client Sample (?:Test )?Failed!")
RETURNED = re.compile(
    r"(?:failed)?[! ]*(?P<call>mbedtls_\w{1,40}) returned (?P<code>-?(?:0x[0-9A-Fa-f]{1,4}|\d{1,5}))"
)
"""What a call of mbed TLS gave; most programs print it in a line of its own, without tag and function."""
VERIFIED = re.compile(r"\.? *Verify iTLS Server authCode (?P<word>OK|Failed)!")

_FUNCTIONS = ("hal_itls_", "itls_", "idtls_", "hal_idtls_")


def is_about_itls(function: str, text: str) -> bool:
    """Tell whether a line is of the iTLS library or of its sample."""
    return function.startswith(_FUNCTIONS) or bool(
        VERIFIED.match(text)
        or RETURNED.fullmatch(text)
        or START.match(text)
        or LOOP.match(text)
        or END.match(text)
        or FAILED.match(text)
    )


def begun_sample(text: str) -> str:
    """Return which of its samples `itls_app` begins here, `iTLS` or `iDTLS`; empty for none."""
    found = START.fullmatch(text)
    return found["which"] if found else ""
