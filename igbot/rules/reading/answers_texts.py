"""Reads what is said: a text, or a text for each language; and the short names that rules give to things."""

from igbot.rules.characters import is_blank
from igbot.rules.expressions import expression
from igbot.rules.languages import is_language, suggest_language
from igbot.rules.reading.answers_draft import DraftWords
from igbot.rules.reading.slips import check_slips
from igbot.rules.reading.source import FileReport, Mapping, Node, Scalar
from igbot.rules.reading.values import read_list, read_text

_NO_SLUG = expression(r"[^a-z0-9]+")
_SLUG = expression(r"[a-z0-9-]{1,64}")
_KEY = expression(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def read_words(node: Node, what: str, report: FileReport) -> DraftWords | None:
    """A text or a map of language to text; None (with findings) for anything else, or where nothing is left of it."""
    if not isinstance(node, Mapping):
        text = read_sayable(node, what, report)
        return DraftWords(text, (("", text),)) if text else None
    found: dict[str, Scalar] = {}
    for key, value in node:
        text = read_sayable(value, f"{what} in {key.value[:40]}", report)
        if _is_known(key, report) and text:
            if key.value.lower() in found:
                report.error("R047", key, f'"{key.value[:40]}" stands twice in {what}', hint="keep one of the two")
            found.setdefault(key.value.lower(), text)
    if not node.entries:
        report.error("R004", node, f"{what} is an empty map", hint="write the text, or one for each language")
    return DraftWords(node, tuple(found.items())) if found else None


def _is_known(key: Scalar, report: FileReport) -> bool:
    if is_language(key.value):
        return True
    meant = "" if report.full else suggest_language(key.value)
    hint = f"write {meant}" if meant else "for example en, es or pt-BR"
    report.error("R047", key, f'"{key.value[:40]}" is not the code of a language', hint=hint)
    return False


def read_sayable(node: Node, what: str, report: FileReport) -> Scalar | None:
    """A text with something to be seen in it."""
    text = read_text(node, what, report)
    if text is None or not isinstance(node, Scalar):
        return None
    if is_blank(text):
        report.error("R004", node, f"{what} is an empty text", hint="write what is to be said")
        return None
    check_slips(node, what, report)
    return node


def read_slug(node: Node, what: str, report: FileReport) -> str | None:
    """A name of small letters, digits and dashes; R011 for any other text."""
    text = read_text(node, what, report)
    if text is None or _SLUG.fullmatch(text):
        return text
    slug = _slug_of(text)
    message = f"{what} has 1 to 64 small letters, digits and dashes"
    report.error("R011", node, message, hint=f"for example: {slug}" if slug else "")
    return None


def _slug_of(text: str) -> str:
    return str(_NO_SLUG.sub("-", text[:64].lower())).strip("-")


def read_slugs(node: Node, what: str, report: FileReport) -> tuple[str, ...]:
    """A list of such names, each once."""
    instead = _slug_of(node.value) if isinstance(node, Scalar) else ""
    found = (read_slug(item, what, report) for item in read_list(node, what, report, instead=instead))
    return tuple(dict.fromkeys(slug for slug in found if slug))


def read_key(node: Scalar, what: str, report: FileReport) -> str | None:
    """A name that can be used in `{{ }}`; R011 for any other."""
    if _KEY.fullmatch(node.value):
        return node.value
    message = f'"{node.value[:60]}" cannot be {what}'
    report.error("R011", node, message, hint="letters, digits and _, a letter first")
    return None
