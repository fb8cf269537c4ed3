"""`igbot init`: a set of first files that works, keys of its own, nothing overwritten."""

import json
import stat
import sys
import tomllib
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from igbot.cli.first_files import DISCLOSURE, FROM_META
from tests.cli.command import SOURCE, Place

FILES = {
    ".env",
    *(f"config/{name}.yaml" for name in ("base", "development", "production", "test")),
    "rules.d/10-shop.yaml",
    "rules.d/tests/shop.test.yaml",
    "rules.d/schema/rules.schema.json",
    "rules.d/schema/rules-test.schema.json",
}


@pytest.fixture
def empty(tmp_path: Path) -> Place:
    """A place with nothing in it."""
    (tmp_path / "shop").mkdir()
    return Place(tmp_path / "shop", tmp_path / "data", {"IGBOT_DATABASE_URL": "postgresql://127.0.0.1:1/nobody"})


def values(path: Path) -> dict[str, str]:
    """What stands in a `.env`."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines)}


def test_the_first_files_are_complete_and_pass_their_own_checks(empty: Place) -> None:
    """Lint finds nothing, the sample's tests pass, and a start names only what nobody but the owner has."""
    made = empty.run("init", "--json")
    told = json.loads(made.out)
    assert (made.code, set(told["written"]), told["left_alone"]) == (0, FILES, [])
    assert told["to_fill_in"] == list(FROM_META)
    assert {path.relative_to(empty.here).as_posix() for path in empty.here.rglob("*") if path.is_file()} == FILES
    lint = empty.run("rules", "lint", "--strict")
    assert (lint.code, "nothing to complain about" in lint.out) == (0, True)
    assert empty.run("rules", "test").code == 0
    started = empty.run("serve")
    missing = {line.split()[0] for line in started.err.splitlines() if line.endswith("is missing")}
    assert (started.code, missing) == (2, {*FROM_META, "IGBOT_TLS_CERT", "IGBOT_TLS_KEY"})


def test_its_keys_are_fresh_and_its_owners_only(empty: Place) -> None:
    """Two sets have nothing in common, and no secret is printed."""
    told = [empty.run("init", "--dir", name) for name in ("one", "two")]
    one, two = (values(empty.here / name / ".env") for name in ("one", "two"))
    assert set(one) == {*FROM_META, "IGBOT_VERIFY_TOKEN", "IGBOT_ENCRYPTION_KEY", "IGBOT_DISCLOSURE"}
    assert one["IGBOT_DISCLOSURE"] == DISCLOSURE
    Fernet(one["IGBOT_ENCRYPTION_KEY"])
    for name in ("IGBOT_VERIFY_TOKEN", "IGBOT_ENCRYPTION_KEY"):
        assert one[name] != two[name]
        assert len(one[name]) > 40
        assert not any(values[name] in ended.out + ended.err for values in (one, two) for ended in told)
    if sys.platform != "win32":
        assert stat.S_IMODE((empty.here / "one" / ".env").stat().st_mode) == 0o600


def test_what_is_there_is_left_alone_and_named(empty: Place) -> None:
    """An owner's rules get no sample beside them, which would answer for real."""
    (empty.here / "rules.d").mkdir()
    (empty.here / "rules.d" / "mine.yaml").write_text("version: 1\nrules: []\n", encoding="utf-8")
    (empty.here / ".env").write_text("IGBOT_APP_SECRET=mine\n", encoding="utf-8")
    made = empty.run("init")
    assert made.code == 0
    assert "left alone  .env: it was there already" in made.out
    assert "left alone  rules.d/10-shop.yaml: there are rules already" in made.out.replace("\\", "/")
    assert (empty.here / ".env").read_text(encoding="utf-8") == "IGBOT_APP_SECRET=mine\n"
    assert [path.name for path in (empty.here / "rules.d").iterdir()] == ["mine.yaml"]
    assert json.loads(empty.run("init", "--json").out)["written"] == []


def test_the_next_steps_say_what_goes_where(empty: Place) -> None:
    """Each value of Meta's with the place where it is to be had; what to enter in the App Dashboard."""
    told = empty.run("init").out
    for words in (*FROM_META, "App Dashboard > App settings > Basic", "/webhook", "IGBOT_VERIFY_TOKEN", "igbot serve"):
        assert words in told


def test_a_directory_that_cannot_be_written_is_said(
    empty: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, without a traceback."""
    (empty.here / "file").write_text("", encoding="utf-8")
    assert empty.call("init", "--dir", "file", patch=monkeypatch) == 2
    assert empty.call("init", "--dir", str(Path("file", "below")), patch=monkeypatch) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_samples_are_packed_with_the_program() -> None:
    """An igbot that was installed has no checkout beside it."""
    project = tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))
    packed = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert packed == {"config": "igbot/samples/config", "rules.d": "igbot/samples/rules.d"}
