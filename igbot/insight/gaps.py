"""What customers asked for that no rule answers, put together, each with a rule to begin with."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import regex

from igbot.insight.compared import EXAMPLES, LONGEST_EXAMPLE, Example
from igbot.insight.likeness import Alike, Form, group, keywords, name_for
from igbot.insight.past import pieces
from igbot.insight.replaying import Again, Replay
from igbot.rules.matching.normalise import normalise
from igbot.rules.testing.quoting import keepable, named, quoted
from igbot.store.pool import Database

MOST_DIFFERENT = 20_000
"""Different messages that are told apart; of what comes beyond only the number is known."""
LONGEST = 200
ANSWER = "Write the answer here."
UNANSWERED = frozenset({"fallback", "unmatched"})

_NUMBER = regex.compile(r"#?([0-9]{1,200})")
_NO_QUESTIONS = frozenset({"reaction", "unsupported"})
_WITH_WORDS = frozenset({"text", "story_reply", "quick_reply"})

Key = tuple[str, str]
"""What messages are told apart by: `words` and their normal form, `payload` and what was tapped, `kind`, `number`."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that ask for the same. `rule` is one to paste below `rules:`; None where there is no word to go by."""

    count: int
    examples: tuple[Example, ...]
    name: str | None = None
    keywords: tuple[str, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class Gaps:
    """`messages` were decided on, `unanswered` no rule answers; `beyond` of those were too many to be told apart."""

    messages: int
    unanswered: int
    beyond: int
    groups: tuple[Gap, ...]


@dataclass(slots=True)
class _Same:
    count: int = 0
    examples: list[Example] = field(default_factory=list)


@dataclass(slots=True)
class Gathering:
    """Counts messages that no rule answers, neither then nor now."""

    messages: int = 0
    unanswered: int = 0
    beyond: int = 0
    _same: dict[Key, _Same] = field(default_factory=dict)

    def add(self, again: Again, igsid: str) -> None:
        """Takes in one more message."""
        if again.left_out is not None or again.message.kind in _NO_QUESTIONS:
            return
        self.messages += 1
        if again.was.reason not in UNANSWERED or again.now.reason not in UNANSWERED:
            return
        self.unanswered += 1
        message = again.message
        key = _key(message.kind, again.text, message.payload)
        same = self._same.get(key)
        if same is None:
            if len(self._same) >= MOST_DIFFERENT:
                self.beyond += 1
                return
            same = self._same[key] = _Same()
        same.count += 1
        if len(same.examples) < EXAMPLES:
            text = (again.text or message.payload or f"({message.kind})")[:LONGEST_EXAMPLE]
            same.examples.append(Example(message.mid, igsid, message.at, text))

    def gaps(self, taken: Iterable[str]) -> Gaps:
        """The groups, the largest first. `taken` are names that rules have."""
        names = set(taken)
        forms = [Form(text, same.count) for (what, text), same in self._same.items() if what == "words"]
        numbers = [(key, same) for key, same in self._same.items() if key[0] == "number"]
        found: list[tuple[int, str, tuple[str, ...], list[Key]]] = []
        found += [(each.count, *_by_words(each)) for each in _joined(group(forms))]
        if numbers:
            lengths = [len(key[1].lstrip("#")) for key, _ in numbers]
            expression = f'{{ regex: "^#?[0-9]{{{min(lengths)},{max(lengths)}}}$" }}'
            keys = sorted((key for key, _ in numbers), key=lambda key: (-self._same[key].count, key))
            found.append((sum(same.count for _, same in numbers), f"keywords: [{expression}]", ("number",), keys))
        for key, same in self._same.items():
            if key[0] == "payload":
                asks = f"kinds: [quick_reply, postback]\n  payload: {quoted(keepable(key[1]))}"
                found.append((same.count, asks, (key[1],), [key]))
            elif key[0] == "kind":
                found.append((same.count, f"kinds: [{key[1]}]", (key[1],), [key]))
        found.sort(key=lambda each: (-each[0], each[3]))
        groups = tuple(self._gap(count, asks, words, keys, names) for count, asks, words, keys in found)
        return Gaps(self.messages, self.unanswered, self.beyond, groups)

    def _gap(self, count: int, asks: str, words: tuple[str, ...], keys: Sequence[Key], names: set[str]) -> Gap:
        examples = _different(example for key in keys[:50] for example in self._same[key].examples)
        if not words:
            return Gap(count, examples)
        name = name_for(words[0], names)
        return Gap(count, examples, name, words if asks.startswith('keywords: ["') else (), _rule(name, asks))


def _key(kind: str, text: str, payload: str | None) -> Key:
    if payload and payload.strip() and kind not in ("text", "story_reply"):
        return "payload", payload
    normal = normalise(text)[:LONGEST].strip()
    if not normal or kind not in _WITH_WORDS:
        return "kind", kind
    return ("number", normal) if _NUMBER.fullmatch(normal) else ("words", normal)


def _by_words(alike: Alike) -> tuple[str, tuple[str, ...], list[Key]]:
    words = keywords(alike)
    return f"keywords: [{', '.join(map(quoted, words))}]", words, [("words", form.text) for form in alike.forms]


def _joined(groups: Sequence[Alike]) -> list[Alike]:
    """Groups whose first keyword is the same are one: a rule with it would answer both."""
    by_word: dict[str, Alike] = {}
    others = []
    for each in groups:
        words = keywords(each)
        if not words:
            others.append(each)
        elif (known := by_word.setdefault(words[0], each)) is not each:
            known.forms.extend(each.forms)
    return [*by_word.values(), *others]


def _different(examples: Iterable[Example]) -> tuple[Example, ...]:
    """The first few whose words differ; where all are the same, the first alone."""
    found: dict[str, Example] = {}
    for example in examples:
        found.setdefault(example.text, example)
    return tuple(found.values())[:EXAMPLES]


def _rule(name: str, asks: str) -> str:
    # Not in use before somebody has written an answer: what is pasted in a hurry must not reach a customer.
    return (
        f"- name: {named(name)}\n"
        f"  enabled: false # write the answer, then delete this line\n"
        f"  {asks}\n"
        f"  reply: {quoted(ANSWER)}\n"
    )


async def find_gaps(
    database: Database,
    replay: Replay,
    *,
    accounts: Sequence[str],
    on_conversation: Callable[[int], None],
) -> Gaps:
    """What was asked since `replay.since` and not answered by a rule, and is not by those of `replay` either."""
    found, done = Gathering(), 0
    async for piece in pieces(database, accounts=accounts, since=replay.since):
        for again in replay.take(piece):
            found.add(again, piece.igsid)
        done += piece.first
        on_conversation(done)
    return found.gaps(rule.name for rule in replay.rules.rules)
