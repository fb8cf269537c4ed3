"""Whether the conditions of a rule hold for a message, and what hit most exactly."""

from collections.abc import Mapping
from typing import TypeAlias

from igbot.rules.conditions import After, CustomerCondition, TextCondition, When
from igbot.rules.deciding import measures
from igbot.rules.deciding.scene import Scene
from igbot.rules.deciding.trees import TextTree, Tree
from igbot.rules.languages import fits
from igbot.rules.matching.matchers import NO_TEXT, Matcher, Rank, payload_rank

Found: TypeAlias = tuple[Rank, Matcher | str | None]
"""What hit most exactly in what holds, and its rank: a keyword, a payload as the rule has it, or nothing."""

NOTHING: Found = (NO_TEXT, None)
_FEW = 8


def found(tree: Tree, scene: Scene, keywords: tuple[Found, ...]) -> Found | None:
    """What hit, None where the conditions do not hold. `keywords` has what each number stands for."""
    if tree.brought is not None and not _is_brought(tree.brought, scene):
        return None
    if tree.moment is not None and not moment_holds(tree.moment, scene):
        return None
    best = NOTHING
    if tree.payloads:
        payload = longest_payload(tree.payloads, scene.message.payload)
        if payload is None:
            return None
        best = (payload_rank(payload), payload)
    if tree.text is not None:
        if not scene.text.plain:
            return None
        hit = text_found(tree.text, scene, keywords)
        if hit is None:
            return None
        best = _better(best, hit)
    if tree.none or tree.every or tree.any:
        part = _nested_found(tree, scene, keywords)
        if part is None:
            return None
        best = _better(best, part)
    # Last, so that Meta is asked for a customer's profile only where all depends on it.
    if tree.customer is not None and not customer_fits(tree.customer, scene):
        return None
    return best


def _nested_found(tree: Tree, scene: Scene, keywords: tuple[Found, ...]) -> Found | None:
    best = NOTHING
    for each in tree.none:
        if found(each, scene, keywords) is not None:
            return None
    for each in tree.every:
        part = found(each, scene, keywords)
        if part is None:
            return None
        best = _better(best, part)
    if not tree.any:
        return best
    parts = [part for each in tree.any if (part := found(each, scene, keywords)) is not None]
    for part in parts:
        best = _better(best, part)
    return best if parts else None


def text_found(tree: TextTree, scene: Scene, keywords: tuple[Found, ...]) -> Found | None:
    """What hit in a text that is not empty, None where the condition does not hold."""
    hits = scene.hits
    if tree.none and not tree.none.isdisjoint(hits):
        return None
    if tree.every and not tree.every <= hits:
        return None
    if tree.measured is not None and not all(holds for _, holds in measured(tree.measured, scene)):
        return None
    best = keywords[tree.every_best] if tree.every_best is not None else NOTHING
    strongest = _strongest(tree.any, hits)
    if strongest is not None:
        best = _better(best, keywords[strongest])
    if not (tree.any_trees or tree.every_trees or tree.none_trees):
        return None if strongest is None and tree.any else best
    for each in tree.none_trees:
        if text_found(each, scene, keywords) is not None:
            return None
    for each in tree.every_trees:
        part = text_found(each, scene, keywords)
        if part is None:
            return None
        best = _better(best, part)
    holds = strongest is not None or not (tree.any or tree.any_trees)
    for each in tree.any_trees:
        part = text_found(each, scene, keywords)
        if part is not None:
            holds, best = True, _better(best, part)
    return best if holds else None


def may_fit(tree: Tree, scene: Scene) -> bool:
    """Whether conditions hold of the customer and the moment, whatever they ask of the message itself."""
    return (
        (tree.moment is None or moment_holds(tree.moment, scene))
        and not any(_must_fit(each, scene) for each in tree.none)
        and all(may_fit(each, scene) for each in tree.every)
        and (not tree.any or any(may_fit(each, scene) for each in tree.any))
        and (tree.customer is None or customer_fits(tree.customer, scene))
    )


def _must_fit(tree: Tree, scene: Scene) -> bool:
    """Whether conditions hold whatever the message is."""
    return (
        not (tree.text or tree.payloads or tree.brought)
        and (tree.moment is None or moment_holds(tree.moment, scene))
        and not any(may_fit(each, scene) for each in tree.none)
        and all(_must_fit(each, scene) for each in tree.every)
        and (not tree.any or any(_must_fit(each, scene) for each in tree.any))
        and (tree.customer is None or customer_fits(tree.customer, scene))
    )


def strongest_possible(tree: Tree, keywords: tuple[Found, ...]) -> Rank:
    """The rank of what would count most if it hit."""
    ranks = [payload_rank(payload) for payload in tree.payloads]
    ranks += [strongest_possible(each, keywords) for each in (*tree.every, *tree.any)]
    if tree.text is not None:
        ranks.append(_strongest_of_text(tree.text, keywords))
    return max(ranks, default=NO_TEXT)


