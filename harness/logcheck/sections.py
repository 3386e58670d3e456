"""Judge what id2_app does after the report (verify server, decrypt), and the decrypt probe of the 1.0.0 demo.

Source: device-protocol.md c.1, i.2.
"""

import re

from harness.id2 import ciphers, codes
from harness.id2.errors import Id2Error, quoted
from harness.id2.keys import KeyType
from harness.logcheck.context import Context
from harness.logcheck.facts import Complaint, Dump, Section
from harness.logcheck.gather import DECRYPT, VERIFY_SERVER
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program

_PROBE_PLAIN = "1234"
_DECRYPT_MODE = 0x52
_DEBUG_PLAINTEXT = "id2 cipher output"  # what a debug build dumps behind the cipher, padding and all
_MULTIPLE = re.compile(r"must be a multiple of (8|16|128)\b")
_DEMO_TESTS = (
    "id2_client_get_id",
    "id2_client_get_challenge_auth_code",
    "id2_client_get_timestamp_auth_code",
    "id2_client_decrypt",
)
_PUBLISHED_PROBES = {
    "A0FA1344960D4EBA": KeyType.DES3_112,
    "84ACA59371AE5F36": KeyType.DES3_168,
    "ECE18CE9B961AED75002A48EB9955E44": KeyType.AES_128,
    "8D07F638522825BD28D31D8DCA21B6E9": KeyType.AES_192,
    "728D1FDB023B7D37AA47DA0F196A3713": KeyType.AES_256,
}
"""Ciphertexts of "1234" under the published keys (vendor's page on fixed keys, Rev 1.0)."""


def judge_sections(context: Context, judgement: Judgement) -> None:
    """Judge the sections that are there."""
    for section in context.facts.sections:
        if section.name == VERIFY_SERVER:
            _judge_verify(section, judgement)
        elif section.name == DECRYPT:
            _judge_decrypt(context, section, judgement)
    if context.facts.program is Program.DEMO:
        _judge_demo_tests(context, judgement)


def _judge_verify(section: Section, judgement: Judgement) -> None:
    lines = [line for line in (section.start, section.end) if line is not None]
    if section.passed is None:
        judgement.missing("verify server", "it starts and has no end", lines)
    elif section.passed:
        judgement.passed("verify server", "the device accepted the service's code", lines)
    else:
        judgement.failed("verify server", "the device refused the service's code", lines)


def _judge_decrypt(context: Context, section: Section, judgement: Judgement) -> None:
    """Compare the plaintext with the ID, and what the chip gave with the rules of padding.

    The program's own verdict is judged with the unit tests.
    """
    _judge_padding(context, section, judgement)
    output = section.output
    if output is None:
        return
    problems = []
    if output.value != context.id2:
        problems.append(f"the plaintext is {quoted(output.value)}; it must be the device's ID")
    judgement.judged("decrypt: plaintext", problems, "the plaintext is the device's ID", [output.line])


def _judge_padding(context: Context, section: Section, judgement: Judgement) -> None:
    """Where the APDU dump shows what was decrypted: a plaintext that is given out must have had right padding."""
    if section.output is None or section.start is None:
        return
    for call in context.calls:
        if call.mode != _DECRYPT_MODE or not section.start <= call.lines[0] <= section.output.line:
            continue
        if call.unpadded:
            told = "the chip takes the padding off by itself (MTK set), so it is not on the console"
            judgement.not_run("decrypt: padding", told, call.lines)
            continue
        _judge_plaintext(call.answer, 8 if call.family == "3DES" else 16, call.lines, judgement)
    for dump in context.facts.dumps:
        if (
            dump.name.lower().startswith(_DEBUG_PLAINTEXT)
            and section.start <= dump.line <= section.output.line
        ):
            symmetric = context.key_type is not None and context.key_type.symmetric
            if symmetric and context.key_type is not None and not dump.damage:
                lines = (dump.line, dump.last_line)
                _judge_plaintext(dump.data, context.key_type.block_size, lines, judgement)


def _judge_plaintext(padded: bytes, block: int, lines: tuple[int, int], judgement: Judgement) -> None:
    problems = []
    try:
        ciphers.unpad(padded, block)
    except Id2Error as error:
        problems.append(
            f"the device accepted a plaintext whose padding is wrong ({error}); it must refuse it"
        )
        if padded[-1:] == b"\x00":
            judgement.find_defect(
                "k.2", f"line {lines[0]}: the plaintext ends with 00 and was accepted", lines
            )
    judgement.judged("decrypt: padding", problems, "the padding of the plaintext is right", lines)


