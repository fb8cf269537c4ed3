"""The rules that a command decides by, or why there are none."""

from pathlib import Path
from typing import TYPE_CHECKING

from igbot.errors import ExitCode, IgbotError

if TYPE_CHECKING:
    from igbot.cli.rules_folder import Folder
    from igbot.rules.deciding.ruleset import RuleSet
    from igbot.settings.model import Settings


class BadRules(IgbotError):
    """There are no rules to decide by."""

    exit_code = ExitCode.BAD


def usable_rules(root: Path, settings: "Settings") -> "tuple[Folder, RuleSet]":
    """The rules, whatever is wrong with their examples. Raises BadRules where they cannot be used."""
    from igbot.cli.rules_folder import read_rules
    from igbot.cli.rules_running import usable
    from igbot.rule_settings import surroundings_of

    folder = read_rules(root)
    loaded = folder.load(surroundings_of(settings))
    ruleset = usable(loaded)
    if ruleset is None:
        first = next(finding for finding in loaded.findings if finding.severity == "error")
        shown = folder.shown(first)
        raise BadRules(
            f"the rules cannot be used: {shown.file}:{shown.line}:{shown.column} {first.message}",
            hint="`igbot rules lint` says all that is wrong",
        )
    return folder, ruleset
