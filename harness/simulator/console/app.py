"""The vendor's test program `id2_app` 3.1.0 on a simulated board: unit tests, report, and what follows.

Source: device-protocol.md i.2, i.3; checked against the captured consoles in `tests/samples`.
"""

from collections.abc import Callable, Iterator

from harness.id2 import report, totp
from harness.simulator.console.carriers import NOT_SUPPORTED
from harness.simulator.console.client import BoardClient
from harness.simulator.console.hooks import ConsoleHooks
from harness.simulator.console.log import SdkError, SdkLog

CHALLENGE = "55B83408399FA660F05C82E4F25333DC"
TIMESTAMP = "1512022279204"
EXTRA = "abcd1234"
SEED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORTH_LOOKING_AT = 48  # a server code or ciphertext is used only when it is longer
_CHALLENGE_LENGTHS = (*range(16, 128, 16), 129)


class Id2App:
    """The program.

    Args:
        client: The SDK of the board.
        log: Where everything is printed.
        hooks: Where a fault may change what the program does.
        built: Build date and time in the report.
        now_ms: Milliseconds since 1970, for the one-time password.
        server_code: The server code that was compiled in; empty for none.
        cipher_text: The ciphertext (hex) that was compiled in; empty for none.
    """

    def __init__(
        self,
        client: BoardClient,
        log: SdkLog,
        *,
        hooks: ConsoleHooks,
        built: str,
        now_ms: Callable[[], int],
        server_code: str = "",
        cipher_text: str = "",
    ) -> None:
        self._client = client
        self._log = log
        self._hooks = hooks
        self._built = built
        self._now_ms = now_ms
        self._server_code = server_code
        self._cipher_text = cipher_text

    def run(self) -> Iterator[str]:
        """Yield the output, one part of the program after the other."""
        try:
            self._client.init()
        except SdkError as error:
            self._log.tell("main", 47, f"id2 client init fail, {error.code}")
            yield self._log.take()
            return
        for part in (self._provision, self._unit_tests, self._report, self._verify, self._decrypt):
            # No `finally`: a reader that leaves closes this generator, which must not yield any more then.
            try:
                yield from part()
            except SdkError:
                yield self._log.take()
                break
            yield self._log.take()
        self._client.cleanup()
        yield self._log.take()

    def _provision(self) -> Iterator[str]:
        try:
            self._client.check_provisioned()
        except SdkError as error:
            self._log.tell("main", 57, f"id2 client do provisioning fail, {error.code}")
            raise
        yield self._log.take()

    def _unit_tests(self) -> Iterator[str]:
        tests = (
            (318, "Get ID", self._test_id),
            (328, "Get Device Challenge", self._test_device_challenge),
            (336, "Get Challenge Auth Code", self._test_challenge_code),
            (344, "Get Timestamp Auth Code", self._test_timestamp_code),
            (354, "Get Secret", self._test_secret),
            (364, "Derive Key", self._test_derive_key),
            (374, "One-Time Password", self._test_totp),
        )
        for number, name, test in tests:
            try:
                test()
                _fail_if(name == self._hooks.failing_test)
            except SdkError as error:
                if error.code == NOT_SUPPORTED:
                    self._mark(number - 5, name, "Not Support")
                    yield self._log.take()
                    continue
                self._mark(number - 3, name, "Fail")
                self._log.tell("main", 66, "id2 client unit test fail!!")
                raise
            self._mark(number, name, "Pass")
            yield self._log.take()

    def _mark(self, number: int, name: str, result: str) -> None:
        self._log.tell(
            "id2_client_unit_test", number, f"=================>ID2 Client Test {name} {result}.\n"
        )

    def _test_id(self) -> None:
        function, log = "id2_client_test_get_id", self._log
        log.tell(function, 19, "====> ID2 Client Test Get ID Start.")
        try:
            _expect_failure(lambda: self._client.get_id(room=0))
            identity = self._client.get_id()
            log.tell(function, 41, f"ID2: {self._hooks.printed_id(identity)}")
        except SdkError as error:
            log.tell(function, 37, f"get client id2 fail, {error.code}")
            raise
        finally:
            log.tell(function, 46, "====> ID2 Client Test Get ID End.")

    def _test_device_challenge(self) -> None:
        function, log = "id2_client_test_get_device_challenge", self._log
        log.tell(function, 57, "====> ID2 Client Test Get Device Challenge Start.")
        for wanted in _CHALLENGE_LENGTHS:
            text = self._client.device_challenge(wanted)
            log.tell(function, 83 if wanted > 128 else 67, f"Device Challenge: {text} {len(text)}")
        log.tell(function, 89, "====> ID2 Client Test Get Device Challenge End.")

    def _test_challenge_code(self) -> None:
        self._test_code("Challenge", 102, 0, CHALLENGE)

    def _test_timestamp_code(self) -> None:
        self._test_code("Timestamp", 148, 1, TIMESTAMP)

    def _test_code(self, name: str, first: int, kind: int, random: str) -> None:
        function, log = f"id2_client_test_get_{name.lower()}_auth_code", self._log
        log.tell(function, first, f"====> ID2 Client Test Get {name} Auth Code Start.")
        try:
            _expect_failure(lambda: self._client.auth_code(kind, random, room=0))
            for number, extra in ((first + 18, ""), (first + 28, EXTRA)):
                code = self._client.auth_code(kind, random, extra.encode())
                what = f"extra = {extra}" if extra else "no extra"
                length = self._hooks.code_length(len(code))
                log.tell(function, number, f"authcode[{what}]:\n [{length}] {code}")
        except SdkError as error:
            log.tell(function, first + 14, f"get challenge auth code fail, {error.code}")
            raise
        finally:
            log.tell(function, first + 33, f"====> ID2 Client Test Get {name} Auth Code End.")

    def _test_secret(self) -> None:
        function, log = "id2_client_test_get_secret", self._log
        log.tell(function, 193, "====> ID2 Client Test Get Secret Start.")
        try:
            _expect_failure(lambda: self._client.get_secret(SEED, room=0))
            secret = self._client.get_secret(SEED)
            log.tell(function, 209, f"device secret: [{len(secret)}] {secret}")
        except SdkError as error:
            log.tell(function, 205, f"id2 client get secret fail, {error.code}")
            raise
        finally:
            log.tell(function, 214, "====> ID2 Client Test Get Secret End.")

    def _test_derive_key(self) -> None:
        function, log = "id2_client_test_derive_key", self._log
        log.tell(function, 226, "====> ID2 Client Test Derive Key Start.")
        try:
            key = self._client.derive_key("appKey", 16)
            for start in range(0, len(key), 4):
                shown = " ".join(f"0x{byte:02x}" for byte in key[start : start + 4])
                log.tell(function, 236, f"key: {shown}")
        except SdkError as error:
            log.tell(function, 231, f"id2 client derive key fail, {error.code}")
            raise
        finally:
            log.tell(function, 246, "====> ID2 Client Test Derive Key End.")

    def _test_totp(self) -> None:
        now = self._now_ms()
        length, step = max(now % 16 + 1, 6), max(now % 1800 + 1, 180)
        try:
            for _ in range(2):
                secret = self._client.get_secret(self._client.get_id())
        except SdkError as error:
            self._log.tell_error("id2_client_dpm_get_totp", 293, f"id2 get secret fail, {error.code}")
            self._log.tell("id2_client_test_dpm_otp", 282, f"dpm generate totp fail, {error.code}")
            raise
        password = totp.build_from_secret(
            secret, timestamp=now // 1000, index=now % 100, step=step, length=length
        )
        self._log.tell("id2_client_test_dpm_otp", 304, f"Generated TOTP: {password}")

    def _report(self) -> Iterator[str]:
        function, log = "id2_client_generate_authcode", self._log
        log.tell(function, 143, "====> ID2 Client Generate AuthCode Start.")
        yield log.take()
        try:
            identity = self._hooks.printed_id(self._client.get_id())
            challenge_code = self._client.auth_code(0, CHALLENGE, EXTRA.encode())
            timestamp_code = self._client.auth_code(1, TIMESTAMP, EXTRA.encode())
        except SdkError as error:
            log.tell(function, 190, f"id2 get challenge auth code fail, {error.code}")
            log.tell(function, 254, "=====>ID2 Client Generate AuthCode Fail.\n")
            log.tell("main", 74, "id2 client generate authcode fail!!")
            raise
        text = report.build(identity, challenge_code, timestamp_code, date=self._built)
        log.tell(function, 246, report.on_console(self._hooks.report(text)).removesuffix("\n"))
        log.tell(function, 257, "=====>ID2 Client Generate AuthCode End.\n")

    def _verify(self) -> Iterator[str]:
        if len(self._server_code) <= _WORTH_LOOKING_AT:
            return
        function, log = "id2_client_verify_authcode", self._log
        log.tell(function, 267, "====> ID2 Client Verify Server AuthCode Start.")
        self._client.init()
        yield log.take()
        try:
            self._client.verify_server(self._server_code, CHALLENGE, EXTRA.encode())
        except SdkError as error:
            log.tell(function, 279, f"id2 verify server auth code fail, {error.code}")
            log.tell(function, 286, "=====>ID2 Client Verify Server AuthCode Fail.\n")
            log.tell("main", 83, "id2 client verify server authcode fail!!")
            raise
        log.tell(function, 289, "=====>ID2 Client Verify Server  AuthCode End.\n")

    def _decrypt(self) -> Iterator[str]:
        if len(self._cipher_text) <= _WORTH_LOOKING_AT:
            return
        function, log = "id2_client_decrypt_data", self._log
        log.tell(function, 304, "====> ID2 Client Test Decrypt Start.")
        yield log.take()
        try:
            self._decrypt_and_compare(function)
        except SdkError:
            log.tell(function, 359, "=================>ID2 Client Test Decrypt Fail.\n")
            log.tell("main", 93, "id2 client decrypt data fail!!")
            raise
        log.tell(function, 362, "=================>ID2 Client Test Decrypt Pass.\n")

    def _decrypt_and_compare(self, function: str) -> None:
        try:
            cipher = bytes.fromhex(self._cipher_text)
        except ValueError:
            self._log.tell(function, 321, "string to hex fail")
            raise SdkError(-1) from None
        identity = self._client.get_id()
        try:
            plain = self._client.decrypt(cipher)
        except SdkError as error:
            self._log.tell(function, 336, f"id2 client decrypt fail, {error.code} 48")
            raise
        shown = plain.split(b"\x00")[0].decode("latin-1")
        self._log.tell(function, 341, f"out_data: {shown}")
        if plain != identity.encode():
            self._log.tell(function, 345, "plaintext data is error")
            raise SdkError(-1)


def _fail_if(broken: bool) -> None:
    if broken:
        raise SdkError(-1)


def _expect_failure(call: Callable[[], str]) -> None:
    """Make a call that must fail, as the tests of the vendor do with a buffer of length 0."""
    try:
        call()
    except SdkError:
        return
    raise SdkError(-1)
