"""`harness service`: run the mock ID² service, with console and admin API, until a signal stops it."""

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from harness.service.mock.server import MockService


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("service", help="Run the mock ID² service with its console until SIGTERM or Ctrl-C.")(service)


def service(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 has one chosen.", min=0, max=65535)] = 0,
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on; one beyond this computer makes console and API ask for a token."
        ),
    ] = "127.0.0.1",
    db: Annotated[
        Path | None, typer.Option(help="File that keeps everything; without it all is gone at the end.")
    ] = None,
    seed: Annotated[
        Path | None, typer.Option(help="YAML file with AccessKeys, products and devices to start with.")
    ] = None,
    tls: Annotated[
        bool | None,
        typer.Option(
            "--tls/--no-tls",
            help="Speak TLS, with a certificate made for this run; the default beyond this computer.",
        ),
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(help="PEM file with the certificate to use instead; needs --tls-key.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file with its key, without a password.")] = None,
    tls_ca: Annotated[
        Path | None, typer.Option(help="Write the certificate that clients have to trust to this file.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the token that console and admin API ask for; made up when one is needed."
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A choice of the mock (docs/service.md); may be repeated."),
    ] = None,
    itls_port: Annotated[
        int | None,
        typer.Option(
            help="Let devices in by iTLS on this port too; they are built for 1883, 0 has one chosen.",
            min=0,
            max=65535,
        ),
    ] = None,
    mqtt: Annotated[
        bool, typer.Option("--mqtt", help="Behind iTLS, check MQTT names and forward to a broker.")
    ] = False,
    mqtt_broker: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="That broker; without it mosquitto is started.")
    ] = None,
    itls_settings: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A limit of the gateway (docs/link.md); may be repeated."),
    ] = None,
) -> None:
    """Serve, print the addresses in the first lines of stdout, and end with exit code 0 on SIGINT or SIGTERM."""
    from harness.cli.service_gateway import check_gateway_options, running_gateway
    from harness.cli.service_settings import parse_settings
    from harness.cli.serving import check_host, tell_where, tls_of, token_of, told_to_stop
    from harness.service.mock.server import MockService
    from harness.web.exposure import is_loopback

    check_host(host)
    check_gateway_options(itls_port, mqtt=mqtt, broker=mqtt_broker, settings=itls_settings or [])
    chosen = parse_settings(settings or [])
    certificate = tls_of(
        wanted=tls,
        beyond=not is_loopback(host),
        cert=tls_cert,
        key=tls_key,
        ca=tls_ca,
        host=host,
        names=chosen.web_hosts,
    )
    token, made = token_of(token_file, needed=not is_loopback(host))
    planted = None
    if seed is not None:
        from harness.service.mock.seed import load, plant

        planted = load(seed)
    with (
        told_to_stop() as told,
        MockService(
            db, port, host=host, settings=chosen, web=True, tls=certificate, plain=tls is False, token=token
        ) as mock,
        running_gateway(
            mock,
            host,
            itls_port,
            mqtt=mqtt,
            broker=mqtt_broker,
            settings=itls_settings or [],
            stop=told.set,
        ) as gateway_lines,
    ):
        if seed is not None and planted is not None:
            plant(planted, mock.admin, seed)
        if planted is None or not planted.access_keys:
            _tell_access_key(mock)
        if made and token is not None:
            # As with the AccessKey: made up now, and this is the only place where it can be read.
            print(f"token {token.reveal().decode()}", file=sys.stderr, flush=True)
        # What a person opens comes first; the lines that programs read are those of stdout.
        print(f"console {mock.endpoint}/console", file=sys.stderr, flush=True)
        print(f"listening on {mock.endpoint}", *gateway_lines, sep="\n", flush=True)
        print(f"admin API {mock.endpoint}/admin", file=sys.stderr, flush=True)
        tell_where(mock.endpoint, host, chosen.web_hosts)
        # All that is imported by now stays to the end: the collector need not look at it again and again.
        gc.collect()
        gc.freeze()
        told.wait()


def _tell_access_key(mock: "MockService") -> None:
    key, made = mock.admin.default_access_key()
    if made:
        # The only way to learn the secret of a key that was made up now, for this mock alone.
        print(f"AccessKey id {key.id}, secret {key.secret.reveal().decode()}", file=sys.stderr, flush=True)
