"""The example server with one mistake: `broken_server.py VARIANT [options of the example]`.

Each variant changes one step of the good server; nothing of it is copied.
"""

import json
import os
import secrets
import sys
import time
import urllib.parse
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "business_server"))

from alibabacloud_tea_openapi.models import OpenApiRequest
from cloud import Cloud, CloudError
from device import Device, DeviceError
from login import Login, Refused, Session
from server import main

VARIANTS: dict[str, type[Login]] = {}


def variant(name: str):
    def register(login: type[Login]) -> type[Login]:
        VARIANTS[name] = login
        return login

    return register


class CloudPatch(Login):
    """A login whose mistake is in how it calls the service."""

    cloud_class: type[Cloud]

    def __init__(self, cloud: Cloud, flow: str) -> None:
        cloud.__class__ = self.cloud_class
        super().__init__(cloud, flow)


# ---- challenges and codes
@variant("challenge-reused")
class ChallengeReused(Login):
    kept = ""

    def challenge(self, id2: str) -> str:
        self.kept = self.kept or super().challenge(id2)
        return self.kept


@variant("challenge-made-up")
class ChallengeMadeUp(Login):
    def challenge(self, id2: str) -> str:
        return secrets.token_hex(16).upper()


@variant("challenge-from-a-stock")
class ChallengeFromStock(Login):
    """It fetches challenges ahead of time, and they lie around between authentications."""

    def __init__(self, cloud: Cloud, flow: str) -> None:
        super().__init__(cloud, flow)
        self.stock: list[str] = []

    def challenge(self, id2: str) -> str:
        if not self.stock:
            self.stock = [super(ChallengeFromStock, self).challenge(id2) for _ in range(3)]
        return self.stock.pop()


@variant("old-code-verified")
class OldCodeVerified(Login):
    """It has the device answer twice, and verifies the answer to the first challenge over and over."""

    code = ""

    def mutual(self, id2: str, device: Device) -> Session:
        session = super().mutual(id2, device)
        extra = self.extra()
        self.code = self.code or device.challenge_code(self.challenge(id2), extra)
        device.challenge_code(self.challenge(id2), extra)
        with suppress(CloudError):
            self.cloud.verify(id2, self.code, extra)
        return session


@variant("recorded-code-taken")
class RecordedCodeTaken(Login):
    """It takes "used already" (35) for "verified already"."""

    def run(self, id2: str, device: Device) -> Session:
        try:
            return super().run(id2, device)
        except CloudError as error:
            if error.code == 35:
                return Session(id2, "")
            raise


@variant("timestamp-in-seconds")
class TimestampInSeconds(Login):
    def now(self) -> int:
        return int(time.time())


# ---- product, device, extra
@variant("other-product")
class OtherProduct(CloudPatch):
    class cloud_class(Cloud):  # noqa: N801 - a class attribute
        def _call(self, operation, parameters):
            if "ProductKey" in parameters:
                parameters = {**parameters, "ProductKey": "a1another00"}
            return super()._call(operation, parameters)


@variant("device-says-who-it-is")
class DeviceSaysWhoItIs(Login):
    """It takes the ID from the device, whoever was asked for."""

    def run(self, id2: str, device: Device) -> Session:
        return super().run(str(device._ask("/id")["id"]), device)


@variant("other-device-named")
class OtherDeviceNamed(CloudPatch):
    """It names the device that it was tested with, whoever logs in."""

    class cloud_class(Cloud):  # noqa: N801 - a class attribute
        def _call(self, operation, parameters):
            return super()._call(operation, {**parameters, "Id2": "0102030405060708090A0B0C"})


@variant("extra-dropped")
class ExtraDropped(Login):
    def extra_to_verify(self, extra: str) -> str:
        return ""


@variant("extra-changed")
class ExtraChanged(Login):
    def extra_to_verify(self, extra: str) -> str:
        return extra.upper()


@variant("extra-forgotten")
class ExtraForgotten(Login):
    def extra(self) -> str:
        return ""


# ---- results
@variant("result-ignored")
class ResultIgnored(Login):
    def run(self, id2: str, device: Device) -> Session:
        try:
            return super().run(id2, device)
        except (CloudError, Refused, DeviceError):
            return Session(id2, "")


