"""Replies as owners write them."""

import pytest

from igbot.meta.outgoing import Attachment, Button, QuickReply
from igbot.rules.reading.gathered import Gathered
from igbot.rules.surroundings import Surroundings
from tests.rules.reading.answering import answers, codes, problem, right


def test_a_text_is_a_reply() -> None:
    """The plainest form, the map and the list say the same."""
    for written in ("reply: Hi from {{ shop.name }}", "reply: {text: 'Hi from Lola'}", "reply: [Hi from Lola]"):
        (reply,) = right(written).replies
        assert reply.text
        assert reply.text.by_language == {"": ("Hi from Lola",)}
        assert reply.text.default == "en"


def test_everything_a_reply_can_have() -> None:
    """Several languages, quick replies, a picture, and one message or none."""
    (reply,) = right("""
        reply:
          text: {en: Hi, es-MX: Hola}
          quick_replies: [{title: "Yes", payload: SIZE_L}]
          attach: {image: "{{ shop.site }}/a.jpg"}
          split: never
    """).replies
    assert reply.text
    assert reply.text.by_language == {"en": ("Hi",), "es-mx": ("Hola",), "": ("Hi",)}
    assert reply.quick_replies == (QuickReply("Yes", "SIZE_L"),)
    assert reply.attachment == Attachment("image", "https://lola.example/a.jpg")
    assert not reply.split
    assert (reply.file, reply.at.line) == ("1.yaml", 3)


def test_buttons_open_addresses_or_send_payloads() -> None:
    """Each is known by where its payload or address is written."""
    (reply,) = right("""
        reply:
          text: Look
          buttons:
            - { title: Shop, url: "{{ shop.site }}/new?a=1" }
            - { title: Ask, payload: ASK }
    """).replies
    assert reply.buttons == (Button("Shop", url="https://lola.example/new?a=1"), Button("Ask", payload="ASK"))
    assert [(place.line, place.column) for place in reply.button_places] == [(5, 27), (6, 30)]


def test_variants_have_names_and_weights() -> None:
    """A number where no name is given."""
    (reply,) = right("reply: {variants: [{text: A, weight: 3}, {text: {en: B}, name: short}]}").replies
    assert [(each.name, each.weight) for each in reply.variants] == [("1", 3), ("short", 1)]
    assert reply.text is None


def test_a_shared_reply_is_used_by_its_name() -> None:
    """As if it were written there, with the names of the rule that uses it."""
    found, findings = answers("reply: [{use: hello}, Bye]", shared='hello: {text: "Hi from {{ rule.name }}"}')
    assert findings == []
    assert [reply.text and reply.text.by_language[""] for reply in found.replies] == [("Hi from greet",), ("Bye",)]


