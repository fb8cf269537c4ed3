"""What is doubtful about rules that could be read: `check` for all rules, `check_set` for a set without errors."""

from collections.abc import Mapping, Sequence

from igbot.rules.deciding.ruleset import RuleSet
from igbot.rules.lint.breadth import check_breadth
from igbot.rules.lint.competition import check_competition
from igbot.rules.lint.hours import check_hours
from igbot.rules.lint.leaks import check_leaks
from igbot.rules.lint.nearness import check_nearness
from igbot.rules.lint.partners import check_partners
from igbot.rules.lint.patterns import check_patterns
from igbot.rules.lint.payloads import check_conditions, check_taps
from igbot.rules.lint.purpose import check_purpose
from igbot.rules.lint.speech import check_speech
from igbot.rules.lint.subjects import shared_lists, subjects
from igbot.rules.lint.times import check_times
from igbot.rules.lint.whole import check_whole
from igbot.rules.lint.wildcards import check_wildcards
from igbot.rules.lint.words import check_words
from igbot.rules.reading.source import FileReport
from igbot.rules.rule import Rule
from igbot.rules.surroundings import Surroundings


def check(rules: Sequence[Rule], reports: Mapping[str, FileReport], surroundings: Surroundings) -> None:
    """Adds what can be told of rules one by one and side by side, in the order of their files.

    `reports` are those of all files by path, also of files without rules. Errors come before warnings before hints,
    since a file's report takes only so many.
    """
    found = subjects(rules, reports)
    lists = shared_lists(found)
    check_purpose(found)
    check_words(found, lists, reports, surroundings)
    check_patterns(found, lists, reports)
    check_wildcards(found, lists, reports)
    check_times(found, reports, surroundings.now)
    check_speech(found, reports)
    check_leaks(reports.values())
    check_nearness(found, lists, reports)
    check_hours(found)
    check_competition(found)
    check_partners(found, lists, reports)


def check_set(ruleset: RuleSet, reports: Mapping[str, FileReport], surroundings: Surroundings) -> None:
    """Adds what only a set that could be loaded tells: taps nobody answers, rules that answer all, what is missing."""
    found = subjects(ruleset.rules, reports)
    check_conditions(found)
    check_taps(found, ruleset)
    check_breadth(found)
    check_whole(found, reports, surroundings)
