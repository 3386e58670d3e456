"""From the entries of a boot to its facts."""

import re

from harness.console import events as e
from harness.console.sdklog import says_something
from harness.logcheck.boots import BootLog, program_of
from harness.logcheck.codelines import CodeLines
from harness.logcheck.dumps import DumpReader
from harness.logcheck.entries import REPORT_BANNER, TORN, Entry
from harness.logcheck.facts import (
    ChallengeLine,
    Complaint,
    Derived,
    Facts,
    PrintedValue,
    ReportText,
    Section,
    TestRun,
)
from harness.logcheck.itlslines import is_about_itls
from harness.logcheck.model import Program
from harness.logcheck.reporttext import add_row

_SECTION = re.compile(r"=*> ?ID2 Client Verify Server +AuthCode (?P<word>Start|End|Fail)\.?")
_SPEAKS_OF_ERROR = re.compile(
    r"\b(?:fail(?:ed)?|error)\b|^not support|^no id2|exceed the allowed|^ID2 - ", re.IGNORECASE
)
_ID_LINE = re.compile(r"(?:Get |set )?(?i:ID2?): ?(?P<id>.*)")
_HAL_WARNING = re.compile(r"\[WARN\] (?P<what>aes \w+) hal not support")
_LOOKED_AT = 400  # characters in which a line says that something is wrong
MAX_REPORTS = 32
VERIFY_SERVER = "Verify Server"
DECRYPT = "Decrypt"


def gather(boot: BootLog) -> Facts:
    """Put the facts of a boot together; judges nothing."""
    return _Gatherer(boot).run()


def _better(known: Program, seen: Program) -> Program:
    """Return the program that two lines are of: `itls_app` prints the client's banner as `id2_app` does."""
    return seen if known is Program.UNKNOWN or seen is Program.ITLS_APP else known


