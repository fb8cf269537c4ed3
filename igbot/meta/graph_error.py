"""The error object of a Graph API answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from igbot.meta.lenient_json import parse
from igbot.meta.text import storable
from igbot.meta.values import flag, whole, words

MAX_MESSAGE_CHARS = 300
_MAX_NAME_CHARS = 100

# Meta repeats a bad token in its own error text ("Malformed access token …"), and that text is logged and stored.
_TOKEN = re.compile(r"\b(?:EAA|IGAA|IGQ)[A-Za-z0-9_\-]{8,}")


@dataclass(frozen=True, slots=True)
class GraphError:
    """What Graph says is wrong. `message` is at most 300 storable characters without tokens, for people only.

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
    def name(self) -> str:
        """How it is called: "10/2534022", "190", or its type where it has no code."""
        if self.code is None:
            return self.type or "error"
        return str(self.code) if self.subcode is None else f"{self.code}/{self.subcode}"


def other_error(kind: str, reason: str) -> GraphError:
    """An error that Graph did not word: `kind` is "transport" or "http"."""
    return GraphError(code=None, subcode=None, message=_said(reason), type=kind, fbtrace_id=None, transient=False)


def parse_answer(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object of an answer; None where the body is anything else. Never raises."""
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
            code=whole(error.get("code")),
            subcode=whole(error.get("error_subcode")),
            message=_said(words(error.get("message"))),
            type=words(error.get("type"))[:_MAX_NAME_CHARS],
            fbtrace_id=words(error.get("fbtrace_id"))[:_MAX_NAME_CHARS] or None,
            transient=flag(error.get("is_transient")),
        )
    if "error_type" in answer or "error_message" in answer:
        return GraphError(
            code=whole(answer.get("code")),
            subcode=None,
            message=_said(words(answer.get("error_message"))),
            type=words(answer.get("error_type"))[:_MAX_NAME_CHARS],
            fbtrace_id=None,
            transient=False,
        )
    return None if error is None else other_error("http", "an error of an unknown shape")


def _said(text: str) -> str:
    return storable(_TOKEN.sub("(token)", text[: 10 * MAX_MESSAGE_CHARS]))[:MAX_MESSAGE_CHARS]
