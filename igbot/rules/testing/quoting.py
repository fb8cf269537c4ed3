"""Writes texts as YAML reads them."""

import json

import regex

from igbot.meta.text import storable

_JOINERS = "\u200c\u200d"
_CONTROL = regex.compile(r"(?V1)[\p{Cc}--[\n\t]]")
_PLAIN = regex.compile(r"[a-z][a-z0-9_-]*")
_NOT_PLAIN = frozenset({"null", "yes", "no", "on", "off", "true", "false", "y", "n"})


def quoted(text: str) -> str:
    """A text in double quotes, on one line."""
    return "".join(
        letter if letter.isprintable() or letter in _JOINERS else _escaped(ord(letter))
        for letter in json.dumps(text, ensure_ascii=False)
    )


def keepable(text: str) -> str:
    """A customer's text with what no test or rule may hold, control characters and half characters, made harmless."""
    return _CONTROL.sub(" ", storable(text.replace("\r\n", "\n")))


def named(name: str) -> str:
    """A name: without quotes where YAML takes it for nothing else."""
    return name if _PLAIN.fullmatch(name) and name not in _NOT_PLAIN else quoted(name)


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
