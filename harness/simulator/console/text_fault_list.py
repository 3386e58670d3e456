"""The broken console boards whose fault stands in the text beside tests that pass."""

from collections.abc import Callable

from harness.simulator.console import text_faults as text
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.faults.fault import Expected, Fault, Layer


def _fault(name: str, hooks: Callable[[], ConsoleHooks], summary: str, *, shows_with: str = "") -> Fault:
    return Fault(name, Layer.CONSOLE, summary, Expected.FAILED, hooks, shows_with=shows_with)


CONSOLE_TEXT_FAULTS: tuple[Fault, ...] = (
    _fault(
        "hard-fault-between-tests", text.HardFaultBetweenTests, "the processor faults between passing tests"
    ),
    _fault("panic-after-report", text.PanicAfterReport, "the system panics behind a report that is sound"),
    _fault("zephyr-fatal-error", text.ZephyrFatalError, "a thread overflows its stack between passing tests"),
    _fault("alios-exception", text.AliosException, "AliOS Things dumps an exception behind the report"),
    _fault("sanitizer-report", text.SanitizerReport, "the address sanitizer reports an overflow"),
    _fault(
        "undefined-behaviour", text.UndefinedBehaviour, "the undefined-behaviour sanitizer reports a shift"
    ),
    _fault("stack-smashing", text.StackSmashing, "the stack is damaged when the program ends"),
    _fault(
        "failed-assertion", text.FailedAssertion, "an assertion of the system fails between passing tests"
    ),
    _fault("trusted-application-panics", text.TrustedApplicationPanics, "the trusted application panics"),
    _fault("reset-by-watchdog", text.ResetByWatchdog, "the boot loader says that a watchdog reset the board"),
    _fault("restarts-in-mid-run", text.RestartsInMidRun, "the board starts again between passing tests"),
    _fault("same-start-twice", text.StartsTwice, "the whole output comes twice, with the same randoms"),
    _fault("banner-after-report", text.BannerAfterReport, "the program begins again behind its report"),
    _fault("built-february-30", text.BuiltOnFebruary30, "the build date is on no calendar"),
    _fault("built-1900", text.BuiltIn1900, "the build date is before any compiler"),
    _fault("built-2190", text.BuiltIn2190, "the build date is more than a century ahead"),
    _fault("demo-random-linked", text.DemoRandomLinked, "device randoms come from the SDK's demo generator"),
    _fault("endless-error-line", text.EndlessErrorLine, "an error line has a megabyte"),
    _fault(
        "other-sdk-version",
        text.OtherSdkVersion,
        "banner and report say 3.0.0",
        shows_with="a declared SDK version",
    ),
    _fault("other-carrier", text.OtherCarrier, "the program says that a software sandbox holds the key"),
)
"""All of them."""
