"""What lint proves holds: a rule that is called unreachable never wins, whatever is written."""

from hypothesis import given, settings
from hypothesis import strategies as st

from igbot.rules.deciding.choice import Customer, Incoming
from igbot.rules.deciding.decision import decide
from tests.rules.writing import NOON, load, with_rules

WORDS = ["x", "y", "zed", "x y", "y zed", "xs", "año", "ano", "envío", "envio", "x-y", "c++", "価", "価格", "👍", "1"]
KINDS = ["text", "quick_reply", "story_reply", "image"]

words = st.sampled_from(WORDS)
matchers = st.one_of(
    words.map(lambda word: f"'{word}'"),
    st.tuples(st.sampled_from(["is", "contains", "starts", "ends"]), words).map(
        lambda pair: f"{{{pair[0]}: '{pair[1]}'}}"
    ),
    words.filter(str.isalpha).map(lambda word: f"{{word: {word}, near: [x, zed]}}"),
    st.just("{list: l}"),
)
lists = st.lists(matchers, min_size=1, max_size=3).map(lambda each: f"[{', '.join(each)}]")


@st.composite
def rule(draw: st.DrawFn, number: int) -> str:
    """One rule of a few words."""
    keys = [f"name: r{number}", "reply: b", f"priority: {draw(st.integers(0, 2))}"]
    if draw(st.booleans()):
        keys += [f"keywords: {draw(lists)}", f"match: {draw(st.sampled_from(['any', 'any', 'all']))}"]
    else:
        nested = draw(lists.map(lambda each: f"all: [{{any: {each}}}, x]") | lists.map(lambda each: f"any: {each}"))
        keys.append(f"when: {{text: {{{nested}, none: {draw(lists)}}}}}")
    if draw(st.booleans()):
        keys.append(f"not: {draw(lists)}") if "keywords" in keys[3] else None
    if draw(st.integers(0, 3)) == 0:
        keys.append(f"kinds: [{', '.join(draw(st.sets(st.sampled_from(KINDS), min_size=1)))}]")
    return f"- {{{', '.join(keys)}}}"


texts = st.lists(st.sampled_from([*WORDS, "ENVÍO", "!", "free", "1\ufe0f\u20e3"]), min_size=1, max_size=4).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_rule_called_unreachable_never_wins(data: st.DataObject) -> None:
    """Held against the very function that decides."""
    body = "\n".join(data.draw(rule(number)) for number in range(3))
    loaded = load(with_rules(body, "lists: {l: [y, {is: x}]}"))
    if loaded.ruleset is None:
        return
    unreachable = {each.message.split('"')[1] for each in loaded.findings if each.code == "R023"}
    for text in data.draw(st.lists(texts, min_size=5, max_size=15)):
        kind = data.draw(st.sampled_from(KINDS))
        message = Incoming(kind, text)  # type: ignore[arg-type]
        choice = decide(loaded.ruleset, message, Customer("17841400000000001"), now=NOON)
        assert choice.rule not in unreachable, (body, kind, text)
