"""Each source is read as people and tools really write it."""

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.settings.problems import Problem
from igbot.settings.reading import read_settings
from igbot.settings.sources import dotenv_layer, secrets_layer


def dotenv(path: Path, data: bytes) -> tuple[dict[str, str], list[Problem]]:
    file = path / ".env"
    file.write_bytes(data)
    problems: list[Problem] = []
    return {name: given.text for name, given in dotenv_layer(file, problems).items()}, problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_dotenv_of_any_editor_is_read(tmp_path: Path, encoding: str, ends: str) -> None:
    """Byte order marks, both line ends, quotes, `export`, comments, blanks, `=` and `$` in values."""
    lines = [
        "IGBOT_APP_SECRET=plain",
        "# a comment",
        "",
        'export IGBOT_VERIFY_TOKEN="with # and = inside"',
        "IGBOT_ACCESS_TOKEN = 'single $HOME' ",
        "IGBOT_HOST=127.0.0.1 # behind a value",
        "IGBOT_DATABASE_URL=postgresql://u:p@h/d?a=b",
        "IGBOT_FALLBACK_REPLY=Zażółć",
        "OTHER=not ours",
        "PORT=5",
        "IGBOT_TESTERS",
    ]
    read, problems = dotenv(tmp_path, (ends.join(lines) + ends).encode(encoding))
    assert problems == []
    assert read == {
        "IGBOT_APP_SECRET": "plain",
        "IGBOT_VERIFY_TOKEN": "with # and = inside",
        "IGBOT_ACCESS_TOKEN": "single $HOME",
        "IGBOT_HOST": "127.0.0.1",
        "IGBOT_DATABASE_URL": "postgresql://u:p@h/d?a=b",
        "IGBOT_FALLBACK_REPLY": "Zażółć",
        "PORT": "5",
    }


values = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"], exclude_characters="'\\"), max_size=30
)


@given(
    pairs=st.dictionaries(st.sampled_from(["IGBOT_APP_SECRET", "IGBOT_HOST", "IGBOT_X"]), values),
    export=st.booleans(),
    ends=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
)
def test_what_is_quoted_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, pairs: dict[str, str], export: bool, ends: str, mark: bool
) -> None:
    """Any text in single quotes, with or without `export`, CRLF and a byte order mark, is read as itself, trimmed."""
    lines = [f"{'export ' if export else ''}{name}='{value}'{ends}" for name, value in pairs.items()]
    data = "".join(lines).encode("utf-8-sig" if mark else "utf-8")
    read, problems = dotenv(tmp_path_factory.mktemp("dotenv"), data)
    assert read == {name: value.strip() for name, value in pairs.items()}
    assert problems == []


@given(data=st.binary(max_size=200))
def test_no_dotenv_breaks_the_start_otherwise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Any bytes are read or refused with a problem."""
    dotenv(tmp_path_factory.mktemp("dotenv"), data)


def test_a_broken_line_is_told_by_its_number_and_not_repeated(tmp_path: Path) -> None:
    """The line may be a secret that lost its name."""
    read, problems = dotenv(tmp_path, b"IGBOT_HOST=a\n\n'broken=hush\nIGBOT_PORT=1\n")
    assert read == {"IGBOT_HOST": "a", "IGBOT_PORT": "1"}
    assert [str(problem) for problem in problems] == [".env, line 3 is not NAME=value"]


def test_a_dotenv_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Named, with what is wrong."""
    assert [str(problem) for problem in dotenv(tmp_path, b"IGBOT_HOST=\xff\xfa")[1]] == [".env is not text in UTF-8"]
    assert "larger" in str(dotenv(tmp_path, b"#" * 100_000)[1][0])


def test_a_directory_named_dotenv_is_somebody_elses(tmp_path: Path) -> None:
    """Some people name their virtual environment so."""
    (tmp_path / ".env").mkdir()
    problems: list[Problem] = []
    assert dotenv_layer(tmp_path / ".env", problems) == {}
    assert problems == []


def test_secrets_are_files_named_like_their_variables(tmp_path: Path) -> None:
    """systemd credentials and container secrets; the line break at the end goes, other files are ignored."""
    (tmp_path / "IGBOT_APP_SECRET").write_bytes(b"\xef\xbb\xbfhush\r\n")
    (tmp_path / "igbot_verify_token").write_text("small letters\n")
    (tmp_path / "DATABASE_URL").write_text("postgresql://h/d")
    (tmp_path / "tls.crt").write_text("-----BEGIN CERTIFICATE-----")
    (tmp_path / "IGBOT_ACCOUNT_ID").mkdir()
    problems: list[Problem] = []
    layer = secrets_layer(tmp_path, "the secrets directory", problems)
    assert {name: given.text for name, given in layer.items()} == {
        "IGBOT_APP_SECRET": "hush",
        "IGBOT_VERIFY_TOKEN": "small letters",
        "DATABASE_URL": "postgresql://h/d",
    }
    assert problems == []


def test_a_certificate_among_the_secrets_is_its_own_path(tmp_path: Path) -> None:
    """So that a private key can be a credential like the rest."""
    (tmp_path / "IGBOT_TLS_KEY").write_text("-----BEGIN PRIVATE KEY-----\n…\n", encoding="utf-8")
    (tmp_path / "IGBOT_TLS_CERT").write_text("/etc/cert.pem\n")
    settings = read_settings(environ={"CREDENTIALS_DIRECTORY": str(tmp_path)}, options={}, cwd=tmp_path / "empty")
    assert settings.tls_key == tmp_path / "IGBOT_TLS_KEY"
    assert settings.tls_cert == Path("/etc/cert.pem")


def test_our_own_secrets_directory_is_stronger_than_systemds(tmp_path: Path) -> None:
    """IGBOT_SECRETS_DIR was set by a person."""
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "IGBOT_VERIFY_TOKEN").write_text(name)
    (tmp_path / "theirs" / "IGBOT_APP_SECRET").write_text("from-theirs")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "theirs"), "IGBOT_SECRETS_DIR": "ours"}
    settings = read_settings(environ=environ, options={}, cwd=tmp_path)
    assert (settings.verify_token, settings.app_secrets) == ("ours", ("from-theirs",))


def test_a_secrets_directory_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """It was meant to hold something."""
    problems: list[Problem] = []
    assert secrets_layer(tmp_path / "none", "the secrets directory", problems) == {}
    assert "the secrets directory is not a directory that can be read" in str(problems[0])


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file that cannot be read even by root")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the system's own reason."""
    (tmp_path / "IGBOT_APP_SECRET").symlink_to("/proc/self/mem")
    problems: list[Problem] = []
    assert secrets_layer(tmp_path, "the secrets directory", problems) == {}
    assert "the file IGBOT_APP_SECRET cannot be read (Input/output error)" in str(problems[0])