@pytest.mark.parametrize(
    ("written", "shared", "code", "hint"),
    [
        ("reply: {use: helo}", "hello: Hi", "R050", 'did you mean "hello"?'),
        ("reply: {use: hello, text: x}", "hello: Hi", "R004", "delete one of the two"),
        ("reply: x", "hello: {use: other}", "R004", "write it out"),
        ("reply: x", "hello: [a, b]", "R004", "share each of them by a name"),
        ("reply: x", "hello: '{{ shop.nmae }}'", "R045", 'did you mean "shop.name"?'),
        ("reply: {use: hello}", "hello: '{{ match.9 }}'", "R045", "known are: match.keyword"),
    ],
)
def test_a_shared_reply_that_is_wrong_is_told_where_it_is_written(
    written: str, shared: str, code: str, hint: str
) -> None:
    """And a name that is none where it is used."""
    found = problem(written, shared=shared)
    assert (found.code, found.hint) == (code, hint)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("reply: []", ["R004"]),
        ("reply: ''", ["R004"]),
        ("reply: '  '", ["R004"]),
        ("reply: 10:00", ["R004"]),
        ("reply: {}", ["R004"]),
        ("reply: [[a]]", ["R004"]),
        ("reply: {txt: a}", ["R003", "R004"]),
        ("reply: {text: {}}", ["R004"]),
        ("reply: {text: [a]}", ["R004"]),
        ("reply: {text: a, variants: [{text: b}]}", ["R004"]),
        ("reply: {text: a, split: always}", ["R004"]),
        ("reply: {quick_replies: [{title: a, payload: b}]}", ["R004", "R041"]),
        ("reply: {buttons: [{title: a, payload: b}]}", ["R004", "R042"]),
        ("reply: {attach: {image: 'https://a.example/b'}, buttons: [{title: a, payload: b}]}", ["R042"]),
        ("reply: {variants: []}", ["R004"]),
        ("reply: {variants: [{weight: 1}]}", ["R004"]),
        ("reply: {variants: [{text: a, weight: 0}]}", ["R004"]),
        ("reply: {variants: [{text: a, name: A b}]}", ["R011"]),
        ("reply: {variants: [{text: a, name: x}, {text: b, name: x}]}", ["R011"]),
        ("reply: {variants: [{text: a, odds: 2}]}", ["R003"]),
        ("reply: {attach: {}}", ["R004"]),
        ("reply: {attach: {pdf: 'https://a.example/b'}}", ["R003", "R004"]),
        ("reply: {attach: {image: 'https://a.example/b', audio: 'https://a.example/c'}}", ["R004"]),
        ("reply: {attach: {image: 'http://a.example/b'}}", ["R042"]),
    ],
)
def test_wrong_shapes_are_errors(written: str, expected: list[str]) -> None:
    """Each with the code that tells what kind of mistake it is."""
    assert codes(written) == [(code, "error") for code in expected]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{ja: a}", [("R047", "warning")]),
        ("{en-GB: a, es: b}", []),
        ("{en: a, jp: b}", [("R047", "error")]),
        ("{en: a, EN: b}", [("R047", "error")]),
        ("{english: a}", [("R047", "error")]),
        ("{en: a, no: b}", []),
        ("{en: ''}", [("R004", "error")]),
        ("{en: {}}", [("R004", "error")]),
    ],
)
def test_a_language_map_has_languages_and_the_default_one(written: str, expected: list[tuple[str, str]]) -> None:
    """The default language is the configuration's."""
    assert codes(f"reply: {{text: {written}}}") == expected


def test_without_the_default_language_the_first_stands_in() -> None:
    """So that everybody gets an answer."""
    found, findings = answers("reply: {text: {es: Hola, fr: Salut}}")
    assert findings[0].hint == "add en:"
    assert found.replies[0].text
    assert (found.replies[0].text.by_language[""], found.replies[0].text.default) == (("Hola",), "es")
    spanish = Gathered(surroundings=Surroundings(language="es"))
    assert right("reply: {text: {es-MX: Hola, fr: Salut}}", gathered=spanish).replies[0].text


QUICK = "reply: {text: a, quick_replies: [%s]}"
PRESS = "reply: {text: a, buttons: [%s]}"


