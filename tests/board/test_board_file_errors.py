"""Every shape of a wrong board file, by the text a person gets."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.board.reading.file import parse
from harness.errors import UsageError

KEY = "00112233445566778899AABBCCDDEEFF"
KEY_TYPES = (
    "3des-112, 3des-168, aes-128, aes-192, aes-256, sm1-128, sm4-128, rsa-1024, rsa-2048, ecc-k192, ecc-k224, "
    "ecc-k256, sm2-256"
)
KINDS = (
    "i2c, serial, socket, usb, ccid, hid, pcsc, ftdi-i2c, ftdi-spi, simulated-i2c, simulated-spi, simulated-serial, "
    "simulated-console, simulated-puf, simulated-module, simulated-at-module, firmware"
)
PUBLISHED = "3des-112, 3des-168, aes-128, aes-192, aes-256, rsa-1024, ecc-k192, ecc-k224, ecc-k256"
DEVICE = "device: {key_type: aes-128, key: {published: aes-128}}"

# One change to the sound file (what is replaced, by what) and the one line that comes of it.
ONE_PROBLEM = {
    "version": ("version: 1", "version: 2", "1: version: is 2; this harness reads version 1"),
    "version is no number": (
        "version: 1",
        "version: one",
        "1: version: must be a whole number; 'one' is written",
    ),
    "version missing": ("version: 1\n", "", "1: version: is missing"),
    "name": (
        "name: lab",
        "name: My Lab",
        (
            "2: name: must be lower-case letters, digits, dots, dashes and underscores, starting "
            "with a letter or digit"
        ),
    ),
    "product name too short": (
        "version: 1\n",
        "version: 1\nservice: {product: {name: m1}}\n",
        ("2: service.product.name: has 2 positions; it must have 4 to 30, where a Chinese character is two"),
    ),
    "product name with a dash": (
        "version: 1\n",
        "version: 1\nservice: {product: {name: my-lock}}\n",
        (
            "2: service.product.name: holds '-'; it may hold Chinese characters, letters A-Z, digits and underscores"
        ),
    ),
    "name empty": ("name: lab", "name:", "2: name: is empty; write a value or remove the line"),
    "unknown section": (
        "name: lab",
        "name: lab\ntransport: {}",
        (
            "3: transport: unknown key; did you mean 'transports'? valid keys: version, name, "
            "description, tags, plan, "
            "transports, chip, console, probe, carrier, controllers, device, declaration, service, server, link, network, "
            "limits, report"
        ),
    ),
    "unknown carrier": (
        "carrier: se",
        "carrier: sse",
        (
            "3: plan.carrier: 'sse' is not a valid word here; did you mean 'se'? valid: se, km, tee, "
            "puf, module, demo"
        ),
    ),
    "unknown carrier, nothing near": (
        "carrier: se",
        "carrier: hologram",
        "3: plan.carrier: 'hologram' is not a valid word here; valid: se, km, tee, puf, module, demo",
    ),
    "key type": (
        "key_type: aes-128}\nt",
        "key_type: AES_128}\nt",
        f"3: plan.key_type: 'AES_128' is not a valid word here; did you mean 'aes-128'? valid: {KEY_TYPES}",
    ),
    "plan missing": (
        "plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}\n",
        "",
        "1: plan: is missing",
    ),
    "plan field missing": ("pattern: own-platform, ", "", "3: plan.pattern: is missing"),
    "plan is a word": (
        "plan: {pattern: own-platform, carrier: se, platform: third-party-os, key_type: aes-128}",
        "plan: se",
        "3: plan: must be a section with its own keys below it",
    ),
    "link-tee holds nothing but tee": (
        "third-party-os",
        "link-tee",
        "3: plan.platform: link-tee holds ID² keys in the TEE only; carrier se cannot be on it",
    ),
    "kind": (
        "kind: simulated-i2c",
        "kind: simulated-i2s",
        (
            "5: transports.chip.kind: 'simulated-i2s' is not a valid word here; did you mean "
            "'simulated-i2c'? "
            f"valid: {KINDS}"
        ),
    ),
    "kind missing": ("kind: simulated-i2c, ", "", f"5: transports.chip.kind: is missing; valid: {KINDS}"),
    "transport is a word": (
        f"{{kind: simulated-i2c, {DEVICE}}}",
        "i2c",
        "5: transports.chip: must be a section with its own keys below it",
    ),
    "transports is a list": (
        f"\n  chip: {{kind: simulated-i2c, {DEVICE}}}",
        " [i2c]",
        "4: transports: must be a section with its own keys below it",
    ),
    "no transports": (
        f"\n  chip: {{kind: simulated-i2c, {DEVICE}}}",
        " {}",
        "4: transports: needs at least 1 entry",
    ),
    "transport name": (
        "  chip: {",
        "  Chip: {",
        (
            "5: transports.Chip: must be lower-case letters, digits, dots, dashes and "
            "underscores, starting with a letter "
            "or digit"
        ),
    ),
    "transport key": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: i2c, bus: /dev/i2c-1, adress: 0x71",
        (
            "5: transports.chip.adress: unknown key; did you mean 'address'? valid keys: kind, bus, "
            "adapter, usb, address, nak_tries, nak_time_s, clock_stretch_s"
        ),
    ),
    "8-bit address": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: i2c, bus: /dev/i2c-1, address: 0xE2",
        "5: transports.chip.address: 0xe2 is an 8-bit address; the 7-bit address of this chip is 0x71",
    ),
    "reserved address": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: i2c, bus: /dev/i2c-1, address: 3",
        "5: transports.chip.address: 0x3 is not a 7-bit I²C device address; it must be 0x8 to 0x77",
    ),
    "address is a word": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: i2c, bus: /dev/i2c-1, address: seventy",
        "5: transports.chip.address: must be a number, decimal or hexadecimal such as 0x71",
    ),
    "bus number": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: i2c, bus: one",
        "5: transports.chip.bus: must be the path or number of the bus, such as /dev/i2c-1",
    ),
    "socket without far end": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: socket, host: localhost",
        "5: transports.chip: needs host and port, or path",
    ),
    "socket with two far ends": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: socket, host: localhost, port: 1, path: /x",
        "5: transports.chip: says path and host or port; write only one of them",
    ),
    "socket port": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: socket, host: localhost, port: 70000",
        "5: transports.chip.port: must be at most 65535; '70000' is written",
    ),
    "serial without port": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial",
        "5: transports.chip: needs either port or usb",
    ),
    "serial with port and usb": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, port: /dev/ttyS0, usb: {vid: 0x0403}",
        "5: transports.chip: says port and usb; write only one of them",
    ),
    "usb that identifies nothing": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, usb: {pid: 0x6001}",
        "5: transports.chip.usb: identifies no adapter; write vid and pid, serial_number or location",
    ),
    "usb vid": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, usb: {vid: 0x10403}",
        "5: transports.chip.usb.vid: 0x10403 is out of range; it must be 0x0 to 0xffff",
    ),
    "baud rate": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, port: /dev/ttyS0, baudrate: 9600 baud",
        "5: transports.chip.baudrate: must be a whole number; '9600 baud' is written",
    ),
    "parity": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, port: /dev/ttyS0, parity: N",
        "5: transports.chip.parity: 'N' is not a valid word here; valid: none, even, odd, mark, space",
    ),
    "stop bits": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, port: /dev/ttyS0, stopbits: 3",
        "5: transports.chip: stopbits must be 1, 1.5 or 2",
    ),
    "credentials in a port": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, port: 'rfc2217://root:hunter2@host:1'",
        "5: transports.chip.port: a port URL carries no user and password",
    ),
    "yes or no": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: serial, port: /dev/ttyS0, rtscts: maybe",
        "5: transports.chip.rtscts: must be true or false; 'maybe' is written",
    ),
    "simulated device without id": (
        "key: {published: aes-128}",
        f"key: {{test_key: {KEY}}}",
        "5: transports.chip.device: says no id; only a published key brings its own",
    ),
    "published key of another type": (
        "key: {published: aes-128}",
        "key: {published: aes-256}",
        "5: transports.chip.device: says key_type aes-128 and the published key of type aes-256",
    ),
    "test key too short": (
        "key: {published: aes-128}",
        "id: 2122232425262728292A2B2C, key: {test_key: 0011}",
        "5: transports.chip.device: key of type aes-128 must be 32 hex digits; 4 are given",
    ),
    "nothing was published": (
        "key: {published: aes-128}",
        "key: {published: sm4-128}",
        (
            "5: transports.chip.device.key.published: the vendor published no key of type sm4-128; "
            f"published are {PUBLISHED}"
        ),
    ),
    "simulated transport without device": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: simulated-i2c",
        "5: transports.chip.device: is missing",
    ),
    "fault that nobody has": (
        "key: {published: aes-128}",
        "key: {published: aes-128}, fault: id-lenght-11",
        (
            "5: transports.chip.device.fault: there is no fault named 'id-lenght-11'; did you mean id-length-11 "
            "or id-length-13?"
        ),
    ),
    "fault that resembles none": (
        "key: {published: aes-128}",
        "key: {published: aes-128}, fault: zzzz",
        (
            "5: transports.chip.device.fault: there is no fault named 'zzzz'; `harness simulate faults` lists them"
        ),
    ),
    "fault of another layer": (
        "key: {published: aes-128}",
        "key: {published: aes-128}, fault: module-wrong-key",
        (
            "5: transports.chip.device.fault: fault 'module-wrong-key' sits in the module layer; a chip on I²C "
            "cannot have it; `harness simulate faults` lists the layers"
        ),
    ),
    "fault of chips that answer otherwise": (
        "key: {published: aes-128}",
        "key: {published: aes-128}, fault: getresponse-truncated",
        (
            "5: transports.chip.device.fault: fault 'getresponse-truncated': a chip that answers direct cannot "
            "have it; take answers get-response"
        ),
    ),
    "console without anything": (
        f"kind: simulated-i2c, {DEVICE}",
        "kind: simulated-console",
        "5: transports.chip: has neither file nor device: there is nothing to print",
    ),
    "chip transport": (
        "{transport: chip, ",
        "{transport: chp, ",
        "6: chip.transport: there is no transport 'chp'; did you mean 'chip'? transports: chip",
    ),
    "chip framing": (
        "framing: fm1280",
        "framing: fm1208",
        (
            "6: chip.framing: 'fm1208' is not a valid word here; did you mean 'fm1280'? valid: "
            "fm1280, fm1280-spi, hex-line, direct"
        ),
    ),
    "framing needs another transport": (
        "framing: fm1280",
        "framing: hex-line",
        (
            "6: chip.framing: framing hex-line needs stream; transport 'chip' of kind "
            "simulated-i2c supplies i2c; "
            "kinds that supply stream: serial, socket, simulated-serial, simulated-console, simulated-puf, simulated-module, simulated-at-module, firmware"
        ),
    ),
    "framing that nothing supplies": (
        "framing: fm1280",
        "framing: direct",
        (
            "6: chip.framing: framing direct needs apdu; transport 'chip' of kind simulated-i2c "
            "supplies i2c; "
            "kinds that supply apdu: usb, ccid, hid, pcsc"
        ),
    ),
    "neither chip nor console": (
        "chip: {transport: chip, framing: fm1280}\n",
        "",
        "the board has neither chip nor console: there is nothing to drive",
    ),
    "zero seconds": (
        "framing: fm1280}",
        "framing: fm1280, timeout_s: 0}",
        "6: chip.timeout_s: must be more than 0; '0' is written",
    ),
    "endless seconds": (
        "framing: fm1280}",
        "framing: fm1280, timeout_s: .inf}",
        "6: chip.timeout_s: must be a number; '.inf' is written",
    ),
    "infinite seconds": (
        "framing: fm1280}",
        "framing: fm1280, timeout_s: inf}",
        "6: chip.timeout_s: must be a finite number; 'inf' is written",
    ),
}

# Lines added to the sound file (it has 6) and the one line that comes of them.
ONE_MORE = {
    "console needs a stream": (
        "console: {transport: chip}",
        (
            "7: console.transport: a console needs stream; transport 'chip' of kind "
            "simulated-i2c supplies i2c; "
            "kinds that supply stream: serial, socket, simulated-serial, simulated-console, simulated-puf, simulated-module, simulated-at-module, firmware"
        ),
    ),
    "id": (
        "device:\n  id: 2122232425262728292a2b2c",
        "8: device.id: ID '2122232425262728292a2b2c': 'a' at position 19 is not an upper-case hex digit",
    ),
    "id of nobody": (
        "device: {id: FFFFFFFFFFFFFFFFFFFFFFFF}",
        "7: device.id: is the text of a device without an ID; leave the field out for such a device",
    ),
    "key inline": (
        f"device: {{key: {KEY}}}",
        (
            "7: device.key: a key or secret is never written in a board file; write {env: NAME}, "
            "{file: PATH} or "
            "{published: KEY-TYPE}"
        ),
    ),
    "key as a value": (
        f"device: {{key: {{value: {KEY}}}}}",
        "7: device.key.value: unknown key; valid keys: public, env, file, published, simulated",
    ),
    "key as a key": (
        f"device: {{key: {{{KEY}}}}}",
        "7: device.key: unknown key; valid keys: public, env, file, published, simulated",
    ),
    "key as the name of a variable": (
        f"device: {{key: {{env: A{KEY[1:]}}}}}",
        "7: device.key.env: must be the name of an environment variable (letters, digits, _), not a value",
    ),
    "test key of a real device": (
        f"device: {{key: {{test_key: {KEY}}}}}",
        "7: device.key.test_key: unknown key; valid keys: public, env, file, published, simulated",
    ),
    "key nowhere": (
        "device: {key: {}}",
        "7: device.key: is empty; write {env: NAME}, {file: PATH} or {published: KEY-TYPE}",
    ),
    "key twice": (
        "device: {key: {env: A, file: b}}",
        "7: device.key: says env and file; write only one of them",
    ),
    "published key of another type": (
        "device: {key: {published: aes-256}}",
        "7: device.key.published: is of type aes-256; plan.key_type is aes-128",
    ),
    "published key, wrong word": (
        "device: {key: {published: aes128}}",
        f"7: device.key.published: is not a valid word here; did you mean 'aes-128'? valid: {KEY_TYPES}",
    ),
    "key of a transport that is not there": (
        "device: {key: {simulated: chp}}",
        (
            "7: device.key.simulated: transport 'chp' has no simulated device; did you mean 'chip'? "
            "transports with one: chip"
        ),
    ),
    "PIN of a transport that is not there": (
        "device: {pin: {tries: 3, value: {simulated: chp}}}",
        (
            "7: device.pin.value.simulated: transport 'chp' has no simulated device; did you mean 'chip'? "
            "transports with one: chip"
        ),
    ),
    "algorithm": (
        "declaration:\n  algorithms:\n    - aes-ecb\n    - aes-ebc",
        (
            "10: declaration.algorithms[1]: 'aes-ebc' is not a valid word here; did you mean "
            "'aes-ecb'? valid: des-cbc, "
            "des-ecb, aes-cbc, aes-ecb, des-mac-m1, des-mac-m2, aes-mac-m1, aes-mac-m2, sm4-cbc, "
            "sm4-ecb, sm7-cbc, "
            "sm7-ecb, sm4-mac-m1, sm4-mac-m2, sm7-mac-m1, sm7-mac-m2, sm1-cbc, sm1-ecb, "
            "sm1-mac-m1, sm1-mac-m2"
        ),
    ),
    "algorithm twice": (
        "declaration: {algorithms: [aes-ecb, aes-ecb]}",
        "7: declaration.algorithms: says aes-ecb twice",
    ),
    "algorithms as a word": (
        "declaration: {algorithms: aes-ecb}",
        "7: declaration.algorithms: must be a list, such as [one, two]",
    ),
    "algorithms empty": (
        "declaration:\n  algorithms:",
        "8: declaration.algorithms: is empty; write a value or remove the line",
    ),
    "the plan's algorithm is not declared": (
        "declaration: {algorithms: [aes-cbc]}",
        "7: declaration.algorithms: says no aes-ecb, and ID² with key type aes-128 needs it",
    ),
    "SDK version": (
        "declaration: {sdk_version: v3}",
        "7: declaration.sdk_version: must be a version such as 3.1.0",
    ),
    "endpoint": (
        "service: {endpoint: moc}",
        "7: service.endpoint: must be mock, real, or a service's address such as https://HOST",
    ),
    "endpoint with a password": (
        "service: {endpoint: 'https://me:hunter2@host'}",
        "7: service.endpoint: carries no user and password; they belong in access_key, by reference",
    ),
    "real service without AccessKey": (
        "service: {endpoint: 'https://host'}",
        "7: service: the real service needs access_key: env, or {id: {env: NAME}, secret: {env: NAME}}",
    ),
    "service.ca that is not there": (
        "service: {endpoint: real, access_key: env, product: {product_key: a1b}, ca: no-ca.pem}",
        "7: service.ca: there is no file of certificates no-ca.pem",
    ),
    "real service without product": (
        "service: {endpoint: 'https://host', access_key: {id: {env: A}, secret: {env: B}}}",
        "7: service: the real service needs product: {product_key: …}",
    ),
    "secret inline": (
        "service: {access_key: {id: LTAI5tHunter2, secret: {env: B}}}",
        (
            "7: service.access_key.id: a key or secret is never written in a board file; write {env: "
            "NAME} or {file: PATH}"
        ),
    ),
    "years": (
        "service: {product: {validity_years: 2}}",
        "7: service.product.validity_years: '2' is not a valid word here; valid: 1, 3, 5",
    ),
    "limit": ("limits: {apdu_s: -1}", "7: limits.apdu_s: must be more than 0; '-1' is written"),
    "control characters": (
        'description: "a\\eb"',
        "7: description: holds control characters",
    ),
}


@pytest.mark.parametrize(("old", "new", "line"), ONE_PROBLEM.values(), ids=ONE_PROBLEM.keys())
def test_one_problem_is_one_line(refusal, sound, old, new, line):
    assert sound.count(old) == 1
    expected = f"lab.yaml:{line}" if re.match(r"\d+:", line) else f"lab.yaml: {line}"
    assert refusal(sound.replace(old, new)) == expected


@pytest.mark.parametrize(("more", "line"), ONE_MORE.values(), ids=ONE_MORE.keys())
def test_one_more_line_is_one_problem(refusal, sound, more, line):
    assert refusal(f"{sound}{more}\n") == f"lab.yaml:{line}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "lab.yaml: the file is empty; a board file starts with `version: 1`"),
        ("# only a comment\n", "lab.yaml: the file is empty; a board file starts with `version: 1`"),
        ("---\n", "lab.yaml: the file is empty; a board file starts with `version: 1`"),
        ("null\n", "lab.yaml: the file is empty; a board file starts with `version: 1`"),
        ("- a\n", "lab.yaml:1: the file holds a list; a board file is a mapping of sections"),
        (
            "\njust words\n",
            "lab.yaml:2: the file holds a single value; a board file is a mapping of sections",
        ),
    ],
)
def test_a_file_that_is_no_mapping(text, message):
    with pytest.raises(UsageError) as caught:
        parse(text, Path("lab.yaml"))
    assert caught.value.message == message


def test_several_problems_are_all_listed_in_the_order_of_the_lines(refusal, sound):
    text = (
        sound.replace("carrier: se", "carrier: xyz").replace("version: 1", "version: 9")
        + "limits: {apdu: 1}\n"
    )
    assert refusal(text).splitlines() == [
        "lab.yaml: 3 problems",
        "  lab.yaml:1: version: is 9; this harness reads version 1",
        "  lab.yaml:3: plan.carrier: 'xyz' is not a valid word here; valid: se, km, tee, puf, module, demo",
        (
            "  lab.yaml:7: limits.apdu: unknown key; did you mean 'apdu_s'? valid keys: apdu_s, "
            "auth_code_s, decrypt_s, "
            "self_test_s, replug_s, tick_ms, drift_ppm"
        ),
    ]


def test_problems_across_sections_are_all_listed(refusal, sound):
    text = sound.replace("third-party-os", "link-tee").replace("fm1280", "direct")
    assert refusal(text).splitlines()[0] == "lab.yaml: 2 problems"


def test_a_flood_of_problems_is_cut(refusal, sound):
    lines = refusal(sound + "".join(f"zz{n}: 1\n" for n in range(100))).splitlines()
    assert lines[0] == "lab.yaml: 100 problems"
    assert len(lines) == 27
    assert lines[-1] == "  … and 75 more"


def test_chip_and_console_do_not_share_a_transport(refusal, sound):
    text = sound.replace("simulated-i2c", "simulated-serial").replace("fm1280", "hex-line")
    assert refusal(f"{text}console: {{transport: chip}}\n") == (
        "lab.yaml:7: console.transport: 'chip' leads to the chip already; a transport has one user"
    )


def test_key_of_a_device_of_another_type(refusal, sound):
    text = sound.replace("key_type: aes-128}\n", "key_type: aes-256}\n", 1)
    assert refusal(f"{text}device: {{key: {{simulated: chip}}}}\n") == (
        "lab.yaml:7: device.key.simulated: its device has key_type aes-128; plan.key_type is aes-256"
    )


def test_sm1_needs_a_secure_element(refusal, sound):
    text = sound.replace("key_type: aes-128}\n", "key_type: sm1-128}\n", 1).replace(
        "carrier: se", "carrier: km"
    )
    assert refusal(text) == (
        "lab.yaml:3: plan.key_type: sm1-128 exists in secure elements only; carrier km cannot hold it"
    )


@pytest.mark.parametrize("text", [line for _, line in ONE_MORE.values()])
def test_no_message_repeats_a_secret(text):
    assert KEY not in text
    assert "unter2" not in text


def test_what_was_written_is_escaped_and_cut(refusal, sound):
    message = refusal(sound.replace("carrier: se", f'carrier: "\\e[31m{"x" * 500}"'))
    assert "\\x1b[31mxxx" in message
    assert "\x1b" not in message
    assert len(message) < 200


WORDS = """
    version name plan pattern carrier platform key_type transports chip kind i2c simulated-i2c serial socket
    port usb vid device key published aes-128 env file test_key simulated framing fm1280 transport console
    program declaration algorithms aes-ecb options service endpoint mock product limits apdu_s 1 0x71 -1 no ~
    [] {} own-platform se third-party-os bus /dev/i2c-1 address 2122232425262728292A2B2C
