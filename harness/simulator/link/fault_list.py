"""The list of broken firmwares with a link; which situation at the access point shows each stands in `shows_with`."""

from collections.abc import Callable
from functools import partial

from harness.itls.client import ClientConnection, ClientPolicy
from harness.simulator.faults.fault import Expected, Fault, Layer
from harness.simulator.link import faults as link
from harness.simulator.link import ivs, lax
from harness.simulator.link.hooks import LinkHooks


def _link(name: str, hooks: Callable[[], LinkHooks], summary: str, shows_with: str) -> Fault:
    return Fault(f"link-{name}", Layer.LINK, summary, Expected.FAILED, hooks, shows_with=shows_with)


_DEFECTS: tuple[Fault, ...] = (
    _link(
        "accepts-wrong-server-code",
        link.AcceptsWrongServerCode,
        "a server code with a wrong signature is accepted",
        "a server that gives a wrong code",
    ),
    _link(
        "accepts-missing-server-code",
        partial(link.OtherClient, lax.NoCodeNeeded),
        "a ServerHello without a server code is accepted",
        "a server that gives no code",
    ),
    _link(
        "accepts-foreign-server-code",
        partial(link.OtherPolicy, ClientPolicy(checks_server_random=False)),
        "a server code over another random than the device's own is accepted",
        "a server that gives a code over another random",
    ),
    _link(
        "accepts-missing-premaster",
        partial(link.OtherPolicy, ClientPolicy(needs_premaster=False)),
        "a ServerHello without a pre-master is accepted, as by the vendor's client 3.1.0, and all keys are public",
        "a server that sends no pre-master",
    ),
    _link(
        "accepts-short-premaster",
        partial(link.OtherPolicy, ClientPolicy(checks_premaster_size=False)),
        "a pre-master of another length than 48 bytes is accepted",
        "a server that sends a pre-master of another length",
    ),
    _link(
        "ignores-finished",
        partial(link.OtherPolicy, ClientPolicy(checks_finished=False)),
        "the server's Finished is not checked",
        "a server that sends a wrong Finished",
    ),
    _link(
        "ignores-record-mac",
        partial(link.OtherPolicy, ClientPolicy(checks_mac=False)),
        "the MAC of records is not checked",
        "a server that sends a wrong MAC",
    ),
    _link(
        "accepts-skipped-sequence",
        partial(link.OtherClient, lax.SkipsSequence),
        "a record that was left out is not noticed",
        "a server that skips a sequence number",
    ),
    _link(
        "accepts-any-challenge",
        partial(link.OtherPolicy, ClientPolicy(checks_challenge=False)),
        "a challenge of another length than 32 characters is answered",
        "a server that sends 31 or 33 characters",
    ),
    _link(
        "accepts-any-suite",
        partial(link.OtherPolicy, ClientPolicy(checks_suite=False)),
        "a suite that was not offered is accepted",
        "a server that picks a weaker suite",
    ),
    _link(
        "accepts-unknown-extension",
        partial(link.OtherPolicy, ClientPolicy(checks_extensions=False)),
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
        partial(link.OtherClient, lax.OneFragment),
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


def _client(name: str, client: type[ClientConnection], summary: str, shows_with: str) -> Fault:
    return _link(name, partial(link.OtherClient, client), summary, shows_with)


_BY_HALF: tuple[Fault, ...] = (
    _client(
        "compares-code-start",
        lax.comparing_code(lax.first(16)),
        "of the server code's signature only the first 16 bytes are compared",
        "server codes that are wrong in part",
    ),
    _client(
        "compares-code-middle",
        lax.comparing_code(lax.block(1)),
        "of the server code's signature only the second block is compared",
        "server codes that are wrong in part",
    ),
    _client(
        "compares-code-end",
        lax.comparing_code(lax.last(16)),
        "of the server code's signature only the last block, which is constant, is compared",
        "server codes that are wrong in part",
    ),
    _client(
        "compares-code-sum",
        lax.comparing_code(lax.total),
        "of the server code's signature only the sum of its bytes is compared",
        "a server code with two bytes exchanged",
    ),
    _client(
        "ignores-code-type",
        lax.comparing_fields(1, 2, 3),
        "the type of the server code is not looked at",
        "a server code of type 0 or 12",
    ),
    _client(
        "ignores-code-random",
        lax.comparing_fields(0, 1, 3),
        "the device random that the server code names is not looked at",
        "a server code that names another",
    ),
    _client(
        "ignores-premaster-padding",
        lax.IgnoresPremasterPadding,
        "the padding of the pre-master secret is not looked at",
        "a pre-master secret with wrong padding",
    ),
    _client(
        "compares-finished-start",
        lax.comparing_finished(lax.first(4)),
        "of the server's Finished only the first 4 bytes are compared",
        "a Finished that is wrong in part",
    ),
    _client(
        "compares-finished-end",
        lax.comparing_finished(lax.last(4)),
        "of the server's Finished only the last 4 bytes are compared",
        "a Finished that is wrong in part",
    ),
    _client(
        "compares-finished-sum",
        lax.comparing_finished(lax.total),
        "of the server's Finished only the sum of its bytes is compared",
        "a Finished with two bytes exchanged",
    ),
    _client(
        "compares-mac-start",
        lax.comparing_mac(lax.first(10)),
        "of a record's MAC only the first 10 bytes are compared",
        "a MAC that is wrong in part",
    ),
    _client(
        "compares-mac-end",
        lax.comparing_mac(lax.last(4)),
        "of a record's MAC only the last 4 bytes are compared",
        "a MAC that is wrong in part",
    ),
    _client(
        "compares-mac-length",
        lax.comparing_mac(lax.length),
        "a record's MAC is there, and is not compared",
        "a MAC that is wrong in part",
    ),
    _client(
        "ignores-padding",
        lax.reading_with(lax.AnyPadding),
        "the padding of records is not looked at",
        "a record with wrong padding and a right MAC",
    ),
    _client(
        "clamps-padding",
        lax.reading_with(lax.ClampedPadding),
        "padding that is longer than its record is taken for shorter padding",
        "a record with such padding",
    ),
    _client(
        "accepts-any-version",
        lax.AnyVersion,
        "any version in the ServerHello is accepted",
        "a ServerHello of TLS 1.1, 1.3 or FFFF",
    ),
    _client(
        "accepts-any-record-version",
        lax.AnyRecordVersion,
        "any version in the header of a record is accepted",
        "records of version FFFF",
    ),
    _client(
        "accepts-any-compression",
        lax.AnyCompression,
        "any compression method is accepted",
        "a server that chooses DEFLATE",
    ),
    _client(
        "accepts-long-session-id",
        lax.LongSessionId,
        "a session id of more than 32 bytes is accepted",
        "a server that sends one",
    ),
    _client(
        "accepts-any-verify-request",
        lax.AnyChallengeExtension,
        "a challenge in any extension is answered",
        "a HelloVerifyRequest with another extension",
    ),
    _client(
        "skips-unasked-messages",
        lax.SkipsUnasked,
        "messages that iTLS has not are thrown away",
        "a server that sends a Certificate or a ServerHelloDone",
    ),
    _client(
        "skips-unknown-records",
        lax.SkipsUnknownTypes,
        "records of an unknown type are thrown away",
        "a server that sends one",
    ),
    _client(
        "skips-change-cipher-spec",
        lax.SkipsChangeCipherSpec,
        "a ChangeCipherSpec is thrown away",
        "a server that sends one",
    ),
    _client(
        "takes-data-in-clear",
        lax.TakesDataInClear,
        "application data in clear is taken at any time",
        "a server that sends some",
    ),
    _client(
        "takes-another-finished",
        lax.TakesAnotherFinished,
        "a Finished in the middle of a session is thrown away",
        "a server that sends one",
    ),
    _client("zero-iv", ivs.ZERO_IV, "the IV of each record is zero", "the IVs of its records"),
    _client("counted-iv", ivs.COUNTED_IV, "the IV of each record is its number", "the IVs of its records"),
    _client(
        "chained-iv",
        ivs.CHAINED_IV,
        "the IV of each record is the last block of the one before",
        "the IVs of its records",
    ),
    _client(
        "reused-iv", ivs.REUSED_IV, "all records of a session have the same IV", "the IVs of its records"
    ),
)
"""Checks that are incomplete or left out, and predictable IVs."""

_RANDOMS: tuple[Fault, ...] = (
    _link(
        "same-device-random",
        link.SameDeviceRandom,
        "the device random of auth codes is always the same",
        "the auth codes of several hellos",
    ),
    _link(
        "counts-device-random",
        link.CountsDeviceRandom,
        "the device random of auth codes is a counter",
        "the auth codes of several hellos",
    ),
    _link(
        "counts-client-random",
        link.CountsClientRandom,
        "the client random is a counter",
        "the randoms of several hellos",
    ),
    _link(
        "time-only-client-random",
        link.TimeOnlyClientRandom,
        "of the client random only the time changes",
        "the randoms of several hellos",
    ),
    _link(
        "few-bits-client-random",
        link.FewBitsClientRandom,
        "of each byte of the client random only two bits change",
        "the randoms of several hellos",
    ),
)
"""Random numbers that are none."""

LINK_FAULTS: tuple[Fault, ...] = (*_DEFECTS, *_BY_HALF, *_RANDOMS)
"""All of them, in the order in which they would strike."""
