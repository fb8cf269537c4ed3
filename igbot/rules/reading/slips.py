"""Warns of texts that YAML reads otherwise than they look: a comment that was a number, quotes that are none."""

from igbot.rules.expressions import expression
from igbot.rules.reading.source import FileReport, Scalar

# A note to oneself has a space behind the sign.
_SWALLOWED = expression(r"[ \t]+(#[\p{L}\p{N}][^\r\n]*)")
_OPENING = "“”„‟‘‚"
_CLOSING = "”“’‘"
_DOUBLE = "“”„‟"


def check_slips(node: Scalar, what: str, report: FileReport) -> None:
    """R004 for a text without straight quotes of which a part is a comment, or around which other quotes stand.

    For texts that customers see or write; `what` says which (`reply`).
    """
    if not node.plain:
        return
    _check_comment(node, what, report)
    value = node.value
    if value and value[0] in _OPENING and len(value) > 1 and value[-1] in _CLOSING:
        inner = value[1:-1]
        if not any(quote in inner for quote in _DOUBLE):
            _tell_quotes(node, what, inner, report)


def check_half_quotes(node: Scalar, what: str, report: FileReport) -> None:
    """R004 for such a quote at one end alone, as a comma within the quotes leaves behind in a list."""
    value = node.value
    if node.plain and value and (value[0] in _DOUBLE) != (value[-1] in _DOUBLE):
        _tell_quotes(node, what, value.strip(_DOUBLE), report)


def _check_comment(node: Scalar, what: str, report: FileReport) -> None:
    source = report.source
    if node.end_line > len(source.starts):
        return
    end = source.starts[node.end_line - 1] + node.end_column - 1
    if source.text[end : end + 1] not in (" ", "\t"):
        return
    if found := _SWALLOWED.match(source.text, end):
        rest = found[1].rstrip()
        message = f'the rest of the line from "#" on is a comment: {what} ends before it'
        written = f"{node.value[-30:]} {rest[:30]}"
        hint = f'put the whole text in quotes: "{written}"' if len(node.value) <= len(written) else "put it in quotes"
        report.warning("R004", source.place_at(found.start(1), len(rest)), message, hint=hint)


def _tell_quotes(node: Scalar, what: str, inner: str, report: FileReport) -> None:
    message = f"the quotes of {what} are typographic ones: they are part of the text and keep nothing together"
    report.warning("R004", node, message, hint=f'use straight quotes: "{inner[:40]}"')
