"""Files of `config/` hold only settings that exist and no secrets, and are read as they are written."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from igbot.settings.catalogue import CATALOGUE, NOT_BUILT, SETTINGS, variable_of
from igbot.settings.config_files import config_layer
from igbot.settings.problems import Problem
from igbot.settings.reading import read_settings

ROOT = Path(__file__).parents[2]


def layer(path: Path, text: str | bytes) -> tuple[dict[str, str], list[str]]:
    file = path / "base.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    problems: list[Problem] = []
    read = {name: given.text for name, given in config_layer(file, "config/base.yaml", problems).items()}
    return read, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    "text",
    [
        "log:\n  level: DEBUG\ngraph: {url: 'https://x', version: v25.0}",
        "log.level: DEBUG\ngraph.url: https://x\ngraph.version: v25.0",
        "log_level: DEBUG\ngraph_url: https://x\ngraph-version: v25.0",
        "\ufefflog.level: DEBUG\r\ngraph:\r\n  url: https://x\r\n  version: v25.0\r\n",
    ],
)
def test_a_key_can_be_written_in_three_ways(tmp_path: Path, text: str) -> None:
    """`a.b` is `a: {b}` is `a_b`: all are IGBOT_A_B."""
    read, problems = layer(tmp_path, text)
    assert problems == []
    assert read == {"IGBOT_LOG_LEVEL": "DEBUG", "IGBOT_GRAPH_URL": "https://x", "IGBOT_GRAPH_VERSION": "v25.0"}


def test_values_are_what_stands_there(tmp_path: Path) -> None:
    """YAML's own ideas of numbers, times and switches do not change an id or an `off`."""
    read, _ = layer(
        tmp_path,
        "account.id: 00178\ntakeover.pause: off\ntesters: [0123, 12:30, 1_000]\nport:\nhost: ~\n"
        "fallback.reply: |\n  Hello\n  there\ntls: proxy\ntls.cert: /c.pem\n",
    )
    assert read == {
        "IGBOT_ACCOUNT_ID": "00178",
        "IGBOT_TAKEOVER_PAUSE": "off",
        "IGBOT_TESTERS": "0123,12:30,1_000",
        "IGBOT_FALLBACK_REPLY": "Hello\nthere",
        "IGBOT_TLS": "proxy",
        "IGBOT_TLS_CERT": "/c.pem",
    }


def test_off_in_a_file_is_off(tmp_path: Path) -> None:
    """Through the whole way."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "base.yaml").write_text("takeover.pause: off\nwindow:\n  margin: 1m 30s\ntesters: [1, 2]\n")
    settings = read_settings(environ={}, options={}, cwd=tmp_path)
    assert settings.takeover_pause is None
    assert settings.window_margin == timedelta(seconds=90)
    assert settings.testers == {"1", "2"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("log:\n  levle: x", "config/base.yaml, line 2 log.levle is no setting; did you mean log.level?"),
        ("nothing.like.it: x", "config/base.yaml, line 1 nothing.like.it is no setting"),
        ("retention: 8", "config/base.yaml, line 1 retention is not built in this version"),
        ("policy:\n  stop_words: [stop]", "policy.stop_words is no setting"),
        ("ai:\n  model: x", "ai.model is not built in this version"),
        ("env: test", "env decides which files are read, so it cannot stand in one: set IGBOT_ENV"),
        ("port: 1\nport: 2", "config/base.yaml, line 2 port stands twice"),
        ("log.level: INFO\nlog: {level: DEBUG}", "log.level stands twice"),
        ("port: [{a: b}]", "port must be a text or a list of texts"),
        ("{[a]: b}", "? is no setting"),
        ("- a\n- b", "config/base.yaml must hold settings as `key: value`"),
        ("just text", "config/base.yaml must hold settings as `key: value`"),
        ("port: 'open", "config/base.yaml is not valid YAML at line 1, column 12"),
        ("port: 1\n---\nport: 2", "config/base.yaml is not valid YAML"),
        ("a: &x 1\nb: *x", "config/base.yaml uses an alias (*name), which settings do not need"),
        ("port: \x07", "config/base.yaml is not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    """A misspelt key is not silently without effect."""
    _, problems = layer(tmp_path, text)
    assert any(said in problem for problem in problems), problems


@pytest.mark.parametrize("setting", [setting for setting in CATALOGUE if setting.secret], ids=lambda s: str(s.key))
def test_a_secret_in_a_file_is_refused_and_not_repeated(tmp_path: Path, setting: object) -> None:
    """Such files go into version control."""
    key = getattr(setting, "key", "")
    read, problems = layer(tmp_path, f"{key}: hush-hush")
    assert read == {}
    assert "is a secret" in problems[0]
    assert "hush-hush" not in problems[0]


def test_a_broken_file_does_not_show_what_stands_in_it(tmp_path: Path) -> None:
    """YAML's own messages quote the line."""
    _, problems = layer(tmp_path, "port: 'hush-hush\n\tx: [")
    assert "hush" not in "".join(problems)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xfe\x00",
        b"\x80",
        b"[" * 20_000,
        b"a: " * 5_000,
        b"#" * 300_000,
        b"? " * 5_000,
        b"- " * 20_000,
        b"{a: " * 9_000,
    ],
)
def test_hostile_files_are_refused_at_once(tmp_path: Path, data: bytes) -> None:
    """Depth, size and broken bytes cost a line, not a traceback and not the day."""
    begun = time.process_time()
    _, problems = layer(tmp_path, data)
    assert len(problems) == 1
    assert time.process_time() - begun < 2


@given(text=st.text(alphabet="abc:-[]{}&*!#|>'\"\n \t~.,0%@", max_size=60))
def test_no_file_breaks_the_start_otherwise(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Any text is read or refused with a problem."""
    layer(tmp_path_factory.mktemp("config"), text)


def test_the_shipped_files_explain_every_setting() -> None:
    """`config/base.yaml` names each setting that may stand there, with its meaning, all commented out."""
    text = (ROOT / "config" / "base.yaml").read_text(encoding="utf-8")
    assert all(not line or line.startswith("# ") or line == "#" for line in text.splitlines())
    flowing = " ".join(line.removeprefix("# ") for line in text.splitlines()).lower()
    for setting in CATALOGUE:
        assert (f"\n# {setting.key}: " in text) is not (setting.secret or setting.early), setting.key
        if not (setting.secret or setting.early):
            assert setting.meaning.lower() in flowing, setting.key
            assert not setting.default or f"unset: {setting.default}.".lower() in flowing, setting.key


@pytest.mark.parametrize("name", ["base", "production", "development", "test"])
def test_every_example_of_the_shipped_files_works(tmp_path: Path, name: str) -> None:
    """Uncommented, each line is a setting with a value that is accepted."""
    lines = (ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    examples = [line.removeprefix("# ") for line in lines if line.removeprefix("# ").split(": ")[0] in _KEYS]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "base.yaml").write_text("\n".join(examples), encoding="utf-8")
    read_settings(environ={}, options={}, cwd=tmp_path)
    assert examples


_KEYS = {setting.key for setting in CATALOGUE}


def test_the_catalogue_is_whole_and_without_contradictions() -> None:
    """One row a variable, each with words; nothing is both built and not."""
    assert len(SETTINGS) == len(CATALOGUE)
    assert not SETTINGS.keys() & NOT_BUILT
    for setting in CATALOGUE:
        assert setting.variable == variable_of(setting.key)
        assert setting.meaning
        assert setting.how or setting.early
        assert not setting.meaning.endswith(".")
