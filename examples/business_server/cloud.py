"""The ID² service, called with the cloud's official Python client."""

import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from alibabacloud_tea_openapi.client import Client
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.models import Config, OpenApiRequest, Params
from darabonba.runtime import RuntimeOptions

SUCCESS = 200
BUSY = 54
NOT_ACTIVATED = 32

_TRIES = 4
_FIRST_PAUSE_S = 0.1


class CloudError(Exception):
    """The service did not verify the device.

    Attributes:
        code: The service's code; None when no answer of the service came at all.
    """

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.code = code


class Cloud:
    """The operations that this server uses, for one product."""

    def __init__(
        self, endpoint: str, region: str, access_key_id: str, access_key_secret: str, product_key: str
    ) -> None:
        address = urlsplit(endpoint)
        self.product_key = product_key
        self._client = Client(
            Config(
                access_key_id=access_key_id,
                access_key_secret=access_key_secret,
                endpoint=address.netloc,
                protocol=address.scheme,
                region_id=region,
            )
        )
        self._runtime = RuntimeOptions(connect_timeout=2000, read_timeout=5000)

    def challenge(self, id2: str) -> str:
        """Fetch a challenge; it is good for one authentication of this device."""
        return str(self._call("GetServerRandom", {"Id2": id2}))

    def verify(self, id2: str, code: str, extra: str) -> None:
        """Have a device's code judged; raises unless the service says that it is right."""
        answer = self._call(
            "Verify", {"Id2": id2, "ProductKey": self.product_key, "AuthCode": code, "Extra": extra}
        )
        if str(answer).lower() != "true":
            raise CloudError("the service did not verify the code")

    def server_code(
        self, id2: str, code: str, extra: str, device_challenge: str, session_key: str, server_extra: str
    ) -> tuple[str, str]:
        """Have a device's code judged; get the service's own code, and the session key encrypted for the device."""
        answer = self._call(
            "GetServerAuthCodeAndEncryptData",
            {
                "Id2": id2,
                "ProductKey": self.product_key,
                "DeviceAuthCode": code,
                "DeviceExtra": extra,
                "DeviceChallenge": device_challenge,
                "Data": session_key,
                "ServerExtra": server_extra,
            },
        )
        if not isinstance(answer, Mapping):
            raise CloudError("the answer has no server code")
        return str(answer["ServerAuthCode"]), str(answer["EncryptData"])

    def _call(self, operation: str, parameters: Mapping[str, str]) -> object:
        """Call an operation; a busy service is asked again after a pause, everything else is final."""
        pause = _FIRST_PAUSE_S
        for tries_left in reversed(range(_TRIES)):
            code, data = self._once(operation, parameters)
            if code == SUCCESS:
                return data
            if code != BUSY or not tries_left:
                break
            time.sleep(pause)
            pause *= 2
        raise CloudError(f"{operation} was refused with code {code}", code)

    def _once(self, operation: str, parameters: Mapping[str, str]) -> tuple[int, object]:
        try:
            request = self.request({"ApiVersion": "1.1.2", **parameters})
            answer = self._client.call_api(self.params(operation), request, self._runtime)["body"]
            return int(answer["Code"]), answer.get("Data")
        except AlibabaCloudException as error:
            raise CloudError(f"{operation} was stopped: {error.code}") from None
        except (KeyError, TypeError, ValueError):
            raise CloudError(f"{operation} got an answer that is none") from None
        except Exception as error:  # noqa: BLE001 - what the client raises for a lost connection is not documented
            # Whether the service has judged the code is not known. The device has to log in again.
            raise CloudError(f"{operation} got no answer ({type(error).__name__})") from None

    def request(self, parameters: Mapping[str, str]) -> OpenApiRequest:
        """Return a request whose parameters are in its body: a session key has no business in a URL."""
        return OpenApiRequest(body=dict(parameters))

    def params(self, operation: str) -> Params:
        """Return how the official client is to call an operation."""
        return Params(
            action=operation,
            version="2017-07-07",
            protocol="HTTPS",
            pathname="/",
            method="POST",
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="json",
        )
