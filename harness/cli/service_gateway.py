"""The gateway of `harness service`, and the MQTT broker upstream of it."""

import contextlib
import resource
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from harness.errors import BenchError, UsageError

if TYPE_CHECKING:
    from harness.service.mock.server import MockService

_PORT_MAX = 65535


def check_gateway_options(
    itls_port: int | None, *, mqtt: bool, broker: str | None, settings: list[str]
) -> None:
    """Refuse options of the gateway that do nothing without another one.

    Raises:
        UsageError: `--mqtt` or `--itls-settings` without `--itls-port`, or `--mqtt-broker` without `--mqtt`.
    """
    if itls_port is None:
        for given, option in (
            (mqtt, "--mqtt"),
            (broker is not None, "--mqtt-broker"),
            (settings, "--itls-settings"),
        ):
            if given:
                raise UsageError(
                    f"{option} needs --itls-port: it is about what comes in there",
                    hint="add --itls-port 1883, the port that devices are built for, or 0 to have one chosen",
                )
    if broker is not None and not mqtt:
        raise UsageError("--mqtt-broker needs --mqtt: without it nothing is forwarded", hint="add --mqtt")
    if broker is not None:
        parse_broker(broker)


def parse_broker(text: str) -> tuple[str, int]:
    """Read the address of a broker.

    Raises:
        UsageError: Not `HOST:PORT`.
    """
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= len(str(_PORT_MAX)) else 0
    if not colon or not host or not 1 <= number <= _PORT_MAX:
        raise UsageError(
            f"--mqtt-broker {text[:80]!a} is not HOST:PORT",
            hint="for example 127.0.0.1:1884; leave it out and mosquitto is started",
        )
    return host, number


@contextlib.contextmanager
def running_gateway(
    mock: "MockService",
    host: str,
    port: int | None,
    *,
    mqtt: bool,
    broker: str | None,
    settings: list[str],
    stop: Callable[[], object],
) -> Iterator[tuple[str, ...]]:
    """Run the gateway, and a broker of our own when it is wanted and none was named.

    Args:
        mock: Whose devices and products come in.
        host: Where to listen.
        port: 0 lets the system choose; None runs nothing.
        mqtt: Check MQTT identities and forward to a broker.
        broker: `HOST:PORT` of the broker; None starts mosquitto.
        settings: `NAME=VALUE` of the gateway's settings.
        stop: Called in another thread when the mosquitto that was started here has ended: nothing works any more.

    Yields:
        The lines that say where it listens.

    Raises:
        BenchError: The port is taken, or mosquitto is missing; at the end, mosquitto has ended by itself.
        UsageError: A setting that is none.
    """
    if port is None:
        yield ()
        return
    from harness.cli.service_settings import parse_changes
    from harness.gateway.gateway import Gateway
    from harness.gateway.mqtt.broker import Broker
    from harness.gateway.settings import REMEMBERS_NOTHING

    chosen = parse_changes(REMEMBERS_NOTHING, settings, "--itls-settings")
    _allow_many_connections()
    own = Broker(stop) if mqtt and broker is None else None
    with contextlib.ExitStack() as stack:
        upstream = None
        if own is not None:
            upstream = stack.enter_context(own).address
        elif mqtt and broker is not None:
            upstream = parse_broker(broker)
        gateway = stack.enter_context(Gateway(mock, host=host, port=port, broker=upstream, settings=chosen))
        where = f"[{host}]" if ":" in host else host
        yield (f"itls on tcp://{where}:{gateway.address[1]}",)
        if own is not None and own.lost:
            raise BenchError(
                "the MQTT broker started here has ended; start again",
                hint=f"its last line: {own.log[-1]}" if own.log else "was it killed, or is memory short?",
            )


def _allow_many_connections() -> None:
    """Raise the limit of open files as far as it may be: every device is one, and two with a broker."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
