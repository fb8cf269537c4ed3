"""Secrets in rule files, which are no place for them: they are copied, shown and kept in histories."""

from collections.abc import Iterable

import re2

from igbot.rules.expressions import expression
from igbot.rules.model import Finding
from igbot.rules.reading.source import FileReport

# What Meta, payment and cloud services hand out, and keys written beside a word for them.
_SECRET = (
    r"EAA[A-Za-z0-9]{30,}|IG[A-Z]{2}[A-Za-z0-9_-]{30,}|sk-[A-Za-z0-9_-]{20,}|[sr]k_live_[A-Za-z0-9]{16,}"
    r"|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[0-9A-Za-z_-]{35}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"
    r"|(?i:access[_-]?token|app[_-]?secret|api[_-]?key|client[_-]?secret|secret[_-]?key)[\"']?\s*[:=]\s*[\"']?"
    r"[A-Za-z0-9_/+.=-]{16,}|\b[0-9a-f]{32}(?:[0-9a-f]{8})?\b"
)
_QUICK = re2.compile(_SECRET.encode())
_EXACT = expression(_SECRET)
_HIDDEN = "•"


def check_leaks(reports: Iterable[FileReport]) -> None:
    """Finding R068; what was found is never shown."""
    for report in reports:
        source = report.source
        if not _QUICK.search(source.text.encode("utf-8", "replace")):
            continue
        for found in _EXACT.finditer(source.text):
            if report.full:
                break
            place = source.place_at(found.start())
            before = source.excerpt(place.line)
            width = min(len(found[0]), max(len(before) - place.column + 1, 1))
            end = place.column - 1 + width
            report.report.add(
                Finding(
                    code="R068",
                    severity="warning",
                    file=source.path,
                    line=place.line,
                    column=place.column,
                    message="this looks like a secret, and a rule file is no place for one",
                    hint="delete it, and have a new one made where it came from",
                    excerpt=before[: place.column - 1] + _HIDDEN * width + before[end:] if before else "",
                    width=width,
                )
            )
