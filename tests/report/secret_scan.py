"""Secrets in every encoding in which they could get out, and a search for them through everything a run folder holds.

Written apart from what hides them (`harness.run.secret_forms`): each encoding by its own definition.
"""

import base64
import io
import json
import re
import subprocess
import zipfile
import zlib

KINDS = {
    "AccessKey id": b"LTAI5tQx7RkWv2Zp9Lm4Nc8B",
    "AccessKey secret": b"hV3kQ8xT1mZr6Yw0Lp5Nc9Jd2Gs7Fb",
    "security token": b"CAIS8gF1q6Ft5B2yfSjIr5bPJvX+mK9x/2uP0Q==",
    "product secret": b"qW8eR2tY6uI0oP4a",
    "device secret": b"d5F1g9H3j7K2l6Z0x4C8v1B5n9M3q7W2",
    "symmetric key": bytes.fromhex("8f3c1b5ad2e94770a6c8150d3e9f42b7"),
    "private key": bytes.fromhex("c1d2708e5ba94f36e20d8c7719f3a4b56802ed4f13977ac05de1b8264c9f30a1"),
    "PIN": b"73915628",
    "probe secret": bytes.fromhex("5e0fa1937c284bd6"),
    "service token": b"zK4nT8wQ-e_1xR5mV9pL2sG7",
    "relay password": "pässwörd-für-Relais".encode(),
}


def base64_inside(value, alphabet):
    """Return base64 of the value in the middle of something longer, at each of three offsets, without its neighbours."""
    for offset in range(3):
        text = base64.b64encode(b"\xa5" * offset + value + b"\xa5" * 3, alphabet)
        first = [0, 2, 3][offset]
        yield text[first : (offset + len(value)) * 8 // 6]


def encodings(value):
    """Return the value in every encoding by name."""
    digits = value.hex()
    pairs = [digits[place : place + 2] for place in range(0, len(digits), 2)]
    found = {
        "plain": value,
        "hex": digits.encode(),
        "HEX": digits.upper().encode(),
        "hex with spaces": " ".join(pairs).encode(),
        "HEX with spaces": " ".join(pairs).upper().encode(),
        "hex with colons": ":".join(pairs).encode(),
        "C array": ", ".join(f"0x{pair}" for pair in pairs).encode(),
        "C string": "".join(f"\\x{pair}" for pair in pairs).encode(),
        "hex over lines": "\n".join(" ".join(pairs[at : at + 8]) for at in range(0, len(pairs), 8)).encode(),
        "all percent": "".join(f"%{pair.upper()}" for pair in pairs).encode(),
        "percent": re.sub(rb"[^A-Za-z0-9_.~-]", lambda hit: b"%%%02X" % hit[0][0], value),
        "reversed": value[::-1],
        "reversed hex": value[::-1].hex().encode(),
        "base64": base64.b64encode(value),
        "url-safe base64": base64.urlsafe_b64encode(value),
    }
    for name, alphabet in (("base64", b"+/"), ("url-safe base64", b"-_")):
        for number, text in enumerate(base64_inside(value, alphabet)):
            found[f"{name} at offset {number}"] = text
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return found
    found["UTF-16 LE"] = text.encode("utf-16-le")
    found["UTF-16 BE"] = text.encode("utf-16-be")
    found["JSON"] = json.dumps(text)[1:-1].encode()
    return found


def leaks(path):
    """Return which secrets stand where in the files below a folder, or in one file: `file: secret as encoding`."""
    files = [path] if path.is_file() else sorted(each for each in path.rglob("*") if each.is_file())
    forms = [(kind, name, form) for kind, value in KINDS.items() for name, form in encodings(value).items()]
    found = []
    for file in files:
        for place, data in opened(file.name, file.read_bytes()):
            found += [f"{place}: {kind} as {name}" for kind, name, form in forms if form in data]
    return found


def opened(name, data):
    """Give the bytes of a file, and of what is packed in it: members of a zip, streams, text and attachments of a PDF."""
    yield name, data
    if data.startswith(b"PK\3\4"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for member in packed.namelist():
                yield from opened(f"{name}: {member}", packed.read(member))
    if data.startswith(b"%PDF"):
        for number, stream in enumerate(re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)):
            try:
                yield f"{name}: stream {number}", zlib.decompressobj().decompress(stream)
            except zlib.error:
                continue
        told = subprocess.run(["pdftotext", "-", "-"], input=data, capture_output=True, check=True).stdout
        yield f"{name}: text", told
        yield f"{name}: text of one line", b"".join(told.split())
