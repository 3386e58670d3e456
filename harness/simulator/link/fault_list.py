"""The list of broken firmwares with a link; which situation at the access point shows each stands in `shows_with`."""

from collections.abc import Callable

from harness.simulator.fault import Expected, Fault, Layer
from harness.simulator.link import faults as link
from harness.simulator.link.hooks import LinkHooks


def _link(name: str, hooks: Callable[[], LinkHooks], summary: str, shows_with: str) -> Fault:
    return Fault(f"link-{name}", Layer.LINK, summary, Expected.FAILED, hooks, shows_with=shows_with)


LINK_FAULTS: tuple[Fault, ...] = (
    _link(
        "accepts-wrong-server-code",
        link.AcceptsWrongServerCode,
        "a server code with a wrong signature is accepted",
        "a server that gives a wrong code",
    ),
    _link(
        "accepts-missing-server-code",
        link.AcceptsMissingServerCode,
        "a ServerHello without a server code is accepted",
        "a server that gives no code",
    ),
    _link(
        "accepts-foreign-server-code",
        link.AcceptsForeignServerRandom,
        "a server code over another random than the device's own is accepted",
        "a server that gives a code over another random",
    ),
    _link(
        "accepts-missing-premaster",
        link.AcceptsMissingPremaster,
        "a ServerHello without a pre-master is accepted, as by the vendor's client 3.1.0, and all keys are public",
        "a server that sends no pre-master",
    ),
    _link(
        "accepts-short-premaster",
        link.AcceptsShortPremaster,
        "a pre-master of another length than 48 bytes is accepted",
        "a server that sends a pre-master of another length",
    ),
    _link(
        "ignores-finished",
        link.IgnoresFinished,
        "the server's Finished is not checked",
        "a server that sends a wrong Finished",
    ),
    _link(
        "ignores-record-mac",
        link.IgnoresMac,
        "the MAC of records is not checked",
        "a server that sends a wrong MAC",
    ),
    _link(
        "accepts-skipped-sequence",
        link.AcceptsSkippedSequence,
        "a record that was left out is not noticed",
        "a server that skips a sequence number",
    ),
    _link(
        "accepts-any-challenge",
        link.AcceptsAnyChallenge,
        "a challenge of another length than 32 characters is answered",
        "a server that sends 31 or 33 characters",
    ),
    _link(
        "accepts-any-suite",
        link.AcceptsAnySuite,
        "a suite that was not offered is accepted",
        "a server that picks a weaker suite",
    ),
    _link(
        "accepts-unknown-extension",
        link.AcceptsAnyExtension,
        "an extension that was not asked for is accepted",
        "a server that adds one",
    ),
    _link(
        "forgets-identity",
        link.ForgetsIdentity,
        "the board is provisioned again after every start, and spends a licence each time",
        "a second start",
    ),
    _link("never-reconnects", link.NeverReconnects, "a session that was lost stays lost", "a lost session"),
    _link(
        "reconnects-without-pause",
        link.Hammers,
        "the board connects again at once, however often it is refused",
        "a server that refuses with 173",
    ),
    _link(
        "stops-at-first-alert",
        link.StopsAtFirstAlert,
        "one alert that will pass, such as 173, and the board never tries again",
        "a server that refuses with 173",
    ),
    _link(
        "retries-final-alert",
        link.RetriesForEver,
        "the board tries for ever against an alert that will not pass, such as 169",
        "a server that refuses with 169",
    ),
    _link(
        "key-in-clear",
        link.KeyInClear,
        "the ID² key is sent in clear beside the link",
        "the recorded stream of all connections",
    ),
    _link(
        "payload-in-clear",
        link.PayloadInClear,
        "each payload is sent in clear beside the link",
        "the recorded stream of all connections",
    ),
    _link(
        "wrong-client-id",
        link.WrongClientId,
        "the MQTT client id says securemode 2 and authtype secret",
        "the check of the MQTT client id",
    ),
    _link(
        "cuts-long-data",
        link.CutsLongData,
        "of more than 1024 bytes only the first 1024 come back",
        "an echo of more than 1024 bytes",
    ),
    _link(
        "drops-fragments",
        link.DropsFragments,
        "of data in several records the second record is lost",
        "an echo of more than 1024 bytes",
    ),
    _link(
        "ignores-max-fragment",
        link.IgnoresMaxFragment,
        "records are longer than what was agreed",
        "an echo of more than 1024 bytes",
    ),
    _link(
        "ignores-close-notify",
        link.IgnoresClose,
        "after the server's close_notify the board waits in a dead connection",
        "a clean disconnect",
    ),
    _link(
        "never-pings",
        link.NeverPings,
        "an idle session sends no MQTT keep-alive and is cut off by the broker",
        "an idle session",
    ),
    _link(
        "prints-product-secret",
        link.PrintsProductSecret,
        "the ProductSecret is printed to the console at every start",
        "a search of the console",
    ),
)
"""All of them, in the order in which they would strike."""
