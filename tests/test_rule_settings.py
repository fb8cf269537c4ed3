"""What the settings say to the rules."""

from pathlib import Path

import pytest

from igbot.errors import UsageError
from igbot.rule_settings import options_of, surroundings_of
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from igbot.settings.model import Settings
from igbot.settings.reading import read_settings

RULES = b"version: 1\nrules: [{name: a, keywords: [unsubscribe, enough], reply: b}]\n"


def settings(directory: Path, config: str = "", **environ: str) -> Settings:
    """Those of a development bot."""
    (directory / "config").mkdir()
    (directory / "config" / "base.yaml").write_text(config, encoding="utf-8")
    return read_settings(environ={"IGBOT_ENV": "development", **environ}, options={}, cwd=directory)


def codes(given: Settings) -> list[str]:
    """What lint says of the rules with these settings."""
    loaded = load_rules([RuleFile("a.yaml", RULES)], surroundings=surroundings_of(given))
    return [finding.code for finding in loaded.findings]


def test_the_guard_is_on_and_the_disclosure_off_unless_set(tmp_path: Path) -> None:
    """As the contract says."""
    options = options_of(settings(tmp_path))
    assert (options.loop_guard, options.disclosure) == (8, "")


@pytest.mark.parametrize(("said", "disclosed"), [("I am a bot.", True), ("off", False), ("", False)])
def test_a_disclosure_that_is_set_is_said_and_lint_is_content(tmp_path: Path, said: str, disclosed: bool) -> None:
    """R062 asks for one or the other."""
    given = settings(tmp_path, IGBOT_DISCLOSURE=said, IGBOT_LOOP_GUARD="3")
    assert (options_of(given).disclosure, options_of(given).loop_guard) == (said if disclosed else "", 3)
    free = load_rules([RuleFile("a.yaml", RULES.replace(b"unsubscribe, ", b""))], surroundings=surroundings_of(given))
    assert ("R062" in {finding.code for finding in free.findings}) is not disclosed


def test_the_owners_words_reach_decisions_and_lint(tmp_path: Path) -> None:
    """In place of those of their language."""
    given = settings(tmp_path, "policy:\n  stop_words: {en: [enough]}\n  start_words: {pt-BR: [mais]}\n")
    opting = options_of(given).opting
    assert opting.said_in("Enough!", opted_out=False) == ("out", ("en",))
    assert opting.said_in("mais", opted_out=True) == ("in", ("pt-br",))
    assert opting.said_in("unsubscribe", opted_out=False) is None
    assert codes(given).count("R064") == 1


@pytest.mark.parametrize(
    ("stop", "start", "told"),
    [
        ("{en: [start]}", "{en: [start]}", '"start" would both stop and start the bot: it is in policy.stop_words.en'),
        ("{en: [no, Détente]}", "{pt-BR: [DETENTE!]}", "policy.stop_words.en and in policy.start_words.pt-br"),
        ("{fr: [Alta.]}", "{}", "policy.stop_words.fr and in the usual START words of es"),
        ("{}", "{nl: [PARAR]}", "the usual STOP words of es, the usual STOP words of pt and in policy.start_words.nl"),
    ],
)
def test_no_word_both_stops_and_starts_the_bot(tmp_path: Path, stop: str, start: str, told: str) -> None:
    """In whichever languages, and however it is written: the lists that have it are named."""
    given = settings(tmp_path, f"policy:\n  stop_words: {stop}\n  start_words: {start}\n")
    for use in (options_of, surroundings_of):
        with pytest.raises(UsageError) as wrong:
            use(given)
        assert told in wrong.value.message


def test_a_word_that_is_the_owners_own_no_more_may_be_used_the_other_way(tmp_path: Path) -> None:
    """The lists in force are compared, not those that they take the place of."""
    given = settings(tmp_path, "policy:\n  stop_words: {es: [alta]}\n  start_words: {es: [baja]}\n")
    opting = options_of(given).opting
    assert opting.said_in("alta", opted_out=False) == ("out", ("es",))
    assert opting.said_in("baja", opted_out=True) == ("in", ("es",))
