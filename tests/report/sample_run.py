"""A run with everything a report can show, as the pytest plugin would write it."""

import json
from contextlib import suppress
from pathlib import Path

from harness.errors import BenchError, DeviceError, HarnessError
from harness.run.events import ScenarioInfo
from harness.run.header import Header, InputFile
from harness.run.measure import Measurement, OutsideLimitsError
from harness.run.run import Run, ScenarioLog
from harness.run.verdict import Verdict, verdict_of

KNOWN = [
    {
        "id": "PLAN-01",
        "statement": "The pattern, carrier and platform of the plan are a combination with a guide.",
        "source": "help: determine a solution",
        "level": "should",
        "applies_when": "always",
    },
    {
        "id": "SE-ID-01",
        "statement": "GET ID answers the vendor, the length 0C and an ID of 12 bytes.",
        "source": "ICA/T 2017-202-01, 6.2.8",
        "level": "must",
        "applies_when": "chip",
    },
    {
        "id": "SE-SW-01",
        "statement": "An instruction that the chip does not know is answered with 6D00.",
        "source": "ICA/T 2017-202-01, table 11",
        "level": "must",
        "applies_when": "chip",
    },
    {
        "id": "SE-TIME-01",
        "statement": "The chip answers every command inside its time limit.",
        "source": "SDK 3.1.0 se_driver",
        "level": "must",
        "applies_when": "chip",
    },
    {
        "id": "CODE-01",
        "statement": "A challenge code is signed over ID, device random, challenge and extra in this order.",
        "source": "SDK 3.1.0 modules/id2/lib/src/id2_client.c",
        "level": "must",
        "applies_when": "chip and key_known",
    },
    {
        "id": "LIC-02",
        "statement": "The first successful authentication of a device consumes exactly one licence.",
        "source": "help: licence rules, consumption",
        "level": "must",
        "applies_when": "service=mock",
    },
    {
        "id": "MDU-01",
        "statement": "A module answers the timestamp command with a timestamp code.",
        "source": "SDK 3.0.0 sample_mdu_applet.c",
        "level": "must",
        "applies_when": "carrier=module",
    },
    {
        "id": "OTP-01",
        "statement": "Field provisioning data with a wrong check value is refused, and the state stays.",
        "source": "SDK 3.1.0 modules/id2/lib/src/id2_otp.c",
        "level": "must",
        "applies_when": "otp",
    },
]

AUTH_CODE = (
    "0~2~ABABABABABABABAB~55B83408399FA660F05C82E4F25333DC~"
    "4sx4q/vZtJeBciBhpfzBwLaw7kXg4s2mmZxSoehsKtyXnA1nt3r97vPi1Bnh6fF1"
)


def info(name: str, folder: str, title: str, *steps: tuple[str, str]) -> ScenarioInfo:
    return ScenarioInfo(
        id=f"{folder}/{name}",
        node=f"suites/{folder}/test_{folder}.py::{name}",
        step_folder=folder,
        title=title,
        requirements=tuple(dict.fromkeys(requirement for requirement, _ in steps)),
        steps=steps,
    )


PLAN = info(
    "test_plan",
    "step1_plan",
    "The plan is a documented combination",
    ("PLAN-01", "Pattern, carrier and platform"),
)
GET_ID = info("test_get_id", "step4_adapt", "The chip gives its ID", ("SE-ID-01", "GET ID is well formed"))
STATUS = info(
    "test_unknown_instruction",
    "step4_adapt",
    "A wrong instruction gets the right status word",
    ("SE-SW-01", "An unknown instruction is refused with 6D00"),
    ("SE-SW-01", "The chip works on afterwards"),
)
TIMES = info(
    "test_times", "step4_adapt", "The chip keeps its time limits", ("SE-TIME-01", "200 commands are timed")
)
CODE = info(
    "test_challenge",
    "step5_verify",
    "A challenge code verifies",
    ("CODE-01", "Without extra"),
    ("CODE-01", "With extra"),
)
LICENCE = info(
    "test_licence",
    "step2_prepare",
    "The first success consumes one licence",
    ("LIC-02", "Quota before and after"),
)
MODULE = info(
    "test_module", "robustness", "A module marks timestamp codes as such", ("MDU-01", "Type of the code")
)
NEVER = info(
    "test_never", "robustness", "Stale answers are noticed", ("SE-SW-01", "A repeated answer is refused")
)


