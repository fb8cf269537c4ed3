"""The systemd unit is accepted by systemd itself and keeps what README promises of it."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from igbot.settings.catalogue import SETTINGS

UNIT = Path(__file__).parents[1] / "igbot.service"
ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def values(name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE)


def runnable(directory: Path) -> Path:
    """The unit with a program that exists: that the real one is not installed here is no fault of the unit."""
    text = re.sub(
        r"^ExecStart=\S+", f"ExecStart={sys.executable}", UNIT.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    unit = directory / "igbot.service"
    unit.write_text(text, encoding="utf-8")
    return unit


@needs_systemd
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    """`systemd-analyze verify` is silent about everything but the program that is not installed here."""
    verify = [str(ANALYZE), "verify", "--man=no", str(runnable(tmp_path))]
    said = subprocess.run(verify, capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


@needs_systemd
def test_the_service_is_little_exposed(tmp_path: Path) -> None:
    """systemd's own judgement of the hardening, where 10 is none at all."""
    judge = [str(ANALYZE), "security", "--offline=true", "--threshold=25", "--no-pager", str(runnable(tmp_path))]
    said = subprocess.run(judge, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stdout


def test_the_service_starts_and_stops_as_igbot_does() -> None:
    """Ready when it says so, its own user and state, one process told to stop, time to finish, no loop over exit 2."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    service = parser["Service"]
    assert service["Type"] == "notify"
    assert service["User"] == "igbot"
    assert service["StateDirectory"] == "igbot"
    assert service["KillMode"] == "mixed"
    assert service["TimeoutStopSec"] == "45"
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["ExecStart"].endswith("/igbot serve")


def test_secrets_come_as_credentials_and_only_so() -> None:
    """No secret is in the unit or its environment; every credential is a setting of ours under its own name."""
    credentials = [value.partition(":")[0] for value in [*values("LoadCredential"), *values("#LoadCredential")]]
    assert {"IGBOT_APP_SECRET", "IGBOT_VERIFY_TOKEN", "IGBOT_ACCESS_TOKEN", "IGBOT_ENCRYPTION_KEY"} <= set(credentials)
    assert all(SETTINGS[name].secret or SETTINGS[name].file for name in credentials)
    assert values("Environment") == ["IGBOT_ENV=production"]


def test_nothing_of_the_database_is_removed_under_it() -> None:
    """The embedded server's semaphores belong to the same user and may outlive the service: RemoveIPC would kill it."""
    assert values("RemoveIPC") == []
