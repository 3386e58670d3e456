"""For each fault of the stand-in a shortest sequence that shows it."""

from harness.explore.sequence import parsed

INIT = {"step": "init"}
CLEANUP = {"step": "cleanup"}
CHALLENGE = {"step": "get_challenge_auth_code", "random": "1"}
TIMESTAMP = {"step": "get_timestamp_auth_code", "random": "1"}
DERIVE = {"step": "derive_key", "seed": "appKey", "length": 16}
OTP_CODE = {"step": "get_otp_auth_code"}
LOAD = {"step": "load_otp_data"}
DECRYPT = {"step": "decrypt", "plain": {"bytes": 1}}
DEVICE_CHALLENGE = {"step": "get_device_challenge", "length": 32}
INTO_NONE = {"step": "into_buffer", "function": "get_id", "size": 0}
VERIFY = {"step": "verify_server", "random": "55B8"}

SHORTEST = {
    "code-after-cleanup": [INIT, CLEANUP, CHALLENGE],
    "init-after-error": [INIT, CHALLENGE | {"random": ""}, INIT, CLEANUP, CHALLENGE],
    "old-key": [INIT, OTP_CODE, LOAD, CHALLENGE],
    "extra-of-refused": [INIT, TIMESTAMP | {"random": "", "extra": {"hex": "61"}}, CHALLENGE],
    "answer-leaks": [INIT, DECRYPT | {"plain": {"bytes": 1000}}, DERIVE],
    "type-after-decrypt": [
        INIT,
        CHALLENGE,
        DECRYPT | {"padding": "above"},
        CHALLENGE | {"extra": {"hex": "61"}},
    ],
    "derive-after-encrypt": [INIT, {"step": "encrypt", "plain": {"bytes": 1}, "seed": "a"}, DERIVE],
    "timestamp-after-long": [INIT, CHALLENGE | {"random": {"repeat": "7", "times": 33}}, TIMESTAMP],
    "verify-remembered": [INIT, VERIFY, INIT, VERIFY | {"code": "changed"}],
    "verify-sign-beginning": [INIT, VERIFY | {"code": "changed-end"}],
    "verify-random-beginning": [INIT, VERIFY | {"random": "55B8340839", "code": "other-challenge-end"}],
    "challenge-repeats": [INIT, DEVICE_CHALLENGE, CLEANUP, INIT, DEVICE_CHALLENGE],
    "second-init": [INIT, INIT, {"step": "get_id"}],
    "secret-after-decrypt": [INIT, DECRYPT | {"plain": {"bytes": 1008}}, {"step": "get_secret", "seed": "a"}],
    "reset-while-counted": [INIT, INIT, {"step": "reset"}, {"step": "get_version"}],
    "state-after-otp": [INIT, OTP_CODE, LOAD | {"data": "wrong-check"}, {"step": "get_prov_stat"}],
    "id-short-after-short-buffers": [INIT, *[INTO_NONE] * 3, {"step": "get_id"}],
    "dies-after-three": [INIT, DECRYPT, DECRYPT, DECRYPT],
}


def steps(fault):
    return parsed(SHORTEST[fault], "sequence")
