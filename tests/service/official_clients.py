"""The cloud's own Python clients, pointed at a mock: one interface for the tests, nothing of them replaced.

`alibabacloud-tea-openapi` signs in the headers (ACS3-HMAC-SHA256), or in the parameters when asked for the older
algorithm; `aliyun-python-sdk-core` signs in the parameters.
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from alibabacloud_tea_openapi.client import Client as TeaClient
from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
from aliyunsdkcore.auth.credentials import StsTokenCredential
from aliyunsdkcore.client import AcsClient
from aliyunsdkcore.http import protocol_type
from aliyunsdkcore.request import CommonRequest
from darabonba.runtime import RuntimeOptions

VERSION = "2017-07-07"


@dataclass(frozen=True)
class Target:
    """Where a client calls, and as whom."""

    endpoint: str
    key_id: str
    secret: str
    token: str = ""
    ca: str | None = None

    @property
    def scheme(self) -> str:
        return urlsplit(self.endpoint).scheme

    @property
    def address(self) -> str:
        return urlsplit(self.endpoint).netloc


@dataclass(frozen=True)
class Caller:
    """One client in one way of calling."""

    name: str
    call: Callable[[Target, str, Mapping[str, str], str], str]

    def answer(self, target: Target, action: str, parameters: Mapping[str, str], form: str = "JSON") -> dict:
        """Return an answer as plain values, whichever form it came in."""
        text = self.call(target, action, {"ApiVersion": "1.1.2", **parameters}, form)
        if form == "JSON":
            return json.loads(text)
        root = ET.fromstring(text)
        assert root.tag == f"{action}Response"
        return {child.tag: {part.tag: part.text for part in child} or child.text for child in root}


def tea(*, algorithm: str | None, method: str, in_form: bool):
    def call(target: Target, action: str, parameters: Mapping[str, str], form: str) -> str:
        client = TeaClient(
            Config(
                access_key_id=target.key_id,
                access_key_secret=target.secret,
                security_token=target.token or None,
                endpoint=target.address,
                protocol=target.scheme.upper(),
                region_id="cn-shanghai",
                signature_algorithm=algorithm,
            )
        )
        params = Params(
            action=action,
            version=VERSION,
            protocol=target.scheme.upper(),
            pathname="/",
            method=method,
            auth_type="AK",
            style="RPC",
            req_body_type="formData",
            body_type="string",
        )
        query = {} if in_form else dict(parameters)
        if form == "XML":
            query["Format"] = "XML"
        request = OpenApiRequest(query=query, body=dict(parameters) if in_form else None)
        return client.call_api(params, request, RuntimeOptions(ca=target.ca))["body"]

    return call


def core(*, method: str, in_form: bool):
    def call(target: Target, action: str, parameters: Mapping[str, str], form: str) -> str:
        credential = StsTokenCredential(target.key_id, target.secret, target.token) if target.token else None
        plain = () if credential else (target.key_id, target.secret)
        client = AcsClient(
            *plain,
            region_id="cn-shanghai",
            credential=credential,
            auto_retry=False,
            port=int(target.address.rpartition(":")[2]),
            verify=target.ca,
        )
        request = CommonRequest(domain=target.address.rpartition(":")[0], version=VERSION, action_name=action)
        # The constant itself: this client compares by identity.
        request.set_protocol_type(
            protocol_type.HTTPS if target.scheme == protocol_type.HTTPS else protocol_type.HTTP
        )
        request.set_method(method)
        request.set_accept_format(form)
        for name, value in parameters.items():
            (request.add_body_params if in_form else request.add_query_param)(name, value)
        # It leaves its connections to the garbage collector, whose warning would come up in some later test.
        with contextlib.closing(client.session):
            if form == "JSON":
                return client.do_action_with_exception(request).decode()
            # The call that raises errors asks for JSON whatever was set; this is what it calls itself.
            status, _, body, error = client._implementation_of_do_action(request)
            assert (status, error) == (200, None)
            return body.decode()

    return call


CALLERS = [
    Caller("tea, headers, POST form", tea(algorithm=None, method="POST", in_form=True)),
    Caller("tea, headers, POST query", tea(algorithm=None, method="POST", in_form=False)),
    Caller("tea, headers, GET", tea(algorithm=None, method="GET", in_form=False)),
    Caller("tea, parameters, POST form", tea(algorithm="v2", method="POST", in_form=True)),
    Caller("tea, parameters, GET", tea(algorithm="v2", method="GET", in_form=False)),
    Caller("core, POST form", core(method="POST", in_form=True)),
    Caller("core, POST query", core(method="POST", in_form=False)),
    Caller("core, GET", core(method="GET", in_form=False)),
]
