"""The bots of a bench: set up as production wants it, and a start that fails says why."""

from pathlib import Path

import pytest

from bench.customers import write_rules
from bench.subject import NotMeasurable
from bench.whole_bot import open_bot, production
from igbot.settings.reading import read_settings


def environ(directory: Path) -> dict[str, str]:
    """Of a bot without anything behind it."""
    rules = write_rules(directory / "rules", count=3)
    return production(graph_url="http://127.0.0.1:9", data=directory / "data", rules=rules, database_url=None)


def test_the_environment_is_all_that_production_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is missing, and none of this machine's own settings gets in."""
    monkeypatch.setenv("IGBOT_TESTERS", "123")
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/shop")
    settings = read_settings(environ=environ(tmp_path), options={}, cwd=tmp_path, serving=True)
    assert settings.production_like
    assert settings.tls == "proxy"
    assert settings.database_url is None
    assert settings.testers == frozenset()
    assert (settings.host, settings.port, settings.management_port) == ("127.0.0.1", 0, 0)


async def test_a_bot_that_does_not_start_is_no_measurement(tmp_path: Path) -> None:
    """Its exit code and what it said are in the line."""
    broken = environ(tmp_path) | {"IGBOT_LOG_LEVEL": "LOUD"}
    with pytest.raises(NotMeasurable, match=r"ended with 2: .*IGBOT_LOG_LEVEL"):
        async with open_bot(broken, tmp_path / "bot"):
            pass
