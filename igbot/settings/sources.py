"""Where settings come from, each source as one layer of texts: options, environment, secrets directory, `.env`."""

import io
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from igbot.settings.catalogue import CATALOGUE, SETTINGS, variable_of
from igbot.settings.problems import Problem

_LARGEST = 64 * 1024
NEIGHBOUR_VARIABLE = re.compile(r"IGBOT_(?:SERVICE_[A-Z0-9_]{1,41}_SECRET|CHANNEL_[A-Z0-9_]{1,41}_URLS)")
"""Variables with the secret of a service or the addresses of a channel that `config/` names (`neighbours`)."""


@dataclass(frozen=True, slots=True)
class Given:
    """One value as it was written, trimmed. `name` is the variable or option a person knows it by."""

    text: str
    name: str
    origin: str


Layer = Mapping[str, Given]


def option_layer(options: Mapping[str, str]) -> Layer:
    """Command-line options, by the key of `config/` that each stands for (`management.port` is `--management-port`)."""
    layer: dict[str, Given] = {}
    for key, text in options.items():
        variable = variable_of(key.removeprefix("IGBOT_"))
        option = "--" + variable.removeprefix("IGBOT_").lower().replace("_", "-")
        layer[variable] = Given(text.strip(), variable, option)
    return layer


def environment_layer(environ: Mapping[str, str]) -> Layer:
    """Our variables of the environment, and those of other tools that we know."""
    return {name: Given(text.strip(), name, "the environment") for name, text in environ.items() if _ours(name)}


def dotenv_layer(path: Path, problems: list[Problem]) -> Layer:
    """A `.env` file: `NAME=value` with `export`, quotes and comments, any line ends, UTF-8 or UTF-16 with its mark.

    `$NAME` in a value is not replaced. A line that cannot be read is a problem with its number.
    """
    if not path.is_file():
        return {}
    text = _text_of(path, ".env", problems)
    if text is None:
        return {}
    from dotenv.parser import parse_stream

    layer: dict[str, Given] = {}
    for binding in parse_stream(io.StringIO(text)):
        name = binding.key or ""
        if binding.error:
            line = binding.original.line + _blank_lines_before(binding.original.string)
            problems.append(Problem(f".env, line {line}", "is not NAME=value"))
        elif binding.value is not None and _ours(name):
            layer[name] = Given(binding.value.strip(), name, ".env")
    return layer


def secrets_layer(directory: Path, origin: str, problems: list[Problem], *, also: Collection[str] = ()) -> Layer:
    """A directory with one file a name (systemd credentials, container secrets), in any case of letters.

    `also` are variables that are no settings. A certificate or key that lies there itself counts as its own path. Other
    files are nobody's business here.
    """
    known = SETTINGS.keys() | {setting.alias for setting in CATALOGUE if setting.alias} | set(also)
    layer: dict[str, Given] = {}
    try:
        files = [path for path in sorted(directory.iterdir()) if _counts(path, known)]
    except OSError as error:
        problems.append(Problem(origin, f"is not a directory that can be read ({error.strerror})"))
        return {}
    for path in files:
        name = path.name.upper()
        text = _text_of(path, f"{origin}: the file {path.name}", problems)
        if text is None:
            continue
        text = text.strip()
        if name in SETTINGS and SETTINGS[name].file and text.startswith("-----BEGIN"):
            text = str(path)
        layer[name] = Given(text, name, "the secrets directory")
    return layer


def _counts(path: Path, known: Collection[str]) -> bool:
    name = path.name.upper()
    return (name in known or NEIGHBOUR_VARIABLE.fullmatch(name) is not None) and path.is_file()


def read_text(path: Path, *, largest: int = _LARGEST) -> str:
    """A small text file in UTF-8, or in UTF-16 with its mark as Windows tools write it.

    Raises OSError, and ValueError saying what is wrong with the contents.
    """
    with path.open("rb") as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        raise ValueError(f"is larger than {largest // 1024} KiB")
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None


def _text_of(path: Path, shown: str, problems: list[Problem]) -> str | None:
    try:
        return read_text(path)
    except OSError as error:
        problems.append(Problem(shown, f"cannot be read ({error.strerror})"))
    except ValueError as error:
        problems.append(Problem(shown, str(error)))
    return None


def _ours(name: str) -> bool:
    return name.startswith("IGBOT_") or any(name == setting.alias for setting in CATALOGUE)


def _blank_lines_before(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")
