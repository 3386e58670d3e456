"""Random sequences by hypothesis' rule-based state machine: one rule for each kind of step."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from harness.explore.steps import (
    AuthCodeCall,
    BoardEvent,
    DecryptCall,
    DeriveKeyCall,
    DeviceChallengeCall,
    EncryptCall,
    Event,
    IntoBufferCall,
    KpmCodeCall,
    KpmStateCall,
    OtpCodeCall,
    OtpLoadCall,
    PasswordCall,
    PasswordIndexCall,
    PlainCall,
    PowerCutCall,
    SecretCall,
    ServiceCall,
    Step,
    VerifyServerCall,
)
from harness.explore.values import Counted, Earlier, Hex, RepeatedText

Steps = st.SearchStrategy[Any]


def _mostly(right: Sequence[Any], other: Sequence[Any], times: int = 3) -> Steps:
    """Return right values most of the time; the simplest stands first, as a sequence is shrunk towards it."""
    return st.sampled_from([*(list(right) * times), *other])


_RANDOMS = _mostly(
    ["1", "7" * 32, "55B83408399FA660F05C82E4F25333DC", "1512022279204"],
    ["", *(RepeatedText(repeat="F", times=times) for times in (31, 32, 33, 64))],
)
_EXTRAS = _mostly(
    [None, None, Hex(hex="61"), Counted(bytes=16), Hex(hex="5A", times=512)],
    [
        Hex(hex=""),
        Hex(hex="5A", times=513),
        Hex(hex="6162636431323334"),
        Counted(bytes=255),
        Hex(hex="0041"),
        Hex(hex="41004200"),
        Hex(hex="00", times=32),
    ],
    2,
)
_PLAINS = st.sampled_from(
    [Counted(bytes=size) for size in (1, 7, 15, 16, 17, 24, 100, 239, 240, 255, 500, 1000, 1007, 1008, 1023)]
)
_RAW = st.sampled_from([Counted(bytes=size) for size in (16, 0, 1, 15, 17, 32, 1024, 1040)])
_TO_ENCRYPT = _mostly(
    [Counted(bytes=size) for size in (1, 15, 16, 17, 64, 500, 1000, 1007)],
    [Hex(hex="00", times=16), Counted(bytes=0), Counted(bytes=1025)],
    1,
)
_SEEDS = _mostly(
    ["a", "appKey", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", RepeatedText(repeat="s", times=128)],
    ["", RepeatedText(repeat="s", times=129)],
)
_DEVICE_RANDOMS = _mostly(
    [
        Earlier(earlier="device-challenge"),
        "55B83408399FA660F05C82E4F25333DC",
        *(RepeatedText(repeat="A", times=times) for times in (64, 128)),
    ],
    ["", "1", *(RepeatedText(repeat="A", times=times) for times in (127, 129))],
    2,
)
_OTHER_CODES = [
    *("changed", "changed-middle", "changed-end"),
    *("other-challenge", "other-challenge-end", "other-device"),
    *("other-extra", "other-extra-end", "empty"),
]
_PASSWORDS = _mostly(
    [Earlier(earlier="password")], ["123456", "12345", "12345678901234567", "abcdef", "987654321012"], 5
)


def _plain(*names: str) -> Steps:
    return st.sampled_from([PlainCall.model_validate({"step": name}) for name in names])


def _strategies() -> dict[str, Steps]:
    """Return how the steps of each function are drawn."""
    build = st.builds
    codes = {
        name: build(AuthCodeCall, step=st.just(name), random=_RANDOMS, extra=_EXTRAS)
        for name in ("get_challenge_auth_code", "get_timestamp_auth_code")
    }
    return {
        **{name: _plain(name) for name in ("get_version", "get_id", "get_prov_stat")},
        **codes,
        "decrypt": st.one_of(
            build(DecryptCall, step=st.just("decrypt"), plain=_PLAINS),
            build(
                DecryptCall,
                step=st.just("decrypt"),
                plain=_PLAINS,
                padding=st.sampled_from(["zero", "mixed", "above"]),
            ),
            build(DecryptCall, step=st.just("decrypt"), plain=_RAW, padding=st.just("raw")),
        ),
        "encrypt": build(EncryptCall, step=st.just("encrypt"), plain=_TO_ENCRYPT, seed=_SEEDS),
        "get_device_challenge": build(
            DeviceChallengeCall,
            step=st.just("get_device_challenge"),
            length=st.sampled_from([16, 1, 2, 17, 32, 63, 64, 127, 128, 129, 200, 0]),
        ),
        "verify_server": build(
            VerifyServerCall,
            step=st.just("verify_server"),
            random=_DEVICE_RANDOMS,
            extra=_EXTRAS,
            code=st.sampled_from(["right"] * 5 + _OTHER_CODES),
        ),
        "get_secret": build(SecretCall, step=st.just("get_secret"), seed=_SEEDS),
        "derive_key": build(
            DeriveKeyCall,
            step=st.just("derive_key"),
            seed=_SEEDS,
            length=_mostly([16, 32, 31], [1, 33, 0]),
        ),
        "kpm_get_auth_code": build(
            KpmCodeCall,
            step=st.just("kpm_get_auth_code"),
            index=_mostly([1, 2, 254], [0, 255]),
            info=st.sampled_from(["aes-128", "aes-256", "sm4-128"]),
            timestamp=st.booleans(),
            random=_RANDOMS,
        ),
        "kpm_get_prov_stat": build(
            KpmStateCall, step=st.just("kpm_get_prov_stat"), index=st.sampled_from([1, 2, 254, 0, 255])
        ),
        "dpm_get_totp": build(
            PasswordCall,
            step=st.just("dpm_get_totp"),
            timestamp=_mostly([1_700_000_000, 180, 1_700_000_179], [1, 0]),
            index=_mostly([1, 0, 99, 42], [100], 2),
            period=_mostly([180, 0, 1800], [179, 1801]),
            length=_mostly([12, 6, 16], [5, 17]),
        ),
        "dpm_get_index": build(PasswordIndexCall, step=st.just("dpm_get_index"), password=_PASSWORDS),
        "get_otp_auth_code": build(
            OtpCodeCall,
            step=st.just("get_otp_auth_code"),
            which=st.sampled_from(["first", "first", "second", "short", "unknown-type"]),
        ),
        "load_otp_data": build(
            OtpLoadCall,
            step=st.just("load_otp_data"),
            identity=st.sampled_from([1, 2, 0]),
            data=st.sampled_from(["right", "right", "wrong-check", "cut", "other-session"]),
        ),
    }


def steps_of(
    functions: frozenset[str],
    events: frozenset[Event],
    *,
    sizes_buffers: bool,
    service: bool,
    cuts_power: bool,
) -> Iterator[tuple[str, Steps]]:
    """Return a name and a strategy for each kind of step that a board can take."""
    yield "open", _plain("init", "init", "cleanup")
    yield "close", _plain("cleanup", "init")
    for name, strategy in _strategies().items():
        if name in functions:
            yield name, strategy
    if {"get_otp_auth_code", "load_otp_data"} <= functions:
        yield "provision", _provisioning()
    if sizes_buffers:
        yield (
            "into_buffer",
            st.builds(
                IntoBufferCall,
                step=st.just("into_buffer"),
                function=st.sampled_from(_sized(functions)),
                size=st.sampled_from([0, 1, 19, 20, 23, 24, 47, 48, 63, 64, 117, 118, 255, 256]),
            ),
        )
    if cuts_power:
        yield (
            "power_cut",
            st.one_of(
                *[_plain("get_id")] * 4,
                st.builds(
                    PowerCutCall,
                    step=st.just("power_cut"),
                    function=st.sampled_from(_sized(functions)),
                    after_ms=st.sampled_from([1, 0, 2, 3, 5, 8, 13, 40]),
                ),
            ),
        )
    if service:
        yield "service", st.one_of(_plain("get_id"), _plain("get_id"), _authenticating())
    if events:
        yield "event", st.one_of(*(_happening(event) for event in sorted(events)))


def _sized(functions: frozenset[str]) -> list[str]:
    return sorted({"get_id", "get_challenge_auth_code", "get_secret", "decrypt"} & functions)


def _authenticating() -> Steps:
    return st.builds(
        ServiceCall,
        step=st.just("service"),
        state=_mostly(["active"], ["suspended", "discarded", "other-product"], 2),
        timestamp=st.booleans(),
        extra=_mostly([None, "abcd1234"], [RepeatedText(repeat="Z", times=512), ""]),
        again=st.booleans(),
    )


def _happening(event: Event) -> Steps:
    """Return an event with what follows: init most often, as a board that has just started answers nothing before.

    Starts take long, so that some other call comes in their place half of the time.
    """
    happens, opens = BoardEvent.model_validate({"step": event.value}), PlainCall(step="init")
    instead = PlainCall(step="get_version" if event is Event.REOPEN else "get_id")
    return st.sampled_from([(happens,), (happens, opens), (happens, opens), *[(instead,)] * 3])


def _provisioning() -> Steps:
    """Return both steps of a provisioning at once, as they seldom meet by chance."""
    return st.sampled_from([1, 2, 0]).map(
        lambda identity: (
            OtpCodeCall(step="get_otp_auth_code"),
            OtpLoadCall(step="load_otp_data", identity=identity),
        )
    )


def machine(
    kinds: Iterator[tuple[str, Steps]], begin: Callable[[], None], take: Callable[[Step], None]
) -> type[RuleBasedStateMachine]:
    """Return a state machine that draws sequences.

    Args:
        kinds: The kinds of steps.
        begin: Called when a sequence begins.
        take: Called with each step; what it raises ends the sequence.
    """

    class Sequences(RuleBasedStateMachine):
        """Draws the steps of sequences."""

        def __init__(self) -> None:
            super().__init__()
            begin()

    def take_all(step: Any) -> None:
        for one in step if isinstance(step, tuple) else (step,):
            take(one)

    def rule_of(name: str, strategy: Steps) -> Any:
        def taken(self: RuleBasedStateMachine, step: Any) -> None:
            del self
            take_all(step)

        taken.__name__ = name  # hypothesis tells rules from each other by it
        return rule(step=strategy)(taken)

    def opened(self: RuleBasedStateMachine, times: int) -> None:
        del self
        for _ in range(times):
            take(PlainCall(step="init"))

    body: dict[str, Any] = {"opened": initialize(times=st.sampled_from([1, 1, 1, 2, 0]))(opened)}
    for kind, strategy in kinds:
        name = kind.replace(" ", "_").replace("-", "_")
        body[name] = rule_of(name, strategy)
    return type("Drawn", (Sequences,), body)
