"""The error object of a Graph API answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igbot.meta.lenient_json import parse
from igbot.meta.text import storable
from igbot.meta.values import flag, whole, words

MAX_MESSAGE_CHARS = 300
MAX_ANSWER_BYTES = 2**20
"""No answer of Meta's is nearly as long; what is, is not read."""
_MAX_NAME_CHARS = 100

# Meta repeats a bad token in its own error text ("Malformed access token …"), and that text is logged and stored.
_TOKEN = re.compile(r"\b(?:EAA|IGAA|IGQ)[A-Za-z0-9_\-]{8,}")


ErrorKind = tuple[int | None, int | None]
"""An error's code and subcode."""


@dataclass(frozen=True, slots=True)
class GraphError:
    """What Graph says is wrong. `message` is one line of at most 300 storable characters without tokens, for
    people only; what Meta says in the customer's language is not read.

    `code` and `subcode` decide (`outcomes`); None where the answer has none. A failure of the transport, or an answer
    that is no Graph error, is told in the same words, with `type` "transport" or "http".
    """

    code: int | None
    subcode: int | None
    message: str
    type: str
    fbtrace_id: str | None
    transient: bool

    @property
    def kind(self) -> ErrorKind:
        """By what two errors are the same."""
        return self.code, self.subcode

    @property
    def name(self) -> str:
        """How it is called: "10/2534022", "190", or its type where it has no code."""
        if self.code is None:
            return self.type or "error"
        return str(self.code) if self.subcode is None else f"{self.code}/{self.subcode}"


def other_error(kind: str, reason: str) -> GraphError:
    """An error that Graph did not word: `kind` is "transport" or "http"."""
    return GraphError(code=None, subcode=None, message=_said(reason), type=kind, fbtrace_id=None, transient=False)


def parse_answer(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object of an answer; None where the body is anything else, or too long. Never raises."""
    if len(body) > MAX_ANSWER_BYTES:
        return None
    try:
        answer = parse(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def read_error(answer: Mapping[str, Any]) -> GraphError | None:
    """The error in a parsed answer, also in the shape of Instagram's OAuth endpoints; None where it has none."""
    error = answer.get("error")
    if isinstance(error, dict):
        return GraphError(
            code=_code(error.get("code")),
            subcode=_code(error.get("error_subcode")) or None,
            message=_said(words(error.get("message"))),
            type=_name(error.get("type")),
            fbtrace_id=_name(error.get("fbtrace_id")) or None,
            transient=flag(error.get("is_transient")),
        )
    if "error_type" in answer or "error_message" in answer:
        return GraphError(
            code=_code(answer.get("code")),
            subcode=None,
            message=_said(words(answer.get("error_message"))),
            type=_name(answer.get("error_type")),
            fbtrace_id=None,
            transient=False,
        )
    if error is None:
        return None
    return other_error("http", words(error) or "an error of an unknown shape")


def _code(value: object) -> int | None:
    return whole(int(value) if isinstance(value, float) and value.is_integer() else value)


def _name(value: object) -> str:
    return one_line(words(str(value) if type(value) is int else value)[: 2 * _MAX_NAME_CHARS])[:_MAX_NAME_CHARS]


def _said(text: str) -> str:
    return one_line(storable(_TOKEN.sub("(token)", text[: 10 * MAX_MESSAGE_CHARS])))[:MAX_MESSAGE_CHARS]


def one_line(text: str) -> str:
    """`text` with one space for each run of white space, controls and marks that turn the direction of writing."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
