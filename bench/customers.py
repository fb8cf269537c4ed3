"""What customers write in a bench: signed webhooks whose answers tell which message they answer, and rules for that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.graph_endpoint import ACCOUNT_IDS, Answer
from bench.subject import NotMeasurable
from igbot.meta.signature import sign
from igbot.sandbox.customer import customer_message, delivery_body

REPEATING = """\
version: 1
rules:
  - name: human
    priority: 10
    keywords: [human]
    handoff: { pause: 12h, say: "A person will write to you." }
  - name: order
    keywords: [order, parcel]
    reply: "Which number has your order?"
"""
FALLBACK = """\
  - name: repeat
    fallback: true
    reply: "You wrote: {{ message.text | default('nothing') }}"
"""
ANSWERED = "You wrote: "
A_FILE = 2_000
"""Rules of one file."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook to post: its body, its signature, and the words by which its answer is known."""

    body: bytes
    signature: str
    igsid: str
    text: str


def deliveries(count: int, *, customers: int, secret: str, series: str, now: datetime | None = None) -> list[Delivery]:
    """`count` signed webhooks of one message each; customers write in turn. `series` keeps mids of two loads apart."""
    at = now or datetime.now(UTC)
    made = []
    for number in range(count):
        igsid = f"91{number % customers:014d}"
        text = f"bench {series} {number}"
        mid = f"aWdfZAG1faXRlbToxOklHTWVzc2FnZAUlEOjE3ODQx{series}{number:060d}"
        item = customer_message(igsid, ACCOUNT_IDS[0], at=at, mid=mid, text=text)
        body = delivery_body([item], ACCOUNT_IDS[0], at)
        made.append(Delivery(body, sign(secret, body), igsid, text))
    return made


def write_rules(directory: Path, *, count: int) -> Path:
    """A rules directory with `count` rules (at least 3), of which the fallback repeats what the customer wrote."""
    directory.mkdir(parents=True)
    more = [
        f"  - name: product-{number}\n    keywords: [product{number}, thing {number}]\n    reply: That is {number}.\n"
        for number in range(count - 3)
    ]
    (directory / "rules.yaml").write_text(REPEATING + FALLBACK, encoding="utf-8")
    for start in range(0, len(more), A_FILE):
        text = f"version: 1\nrules:\n{''.join(more[start : start + A_FILE])}"
        (directory / f"products-{start}.yaml").write_text(text, encoding="utf-8")
    return directory


def answered_at(sent: Sequence[Delivery], answers: Sequence[Answer]) -> list[float]:
    """When the answer of each delivery came, in the deliveries' order (`time.monotonic()`).

    Raises NotMeasurable where an answer is missing, came twice, or answers nothing.
    """
    came: dict[tuple[str, str], float] = {}
    twice = 0
    for answer in answers:
        twice += (answer.igsid, answer.text) in came
        came.setdefault((answer.igsid, answer.text), answer.at)
    wanted = [(each.igsid, ANSWERED + each.text) for each in sent]
    missing = [key for key in wanted if key not in came]
    strange = len(came) - (len(wanted) - len(missing))
    if missing or twice or strange:
        first = f", the first that of {missing[0][1].removeprefix(ANSWERED)!r}" if missing else ""
        raise NotMeasurable(
            f"of {len(wanted)} messages {len(missing)} were not answered{first}; "
            f"{twice} answers came twice, {strange} answer nothing that was sent"
        )
    return [came[key] for key in wanted]
