"""Writes a conversation as a case of a `*.test.yaml` file: what was said in it, and which rule answered."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from igbot.rules.deciding.choice import Answered, Profile
from igbot.rules.testing.judging import NO_RULE
from igbot.rules.testing.masking import Mask
from igbot.rules.testing.moments import LONGEST
from igbot.rules.testing.quoting import keepable, named, quoted

_DETAILS = ("quick_reply", "postback", "referral")
"""Kinds that are written by the payload of what was tapped."""
_BY_CHANCE = frozenset({"window_closed", "unknown_account", "standby"})
"""Reasons that do not come from what was said: in a test they do not come about."""
_DEEPEST = 20
"""Levels of a service's answer that are written down."""

Hide = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a conversation. Of a customer's: why it was answered or not, and by which rule.

    `answered_later`: together with a later line. `stubs` are what services answered, by their names.
    """

    at: datetime
    author: Literal["customer", "bot", "person"]
    kind: str
    text: str = ""
    payload: str | None = None
    reason: str | None = None
    rule: str | None = None
    answered_later: bool = False
    stubs: Mapping[str, Answered] = field(default_factory=dict)


def write_case(
    said: Sequence[Said],
    *,
    name: str,
    before: Sequence[Said] = (),
    profile: Profile | None = None,
    mask: Mask | None = None,
) -> str:
    """A whole file with the one case, oldest message first; what the bot said is no step of it, nor what the customer
    took back before it was answered.

    `before` is what is remembered as its history. With a `mask`, nothing is written that it hides. Raises ValueError
    where no customer's message is in `said`.
    """
    steps = [each for each in said if each.author != "bot" and each.reason != "deleted"]
    if not any(each.author == "customer" for each in steps):
        raise ValueError("nothing that a customer wrote")
    for each in (*before, *said):
        if mask is not None:
            mask.look_at(each.text)

    def hide(text: str) -> str:
        return keepable(mask(text) if mask is not None else text)

    start = steps[0].at
    lines = ["cases:", f"  - name: {quoted(keepable(name))}", f'    now: "{start.replace(microsecond=0).isoformat()}"']
    lines += _customer(profile, hide, known=bool(before))
    past = [line for each in before if (line := _past(each, start, hide))]
    lines += ["    history:", *past] if past else []
    lines += ["    steps:", *(f"      - {_step(each, start, hide)}" for each in steps)]
    return "\n".join(lines) + "\n"


def _customer(profile: Profile | None, hide: Hide, *, known: bool) -> list[str]:
    profile = profile or Profile()
    given = [
        "known: true" if known else "",
        f"name: {quoted(hide(profile.name))}" if profile.name else "",
        f"username: {quoted(hide(f'@{profile.username}').removeprefix('@'))}" if profile.username else "",
        "" if profile.follows is None else f"follows: {str(profile.follows).lower()}",
    ]
    return [f"    customer: {{ {', '.join(filter(None, given))} }}"] if any(given) else []


def _past(said: Said, start: datetime, hide: Hide) -> str | None:
    ago = start - said.at
    if ago > LONGEST:
        return None
    author = {"customer": "customer", "bot": "bot", "person": "owner"}[said.author]
    rule = f", rule: {named(said.rule)}" if said.author == "bot" and said.rule else ""
    return f'      - {{ {author}: {quoted(hide(said.text))}, at: "-{_span(ago)}"{rule} }}'


def _step(said: Said, start: datetime, hide: Hide) -> str:
    parts = [_happening(said, hide), f'at: "+{_span(min(said.at - start, LONGEST))}"']
    if said.stubs:
        parts.append(f"stub: {{ {', '.join(_stub(each, how, hide) for each, how in said.stubs.items())} }}")
    if expected := _expected(said):
        parts.append(f"expect: {{ {expected} }}")
    return f"{{ {', '.join(parts)} }}"


def _happening(said: Said, hide: Hide) -> str:
    text = hide(said.text)
    if said.author == "person":
        return f"owner_says: {quoted(text)}"
    if said.kind == "text" and text:
        return f"say: {quoted(text)}"
    by_payload = said.kind in _DETAILS and said.payload
    kind = f"{said.kind}: {quoted(keepable(said.payload or ''))}" if by_payload else f"kind: {named(said.kind)}"
    payload = f"payload: {quoted(keepable(said.payload))}" if said.payload and not by_payload else ""
    return f"event: {{ {', '.join(filter(None, (kind, payload, f'text: {quoted(text)}' if text else '')))} }}"


def _expected(said: Said) -> str:
    """What is expected; nothing where a test could not know it: with which emoji somebody reacted is not kept."""
    if said.author != "customer" or said.reason is None or said.kind == "reaction" or said.reason in _BY_CHANCE:
        return ""
    if said.answered_later:
        return "silent: settle"
    if said.reason in ("paused", "loop_guard"):
        return f"silent: {said.reason}"
    if said.reason == "fallback":
        return "rule: fallback"
    rule = said.rule if said.reason == "rule" and said.rule else NO_RULE
    return f"rule: {named(rule)}"


def _stub(service: str, how: Answered, hide: Hide) -> str:
    # A stub is a map or a list, as services answer.
    answer = _flow(how.answer, hide) if how.ok and isinstance(how.answer, Mapping | list) else "fails"
    return f"{named(service)}: {answer}"


def _flow(value: Any, hide: Hide, deep: int = 0) -> str:
    """A JSON value on one line; numbers are hidden as what they look like."""
    if deep < _DEEPEST and isinstance(value, Mapping):
        return "{" + _joined(f"{quoted(str(key))}: {_flow(each, hide, deep + 1)}" for key, each in value.items()) + "}"
    if deep < _DEEPEST and isinstance(value, list):
        return "[" + _joined(_flow(each, hide, deep + 1) for each in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return hide(str(value)) if value >= 0 else str(value)
    return str(value) if isinstance(value, float) else quoted(hide(str(value)))


def _joined(pieces: Iterable[str]) -> str:
    return ", ".join(pieces)


def _span(length: timedelta) -> str:
    """A length as tests write it: `1d2h5s`."""
    seconds = max(int(length.total_seconds()), 0)
    pieces = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            pieces.append(f"{seconds // size}{unit}")
            seconds %= size
    return "".join(pieces) + (f"{seconds}s" if seconds or not pieces else "")
