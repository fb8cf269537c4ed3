"""Finds out which environment this is and which files belong to it, before anything else can be read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from igbot.settings import values
from igbot.settings.accounts import token_variables
from igbot.settings.layers import Layers
from igbot.settings.problems import Problem
from igbot.settings.sources import Layer, dotenv_layer, environment_layer, option_layer, secrets_layer

BUILT_IN = ("production", "development", "test")


@dataclass(frozen=True, slots=True)
class Environment:
    """The environment by name, and all layers of it. `known` is false where the name itself is a problem."""

    name: str
    known: bool
    config_dir: Path
    layers: Layers

    @property
    def production_like(self) -> bool:
        """Whether it is to be as strict as production: everything but development and test."""
        return self.name not in {"development", "test"}


def find_environment(
    *, environ: Mapping[str, str], options: Mapping[str, str], cwd: Path, default_env: str | None
) -> Environment:
    """Gather the layers in the order of the contract (§1); what is wrong is in `layers.problems`."""
    problems: list[Problem] = []
    dotenv = dotenv_layer(cwd / ".env", problems)
    plain = [option_layer(options), environment_layer(environ)]
    places = [Layers([*plain, dotenv], problems=problems).read("IGBOT_SECRETS_DIR", path_in(cwd), None)]
    if environ.get("CREDENTIALS_DIRECTORY"):
        places.append(Path(environ["CREDENTIALS_DIRECTORY"]))
    directories = [place for place in places if place is not None]
    secrets = _secrets(directories, problems)
    named = Layers([*plain, *secrets, dotenv], problems=problems)

    config_dir = named.read("IGBOT_CONFIG_DIR", path_in(cwd), cwd / "config")
    if named.given("IGBOT_CONFIG_DIR") is not None and not config_dir.is_dir():
        problems.append(Problem("IGBOT_CONFIG_DIR", "is not a directory"))
    name, wrong = _name(named, config_dir, default_env)
    files = ([f"{name}.yaml"] if name and not wrong else []) + ["base.yaml"]
    config = [_config_layer(config_dir / file, f"{config_dir.name}/{file}", problems) for file in files]
    if wrong:
        problems.append(Problem("IGBOT_ENV", wrong))
    # The accounts' tokens have names of the owner's own, which only the files of config/ tell.
    if tokens := token_variables(config):
        secrets = _secrets(directories, problems, also=tokens)
    layers = Layers([*plain, *secrets, dotenv], config, problems, tokens)
    return Environment(name=name, known=not wrong, config_dir=config_dir, layers=layers)


def path_in(cwd: Path) -> Callable[[str], Path]:
    """A reader of paths: `~` is the user's home, relative ones begin at `cwd`."""

    def read(text: str) -> Path:
        if not text.isprintable():
            raise ValueError("must be a path")
        try:
            return cwd / Path(text).expanduser()
        except RuntimeError:
            raise ValueError("must be a path without ~: this user has no home") from None

    return read


def _secrets(
    directories: Sequence[Path], problems: list[Problem], *, also: frozenset[str] = frozenset()
) -> list[Layer]:
    origin, found = "the secrets directory (IGBOT_SECRETS_DIR or systemd)", list[Problem]()
    layers = [secrets_layer(place, origin, found, also=also) for place in directories]
    problems += [problem for problem in found if problem not in problems]
    return layers


def _config_layer(file: Path, shown: str, problems: list[Problem]) -> Layer:
    if not file.exists():
        return {}
    # YAML takes a while to import, and a start without such files need not wait for it.
    from igbot.settings.config_files import config_layer

    return config_layer(file, shown, problems)


def _name(named: Layers, config_dir: Path, default_env: str | None) -> tuple[str, str]:
    """The environment's name, and what is wrong with it or `""`. A wrong name is not repeated: it may be anything."""
    test_mode = named.read("IGBOT_TEST_MODE", values.switch, False)
    given = named.given("IGBOT_ENV")
    if given is None:
        return ("test" if test_mode else default_env or "production"), ""
    name = given.text.lower()
    if test_mode and name != "test":
        return "test", f"(from {given.origin}) contradicts IGBOT_TEST_MODE=1, which is the same as IGBOT_ENV=test"
    if name in BUILT_IN:
        return name, ""
    others = sorted(path.stem for path in config_dir.glob("*.yaml") if path.stem not in {*BUILT_IN, "base"})
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name) and name in others:
        return name, ""
    return "unknown", f"(from {given.origin}) must be one of: {', '.join([*BUILT_IN, *others])}"
