"""What the customer does in a test, other than writing: read from the file, or from a webhook that Meta once sent."""

from collections.abc import Callable
from datetime import UTC, datetime

from igbot.meta.events import CUSTOMER_KINDS, Content, CustomerKind
from igbot.meta.webhook import read_content, read_webhook
from igbot.rules.deciding.choice import Incoming
from igbot.rules.reading.source import FileReport, Mapping, Node, Scalar
from igbot.rules.reading.values import check_keys, read_any_text, read_boolean, read_map
from igbot.rules.spelling import did_you_mean

Beside = Callable[[str], bytes | None]
"""The contents of a file named in a test, relative to it; None where it cannot be read."""

_DETAILS: dict[CustomerKind, str] = {
    "quick_reply": "payload",
    "postback": "payload",
    "referral": "payload",
    "reaction": "emoji",
    "story_reply": "story",
    "story_mention": "story",
    "share": "post",
}
"""What a kind is about: `{quick_reply: SHIP_ES}` is `{kind: quick_reply, payload: SHIP_ES}`."""
_FIELDS = ("text", "payload", "emoji", "story", "post", "ad")
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


def read_event(node: Node, report: FileReport, beside: Beside) -> Incoming | None:
    """The message of an `event`: `{kind: …}`, `{quick_reply: …}`, `{payload: file.json}` and the like."""
    given = read_map(node, "event", report)
    if given is None:
        return None
    payload = given.get("payload")
    if payload is not None and not any(key.value == "kind" or key.value in CUSTOMER_KINDS for key, _ in given):
        check_keys(given, "an event from a file", report, known=("payload",))
        return _from_webhook(payload, report, beside)
    check_keys(given, "event", report, known=("kind", *_FIELDS, *sorted(CUSTOMER_KINDS - {"text"})))
    found = _kind_of(given, report)
    if found is None:
        return None
    kind, details = found
    for name in _FIELDS:
        if value := given.get(name):
            details[name] = read_any_text(value, name, report) or ""
    return Incoming(
        kind,
        details.get("text", ""),
        details.get("payload"),
        details.get("emoji"),
        details.get("story"),
        details.get("post"),
        details.get("ad"),
    )


def _kind_of(given: Mapping, report: FileReport) -> tuple[CustomerKind, dict[str, str]] | None:
    """The kind, and what stands beside it where it is itself the key."""
    keys = [key for key, _ in given if key.value == "kind" or (key.value in CUSTOMER_KINDS and key.value != "text")]
    if len(keys) != 1:
        message = "an event wants one kind of message" if not keys else "an event is of one kind only"
        report.error("R004", keys[1] if keys else given, message, hint="for example {kind: story_mention}")
        return None
    key = keys[0]
    value = given.get(key.value)
    assert value is not None
    if key.value != "kind":
        return key.value, _detail(key, value, report)  # type: ignore[return-value]  # one of CUSTOMER_KINDS
    kind = read_any_text(value, "kind", report)
    if kind is not None and kind not in CUSTOMER_KINDS:
        hint = did_you_mean(kind, CUSTOMER_KINDS) or f"one of: {', '.join(sorted(CUSTOMER_KINDS))}"
        report.error("R004", value, f'"{kind[:60]}" is no kind of message', hint=hint)
        return None
    return (kind, {}) if kind else None  # type: ignore[return-value]


def _detail(key: Scalar, value: Node, report: FileReport) -> dict[str, str]:
    name = _DETAILS.get(key.value)  # type: ignore[call-overload]
    if name is None or (isinstance(value, Scalar) and value.plain and value.value.lower() in ("true", "false")):
        if read_boolean(value, key.value, report) is False:
            report.error("R004", value, f"{key.value} is what happens here", hint="write true, or another kind")
        return {}
    return {name: read_any_text(value, key.value, report) or ""}


def _from_webhook(node: Node, report: FileReport, beside: Beside) -> Incoming | None:
    path = read_any_text(node, "payload", report)
    if path is None:
        return None
    body = beside(path)
    if body is None:
        report.error("R050", node, f"there is no file {path[:200]}", hint="the path is relative to this file")
        return None
    # Nobody is an account of ours here: whoever sent something is a customer then.
    events = read_webhook(body, accounts={}, received_at=_EPOCH)
    told = [event for event in events if event.kind in CUSTOMER_KINDS]
    if len(told) != 1:
        message = f"{path[:200]} holds {len(told) or 'no'} messages of a customer, and should hold one"
        report.error("R004", node, message, hint="a webhook body as Meta posts it, with one message in it")
        return None
    return incoming_of(read_content(told[0].kind, told[0].raw))


def incoming_of(content: Content) -> Incoming:
    """What a customer's stored message is to the rules; its kind has to be one of a customer's."""
    return Incoming(
        content.kind,  # type: ignore[arg-type]
        content.text,
        content.payload or content.referral_ref,
        emoji=content.emoji,
        story=content.story_id,
        ad=content.ad_id,
    )
