"""Who calls the real service: an AccessKey from the board file, or the cloud's own credential chain."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.secret import Secret
from harness.service.access_key import AccessKey

_ID = "ALIBABA_CLOUD_ACCESS_KEY_ID"
_SECRET = "ALIBABA_CLOUD_ACCESS_KEY_SECRET"  # noqa: S105 - the name of a variable
_TOKEN = "ALIBABA_CLOUD_SECURITY_TOKEN"  # noqa: S105 - the name of a variable
_OIDC = ("ALIBABA_CLOUD_OIDC_TOKEN_FILE", "ALIBABA_CLOUD_ROLE_ARN", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN")
_ENVIRONMENT = f"the environment ({_ID}, {_SECRET})"
_LOGGERS = ("credentials", "alibabacloud-tea")
"""Loggers of the credential library, each with a handler that prints: whole answers with new secrets in them when a
renewal fails, and whole requests with DEBUG=sdk in the environment."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls.

    Attributes:
        source: Where the credentials came from, in words that may be shown.
        access_key: Returns what the next call is signed with; temporary credentials renew themselves. Raises
            `UsageError` when they cannot be had any more.
    """

    source: str
    access_key: Callable[[], AccessKey]


def from_access_key(key: AccessKey) -> Account:
    """Return the account of an AccessKey."""
    return Account("access_key of the board file", lambda: key)


def from_chain(environment: Mapping[str, str] | None = None) -> Account:
    """Return the account of the first credentials that the cloud's own chain finds.

    The order is that of the cloud's tools: environment, OIDC role, profile of the command line tool,
    credentials file, credentials URI, role of the cloud's own computer. The last asks a metadata service on
    the network, so it is tried only when `ALIBABA_CLOUD_ECS_METADATA` names a role.

    Raises:
        UsageError: None of them has any; what each of them says is not repeated, it may hold a secret.
    """
    environment = os.environ if environment is None else environment
    if environment.get(_ID) and environment.get(_SECRET):
        token = environment.get(_TOKEN)
        key = AccessKey(environment[_ID], Secret(environment[_SECRET]), Secret(token) if token else None)
        return Account(_ENVIRONMENT, lambda: key)
    # The library imports 300 modules: only a run that asks it does.
    from alibabacloud_credentials import provider as providers  # type: ignore[import-untyped]  # noqa: PLC0415

    for name in _LOGGERS:
        logging.getLogger(name).disabled = True
    tried = [_ENVIRONMENT]
    for source, make in _chain(providers, environment):
        tried.append(source)
        try:
            provider = make()
            provider.get_credentials()
        except Exception:  # noqa: BLE001, S112 - any of the library's own ways to say that it has none
            continue
        return Account(source, partial(_current, provider))
    raise UsageError(
        f"service.access_key: env: no credentials were found in: {', '.join(tried)}",
        hint=f"export {_ID}=… and {_SECRET}=…, or name a profile with ALIBABA_CLOUD_PROFILE",
    )


def _current(provider: Any) -> AccessKey:
    try:
        found = provider.get_credentials()
        token = found.get_security_token()
        secret = Secret(found.get_access_key_secret())
        return AccessKey(found.get_access_key_id(), secret, Secret(token) if token else None)
    except Exception:  # noqa: BLE001 - any of the library's own; their texts hold answers with secrets
        problem = UsageError(
            "the call could not be signed: the credentials cannot be had any more",
            hint="check service.access_key; temporary credentials may have run out",
        )
    raise problem


def _chain(providers: Any, environment: Mapping[str, str]) -> Iterator[tuple[str, Callable[[], Any]]]:
    home = Path(environment.get("HOME") or Path.home())
    profile = environment.get("ALIBABA_CLOUD_PROFILE")
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