def _strongest_of_text(tree: TextTree, keywords: tuple[Found, ...]) -> Rank:
    strongest = next(iter(tree.any), None)
    ids = [number for number in (strongest, tree.every_best) if number is not None]
    ranks = [keywords[number][0] for number in ids]
    ranks += [_strongest_of_text(each, keywords) for each in (*tree.any_trees, *tree.every_trees)]
    return max(ranks, default=NO_TEXT)


def longest_payload(wanted: tuple[str, ...], payload: str | None) -> str | None:
    """The most exact of a rule's payloads that a message's payload is."""
    if payload is None:
        return None
    fitting = [w for w in wanted if payload == w or (w.endswith("*") and payload.startswith(w[:-1]))]
    return max(fitting, key=lambda each: (len(each.removesuffix("*")), not each.endswith("*")), default=None)


def measured(condition: TextCondition, scene: Scene) -> list[tuple[str, bool]]:
    """Each count or look that a condition asks for, by its key, and whether it holds."""
    results: list[tuple[str, bool]] = []
    if condition.min_words is not None:
        results.append(("min_words", scene.words >= condition.min_words))
    if condition.max_words is not None:
        results.append(("max_words", scene.words <= condition.max_words))
    if condition.min_chars is not None:
        results.append(("min_chars", measures.characters(scene.text) >= condition.min_chars))
    for key, wanted, seen in (
        ("question", condition.question, measures.is_question),
        ("has_link", condition.has_link, measures.has_link),
        ("has_email", condition.has_email, measures.has_email),
        ("has_phone", condition.has_phone, measures.has_phone),
        ("has_number", condition.has_number, measures.has_number),
    ):
        if wanted is not None:
            results.append((key, seen(scene.text) == wanted))
    return results


def after_holds(after: After, scene: Scene) -> bool:
    """Whether that rule answered last, and lately. A message from before the answer counts as one right after it."""
    memory = scene.customer.memory
    if memory.answered_by != after.rule or memory.answered_at is None:
        return False
    return scene.sent_at - memory.answered_at <= after.within


def customer_fits(wanted: CustomerCondition, scene: Scene) -> bool:
    """Whether the customer is one of those meant. What Meta does not tell fits neither yes nor no."""
    memory = scene.customer.memory
    if wanted.tags_any and wanted.tags_any.isdisjoint(memory.tags):
        return False
    if not wanted.tags_every <= memory.tags or not wanted.tags_none.isdisjoint(memory.tags):
        return False
    if wanted.languages and not any(fits(scene.language, tag) for tag in wanted.languages):
        return False
    if any(memory.facts.get(key) != value for key, value in wanted.facts.items()):
        return False
    if wanted.follows is not None and scene.profile.follows is not wanted.follows:
        return False
    return not wanted.usernames or plain_username(scene.profile.username or "") in map(plain_username, wanted.usernames)


def plain_username(written: str) -> str:
    """A username as it is compared: with or without `@`, in any case."""
    return written.removeprefix("@").casefold()


def _is_brought(when: When, scene: Scene) -> bool:
    message = scene.message
    return (
        (when.kinds is None or message.kind in when.kinds)
        and (not when.emojis or scene.emoji in when.emojis)
        and (not when.stories or message.story in when.stories)
        and (not when.posts or message.post in when.posts)
        and (not when.ads or message.ad in when.ads)
    )


def moment_holds(when: When, scene: Scene) -> bool:
    """Whether the time and what came before are as a node wants them, and the message is test traffic or not."""
    memory = scene.customer.memory
    holds = (
        (when.test is None or scene.message.test is when.test)
        and (when.first_message is None or (memory.messages == 0) is when.first_message)
        and (when.turn is None or when.turn.holds(memory.messages + 1))
        and (when.after is None or after_holds(when.after, scene))
    )
    if not holds:
        return False
    if when.idle_for is not None:
        last = memory.last_message_at
        if last is None or not when.idle_for.holds(scene.sent_at - last):
            return False
    return when.schedule is None or scene.is_open(when.schedule) is when.schedule.is_open


def _better(one: Found, other: Found) -> Found:
    """The more exact; the first where both count the same."""
    return other if other[0] > one[0] else one


def _strongest(ordered: Mapping[int, int], hits: set[int]) -> int | None:
    """The number that counts most among those that hit; looked for among the fewer."""
    if len(ordered) <= max(len(hits), _FEW):
        for number in ordered:
            if number in hits:
                return number
        return None
    return min((number for number in hits if number in ordered), key=ordered.__getitem__, default=None)
