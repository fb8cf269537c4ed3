"""The owner's own services and staff channels: named in `config/`, secret in the environment."""

from pathlib import Path

import pytest

from tests.settings.given import PRODUCTION, problems, read, write

CONFIG = """
services:
  orders-api: {url: "https://shop.example/igbot/orders/"}
channels: [kitchen, store-room]
"""
SECRETS = {
    "IGBOT_SERVICE_ORDERS_API_SECRET": "word-of-the-shop",
    "IGBOT_CHANNEL_KITCHEN_URLS": "mailto://cook:pot@example.org json://10.0.0.7",
}


def test_a_service_has_its_address_from_config_and_its_secret_from_the_environment(tmp_path: Path) -> None:
    """The address is no secret, the word that signs the calls is."""
    write(tmp_path / "config" / "base.yaml", CONFIG)
    (service,) = read(tmp_path, PRODUCTION | SECRETS).services
    assert (service.name, service.url, service.secret) == (
        "orders-api",
        "https://shop.example/igbot/orders",
        "word-of-the-shop",
    )


def test_channels_are_named_in_config_and_addressed_in_the_environment(tmp_path: Path) -> None:
    """One that has no addresses yet is known, and reaches nobody."""
    write(tmp_path / "config" / "base.yaml", CONFIG)
    channels = read(tmp_path, PRODUCTION | SECRETS).channels
    assert channels == {"kitchen": ("mailto://cook:pot@example.org", "json://10.0.0.7"), "store-room": ()}


def test_their_secrets_are_hidden_and_are_not_taken_for_typing_errors(tmp_path: Path) -> None:
    """Neither shows in a `repr`, both are among the secrets that the log hides, and no line calls them unknown."""
    write(tmp_path / "config" / "base.yaml", CONFIG)
    settings = read(tmp_path, PRODUCTION | SECRETS)
    assert {"word-of-the-shop", "pot"} <= set(settings.secrets())
    assert "word-of-the-shop" not in repr(settings)
    assert "mailto" not in repr(settings)
    assert settings.ignored == ()


def test_a_service_without_its_secret_is_not_served(tmp_path: Path) -> None:
    """A call that is not signed tells the service nothing about who asks; reading rules needs no secret."""
    write(tmp_path / "config" / "base.yaml", CONFIG)
    assert "IGBOT_SERVICE_ORDERS_API_SECRET" in problems(tmp_path, PRODUCTION)
    assert read(tmp_path, PRODUCTION).services[0].secret is None


def test_secrets_can_lie_in_the_secrets_directory(tmp_path: Path) -> None:
    """As every other secret."""
    write(tmp_path / "config" / "base.yaml", CONFIG)
    write(tmp_path / "secrets" / "IGBOT_SERVICE_ORDERS_API_SECRET", "from-a-file\n")
    settings = read(tmp_path, PRODUCTION | {"IGBOT_SECRETS_DIR": "secrets"})
    assert settings.services[0].secret == "from-a-file"


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        ('services: {Orders: {url: "https://shop.example"}}', "is no name of a service"),
        ('services: {orders: {url: "http://shop.example"}}', "must be https://"),
        ('services: {orders: {address: "https://shop.example"}}', "is no setting"),
        ("channels: [owner]", "is no name of a channel"),
        ("channels: [Küche]", "is no name of a channel"),
    ],
)
def test_a_wrong_name_or_address_says_where_it_stands(tmp_path: Path, config: str, wrong: str) -> None:
    """With the file and the line."""
    write(tmp_path / "config" / "base.yaml", config)
    said = problems(tmp_path, PRODUCTION)
    assert wrong in said
    assert "config/base.yaml, line 1" in said


def test_the_environment_of_the_files_decides_which_service_is_called(tmp_path: Path) -> None:
    """The file of the environment is stronger than base.yaml, service by service."""
    write(tmp_path / "config" / "base.yaml", 'services: {a: {url: "https://a.example"}, b: {url: "https://b.example"}}')
    write(tmp_path / "config" / "production.yaml", 'services: {b: {url: "https://new.example"}}')
    services = read(tmp_path, PRODUCTION).services
    assert {service.name: service.url for service in services} == {"a": "https://a.example", "b": "https://new.example"}


@pytest.mark.parametrize(
    ("variable", "value"),
    [("IGBOT_TIMEZONE", "Atlantis"), ("IGBOT_TIMEZONE", "../etc/passwd"), ("IGBOT_LANGUAGE", "English please")],
)
def test_a_time_zone_and_a_language_must_be_real_names(tmp_path: Path, variable: str, value: str) -> None:
    """What is wrong is said, the value is not repeated."""
    said = problems(tmp_path, PRODUCTION | {variable: value})
    assert variable in said
    assert value not in said
