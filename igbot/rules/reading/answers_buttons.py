"""Reads quick replies, buttons and attachments, and holds them to Meta's limits (meta-platform reference §4.2)."""

from collections.abc import Collection, Iterable

from igbot.meta.outgoing import ATTACHMENT_TYPES
from igbot.meta.sendapi import MAX_BUTTONS, MAX_PAYLOAD_BYTES, MAX_QUICK_REPLIES, MAX_TITLE_CHARACTERS
from igbot.rules.characters import has_lines, is_blank
from igbot.rules.expressions import expression
from igbot.rules.reading.answers_draft import DraftAttachment, DraftButton, DraftQuickReply
from igbot.rules.reading.slips import check_slips
from igbot.rules.reading.source import FileReport, Mapping, Node, Scalar, place_inside
from igbot.rules.reading.values import check_keys, read_list, read_map, read_text

_GRAPHEME = expression(r"\X")
_MARKERS = ("{{", "{%", "{#")


def read_quick_replies(node: Node, report: FileReport) -> tuple[DraftQuickReply, ...]:
    """The quick replies under a text; R041 for what Meta would refuse or cut."""
    items = read_list(node, "quick_replies", report)
    if len(items) > MAX_QUICK_REPLIES:
        message = f"{len(items)} quick replies, Meta allows {MAX_QUICK_REPLIES}"
        report.error("R041", items[MAX_QUICK_REPLIES], message, hint="delete some")
    found: list[DraftQuickReply] = []
    for item in items:
        given = _read_texts(item, "quick reply", report, known=("title", "payload"))
        if given is None:
            continue
        for name in ("title", "payload"):
            if name not in given:
                report.error("R004", item, f"a quick reply without {name}", hint=f"add {name}:")
        if "title" in given and "payload" in given:
            _check_payload(given["payload"], "quick reply", "R041", report)
            found.append(DraftQuickReply(given["title"], given["payload"]))
    _check_titles((each.title for each in found), "quick reply", "R041", report)
    return tuple(found)


def read_buttons(node: Node, report: FileReport) -> tuple[DraftButton, ...]:
    """The buttons inside a message; R042 for what Meta would refuse."""
    items = read_list(node, "buttons", report)
    if len(items) > MAX_BUTTONS:
        message = f"{len(items)} buttons, Meta allows {MAX_BUTTONS}"
        report.error("R042", items[MAX_BUTTONS], message, hint="delete some, or use quick_replies")
    found: list[DraftButton] = []
    for item in items:
        given = _read_texts(item, "button", report, known=("title", "url", "payload"))
        if given is None:
            continue
        if "title" not in given:
            report.error("R004", item, "a button without title", hint="add title:")
        elif ("url" in given) is ("payload" in given):
            message = "a button opens a url or sends back a payload: it wants one of the two"
            report.error("R042", item, message, hint="add url: or payload:" if "url" not in given else "delete one")
        else:
            if "payload" in given:
                _check_payload(given["payload"], "button", "R042", report)
            found.append(DraftButton(given["title"], given.get("url"), given.get("payload")))
    _check_titles((each.title for each in found), "button", "R042", report)
    return tuple(found)


def read_attachment(node: Node, report: FileReport) -> DraftAttachment | None:
    """One picture, film or sound."""
    tree = read_map(node, "attach", report)
    if tree is None:
        return None
    check_keys(tree, "attach", report, known=ATTACHMENT_TYPES)
    named = [(key.value, value) for key, value in tree if key.value in ATTACHMENT_TYPES]
    if len(named) != 1:
        hint = "one reply for each" if named else "for example image: https://…"
        report.error("R004", node, "attach wants one of image, video, audio", hint=hint)
        return None
    kind, url = named[0]
    if read_text(url, kind, report) is None or not isinstance(url, Scalar):
        return None
    return DraftAttachment(kind, url)


def _read_texts(item: Node, what: str, report: FileReport, *, known: Collection[str]) -> dict[str, Scalar] | None:
    """The texts of a button by their keys; None where one of them is none."""
    node = read_map(item, f"a {what}", report)
    if node is None:
        return None
    check_keys(node, f"a {what}", report, known=known)
    return _texts_of(node, what, report, known=known)


def _texts_of(node: Mapping, what: str, report: FileReport, *, known: Collection[str]) -> dict[str, Scalar] | None:
    found: dict[str, Scalar] = {}
    for key, value in node:
        if key.value in known:
            if read_text(value, f"{key.value} of a {what}", report) is None or not isinstance(value, Scalar):
                return None
            if key.value == "title":
                check_slips(value, f"title of a {what}", report)
            found[key.value] = value
    return found


def _check_titles(titles: Iterable[Scalar], what: str, code: str, report: FileReport) -> None:
    seen: set[str] = set()
    for title in titles:
        text = title.value.strip()
        length = len(_GRAPHEME.findall(text))
        if is_blank(text):
            report.error(code, title, f"{what} title is empty")
        elif has_lines(text):
            report.error(code, title, f"{what} title has more than one line", hint="write it in one, without tabs")
        elif length > MAX_TITLE_CHARACTERS:
            message = f"{what} title has {length} characters, Meta allows {MAX_TITLE_CHARACTERS}"
            report.error(code, title, message, hint="shorten it")
        elif text in seen:
            report.error(code, title, f"two {_plural(what)} have the title {text[:40]!r}", hint="rename one")
        seen.add(text)
        refuse_names(title, _plural(what), report)


def _check_payload(payload: Scalar, what: str, code: str, report: FileReport) -> None:
    if not payload.value:
        report.error(code, payload, f"{what} payload is empty")
    elif (size := len(payload.value.encode("utf-8", "replace"))) > MAX_PAYLOAD_BYTES:
        message = f"{what} payload has {size} bytes, Meta allows {MAX_PAYLOAD_BYTES}"
        report.error(code, payload, message, hint="shorten it")
    refuse_names(payload, _plural(what), report)


def refuse_names(node: Scalar, where: str, report: FileReport) -> None:
    """R045 for `{{ }}` in what is sent as it is written."""
    marker = next((each for each in _MARKERS if each in node.value), None)
    if marker:
        message = f"names are filled into texts only, not into {where}"
        report.error("R045", place_inside(report.source, node, marker), message, hint="write it out")


def _plural(what: str) -> str:
    return "quick replies" if what == "quick reply" else f"{what}s"