def _judge_demo_tests(context: Context, judgement: Judgement) -> None:
    facts = context.facts
    there = {test.value for test in facts.demo_tests}
    for name in _DEMO_TESTS:
        if name not in there and facts.cut_start:
            judgement.not_run(f"demo {name}", "not in the log, whose beginning is cut")
        elif name not in there:
            judgement.missing(
                f"demo {name}", "not in the log: it ends before it, or the program stopped", [facts.last_line]
            )
    for number, test in enumerate(facts.demo_tests):
        after = (
            facts.demo_tests[number + 1].line if number + 1 < len(facts.demo_tests) else facts.last_line + 1
        )
        inside = range(test.line, after)
        name = f"demo {test.value}"
        if test.value == "id2_client_get_id":
            shown = [place.line for place in facts.ids if place.line in inside]
            judgement.judged(name, [] if shown else ["no ID is shown"], "an ID is shown", [test.line, *shown])
        elif test.value.endswith("_auth_code"):
            shown = [code.line for code in facts.codes if code.line in inside]
            count = len({code.generation for code in facts.codes if code.line in inside})
            problems = [] if count == 2 else [f"{count} of its 2 codes are shown"]
            judgement.judged(name, problems, "both codes are shown", [test.line, *shown])
        elif test.value == "id2_client_decrypt":
            _judge_demo_decrypt(context, inside, judgement)


def _judge_demo_decrypt(context: Context, inside: range, judgement: Judgement) -> None:
    """Judge the demo's probe, whose ciphertext fits the build only when somebody chose it."""
    facts, name = context.facts, "demo decrypt"
    offered = next(
        (dump for dump in facts.dumps if dump.line in inside and dump.name == "crypto input data"), None
    )
    refused = [complaint for complaint in facts.complaints if complaint.line in inside]
    results = [result for result in facts.demo_results if result.line in inside]
    lines = [inside.start, *(complaint.line for complaint in refused), *(result.line for result in results)]
    code = next((complaint.code for complaint in refused if complaint.code is not None), None)
    if offered is not None:
        lines.append(offered.line + 1)
    if code is None and not results:
        judgement.missing(name, "it has no result: the log ends there, or the program stopped", lines)
    elif offered is None and code is not None:
        judgement.not_run(
            name, f"refused with {codes.describe_result(code)}; the ciphertext is not in the log", lines
        )
    elif offered is not None and offered.damage:
        judgement.failed(name, offered.damage, lines)
    elif offered is not None and (block := _block(context, refused)) and len(offered.data) % block:
        _judge_unfit(offered, block, code, lines, judgement)
    elif code is not None:
        judgement.failed(name, f"a ciphertext that fits was refused: {codes.describe_result(code)}", lines)
    elif results[0].value == f"dec_out = plaintext = {_PROBE_PLAIN}":
        judgement.passed(name, f"gives {_PROBE_PLAIN}", lines)
    elif offered is not None:
        _judge_wrong_plain(context, offered, lines, judgement)
    else:
        judgement.failed(name, f"the plaintext is not {_PROBE_PLAIN}", lines)


def _block(context: Context, refused: list[Complaint]) -> int:
    """Return the cipher block in bytes by the key type or by what the program says; 0 when not known."""
    if context.key_type is not None and context.key_type.symmetric:
        return context.key_type.block_size
    said = next((found for complaint in refused if (found := _MULTIPLE.search(complaint.text))), None)
    return int(said[1]) if said else 0


def _judge_unfit(offered: Dump, block: int, code: int | None, lines: list[int], judgement: Judgement) -> None:
    owner = _PUBLISHED_PROBES.get(offered.data.hex().upper())
    whose = f", the published one of {owner.value}," if owner is not None else ""
    size = len(offered.data)
    told = f"the program offers a ciphertext of {size} bytes{whose} to a key whose blocks have {block}"
    if code == codes.ResultCode.BAD_PARAMETERS:
        judgement.not_run(
            "demo decrypt", f"{told}; refusing it with -2 is right, and says nothing about decryption", lines
        )
    elif code is None:
        judgement.failed("demo decrypt", f"{told}; it must be refused with -2 and was not", lines)
    else:
        judgement.failed("demo decrypt", f"{told}; it must be refused with -2, not {code}", lines)


def _judge_wrong_plain(context: Context, offered: Dump, lines: list[int], judgement: Judgement) -> None:
    """Tell a wrong decryption from a ciphertext that belongs to another key."""
    if context.key is not None and context.key.key_type.symmetric:
        try:
            mine = ciphers.decrypt(context.key, offered.data) == _PROBE_PLAIN.encode()
        except Id2Error:
            mine = False
        if not mine:
            judgement.not_run(
                "demo decrypt", "the ciphertext offered belongs to another key than this device's", lines
            )
            return
    judgement.failed("demo decrypt", f"the plaintext is not {_PROBE_PLAIN}", lines)
