"""Collects everything that is wrong with the settings, to say it all at once and never show a value."""

from collections.abc import Iterable
from dataclasses import dataclass

from igbot.errors import UsageError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: `where` names the variable, file or option, `what` says what is wrong with it.

    `meaning` and `how` are what the setting is for and how to get a value; empty where that would say nothing new.
    """

    where: str
    what: str
    meaning: str = ""
    how: str = ""

    def __str__(self) -> str:
        lines = [f"{self.where} {self.what}"]
        if self.meaning:
            lines.append(f"    for: {self.meaning}")
        if self.how:
            lines.append(f"    how: {self.how}")
        return "\n".join(lines)


class SettingsError(UsageError):
    """The settings are wrong; `problems` holds every one of them, the message names them all.

    `ignored` are lines on what was given and is no setting: a slip of the pen may be the cause.
    """

    def __init__(self, problems: Iterable[Problem], *, env: str, ignored: Iterable[str] = ()) -> None:
        self.problems = tuple(problems)
        count = "1 setting needs" if len(self.problems) == 1 else f"{len(self.problems)} settings need"
        listed = "\n".join(f"  {str(problem).replace(chr(10), chr(10) + '  ')}" for problem in self.problems)
        also = "".join(f"\n  not used: {line}" for line in ignored)
        super().__init__(
            f"{count} attention (environment: {env}):\n{listed}{also}",
            hint="Set them as environment variables, in a file .env, or as files of the secrets directory; "
            "what is no secret can also stand in config/.",
        )
