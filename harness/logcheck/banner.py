"""Judge which program speaks, and whether what it says of its own build agrees.

Source: device-protocol.md e.1 (irot types), i.1 (banner), i.2 (order of the program), h.4 (alerts).
"""

from collections.abc import Iterator

from harness.console import events as e
from harness.id2.errors import quoted
from harness.logcheck.builddate import build_date, impossible, odd
from harness.logcheck.context import Context, family_named, setting_family, shape_family
from harness.logcheck.facts import Facts
from harness.logcheck.judgement import Judgement
from harness.logcheck.model import Program
from harness.severity import Severity

_FAMILIES = ("3DES", "AES", "RSA", "ECC", "SM1", "SM2", "SM4")
_RELEASE_1_0_0 = 0x00000100
_IROT_MAX = 5


def sdk_version(event: e.ClientVersion) -> str:
    """Return the release that a version number stands for: release 1.0.0 prints 0x00000100.

    Source: device-protocol.md a.2.
    """
    return "1.0.0" if event.version == _RELEASE_1_0_0 else event.dotted


def judge_program(context: Context, judgement: Judgement) -> None:
    """Say which program and version speaks."""
    facts = context.facts
    versions = {sdk_version(event) for _, event in facts.versions}
    lines = [line for line, _ in facts.versions] or [facts.first_line]
    if len(versions) > 1:
        judgement.failed(
            "program",
            f"the banners of one start give different versions: {', '.join(sorted(versions))}",
            lines,
        )
    elif versions:
        judgement.passed("program", f"{facts.program.value} of SDK {versions.pop()}", lines)
    elif facts.program is Program.HAL_APP:
        judgement.passed("program", "hal_app, which prints no version", lines)
    elif facts.module:
        judgement.passed("program", "id2_app on a module (MDU), whose banner has no version", lines)
    else:
        judgement.not_run(
            "program", "the banner with the version is not in the log: its beginning is cut", lines
        )


def judge_banner(context: Context, judgement: Judgement) -> None:
    """Compare the lines of the banner with each other, with the carrier's lines and with the codes."""
    facts = context.facts
    if facts.program not in (Program.ID2_APP, Program.ITLS_APP) or not (
        facts.versions or facts.flags or facts.irots
    ):
        return
    problems = list(_banner_problems(context))
    lines = [line for line, _ in (*facts.versions, *facts.builds, *facts.flags, *facts.irots)]
    lines += [line for line, _ in problems]
    said = [text for text in (setting_family(facts), *{event.carrier for _, event in facts.irots}) if text]
    judgement.judged(
        "banner",
        [text for _, text in problems],
        f"agrees with itself and with the codes ({', '.join(said)})",
        lines,
    )


def _banner_problems(context: Context) -> Iterator[tuple[int, str]]:
    facts = context.facts
    families = [(line, flag) for line, flag in facts.flags if isinstance(flag, e.KeyTypeSetting)]
    for line, flag in families:
        if family_named(flag.value) not in _FAMILIES:
            yield line, f"{flag.name} is {quoted(flag.value)}, which is no key type"
    client = setting_family(facts)
    for line, flag in families:
        if flag.name == "CONFIG_CHIP_KEY_TYPE" and client in _FAMILIES and family_named(flag.value) != client:
            yield (
                line,
                f"the client is built for {client}, the chip adapter for {quoted(flag.key_type)}",
            )
    if client:
        seen = shape_family(context)
        alike = {seen, client} == {"SM1", "SM4"} or client == "ECC"  # K-192 gives as many bytes as AES
        if seen not in ("", client) and not alike:
            told = f"the build is for {client}, the codes have hash and length of {seen}"
            yield facts.codes[0].line, told
    for line, event in facts.builds:
        what = f"build time {quoted(event.time)} of {quoted(event.component)}"
        made = build_date(event.time)
        if made is None:
            yield line, f"{what} is none of a compiler"
        elif why := impossible(made, context.now):
            yield line, f"{what} cannot be: {why}"
    yield from _carrier_problems(facts)