class _Gatherer:
    def __init__(self, boot: BootLog) -> None:
        self.facts = Facts(boot.number, boot.entries, boot.left_out, boot.interrupted)
        self.dumps = DumpReader()
        self.codes = CodeLines()
        self.test: TestRun | None = None
        self.section: Section | None = None
        self.demo_test = ""
        self.aes_mode = ""
        self.report: ReportText | None = None
        self.unsupported: set[str] = set()

    def run(self) -> Facts:
        facts = self.facts
        for entry in facts.entries:
            if facts.program is Program.UNKNOWN or (
                facts.program is Program.ID2_APP and not (facts.tests or facts.report_marks)
            ):
                facts.program = _better(facts.program, program_of(entry.event))
            if entry.doubt:
                facts.unread[entry.line] = entry.doubt
            if entry.alarm is not None:
                facts.alarms.append((entry.line, entry.alarm))
                if not says_something(entry.event):
                    continue  # the crash is judged by itself
            if entry.unread:
                if entry.doubt == TORN:
                    facts.torn.append(entry.line)
                continue
            if self.report is not None and not self.report.closed and entry.json is not None:
                add_row(self.report, entry.line, entry.json)
            else:
                self._take(entry)
        self.codes.close_heading()
        self.codes.take_reports(facts.reports)
        facts.codes, facts.missing_codes = self.codes.codes, self.codes.missing
        facts.torn_dumps = self.dumps.torn(facts.unread)
        facts.dumps = [
            dump for dump in self.dumps.dumps if not any(dump is torn for torn in facts.torn_dumps)
        ]
        self.codes.leave_out(facts.torn_dumps)
        facts.exchanges = self.dumps.exchanges(facts.number, facts.torn_dumps, facts.unread)
        return facts

    def _take(self, entry: Entry) -> None:
        line, event, facts = entry.line, entry.event, self.facts
        if self.dumps.take(line, event):
            if isinstance(event, e.DumpStart):
                self.codes.workings.keep(self.dumps.dumps[-1])
                if event.direction:
                    facts.chip_lines.append(line)
            return
        if is_about_itls(event.origin.function, event.text):
            facts.itls.append(PrintedValue(line, event.text))
        match event:
            case e.TestMark() | e.TestVerdict():
                self.codes.forget_workings()
                self._take_test(line, event)
            case e.HalStep():
                self._take_step(line, event)
            case e.ReportMark():
                self.codes.forget_workings()
                self._take_report_mark(line, event.mark)
            case e.AuthCodeHeading():
                self.codes.head(line, event)
            case e.AuthCodeLine():
                self.codes.take(entry, event, self._around())
            case e.DeviceId():
                facts.ids.append(PrintedValue(line, event.id2))
            case e.SignedMessage():
                self.codes.workings.message_texts.append(PrintedValue(line, event.message))
            case e.ClientVersion():
                facts.versions.append((line, event))
            case e.BuildTime():
                facts.builds.append((line, event))
            case e.ConfigFlag():
                facts.flags.append((line, event))
                if event.name.startswith("CONFIG_CHIP_"):
                    facts.chip_lines.append(line)
            case e.IrotType():
                facts.irots.append((line, event))
            case e.DemoCarrierWarning():
                facts.demo_warnings.append(line)
            case e.ProvisioningState():
                facts.provisioning.append((line, event))
            case e.DeviceChallenge():
                facts.challenges.append(ChallengeLine(line, event.challenge, event.length))
            case e.Seed():
                facts.seeds.append(PrintedValue(line, event.seed))
            case e.DeviceSecret():
                self.codes.forget_workings()
                seed, lines = self._seeded(line)
                facts.secrets.append(Derived(seed, lines, b"", event.secret, event.length))
            case e.DerivedKeyRow():
                self._take_key_row(line, event)
            case e.Totp():
                facts.totps.append(PrintedValue(line, event.digits))
            case e.ChipCall():
                facts.chip_lines.append(line)
                if event.result:
                    self._complain(line, event, event.result)
            case e.CallFailed():
                self._complain(line, event, event.code)
            case e.Message() | e.Other() | e.ChipMessage():
                self._take_text(entry)
                return
        if event.error and not isinstance(event, (e.HalStep, e.TestVerdict, e.CallFailed, e.ChipCall)):
            self._complain(line, event)

    def _around(self) -> str:
        return f"{self.test.name if self.test else ''} {self.demo_test}"

    def _take_test(self, line: int, event: e.TestMark | e.TestVerdict) -> None:
        self.codes.close_heading()
        name = event.name.replace("Challenege", "Challenge")  # 2.0 misspells one End
        if name.startswith("AES "):
            self.aes_mode = name
            return  # hal_app heads the parts of its AES test like tests
        if isinstance(event, e.TestMark) and event.started:
            self.test = TestRun(event.suite, name, start=line)
            self.facts.tests.append(self.test)
            if name == DECRYPT:
                self._open_section(DECRYPT, line)
            return
        test = next(
            (test for test in reversed(self.facts.tests) if test.name == name and test.verdict is None), None
        )
        if test is None:
            test = TestRun(event.suite, name)
            self.facts.tests.append(test)
        if isinstance(event, e.TestMark):
            test.end = line
            return
        test.verdict, test.result = line, event.result
        self.test = None

    def _take_step(self, line: int, event: e.HalStep) -> None:
        if self.test is None and "sst" in f"{event.name} {event.origin.function}":
            self.test = TestRun(e.TestSuite.HAL, "SST")  # it does not say when it starts
            self.facts.tests.append(self.test)
        result, name = (
            event.result,
            event.name or self.aes_mode,
        )  # a mode that is not there has no name of its own
        if result is e.TestResult.FAIL and event.name.startswith(tuple(self.unsupported)):
            result = e.TestResult.NOT_SUPPORTED  # hal_app compares what it never computed
        if self.test is not None:
            self.test.steps.append((line, name, result))
        elif result is e.TestResult.FAIL:
            self._complain(line, event)

    def _take_report_mark(self, line: int, mark: str) -> None:
        self.codes.close_heading()
        self.facts.report_marks.append((line, mark))
        if mark == "banner" and len(self.facts.reports) >= MAX_REPORTS:
            self.facts.left_out += 1
            self.report = None
        elif mark == "banner":
            starts = [at for at, each in self.facts.report_marks if each == "start"]
            self.report = ReportText(line, starts[-1] if starts else line)
            self.facts.reports.append(self.report)
        elif mark in ("end", "fail"):
            self.report = None

    def _open_section(self, name: str, line: int) -> Section:
        self.section = Section(name, start=line)
        self.facts.sections.append(self.section)
        return self.section

    def _seeded(self, line: int) -> tuple[PrintedValue | None, tuple[int, ...]]:
        seed = self.facts.seeds[-1] if self.facts.seeds else None
        return seed, ((line,) if seed is None else (seed.line, line))

    def _take_key_row(self, line: int, event: e.DerivedKeyRow) -> None:
        seed, lines = self._seeded(line)
        last = self.facts.keys[-1] if self.facts.keys else None
        if last is not None and last.seed == seed:
            last.lines += (line,)
            last.value += event.data
        else:
            self.facts.keys.append(Derived(seed, lines, event.data))

    def _take_text(self, entry: Entry) -> None:
        line, event, text = entry.line, entry.event, entry.text
        if REPORT_BANNER in text:
            self._take_report_mark(line, "banner")
            _, brace, rest = text.partition("{")
            if brace and self.report is not None:
                add_row(self.report, line, brace + rest)
        elif found := _SECTION.fullmatch(text):
            self._take_section(line, found["word"])
        elif self.codes.take_text(entry, self._around()):
            return
        elif found := _HAL_WARNING.match(text):
            self.unsupported.add(f"{found['what'].upper().replace(' ', '_')}_")
        elif text.startswith("test: id2_client_"):
            self.demo_test = text.removeprefix("test: ")
            self.facts.demo_tests.append(PrintedValue(line, self.demo_test))
        elif text.startswith("dec_out"):
            self.facts.demo_results.append(PrintedValue(line, text))
        elif text.startswith("out_data: "):
            if self.section is not None:
                self.section.output = PrintedValue(line, text.removeprefix("out_data: "))
        elif text == "seed:":
            self.facts.seeds.append(PrintedValue(line, ""))
        elif text.startswith("set key data: "):
            self.facts.key_prints.append(line)
        elif (found := _ID_LINE.fullmatch(text)) and self._expects_id(event):
            self.facts.ids.append(PrintedValue(line, found["id"]))
        elif event.error or _SPEAKS_OF_ERROR.search(text, 0, _LOOKED_AT):
            self._complain(line, event)

    def _expects_id(self, event: e.Event) -> bool:
        if event.text.startswith("Get ID2:"):
            return True
        around = f"{event.origin.function} {self.demo_test}"
        return "get_id" in around or "set_id2" in around

    def _take_section(self, line: int, word: str) -> None:
        if word == "Start":
            self._open_section(VERIFY_SERVER, line)
            return
        section = self.section
        if section is None or section.name != VERIFY_SERVER:
            section = self._open_section(VERIFY_SERVER, line)
            section.start = None
        section.end, section.passed = line, word == "End"
        self.section = None

    def _complain(self, line: int, event: e.Event, code: int | None = None) -> None:
        origin = event.origin
        test = self.test.name if self.test else (self.section.name if self.section else self.demo_test)
        known = origin.tagged or origin.function or "id2" in origin.text.lower()
        foreign = not known and not (event.error and self.facts.program is Program.DEMO)
        self.facts.complaints.append(Complaint(line, origin.function, origin.text, test, foreign, code))