@variant("lost-is-yes")
class LostIsYes(Login):
    """When the service does not answer it lets devices in, so that an outage does not annoy customers."""

    def run(self, id2: str, device: Device) -> Session:
        try:
            return super().run(id2, device)
        except CloudError as error:
            if error.code is None:
                return Session(id2, "")
            raise


@variant("busy-not-retried")
class BusyNotRetried(CloudPatch):
    class cloud_class(Cloud):  # noqa: N801 - a class attribute
        def _call(self, operation, parameters):
            code, data = self._once(operation, parameters)
            if code != 200:
                raise CloudError(operation, code)
            return data


class _Retrying(Cloud):
    codes: tuple[int, ...] = (54,)
    pause = 0.0
    tries = 1_000_000

    def _call(self, operation, parameters):
        for _ in range(self.tries):
            code, data = self._once(operation, parameters)
            if code == 200:
                return data
            if code not in self.codes:
                break
            time.sleep(self.pause)
        raise CloudError(operation, code)


@variant("busy-retried-without-end")
class BusyWithoutEnd(CloudPatch):
    class cloud_class(_Retrying):  # noqa: N801 - a class attribute
        pause = 0.1


@variant("busy-retried-without-pause")
class BusyWithoutPause(CloudPatch):
    class cloud_class(_Retrying):  # noqa: N801 - a class attribute
        tries = 4


@variant("quota-retried")
class QuotaRetried(CloudPatch):
    class cloud_class(_Retrying):  # noqa: N801 - a class attribute
        codes = (54, 16)
        pause = 0.1
        tries = 5


# ---- the device's check of the server
@variant("server-code-kept")
class ServerCodeKept(Login):
    def mutual(self, id2: str, device: Device) -> Session:
        device.trusts = lambda *_: True  # type: ignore[method-assign]
        return super().mutual(id2, device)


@variant("server-refused-goes-on")
class ServerRefusedGoesOn(Login):
    def mutual(self, id2: str, device: Device) -> Session:
        asked = device.trusts
        device.trusts = lambda *given: asked(*given) or True  # type: ignore[method-assign]
        return super().mutual(id2, device)


# ---- session keys and secrets
@variant("session-key-constant")
class SessionKeyConstant(Login):
    def session_key(self) -> str:
        return "00112233445566778899aabbccddeeff"


@variant("session-key-counted")
class SessionKeyCounted(Login):
    number = 0

    def session_key(self) -> str:
        self.number += 1
        return f"{self.number:032x}"


class _InQuery(Cloud):
    """It leaves the parameters where the official client's `query` has them."""

    def request(self, parameters):
        return OpenApiRequest(query=dict(parameters))


@variant("session-key-in-query-of-post")
class SessionKeyInQueryOfPost(CloudPatch):
    cloud_class = _InQuery


@variant("session-key-in-url")
class SessionKeyInUrl(CloudPatch):
    class cloud_class(_InQuery):  # noqa: N801 - a class attribute
        def params(self, operation):
            params = super().params(operation)
            params.method = "GET"
            return params


@variant("session-key-in-device-url")
class SessionKeyInDeviceUrl(Login):
    """It tells the device its session key in a URL."""

    def mutual(self, id2: str, device: Device) -> Session:
        session = super().mutual(id2, device)
        device._ask("/id?" + urllib.parse.urlencode({"key": session.session_key}))
        return session


@variant("access-key-to-device")
class AccessKeyToDevice(Login):
    def mutual(self, id2: str, device: Device) -> Session:
        device._ask("/id", token=os.environ["ID2_ACCESS_KEY_SECRET"])
        return super().mutual(id2, device)


@variant("old-api-version")
class OldApiVersion(CloudPatch):
    class cloud_class(Cloud):  # noqa: N801 - a class attribute
        def request(self, parameters):
            return super().request({**parameters, "ApiVersion": "1.0.0"})


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VARIANTS:
        sys.exit(f"usage: broken_server.py VARIANT [options]; variants: {json.dumps(sorted(VARIANTS))}")
    sys.exit(main(VARIANTS[sys.argv.pop(1)]))
