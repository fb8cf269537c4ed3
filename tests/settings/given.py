"""What the tests of settings start from: a whole production environment, and short ways to read one."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from igbot.settings.model import Settings
from igbot.settings.problems import SettingsError
from igbot.settings.reading import read_settings

KEY = "A" * 43 + "="
PRODUCTION = {
    "IGBOT_APP_SECRET": "app-secret-1",
    "IGBOT_VERIFY_TOKEN": "verify-token-1",
    "IGBOT_ACCESS_TOKEN": "EAAaccess1",
    "IGBOT_ACCOUNT_ID": "17841400000000777",
    "IGBOT_ENCRYPTION_KEY": KEY,
    "IGBOT_TRUSTED_PROXIES": "10.0.0.0/8",
}


def read(
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    *,
    options: Mapping[str, str] | None = None,
    serving: bool = False,
    default_env: str | None = None,
) -> Settings:
    given = environ or {}
    return read_settings(environ=given, options=options or {}, cwd=cwd, serving=serving, default_env=default_env)


def problems(cwd: Path, environ: Mapping[str, str] | None = None, *, serving: bool = True) -> str:
    with pytest.raises(SettingsError) as caught:
        read(cwd, environ, serving=serving)
    return str(caught.value)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