"""
PIECES = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    PIECES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PIECES, inner, max_size=4)
)


def flow(tree):
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{key}: {flow(value)}" for key, value in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(flow, tree)) + "]"
    return tree


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(PIECES, VALUES, max_size=6))
@example({"transports": {"chip": {"kind": "simulated-i2c", "device": {"key": {"published": "aes-128"}}}}})
def test_any_tree_of_known_words_raises_nothing_but_usage_error(tree):
    text = "".join(f"{key}: {flow(value)}\n" for key, value in tree.items())
    parses_or_refuses(text)


@given(st.text(max_size=100))
def test_any_text_raises_nothing_but_usage_error(text):
    parses_or_refuses(text)


@pytest.mark.parametrize(
    "section", ["plan", "chip", "console", "device", "declaration", "service", "limits", "transports"]
)
@settings(max_examples=25)
@given(value=VALUES)
def test_any_section_raises_nothing_but_usage_error(section, value):
    sound = {
        "version": "1",
        "name": "lab",
        "plan": {
            "pattern": "own-platform",
            "carrier": "se",
            "platform": "third-party-os",
            "key_type": "aes-128",
        },
        "transports": {
            "chip": {
                "kind": "simulated-i2c",
                "device": {"key_type": "aes-128", "key": {"published": "aes-128"}},
            }
        },
        "chip": {"transport": "chip", "framing": "fm1280"},
    }
    parses_or_refuses("".join(f"{key}: {flow(item)}\n" for key, item in (sound | {section: value}).items()))


def parses_or_refuses(text):
    try:
        board, told = parse(text, Path("b.yaml")), "b.yaml"
    except UsageError as error:
        board, told = None, error.message
    assert board is None or board.as_used()["name"] == board.name
    assert told.startswith("b.yaml")
    for line in told.splitlines()[1:]:
        assert re.match(r"  (b\.yaml:|… and )", line), line