def write(root: Path, board: str = "virtual-se-i2c") -> Path:
    """Write a finished run in which something of everything happened, and return its folder."""
    root.mkdir(parents=True, exist_ok=True)
    board_file = root / "board.yaml"
    board_file.write_text("name: virtual-se-i2c\n")
    header = Header(
        plan={"pattern": "chip", "carrier": "se", "platform": "third-party-os", "key_type": "aes-128"},
        declaration={"algorithms": ["3des", "aes"], "select": True, "extra": {"maximum": 512}},
        options={"service": "mock", "destructive": False},
        board_file={"name": board, "transports": [{"name": "se", "kind": "simulated-i2c", "address": 113}]},
        inputs=(InputFile.of(board_file, "board file"),),
    )
    run = Run.create(root, board, header)
    run.requirements(KNOWN, ["OTP-01"])
    run.plan([PLAN, LICENCE, GET_ID, STATUS, TIMES, CODE, MODULE, NEVER])
    run.transport_opened("se", "simulated I²C bus, FM1280 at 0x71")
    run.recording("se").write_text(json.dumps({"format": "id2-recording", "version": 1}) + "\n")
    run.board_found({"id": "2122232425262728292A2B2C", "vendor": "8184 Synochip"})
    run.note("address 0x71 answered after 3 ms")

    log = run.begin(PLAN)
    with log.step(0):
        pass
    log.finish(Verdict.PASSED)

    _end_with(
        run.begin(LICENCE),
        BenchError(
            "the service at 127.0.0.1:1 cannot be reached",
            hint="start it with: harness service",
            transport="service",
        ),
    )

    log = run.begin(GET_ID)
    with log.step(0):
        log.evidence(
            "get-id.hex",
            b"8184 0C 2122232425262728292A2B2C 9000\n",
            media_type="text/plain",
            title="Answer of GET ID",
        )
    log.finish(Verdict.PASSED)

    _end_with(
        run.begin(STATUS),
        DeviceError(
            "the chip answered 9000 to the instruction 55, expected 6D00",
            hint="look at the default branch of the chip's command table",
            board=board,
            transport="se",
            traffic=("> 80 55 00 00 00", "< 90 00"),
            code=0x9000,
        ),
    )

    log = run.begin(TIMES)
    try:
        with log.step(0):
            log.measure(Measurement("median answer time", "ms", None, 20), 3.25)
            log.measure(Measurement("longest answer time", "ms", 0, 50), 61.5)
            log.measure(Measurement("commands", "", 200, 200), 200)
    except OutsideLimitsError as error:
        log.finish(Verdict.FAILED, reason=error.message, error=error)

    log = run.begin(CODE)
    with log.step(0):
        log.evidence("auth-code.txt", AUTH_CODE.encode(), media_type="text/plain", title="Auth code")
    log.finding(
        "K3",
        severity="major",
        title="An extra with a NUL byte is signed with zeros behind it",
        detail="extra 61 00 62 gives the signature of 61 00 00",
    )
    with log.step(1):
        log.note("extra of 512 bytes")
    log.finish(Verdict.PASSED)

    log = run.begin(MODULE)
    log.finish(Verdict.NOT_APPLICABLE, reason="applies when carrier=module; the plan says se")
    run.finish()
    return run.path


def _end_with(log: ScenarioLog, error: HarnessError) -> None:
    with suppress(HarnessError), log.step(0):
        raise error
    log.finish(verdict_of(error), reason=error.message, error=error)
