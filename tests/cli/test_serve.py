"""`igbot serve` as a process: what it refuses before anything listens, how it is found, and how it ends."""

import json
import os
import signal
import socket
import stat
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import trustme

from igbot import runfile
from igbot.store.embedded.layout import Layout
from tests.cli.command import SECONDS, Ended, Place, interrupt
from tests.store.processes import wait_for_end

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither such signals nor such modes")


@pytest.fixture
def taken() -> Iterator[str]:
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        yield str(somebody.getsockname()[1])


def refused(ended: Ended, code: int = 2) -> str:
    """The message of a server that did not start: one error, no traceback, nothing on stdout."""
    assert (ended.code, ended.out) == (code, ""), ended.err
    assert ended.err.count("error: ") == 1
    assert "Traceback" not in ended.err
    return ended.err[ended.err.index("error: ") :]


def serve(place: Place, *arguments: str, **changes: str) -> Ended:
    """A development server that is expected to end by itself."""
    return place.run("serve", "--env", "development", *arguments, **{"IGBOT_MANAGEMENT_PORT": "0", **changes})


def test_a_port_in_use_is_named_by_its_setting(place: Place, taken: str) -> None:
    """The public one and the management one; the other is not left open, no run file is left behind."""
    assert "IGBOT_PORT: 127.0.0.1:" in refused(serve(place, "--port", taken))
    assert "IGBOT_MANAGEMENT_PORT: 127.0.0.1:" in refused(serve(place, "--port", "0", IGBOT_MANAGEMENT_PORT=taken))
    assert not (place.data_dir / runfile.NAME).exists()


@pytest.mark.parametrize("port", ["abc", "70000", "-1", "80.5", "٨٠"])
def test_what_is_no_port_is_told_before_anything_is_opened(
    bare: Place, port: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With where it came from; the value is not repeated."""
    assert bare.call("serve", "--env", "development", "--port", port, patch=monkeypatch) == 2
    assert "IGBOT_PORT (from --port) must be a number from 0 to 65535" in capsys.readouterr().err
    assert not bare.data_dir.exists()


def test_an_address_of_another_machine_cannot_be_listened_on(place: Place) -> None:
    """The message names IGBOT_HOST."""
    assert "IGBOT_HOST: 203.0.113.7:0" in refused(serve(place, "--host", "203.0.113.7", "--port", "0"))


def test_a_certificate_that_is_missing_or_of_another_key_is_refused(place: Place) -> None:
    """Each by the setting that has to be mended."""
    authority = trustme.CA()
    for name in ("one", "two"):
        issued = authority.issue_cert("localhost")
        issued.cert_chain_pems[0].write_to_path(place.here / f"{name}.crt")
        issued.private_key_pem.write_to_path(place.here / f"{name}.key")
    said = refused(serve(place, "--port", "0", IGBOT_TLS_CERT="gone.crt", IGBOT_TLS_KEY="one.key"))
    assert "IGBOT_TLS_CERT" in said
    assert "No such file" in said
    said = refused(serve(place, "--port", "0", IGBOT_TLS_CERT="one.crt", IGBOT_TLS_KEY="two.key"))
    assert "is not the key of the certificate" in said


def test_a_data_directory_that_cannot_be_used_is_refused(bare: Place) -> None:
    """A file in its place, or above it."""
    file = bare.here / "file"
    file.touch()
    for path in (file, file / "below"):
        assert "IGBOT_DATA_DIR" in refused(serve(bare, "--port", "0", IGBOT_DATA_DIR=str(path)))


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")
def test_a_data_directory_of_somebody_else_is_refused(bare: Place) -> None:
    """One that igbot may not enter."""
    bare.data_dir.mkdir(mode=0o000)
    assert "cannot be read and written" in refused(serve(bare, "--port", "0"))
    bare.data_dir.chmod(0o700)


def test_a_database_that_refuses_is_exit_2(place: Place) -> None:
    """A wrong password, and a database there is not; the password is never shown."""
    url = place.settings["IGBOT_DATABASE_URL"]
    password = urlsplit(url).password or ""
    wrong = url.replace(f":{password}@", ":not-the-password@")
    said = refused(serve(place, "--port", "0", IGBOT_DATABASE_URL=wrong))
    assert "refused us" in said
    assert "not-the-password" not in said
    parts = urlsplit(url)
    said = refused(serve(place, "--port", "0", IGBOT_DATABASE_URL=parts._replace(path="/no_such_database").geturl()))
    assert "no_such_database" in said
    assert not password or password not in said


def test_production_names_everything_that_is_missing_at_once(bare: Place) -> None:
    """All required settings in one message, each with what it is for and how to get it; nothing is opened."""
    said = refused(bare.run("serve", IGBOT_PORT="x", IGBOT_LOG_LEVEL="loud"))
    for name in ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN", "ACCOUNT_ID", "ENCRYPTION_KEY", "TLS_CERT", "TLS_KEY"):
        assert f"IGBOT_{name} is missing" in said
    assert "IGBOT_PORT (from the environment) must be" in said
    assert "IGBOT_LOG_LEVEL" in said
    assert said.count("      for: ") == said.count("      how: ") == 9
    assert not bare.data_dir.exists()


@pytest.mark.parametrize(
    "arguments", [("--workers", "0"), ("--workers", "x"), ("--env", "staging"), ("--prot", "1"), ("extra",)]
)
def test_a_command_line_that_is_wrong_is_exit_2(
    bare: Place, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a traceback, and nothing on stdout."""
    assert bare.call("serve", *arguments, patch=monkeypatch) == 2
    out, err = capsys.readouterr()
    assert (out, "Traceback" in err) == ("", False)


@POSIX
def test_the_run_file_tells_where_the_server_is_to_its_owner_only(place: Place) -> None:
    """Its pid and addresses while it runs; Ctrl-C is exit 0 and takes the file away."""
    with place.serving() as process:
        path = place.data_dir / runfile.NAME
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        run = json.loads(path.read_text())
        assert set(run) == {"pid", "env", "public_url", "management_url", "sandbox_url"}
        assert (run["pid"], run["env"]) == (process.pid, "development")
        assert urlsplit(run["public_url"]).scheme == "https"
        assert urlsplit(run["public_url"]).port not in (0, 8443)
        assert interrupt(process) == 0
    assert not path.exists()
    assert "Traceback" not in place.log
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", urlsplit(run["public_url"]).port)),
    ):
        pass


