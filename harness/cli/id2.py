"""`harness id2`: compute what a device or the service computes; the bare result goes to stdout."""

from typing import Annotated

import typer


def _key_types() -> list[str]:
    from harness.cli.id2_values import key_type_names

    return key_type_names()


KeyTypeOption = Annotated[
    str,
    typer.Option("--key-type", help="Key type, such as aes-128.", metavar="TYPE", autocompletion=_key_types),
]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", help="The key: hex (PEM or JSON for RSA), env:NAME or file:PATH.", metavar="KEY"),
]
DebugKeyOption = Annotated[
    bool, typer.Option("--debug-key", help="Use the vendor's published key and ID of this key type.")
]
IdOption = Annotated[str | None, typer.Option("--id", help="ID² of the device.", metavar="ID")]
ExtraOption = Annotated[str, typer.Option("--extra", help="Extra text that is signed too.", metavar="TEXT")]
ChallengeOption = Annotated[
    str | None, typer.Option("--challenge", help="The service's challenge.", metavar="STR")
]
TimestampOption = Annotated[
    str | None, typer.Option("--timestamp", help="Milliseconds since 1970.", metavar="STR")
]
DeviceChallengeOption = Annotated[
    str | None,
    typer.Option("--device-challenge", "--device-random", help="The device's challenge.", metavar="STR"),
]
SeedOption = Annotated[str, typer.Option("--seed", help="Seed, at most 128 bytes.", metavar="TEXT")]


def register(app: typer.Typer) -> None:
    """Add the sub-commands to `app`."""
    group = typer.Typer(
        help="Compute auth codes, secrets and ciphertexts as a device or the service does.",
        no_args_is_help=True,
    )
    group.command("auth-code", help="Print the auth code that a device gives.")(auth_code)
    group.command("verify", help="Check a device's or server's auth code: valid, or what is wrong.")(verify)
    group.command("decrypt", help="Open a ciphertext of the service, as id2_client_decrypt.")(decrypt)
    group.command("encrypt", help="Encrypt for the device; with --seed as id2_client_encrypt.")(encrypt)
    group.command("secret", help="Print the device secret of a seed.")(secret)
    group.command("derive", help="Print a derived key in hex.")(derive)
    group.command("server-code", help="Print the code with which the service answers a device challenge.")(
        server_code
    )
    app.add_typer(group, name="id2")


def auth_code(
    key_type: KeyTypeOption,
    key: KeyOption = None,
    id2: IdOption = None,
    challenge: ChallengeOption = None,
    timestamp: TimestampOption = None,
    extra: ExtraOption = "",
    device_random: Annotated[
        str | None,
        typer.Option("--device-random", help="16 upper-case hex digits; random by default.", metavar="HEX"),
    ] = None,
    debug_key: DebugKeyOption = False,
) -> None:
    """Print an auth code."""
    from harness.cli.id2_values import as_usage_error, subject
    from harness.errors import UsageError
    from harness.id2 import authcode

    if (challenge is None) == (timestamp is None):
        raise UsageError("exactly one of --challenge and --timestamp must be given")
    device = subject(key_type, key, id2, debug_key=debug_key)
    with as_usage_error(random="--challenge" if timestamp is None else "--timestamp"):
        code = authcode.build(
            device.key,
            device.id2,
            challenge=challenge,
            timestamp=timestamp,
            extra=extra.encode(),
            device_random=device_random,
        )
    print(code.text)


def verify(
    code: Annotated[str, typer.Argument(help="The auth code.", metavar="CODE")],
    key_type: KeyTypeOption,
    key: KeyOption = None,
    id2: IdOption = None,
    extra: ExtraOption = "",
    challenge: ChallengeOption = None,
    timestamp: TimestampOption = None,
    device_challenge: DeviceChallengeOption = None,
    debug_key: DebugKeyOption = False,
) -> None:
    """Print `valid`, or each problem and exit with 1."""
    from harness.cli.id2_values import as_usage_error, subject
    from harness.errors import UsageError
    from harness.id2 import authcode, servercode

    if challenge is not None and timestamp is not None:
        raise UsageError(
            "--challenge and --timestamp are both given", hint="give the one that the code answers"
        )
    device = subject(key_type, key, id2, debug_key=debug_key, public=True)
    text = code.strip()
    with as_usage_error():
        if authcode.is_hardened(text):
            text = authcode.unharden(device.key, text)
        if text.startswith(("10~", "11~")):
            problems = servercode.check(
                text,
                key=device.key,
                id2=device.id2,
                device_random=device_challenge,
                server_extra=extra.encode(),
            )
        else:
            problems = authcode.check(
                text,
                key=device.key,
                id2=device.id2,
                extra=extra.encode(),
                challenge=challenge,
                timestamp=timestamp,
            )
    if problems:
        print("\n".join(str(problem) for problem in problems))
        raise typer.Exit(1)
    print("valid")