def _carrier_problems(facts: Facts) -> Iterator[tuple[int, str]]:
    demo_build = next((line for line, event in facts.builds if event.component == "Demo KM"), 0)
    demo = facts.demo_warnings[0] if facts.demo_warnings else demo_build
    chip = facts.chip_lines[0] if facts.chip_lines else 0
    for line, event in facts.irots:
        if event.number > _IROT_MAX or event.number == 0:
            yield line, f"irot type {event.number} is no carrier"
        elif event.carrier != "DEMO" and demo:
            yield line, f"irot type says {event.carrier}, line {demo} is printed by the Demo carrier"
        elif event.carrier == "DEMO" and not demo and not facts.cut_start:
            yield line, "irot type says DEMO, and the Demo carrier's own warning is not there"
        elif event.carrier not in ("SE", "PUF") and chip:
            yield line, f"irot type says {event.carrier}, line {chip} is printed by the SE adapter"
    if demo and chip:
        yield chip, f"line {demo} is printed by the Demo carrier, line {chip} by the SE adapter"


def judge_provisioning(context: Context, judgement: Judgement) -> None:
    """Judge whether the device holds an ID."""
    facts = context.facts
    if not facts.provisioning:
        return
    missing = [line for line, event in facts.provisioning if not event.provisioned]
    last_line, last = facts.provisioning[-1]
    shown = [place.line for place in facts.ids if place.line > last_line]
    if last.provisioned or shown:  # SDK 3.x does not say it again when a link has fetched the ID
        detail = "the device holds an ID" + (", after provisioning over the network" if missing else "")
        judgement.passed("provisioning", detail, [last_line, *shown[:1]])
    else:
        judgement.failed(
            "provisioning", "the device holds no ID and did not get one: provision it first", missing
        )


def find_build_findings(context: Context, judgement: Judgement) -> None:
    """Name what the build says of itself that should not be in a product."""
    facts = context.facts
    for line, event in facts.builds:
        made = build_date(event.time)
        if made is not None and (why := odd(made, context.now)):
            judgement.find(
                "build-date",
                Severity.MINOR,
                "the build date is odd",
                f"build time {quoted(event.time)}: {why}. The clock of the build host, or of this bench, is wrong; "
                "so nobody can tell from it which build this is.",
                [line],
            )
    family = setting_family(facts, "CONFIG_CHIP_KEY_TYPE") or setting_family(facts)
    for line, flag in facts.flags:
        if flag.name == "CONFIG_CHIP_TYPE" and "_MTK_" in flag.value and family not in ("", "3DES"):
            judgement.find_defect("e.3", f"{flag.value} in a build for {family}", [line])
        if flag.name == "CONFIG_CHIP_DEBUG" and flag.on:
            judgement.find_defect("k.6", "CONFIG_CHIP_DEBUG is defined", [line])
        elif flag.name == "CONFIG_ID2_DEBUG" and flag.on:
            judgement.find(
                "debug-build",
                Severity.MAJOR,
                "the client is a debug build",
                "CONFIG_ID2_DEBUG is defined: secrets and signed messages stand on the console. "
                "Undefine it for a product.",
                [line],
            )
    if facts.exchanges and all(finding.id != "k.6" for finding in judgement.findings):
        judgement.find_defect("k.6", "the console has APDU dumps", [facts.exchanges[0].lines[0]])
    if facts.key_prints:
        judgement.find(
            "key-on-console",
            Severity.MAJOR,
            "the device's key stands on the console in clear",
            "id2_client_set_id2_and_key prints the key that it sets. This key is no secret any more; "
            "keep the log private.",
            facts.key_prints,
        )
    if context.demo_carrier:
        lines = facts.demo_warnings or [line for line, _ in facts.irots]
        judgement.find(
            "demo-carrier",
            Severity.MAJOR,
            "the Demo carrier holds the key",
            "The program says itself that a product must use SE, PUF, TEE or Soft KM (irot type 5).",
            lines,
            demo=True,
        )