@POSIX
def test_a_database_that_is_away_is_a_degraded_start(bare: Place) -> None:
    """It listens and says so; SIGTERM ends it well all the same."""
    with bare.serving() as process:
        assert "degraded_start" in bare.log
        health = bare.run("health", "--json")
        assert (health.code, json.loads(health.out)["status"]) == (1, "down")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=SECONDS) == 0


def test_the_embedded_database_ends_with_its_last_user(home: Place) -> None:
    """And keeps what was written: a second server finds it."""
    with home.serving():
        assert home.run("simulate", "hi", "--as", "first-visit").code == 0
    wait_for_end(home.data_dir)
    assert not (Layout.of(home.data_dir).cluster / "postmaster.pid").exists()
    shown = home.run("conversations", "show", "first-visit", "--json")
    assert [message["direction"] for message in json.loads(shown.out)["messages"]] == ["in", "out"]


@pytest.mark.parametrize("command", [("rules", "lint"), ("serve", "--port", "0")])
def test_a_word_that_would_stop_and_start_the_bot_is_wrong_usage(bare: Place, command: tuple[str, ...]) -> None:
    """Told before anything begins, on one line with both lists."""
    (bare.here / "config").mkdir()
    words = "policy:\n  stop_words: {en: [start]}\n  start_words: {en: [Start]}\n"
    (bare.here / "config" / "base.yaml").write_text(words, encoding="utf-8")
    ended = bare.run(*command, IGBOT_ENV="development", IGBOT_MANAGEMENT_PORT="0")
    assert (ended.code, ended.out) == (2, "")
    assert '"start" would both stop and start the bot' in ended.err
    assert "policy.stop_words.en and in policy.start_words.en\n" in ended.err
