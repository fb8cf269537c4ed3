"""Why a rule does not fit, in the owner's words. For people, so only of rules that are shown; `fitting` decides."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from igbot.rules.conditions import Comparison, CustomerCondition, TextCondition, TextNode, When, WordList
from igbot.rules.deciding import measures
from igbot.rules.deciding.fitting import after_holds, customer_fits, longest_payload, measured, plain_username
from igbot.rules.deciding.scene import Scene
from igbot.rules.deciding.spans import roughly, span
from igbot.rules.languages import fits
from igbot.rules.matching.matchers import Keyword, Matcher

_LONGEST_PAYLOAD = 80


def obstacle(when: When, scene: Scene, numbers: Mapping[Matcher, int]) -> str | None:
    """The first condition that does not hold, None where all do. `numbers` are those of the set's keywords."""
    first = _message_obstacle(when, scene) or _history_obstacle(when, scene)
    if first:
        return first
    if when.text:
        if not scene.text.plain:
            return "text: there is none"
        if stands := _text_obstacle(when.text, scene, numbers):
            return stands
    for place, each in enumerate(when.none, 1):
        if obstacle(each, scene, numbers) is None:
            return f"none: condition {place} of {len(when.none)} holds"
    for each in when.every:
        if stands := obstacle(each, scene, numbers):
            return stands
    if when.any:
        stands_in_each = [obstacle(each, scene, numbers) for each in when.any]
        if None not in stands_in_each:
            one = len(when.any) == 1
            return stands_in_each[0] if one else f"any: none of {len(when.any)} conditions holds"
    if when.customer and not customer_fits(when.customer, scene):
        return f"customer: {_customer_obstacle(when.customer, scene)}"
    return None


def _message_obstacle(when: When, scene: Scene) -> str | None:
    message = scene.message
    if when.kinds is not None and message.kind not in when.kinds:
        return f"kinds: {message.kind} is not one of its"
    if when.payloads and longest_payload(when.payloads, message.payload) is None:
        came = message.payload
        return "payload: none came" if came is None else f"payload: {came[:_LONGEST_PAYLOAD]!r} is not its"
    if when.emojis and scene.emoji not in when.emojis:
        return "emoji: none came" if message.emoji is None else f"emoji: {message.emoji[:20]} is not its"
    for key, wanted, came in (
        ("story", when.stories, message.story),
        ("post", when.posts, message.post),
        ("ad", when.ads, message.ad),
    ):
        if wanted and came not in wanted:
            return f"{key}: none came" if came is None else f"{key}: it is another one"
    if when.test is not None and message.test is not when.test:
        return f"test: this is {'' if message.test else 'no '}test traffic"
    if when.schedule and scene.is_open(when.schedule) is not when.schedule.is_open:
        return f"schedule: {when.schedule.name} is {'closed' if when.schedule.is_open else 'open'}"
    return None


def _history_obstacle(when: When, scene: Scene) -> str | None:
    memory = scene.customer.memory
    if when.first_message is not None and (memory.messages == 0) is not when.first_message:
        return f"first_message: {memory.messages or 'nothing'} came before"
    if when.idle_for:
        if memory.last_message_at is None:
            return "idle_for: this is the first message"
        idle = scene.sent_at - memory.last_message_at
        if not when.idle_for.holds(idle):
            return f"idle_for: {roughly(idle)} is not {_comparison(when.idle_for)}"
    if when.after and not after_holds(when.after, scene):
        if memory.answered_by != when.after.rule:
            return f"after: {when.after.rule} did not answer last"
        return f"after: {when.after.rule} answered longer than {span(when.after.within)} ago"
    if when.turn and not when.turn.holds(memory.messages + 1):
        return f"turn: {memory.messages + 1} is not {when.turn}"
    return None


def _comparison(wanted: Comparison[timedelta]) -> str:
    return f"{wanted.sign} {span(wanted.bound)}"


def _text_obstacle(condition: TextCondition, scene: Scene, numbers: Mapping[Matcher, int]) -> str | None:
    for node in condition.none:
        if _missing(node, scene, numbers) is None:
            return f"none: {_what_hit(node, scene, numbers)}"
    for node in condition.every:
        if missing := _missing(node, scene, numbers):
            return missing if isinstance(node, TextCondition) else f"all: {missing}"
    if condition.any:
        reasons = [_missing(node, scene, numbers) for node in condition.any]
        if None not in reasons:
            one = len(condition.any) == 1
            return f"any: {reasons[0]}" if one else f"any: none of {sum(map(_size, condition.any))}"
    failed = next((key for key, holds in measured(condition, scene) if not holds), None)
    return _count_obstacle(condition, failed, scene) if failed else None


def _count_obstacle(condition: TextCondition, key: str, scene: Scene) -> str:
    match key:
        case "min_words":
            return f"min_words: {scene.words} is under {condition.min_words}"
        case "max_words":
            return f"max_words: {scene.words} is over {condition.max_words}"
        case "min_chars":
            return f"min_chars: {measures.characters(scene.text)} is under {condition.min_chars}"
    return f"{key}: there is {'none' if getattr(condition, key) else 'one'}"


def _missing(node: TextNode, scene: Scene, numbers: Mapping[Matcher, int]) -> str | None:
    """Why a node of a text condition does not hold, None where it does."""
    if isinstance(node, TextCondition):
        return _text_obstacle(node, scene, numbers)
    if isinstance(node, WordList):
        held = any(_missing(each, scene, numbers) is None for each in node.any)
        return None if held else f'nothing of list "{node.name}"'
    return None if numbers.get(node) in scene.hits else f"{node} is missing"


def _what_hit(node: TextNode, scene: Scene, numbers: Mapping[Matcher, int]) -> str:
    """The keyword by which an excluded node holds."""
    hit = next((each for each in _matchers(node) if numbers.get(each) in scene.hits), None)
    if hit is None:
        return "what it leaves out holds"
    return f'"{hit.written}"' if isinstance(hit, Keyword) and hit.kind == "word" else str(hit)


def _matchers(node: TextNode) -> Iterator[Matcher]:
    match node:
        case WordList():
            for each in node.any:
                yield from _matchers(each)
        case TextCondition():
            for each in (*node.any, *node.every):
                yield from _matchers(each)
        case _:
            yield node


def _size(node: TextNode) -> int:
    return sum(1 for _ in _matchers(node))


def _customer_obstacle(wanted: CustomerCondition, scene: Scene) -> str:
    memory, profile = scene.customer.memory, scene.profile
    if wanted.tags_any and wanted.tags_any.isdisjoint(memory.tags):
        return f"has no tag of {', '.join(sorted(wanted.tags_any))}"
    if missing := wanted.tags_every - memory.tags:
        return f"tag {min(missing)} is missing"
    if tagged := wanted.tags_none & memory.tags:
        return f"has tag {min(tagged)}"
    if wanted.languages and not any(fits(scene.language, tag) for tag in wanted.languages):
        return f"speaks {scene.language}"
    for key, value in wanted.facts.items():
        if memory.facts.get(key) != value:
            return f"set.{key} is not {value!r}"
    if wanted.follows is not None and profile.follows is not wanted.follows:
        follows = profile.follows
        return "whether they follow is not known" if follows is None else f"follows: {'yes' if follows else 'no'}"
    if wanted.usernames and plain_username(profile.username or "") not in map(plain_username, wanted.usernames):
        return "is somebody else" if profile.username else "the username is not known"
    return "is somebody else"
