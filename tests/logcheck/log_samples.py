"""The captured consoles and the keys they are checked with."""

from dataclasses import dataclass

from harness.id2.keys import Key, KeyType
from harness.logcheck import KeyRing, LogReport, judge
from harness.run.verdict import Verdict

SE_KEY = "1005F0D5333978630AD5D02EA777DC548FA94C5263EA071E"
SE_ID = "379551166B860D8DC4235AC7"
DEBUG_ID = "2122232425262728292A2B2C"


@dataclass(frozen=True)
class Case:
    part: str  # of the file's name
    id2: str
    keys: KeyRing


AES = Case("aes128", DEBUG_ID, KeyRing.debug())
SE_KEYLESS = Case("se-3des168", SE_ID, KeyRing())
SE_KEYED = Case("se-3des168", SE_ID, KeyRing.of(Key.parse(KeyType.DES3_168, SE_KEY), SE_ID))
DEMO = Case("demo-1.0.0", DEBUG_ID, KeyRing.debug())
HAL = Case("hal_app", "", KeyRing())
CASES = {"aes": AES, "se-keyless": SE_KEYLESS, "se-keyed": SE_KEYED, "demo": DEMO, "hal": HAL}


def check(data: bytes, keys: KeyRing | None = None, **options: object) -> LogReport:
    return judge([data], keys=keys, **options)  # type: ignore[arg-type]


def failures(report: LogReport) -> dict[str, str]:
    return {item.name: item.detail for item in report.failed()}


def item(report: LogReport, name: str):
    """Return the one item whose name starts like this."""
    (found,) = [item for item in report.items if item.name.startswith(name)]
    return found


def assert_passed(report: LogReport, boots: int = 1) -> None:
    assert failures(report) == {}
    assert report.verdict is Verdict.PASSED
    assert len(report.boots) == boots