def decrypt(
    cipher: Annotated[str, typer.Argument(help="Ciphertext in hex, or in base64.", metavar="CIPHER")],
    key_type: KeyTypeOption,
    key: KeyOption = None,
    id2: IdOption = None,
    debug_key: DebugKeyOption = False,
    output: Annotated[str, typer.Option(help="auto, text or hex.")] = "auto",
) -> None:
    """Print the plaintext."""
    from harness.cli import id2_values as values
    from harness.id2 import ciphers
    from harness.id2.errors import Id2Error

    values.one_of("--output", output, ("auto", "text", "hex"))
    device = values.subject(key_type, key, id2, debug_key=debug_key, need_id=False)
    data = values.read_cipher(cipher)
    with values.as_usage_error():
        ciphers.require_cipher(device.key.key_type, data)
        padded = ciphers.ecb_decrypt(device.key, data)
    try:
        plain = ciphers.unpad(padded, device.key.key_type.block_size)
    except Id2Error as error:
        typer.echo(f"error: CIPHER does not open with this key: {error}", err=True)
        raise typer.Exit(1) from None
    print(values.shown(plain, output))


def encrypt(
    plaintext: Annotated[str, typer.Argument(help="Text to encrypt.", metavar="PLAINTEXT")],
    key_type: KeyTypeOption,
    key: KeyOption = None,
    id2: IdOption = None,
    seed: Annotated[
        str | None,
        typer.Option(
            "--seed", help="Encrypt under the key derived from this seed, which may be empty.", metavar="TEXT"
        ),
    ] = None,
    debug_key: DebugKeyOption = False,
    output: Annotated[str, typer.Option(help="hex or base64.")] = "hex",
) -> None:
    """Print the ciphertext."""
    from harness.cli import id2_values as values
    from harness.id2 import devicecipher, secrets

    values.one_of("--output", output, ("hex", "base64"))
    device = values.subject(key_type, key, id2, debug_key=debug_key, need_id=seed is not None)
    with values.as_usage_error():
        if seed is None:
            data = devicecipher.encrypt(device.key, plaintext.encode())
        else:
            data = secrets.encrypt(device.key, device.id2, seed, plaintext.encode())
    print(values.encoded(data, output))


def secret(
    key_type: KeyTypeOption,
    seed: SeedOption,
    key: KeyOption = None,
    id2: IdOption = None,
    debug_key: DebugKeyOption = False,
) -> None:
    """Print a device secret; the ID is not part of it."""
    from harness.cli.id2_values import as_usage_error, subject
    from harness.id2 import secrets

    device = subject(key_type, key, id2, debug_key=debug_key, need_id=False)
    with as_usage_error():
        print(secrets.get_secret(device.key, seed))


def derive(
    key_type: KeyTypeOption,
    seed: SeedOption,
    length: Annotated[int, typer.Option("--length", help="Bytes, 1 to 32.", metavar="N")],
    key: KeyOption = None,
    id2: IdOption = None,
    debug_key: DebugKeyOption = False,
) -> None:
    """Print a derived key."""
    from harness.cli.id2_values import as_usage_error, subject
    from harness.id2 import secrets

    device = subject(key_type, key, id2, debug_key=debug_key)
    with as_usage_error():
        print(secrets.derive_key(device.key, device.id2, seed, length).hex().upper())


def server_code(
    key_type: KeyTypeOption,
    key: KeyOption = None,
    id2: IdOption = None,
    device_challenge: DeviceChallengeOption = None,
    extra: ExtraOption = "",
    debug_key: DebugKeyOption = False,
) -> None:
    """Print a server code."""
    from harness.cli.id2_values import as_usage_error, subject
    from harness.errors import UsageError
    from harness.id2 import servercode

    if device_challenge is None:
        raise UsageError(
            "--device-challenge is missing", hint="give what the device challenged the service with"
        )
    device = subject(key_type, key, id2, debug_key=debug_key)
    with as_usage_error(device_random="--device-challenge"):
        print(servercode.build(device.key, device.id2, device_challenge, extra.encode()).text)
