"""Who calls the real service: an AccessKey from the board file, or the cloud's own credential chain."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alibabacloud_credentials import provider as providers  # type: ignore[import-untyped]
from alibabacloud_credentials.client import Client  # type: ignore[import-untyped]

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.access_key import AccessKey

_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - the name of a variable
_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - the name of a variable
_OIDC = ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN")


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls.

    Attributes:
        source: Where the credentials came from, in words that may be shown.
        client: What the cloud's client asks for credentials before every call; temporary ones renew themselves.
        secrets: What must not be written anywhere.
    """

    source: str
    client: Any
    secrets: tuple[Secret, ...]


def from_access_key(key: AccessKey, security_token: Secret | None = None) -> Account:
    """Return the account of an AccessKey, with a security token for a temporary one."""
    secret = key.secret.reveal().decode()
    if security_token is None:
        provider = providers.StaticAKCredentialsProvider(access_key_id=key.id, access_key_secret=secret)
        return Account("access_key of the board file", Client(provider=provider), (key.secret,))
    provider = providers.StaticSTSCredentialsProvider(
        access_key_id=key.id, access_key_secret=secret, security_token=security_token.reveal().decode()
    )
    return Account("access_key of the board file", Client(provider=provider), (key.secret, security_token))


def from_chain(environment: Mapping[str, str] | None = None) -> Account:
    """Return the account of the first credentials that the cloud's own chain finds.

    The order is that of the cloud's tools: environment, OIDC role, profile of the command line tool,
    credentials file, credentials URI, role of the cloud's own computer. The last asks a metadata service on
    the network, so it is tried only when `ALIBABA_CLOUD_ECS_METADATA` names a role.

    Raises:
        UsageError: None of them has any; what each of them says is not repeated, it may hold a secret.
    """
    tried = []
    for source, make in _chain(os.environ if environment is None else environment):
        tried.append(source)
        try:
            provider = make()
            found = provider.get_credentials()
        except Exception:  # noqa: BLE001, S112 - any of the library's own ways to say that it has none
            continue
        texts = (found.get_access_key_secret(), found.get_security_token())
        return Account(source, Client(provider=provider), tuple(Secret(text) for text in texts if text))
    raise UsageError(
        f"service.access_key: env: no credentials were found in: {', '.join(tried)}",
        hint=f"export {_ID}=… and {_SECRET}=…, or name a profile with ALIBABA_CLOUD_PROFILE",
    )


def _chain(environment: Mapping[str, str]) -> Iterator[tuple[str, Callable[[], Any]]]:
    home = Path(environment.get("HOME") or Path.home())
    profile = environment.get("ALIBABA_CLOUD_PROFILE")
    yield f"the environment ({_ID}, {_SECRET})", lambda: _from_environment(environment)
    if all(environment.get(name) for name in _OIDC):
        yield "the OIDC role", providers.OIDCRoleArnCredentialsProvider
    if environment.get("ALIBABA_CLOUD_CLI_PROFILE_DISABLED", "").lower() != "true":
        file = str(home / ".aliyun" / "config.json")
        yield (
            "the command line tool's profile (~/.aliyun/config.json)",
            lambda: providers.CLIProfileCredentialsProvider(profile_name=profile, profile_file=file),
        )
    named = environment.get("ALIBABA_CLOUD_CREDENTIALS_FILE")
    ini = named or str(home / ".alibabacloud" / "credentials.ini")
    yield (
        f"the credentials file ({'ALIBABA_CLOUD_CREDENTIALS_FILE' if named else '~/.alibabacloud/credentials.ini'})",
        lambda: providers.ProfileCredentialsProvider(profile_file=ini, profile_name=profile or "default"),
    )
    uri = environment.get("ALIBABA_CLOUD_CREDENTIALS_URI")
    if uri:
        yield "ALIBABA_CLOUD_CREDENTIALS_URI", lambda: providers.URLCredentialsProvider(uri=uri)
    role = environment.get("ALIBABA_CLOUD_ECS_METADATA")
    if role:
        yield (
            "the role of this cloud computer",
            lambda: providers.EcsRamRoleCredentialsProvider(role_name=role),
        )


def _from_environment(environment: Mapping[str, str]) -> Any:
    key, secret, token = environment[_ID], environment[_SECRET], environment.get(_TOKEN)
    if token:
        return providers.StaticSTSCredentialsProvider(
            access_key_id=key, access_key_secret=secret, security_token=token
        )
    return providers.StaticAKCredentialsProvider(access_key_id=key, access_key_secret=secret)