@pytest.mark.parametrize(
    ("written", "code", "message"),
    [
        (QUICK % "{title: a}", "R004", "without payload"),
        (QUICK % "{title: '', payload: b}", "R041", "title is empty"),
        (QUICK % f"{{title: {'x' * 21}, payload: b}}", "R041", "title has 21 characters, Meta allows 20"),
        (QUICK % "{title: a, payload: b}, {title: a, payload: c}", "R041", "two quick replies have the title 'a'"),
        (QUICK % f"{{title: a, payload: {'é' * 501}}}", "R041", "payload has 1002 bytes, Meta allows 1000"),
        (QUICK % "{title: a, payload: ''}", "R041", "payload is empty"),
        (QUICK % "{title: '{{ shop.name }}', payload: b}", "R045", "names are filled into texts only"),
        (QUICK % ", ".join(f"{{title: a{n}, payload: b}}" for n in range(14)), "R041", "14 quick replies"),
        (PRESS % "{payload: b}", "R004", "without title"),
        (PRESS % "{title: a}", "R042", "one of the two"),
        (PRESS % "{title: a, payload: b, url: 'https://a.example'}", "R042", "one of the two"),
        (PRESS % "{title: a, url: 'http://a.example/b'}", "R042", "begins with https://"),
        (PRESS % "{title: a, url: shop}", "R042", "begins with https://"),
        (PRESS % "{title: a, url: 'https://a b.example'}", "R042", "begins with https://"),
        (PRESS % "{title: a, url: 'https://a.example/{{ message.text }}'}", "R045", "only names of vars"),
        (PRESS % "{title: a, url: 'https://a.example/{{ shop.nmae }}'}", "R045", "only names of vars"),
        (PRESS % f"{{title: {'x' * 21}, payload: b}}", "R042", "title has 21 characters"),
        (PRESS % ", ".join(f"{{title: a{n}, payload: b}}" for n in range(4)), "R042", "4 buttons, Meta allows 3"),
        (PRESS[:-1] % "{title: a, payload: b}" + ", quick_replies: [{title: a, payload: b}]}", "R042", "not both"),
        (
            "reply: {text: %s, buttons: [{title: a, payload: b}]}" % ("x" * 641),
            "R042",
            "641 characters, Meta allows 640",
        ),
    ],
)
def test_buttons_keep_metas_limits(written: str, code: str, message: str) -> None:
    """Counted as a customer sees them, and found before Meta refuses them."""
    found = problem(written)
    assert found.code == code
    assert found.severity == "error"
    assert message in found.message


def test_a_title_is_counted_in_what_people_call_characters() -> None:
    """A family of four is one."""
    assert codes(QUICK % ("{title: '" + "👩\u200d👩\u200d👧\u200d👦" * 20 + "', payload: b}")) == []


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (f"reply: {'x' * 1000}", []),
        (f"reply: {'x' * 1001}", [("R040", "warning")]),
        (f"reply: {'ร' * 334}", [("R040", "warning")]),
        (f"reply: {{text: {'x' * 1001}, split: never}}", [("R040", "error")]),
        (f"reply: '{'x' * 201}{{{{ message.text }}}}'", [("R040", "warning")]),
        (f"reply: '{'x' * 200}{{{{ message.text }}}}'", []),
        (f"reply: {{text: '{'x' * 201}{{{{ message.text }}}}', split: never}}", [("R040", "error")]),
        (f"reply: '{'x' * 880}{{{{ message.text | truncate(30) }}}}'", []),
        (f"reply: {{text: {{en: a, th: {'ร' * 334}}}}}", [("R040", "warning")]),
        (f"handoff: {{say: {'x' * 1001}}}", [("R040", "warning")]),
        (
            f"reply: {{text: '{'x' * 500}{{{{ message.text }}}}', buttons: [{{title: a, payload: b}}]}}",
            [("R042", "warning"), ("R040", "warning")],
        ),
    ],
)
def test_a_text_is_measured_in_bytes_with_the_longest_values(written: str, expected: list[tuple[str, str]]) -> None:
    """Over one message's size it is split, or an error where that is forbidden."""
    assert codes(written) == expected


def test_more_than_three_messages_are_too_many() -> None:
    """A picture with a text is two, and so is what a hand-off says."""
    assert codes("reply: [a, b, c]") == []
    assert codes("reply: [a, b, c, d, e]") == [("R049", "warning")]
    assert codes("reply: [a, b, {text: c, attach: {image: 'https://a.example/b'}}]") == [("R049", "warning")]
    assert codes("{reply: [a, b, c], handoff: {say: d}}") == [("R049", "warning")]
    assert codes("{reply: [a, b, c], handoff: true}") == []


def test_variants_are_counted() -> None:
    """A hundred are enough to sound like a person."""
    texts = ", ".join(f"{{text: hello {number}}}" for number in range(101))
    finding = problem(f"reply: {{variants: [{texts}]}}")
    assert (finding.code, finding.message) == ("R004", "101 variants, at most 100 are possible")
