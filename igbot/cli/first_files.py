"""The first files of an igbot of one's own: `.env` with fresh keys, `config/`, and rules to begin with."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import igbot
from igbot.errors import UsageError

DISCLOSURE = "This is the shop's automatic assistant. Write HUMAN and a person will answer you."
FROM_META = ("IGBOT_APP_SECRET", "IGBOT_ACCOUNT_ID", "IGBOT_ACCESS_TOKEN")
"""What nobody but Meta can give, in the order in which it is got."""

HEAD = """\
# What igbot must not tell anybody, and what differs from machine to machine. Everything else is in config/.
# Keep this file to yourself (and out of git). Stronger than it are environment variables and the secrets directory.
"""
OWN = """\
# What this shop's first answer of a conversation begins with. Meta asks bots to say that they are one; leave the line
# empty to say nothing. The rules in rules.d/ know the word HUMAN.
"""
HTTPS = """\
# Who does HTTPS: igbot, by these two files, or a proxy in front, whose network then stands in the last line.
#IGBOT_TLS_CERT=/etc/letsencrypt/live/example.org/fullchain.pem
#IGBOT_TLS_KEY=/etc/letsencrypt/live/example.org/privkey.pem
#IGBOT_TRUSTED_PROXIES=127.0.0.1/32

# A PostgreSQL of your own (15 or newer); without it igbot keeps one in its data directory.
#IGBOT_DATABASE_URL=postgresql://user:password@host:5432/database

# Where you are told that something is wrong: Apprise URLs, separated by white space (needs the extra alerts).
#IGBOT_ALERT_URLS=
"""

SCHEMAS = "rules.d/schema"
_MODELINES = {
    b"$schema=../docs/rules.schema.json": b"$schema=schema/rules.schema.json",
    b"$schema=../../docs/rules-test.schema.json": b"$schema=../schema/rules-test.schema.json",
}


@dataclass(frozen=True, slots=True)
class Written:
    """What `write_first_files` did, as paths below its directory."""

    written: tuple[str, ...]
    left_alone: tuple[str, ...]


def write_first_files(directory: Path) -> Written:
    """Write what is not there yet. What is there stays as it is: no file is touched, no rules are added to others.

    Raises UsageError where the directory cannot be written; what was written until then stays.
    """
    written, left = [], []
    try:
        has_rules = (directory / "rules.d").is_dir() and any((directory / "rules.d").iterdir())
        for name, contents in _files():
            if (name.startswith("rules.d/") and has_rules) or not _write(directory / name, contents):
                left.append(name)
            else:
                written.append(name)
    except OSError as error:
        where = error.filename or directory
        raise UsageError(
            f"{where} cannot be written: {error.strerror}", hint="--dir names a directory that you may write"
        ) from None
    return Written(tuple(written), tuple(left))


def _files() -> Iterator[tuple[str, bytes]]:
    """Every first file: its path, and what stands in it."""
    yield ".env", _dotenv().encode()
    for folder in ("config", "rules.d"):
        root = _samples() / folder
        for path in sorted(root.rglob("*.yaml")):
            contents = path.read_bytes()
            for old, new in _MODELINES.items():
                contents = contents.replace(old, new)
            yield f"{folder}/{path.relative_to(root).as_posix()}", contents
    yield from _schemas()


def _samples() -> Path:
    """Where the samples lie: in an installed igbot beside its modules, in a checkout beside the package."""
    package = Path(igbot.__file__).parent
    packed = package / "samples"
    return packed if packed.is_dir() else package.parent


def _schemas() -> Iterator[tuple[str, bytes]]:
    import json

    from igbot.rules.schema import schema, test_schema

    for name, shape in (("rules.schema.json", schema()), ("rules-test.schema.json", test_schema())):
        yield f"{SCHEMAS}/{name}", (json.dumps(shape, indent=2, ensure_ascii=False) + "\n").encode()


def _dotenv() -> str:
    """A `.env` with fresh keys of our own, and a place for each value that only Meta has."""
    import secrets

    from cryptography.fernet import Fernet

    lines = [HEAD, *(_place(name, "") for name in FROM_META)]
    lines.append(
        "# Instagram login instead of Facebook login: the token is an Instagram one.\n#IGBOT_LOGIN=instagram\n"
    )
    lines.append(_place("IGBOT_VERIFY_TOKEN", secrets.token_urlsafe(32), how="enter the same in the App Dashboard"))
    lines.append(
        _place("IGBOT_ENCRYPTION_KEY", Fernet.generate_key().decode(), how="keep a copy: no token opens without")
    )
    lines += [f'{OWN}IGBOT_DISCLOSURE="{DISCLOSURE}"\n', HTTPS]
    return "\n".join(lines)


def _place(variable: str, value: str, *, how: str = "") -> str:
    from igbot.settings.catalogue import SETTINGS

    setting = SETTINGS[variable]
    return f"# {_capital(setting.meaning)}.\n# {_capital(how or setting.how)}.\n{variable}={value}\n"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _write(path: Path, contents: bytes) -> bool:
    """Whether the file was not there yet. Only its owner may read it, if it holds keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = 0o600 if path.name == ".env" else 0o644
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags, mode)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(contents)
    return True
