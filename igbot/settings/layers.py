"""Looks a setting up through all layers and collects what is wrong with the values found."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from igbot.settings.catalogue import CATALOGUE, SETTINGS, nearest, not_built
from igbot.settings.problems import Problem
from igbot.settings.sources import NEIGHBOUR_VARIABLE, Given, Layer

T = TypeVar("T")
D = TypeVar("D")


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers, strongest first: `named` hold variables (options to `.env`), `config` the files of `config/`.

    `tokens` are the variables that `config/` names for the tokens of accounts.
    """

    named: Sequence[Layer]
    config: Sequence[Layer] = ()
    problems: list[Problem] = field(default_factory=list)
    tokens: frozenset[str] = frozenset()

    def given(self, variable: str, *, blank_counts: bool = False) -> Given | None:
        """The strongest value of a setting. A blank one is as none, unless a blank says something.

        A variable of another tool (`PORT`) is weaker than ours wherever a person set ours, and stronger than files
        of `config/`, which go with the program and not with the machine.
        """
        alias = SETTINGS[variable].alias
        places = [*((layer, variable) for layer in self.named), *((layer, alias) for layer in self.named if alias)]
        places += [(layer, variable) for layer in self.config]
        for layer, name in places:
            found = layer.get(name)
            if found is not None and (found.text or blank_counts):
                return found
        return None

    def named_given(self, variable: str) -> Given | None:
        """The strongest value of a variable that is no setting of the catalogue; None where it is unset or blank."""
        found = (layer.get(variable) for layer in self.named)
        return next((given for given in found if given is not None and given.text), None)

    def named_text(self, variable: str) -> str | None:
        """The text of `named_given`."""
        found = self.named_given(variable)
        return found.text if found else None

    def read(self, variable: str, reader: Callable[[str], T], default: D, *, blank_counts: bool = False) -> T | D:
        """The value as its reader gives it; the default if unset, or if it is wrong, which is then a problem."""
        found = self.given(variable, blank_counts=blank_counts)
        if found is None:
            return default
        try:
            return reader(found.text)
        except ValueError as error:
            setting = SETTINGS[variable]
            name = f"{found.name} (from {found.origin})"
            self.problems.append(Problem(name, str(error), setting.meaning, setting.how))
            return default

    def secrets(self) -> set[str]:
        """Every secret that any layer holds, whole and item by item, also those that are not used."""
        found: set[str] = set()
        for layer in self.named:
            for name, given in layer.items():
                setting = SETTINGS.get(name)
                if (setting and setting.secret) or name in self.tokens or _is_other_secret(name):
                    found |= {given.text, *(item.strip() for item in given.text.split(","))}
        return found

    def ignored(self) -> tuple[str, ...]:
        """A line for each variable of ours that changes nothing."""
        aliases = {setting.alias for setting in CATALOGUE}
        names = sorted({name for layer in self.named for name in layer} - SETTINGS.keys() - aliases - self.tokens)
        return tuple(_ignored(name) for name in names if not NEIGHBOUR_VARIABLE.fullmatch(name))


def missing(variables: Iterable[str]) -> list[Problem]:
    """The problems of settings that are required and were not given."""
    rows = [SETTINGS[variable] for variable in variables]
    return [Problem(row.variable, "is missing", row.meaning, row.how) for row in rows]


def _is_other_secret(name: str) -> bool:
    if name == "IGBOT_AI_API_KEY" or NEIGHBOUR_VARIABLE.fullmatch(name):
        return True
    return any(setting.secret and setting.alias == name for setting in CATALOGUE)


def _ignored(name: str) -> str:
    if not_built(name):
        return f"{name} is not built in this version and changes nothing"
    meant = nearest(name)
    return f"{name} is no setting and changes nothing" + (f"; did you mean {meant.variable}?" if meant else "")
