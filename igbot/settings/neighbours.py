"""The owner's own services and staff channels: named in `config/`, their secrets in variables of their own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from igbot.settings import values
from igbot.settings.layers import Layers
from igbot.settings.problems import Problem
from igbot.settings.sources import Given

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
OWNER = "owner"
"""The channel that needs no name in `config/`: the addresses of IGBOT_ALERT_URLS."""

_SERVICE = re.compile(r"services\.([^.]+)\.url")


@dataclass(frozen=True, slots=True)
class Service:
    """A web service of the owner's that rules may call by name. `secret` signs the calls; None: it is not set."""

    name: str
    url: str
    secret: str | None = field(repr=False)


def is_key(key: str) -> bool:
    """Whether a key of `config/` names a service or the channels (such keys have no variable)."""
    return key == "channels" or _SERVICE.fullmatch(key) is not None


def secret_variable(service: str) -> str:
    """The variable with the secret by which calls of a service are signed."""
    return f"IGBOT_SERVICE_{service.upper().replace('-', '_')}_SECRET"


def channel_variable(channel: str) -> str:
    """The variable with the Apprise URLs of a channel."""
    return f"IGBOT_CHANNEL_{channel.upper().replace('-', '_')}_URLS"


def read_services(layers: Layers) -> tuple[Service, ...]:
    """The services of `config/` (`services: {orders: {url: https://…}}`), in the order of their names."""
    found: dict[str, Service] = {}
    for key, given in _strongest(layers, _SERVICE):
        name = key.split(".")[1]
        if not NAME.fullmatch(name):
            layers.problems.append(Problem(given.origin, f"{name[:60]!r} is no name of a service: a-z, 0-9 and dashes"))
            continue
        try:
            url = values.web_address(given.text)
        except ValueError as error:
            layers.problems.append(Problem(f"{key} (from {given.origin})", str(error)))
            continue
        secret = layers.named_text(secret_variable(name))
        found[name] = Service(name, url, secret)
    return tuple(found[name] for name in sorted(found))


def read_channels(layers: Layers) -> Mapping[str, tuple[str, ...]]:
    """The Apprise URLs of each channel of `config/` (`channels: [kitchen]`); without any where none are set."""
    given = next((layer["channels"] for layer in layers.config if "channels" in layer), None)
    found: dict[str, tuple[str, ...]] = {}
    for name in values.words(given.text) if given else ():
        if not NAME.fullmatch(name) or name == OWNER:
            layers.problems.append(Problem(given.origin if given else "", f"{name[:60]!r} is no name of a channel"))
            continue
        variable = channel_variable(name)
        try:
            found[name] = values.channels(layers.named_text(variable) or "")
        except ValueError as error:
            layers.problems.append(Problem(variable, str(error)))
    return found


def unsigned(services: tuple[Service, ...]) -> list[Problem]:
    """The problems of services whose secret is missing: a call that is not signed is not made."""
    return [
        Problem(
            secret_variable(service.name),
            "is missing",
            f'the secret by which calls of the service "{service.name}" are signed',
            "invent one, and give the service the same",
        )
        for service in services
        if service.secret is None
    ]


def _strongest(layers: Layers, pattern: re.Pattern[str]) -> list[tuple[str, Given]]:
    found: dict[str, Given] = {}
    for layer in layers.config:
        for key in layer:
            if pattern.fullmatch(key):
                found.setdefault(key, layer[key])
    return sorted(found.items())
