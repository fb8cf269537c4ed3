"""Rule files of the worst kind: each is read or found fault with in its place, and none ever raises."""

import json
from datetime import UTC, datetime

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.deciding.choice import Customer, Incoming
from igbot.rules.deciding.decision import decide
from igbot.rules.loading import Loaded, load_rules
from igbot.rules.model import RuleFile
from igbot.rules.reading.files import RULE_KEYS
from igbot.rules.reading.whens import WHEN_KEYS
from tests.rules.writing import errors, rules

PLAIN = "version: 1\nrules:\n  - name: a\n    keywords: [alpha]\n    reply: hello\n"
MEBIBYTE = 1024 * 1024
LINE_BREAK = regex.compile("\r\n|[\r\n\x85\u2028\u2029]")

REFUSED: dict[str, bytes] = {
    "nothing": b"",
    "comments": b"# nothing yet\n",
    "a list": b"- a\n",
    "half a document": b"...\n",
    "a later YAML": b"%YAML 2.0\n---\n" + PLAIN.encode(),
    "two YAML directives": b"%YAML 1.2\n%YAML 1.2\n---\n" + PLAIN.encode(),
    "an unknown directive": b"%FOO bar\n---\n" + PLAIN.encode(),
    "a hundred thousand directives": b"%FOO\n" * 100_000,
    "two documents": (PLAIN + "---\n" + PLAIN).encode(),
    "a merge key": b"version: 1\nrules:\n  - &x {name: a, keywords: [alpha], reply: hi}\n  - {<<: *x, name: b}\n",
    "an alias of itself": b"version: 1\nrules: &a [*a]\n",
    "an alias of nothing": b"version: 1\nrules: *nope\n",
    "a list as a key": b"version: 1\n? [a, b]\n: c\n",
    "a number as a key": (PLAIN + "    1: 2\n").encode(),
    "a Python object": b'version: 1\nrules: !!python/object/apply:os.system ["true"]\n',
    "a broken tag": PLAIN.replace("hello", "!%zz hello").encode(),
    "half a character by its number": PLAIN.replace("hello", '"\\ud83d"').encode(),
    "no character by its number": PLAIN.replace("hello", '"\\UFFFFFFFF"').encode(),
    "NUL": PLAIN.replace("hello", "he\0llo").encode(),
    "UTF-16": PLAIN.encode("utf-16"),
    "UTF-16 without its mark": PLAIN.encode("utf-16-le"),
    "UTF-32": PLAIN.encode("utf-32"),
    "Latin-1": PLAIN.replace("hello", "café").encode("latin-1"),
    "surrogates": PLAIN.replace("hello", "\ud800").encode("utf-8", "surrogatepass"),
    "half a UTF-8 character": PLAIN.encode() + b"# \xe2\x82",
    "a tab in front": PLAIN.replace("    reply", "\treply").encode(),
    "a second mark at a line's start": PLAIN.replace("    reply", "\ufeff    reply").encode(),
    "a doubled key in quotes": (PLAIN + '    "reply": other\n').encode(),
    "a quote without its end": (PLAIN + "    about: 'never closed\n").encode(),
    "a map that was meant as an insert": PLAIN.replace("hello", "{{ message.text }}").encode(),
    "more than a mebibyte": PLAIN.encode() + b"#" * MEBIBYTE,
    "laughs": b"version: 1\nlists:\n  l0: &l0 [a, b]\n"
    + b"".join(b"  l%d: &l%d [*l%d, *l%d, *l%d]\n" % (n, n, n - 1, n - 1, n - 1) for n in range(1, 30)),
    "a mebibyte of [": b"[" * MEBIBYTE,
    "a mebibyte of {": b"{" * MEBIBYTE,
    "a mebibyte of lists": b"- " * (MEBIBYTE // 2),
    "a mebibyte of questions": b"? " * (MEBIBYTE // 2),
    "a mebibyte of quotes": b'"' * MEBIBYTE,
    "a mebibyte of one key": b"a:\n" * (MEBIBYTE // 3),
    "a mebibyte of aliases": b"[&a x" + b",*a" * (MEBIBYTE // 3 - 9) + b"]",
    "stairs": b"".join(b" " * step + b"a:\n" for step in range(1400)),
    "conditions ten thousand deep": f"{{version: 1, rules: [{{name: a, when: {'{any: [' * 10_000}".encode(),
    "lists that end nowhere": b"version: 1\nlists:\n"
    + b"".join(b"  l%d: [{list: l%d}]\n" % (n, (n + 1) % 500) for n in range(500)),
    "lists that double": b"version: 1\nlists:\n  l60: [x]\n"
    + b"".join(b"  l%d: [{list: l%d}, {list: l%d}]\n" % (n, n + 1, n + 1) for n in range(60)),
}
TAKEN: dict[str, bytes] = {
    "JSON": b'{"version":1,"rules":[{"name":"a","keywords":["alpha"],"reply":"hello"}]}',
    "a directive": b"%YAML 1.1\n---\n" + PLAIN.encode(),
    "an end": (PLAIN + "...\n").encode(),
    "an explicit key": PLAIN.replace("rules:", "? rules\n:").encode(),
    "a mark in front": b"\xef\xbb\xbf" + PLAIN.encode(),
    "line ends of Windows": PLAIN.replace("\n", "\r\n").encode(),
    "line ends of an old Mac": PLAIN.replace("\n", "\r").encode(),
    "line ends of a mainframe": PLAIN.replace("\n", "\x85").encode(),
    "line separators": PLAIN.replace("\n", "\u2028").encode(),
    "tabs between words": PLAIN.replace("reply: ", "reply:\t").replace("[alpha]", "[\talpha\t]").encode(),
    "an alias": b"version: 1\nlists:\n  a: &w [alpha]\n  b: *w\n" + PLAIN.encode().removeprefix(b"version: 1\n"),
    "no indentation of lists": b"version: 1\nrules:\n- name: a\n  keywords:\n  - alpha\n  reply: hello\n",
    "a text over lines": PLAIN.replace("hello", ">-\n      hello").encode(),
    "a mebibyte of empty lines": PLAIN.encode() + b"\n" * (MEBIBYTE - len(PLAIN)),
    "seventeen conditions deep": (
        f"{{version: 1, rules: [{{name: a, reply: hello, when: "
        f"{'{any: [' * 17}{{text: {{any: [alpha]}}}}{']}' * 17}}}]}}"
    ).encode(),
}
WRONG = (
    *("", "~", "no", "0123", "10:00", "1.5", ".nan", "-.inf", "9" * 30, "-1", "2026-13-45", '""', '"\\u200b"', "'*'"),
    *("[]", "{}", "[~]", "[[a]]", "[{}]", "[1, no]", "{a: {b: c}}", "{1: 2}", "{any: [[]]}", "{not: ~}", "{use: ''}"),
    *("{text: {en: ~}}", "{times: 0, within: 0s}", "{rule: a, within: -1s}", "{variants: [{text: x, weight: 0}]}"),
    *("'{{'", "'{% x %}'", "'{{ a() }}'", "{quick_replies: [~]}", "{tags: {any: x}}", "{set: {__class__: [x]}}"),
)


def loaded(*contents: bytes) -> Loaded:
    """What comes of files; every finding must stand inside the file that it is about."""
    files = [RuleFile(f"{number}.yaml", content) for number, content in enumerate(contents)]
    found = load_rules(files)
    lines = {file.path: LINE_BREAK.split(file.data.decode("utf-8-sig", "replace")) for file in files}
    for finding in found.findings:
        assert 1 <= finding.line <= len(lines[finding.file]), finding
        assert 1 <= finding.column <= len(lines[finding.file][finding.line - 1]) + 1, finding
        assert finding.message
    return found


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_rule_file_is_told_with_its_place(kind: str) -> None:
    """Broken, oversized and malicious files give errors inside the file, no set, and no exception."""
    found = loaded(REFUSED[kind])
    assert found.ruleset is None
    assert any(finding.severity == "error" for finding in found.findings)


@pytest.mark.parametrize("kind", TAKEN)
def test_odd_but_valid_files_are_taken(kind: str) -> None:
    """However YAML lets the same rule be written, it answers."""
    ruleset = loaded(TAKEN[kind]).ruleset
    assert ruleset is not None
    said = decide(ruleset, Incoming("text", "Alpha!"), Customer("1"), now=datetime(2026, 11, 24, tzinfo=UTC))
    assert [reply.text for reply in said.replies] == ["hello"]


def test_one_bad_file_among_good_ones_keeps_all_of_them_out() -> None:
    """All or nothing: the findings are about the bad one, and there is no set."""
    found = loaded(PLAIN.encode(), b"version: 1\nrules: [\n", b"version: 1\n")
    assert found.ruleset is None
    assert {finding.file for finding in found.findings if finding.severity == "error"} == {"1.yaml"}


@pytest.mark.parametrize("key", sorted(RULE_KEYS))
def test_a_wrong_value_of_any_rule_key_never_raises(key: str) -> None:
    """Whatever stands under a key of a rule or of the defaults is read or found fault with in its place."""
    for value in WRONG:
        given = {"name": "a", "keywords": "[alpha]", "reply": "hi"} | {key: value}
        rule = "".join(f"    {name}: {written}\n" for name, written in given.items()).replace("    ", "  - ", 1)
        loaded(f"version: 1\nrules:\n{rule}".encode())
        loaded(f"version: 1\ndefaults:\n  {key}: {value}\nrules:\n{rule}".encode())


@pytest.mark.parametrize("key", sorted(WHEN_KEYS))
def test_a_wrong_value_of_any_condition_never_raises(key: str) -> None:
    """The same for each key of `when`, at the top, below `any`, and as a map of its own keys."""
    for value in WRONG:
        loaded(f"version: 1\nrules:\n  - name: a\n    reply: hi\n    when:\n      {key}: {value}\n".encode())
        loaded(f"version: 1\nrules:\n  - {{name: a, reply: hi, when: {{any: [{{{key}: {value}}}]}}}}\n".encode())


@given(st.data())
def test_a_file_spoilt_anywhere_never_raises(data: st.DataObject) -> None:
    """Anything put into, or taken out of, the middle of a good file."""
    whole = TAKEN[data.draw(st.sampled_from(sorted(set(TAKEN) - {"a mebibyte of empty lines", "a mark in front"})))]
    begin, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    tokens = st.sampled_from(
        ["&a ", "*a", "<<: ", "? ", "- ", "!!x ", "\t", "{", "]", "'", '"', "|\n", "---\n", "\0", "#"]
    )
    put = data.draw(st.one_of(st.binary(max_size=8), st.lists(tokens).map("".join).map(str.encode)))
    loaded(whole[:begin] + put + whole[end:] + b"\n")


@pytest.mark.parametrize(
    "insert",
    [
        *("message.text.__class__", "''.__class__", "message['text']", "message.text()", "shop.name.upper()", "1 + 1"),
        *("message.text|attr('x')", "message.text if x else y", "message.text[::-1]", "self", "range", "config"),
        *("customer.set.__class__", "match.no", "slots.x", "schedule.open.next", "message.text|safe", "", "{{"),
        *("message.text|truncate(-1)", "message.text|truncate(*x)", "now|date('%Y')", "(" * 9000, "not " * 4000 + "x"),
    ],
)
def test_nothing_but_names_and_filters_is_let_into_a_reply(insert: str) -> None:
    """Attributes, calls, arithmetic and unknown names are errors at the reply, however deep they are nested."""
    found = errors(f"- {{name: a, keywords: [al], reply: {json.dumps('{{ ' + insert + ' }}')}}}")
    assert {(code, line) for code, line, _ in found} <= {("R045", 3), ("R050", 3)}
    assert found


@pytest.mark.parametrize("statement", ["{% set x = 1 %}", "{% include 'x' %}", "{% for i in x %}{% endfor %}", "{#x#}"])
def test_statements_are_errors(statement: str) -> None:
    """A reply holds no program."""
    assert [code for code, _, _ in errors(f'- {{name: a, keywords: [al], reply: "{statement}"}}')] == ["R045"]


def test_format_strings_are_only_text() -> None:
    """What other template languages would fill in is said as it stands."""
    text = "%s %(x)d {0.__class__} {name} ${HOME} `id` $(id) <b>&amp;</b>"
    ruleset = rules(f"- {{name: a, keywords: [al], reply: {json.dumps(text)}}}")
    said = decide(ruleset, Incoming("text", "al"), Customer("1"), now=datetime(2026, 11, 24, tzinfo=UTC))
    assert [reply.text for reply in said.replies] == [text]


@pytest.mark.parametrize(
    "pattern",
    [
        *("(?=x)y", "(?!x)y", "(?<=x)y", "(?<!x)y", r"(a)\1", "(?P<n>a)(?P=n)", "(?>a)b", "a++", "(?(1)a|b)"),
        *("(?P<keyword>x)", "(?P<1>x)", "(?P<n>x)|(?P<n>y)", "x{1001}", "(x{100}){100}", "(((a{99}){99}){99}){99}"),
        *("(", "[", "[z-a]", "*", "\\", r"\p{Foo}", r"\x{110000}", "(" * 1900, "a" * 4001, r"\p{L}{1000}" * 9),
    ],
)
def test_patterns_that_cannot_be_used_are_errors(pattern: str) -> None:
    """Look-around, back-references, taken names and patterns that would grow too large: R030 at the pattern."""
    found = errors(f"- {{name: a, keywords: [{{regex: {json.dumps(pattern)}}}], reply: x}}")
    assert [(code, line) for code, line, _ in found] == [("R030", 3)]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)*$", "(?:a*)*b", "(.*a){20}", "(?:a?){200}a{200}", ".*.*.*=.*"])
def test_patterns_that_ruin_other_engines_decide(pattern: str) -> None:
    """A message made for such a pattern gets its decision; in `re` some of these outlive the universe."""
    ruleset = rules(f"- {{name: a, keywords: [{{regex: '{pattern}'}}], reply: x}}")
    decide(ruleset, Incoming("text", "a" * 5000 + "!"), Customer("1"), now=datetime(2026, 11, 24, tzinfo=UTC))


@pytest.mark.parametrize(
    ("form", "address"),
    [
        (form, address)
        for form in ("buttons: [{title: Go, url: %s}]", "attach: {image: %s}")
        for address in (
            *("javascript:alert(1)", "http://x.example", "//x.example", "data:text/html,x", "file:///etc/passwd", ""),
            *(
                "https://",
                "https://x y",
                "https://..",
                "{{ message.text }}",
                "https://x.example/{{ message.text | url }}",
            ),
        )
    ],
)
def test_addresses_are_https_and_the_owners_own(form: str, address: str) -> None:
    """Neither another scheme nor a customer's text gets into a link or a picture."""
    found = errors(f"- {{name: a, keywords: [al], reply: {{text: hi, {form % json.dumps(address)}}}}}")
    assert {code for code, _, _ in found} <= {"R042", "R045"}
    assert found


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ("priority: 1001", "R004"),
        ("priority: '5'", "R004"),
        ("priority: .nan", "R004"),
        ("limit: {times: 0, within: 1h}", "R004"),
        ("limit: {times: 1, within: 366d}", "R004"),
        ("cooldown: 1w", "R004"),
        ("settle: 21s", "R004"),
        ("delay: 0.5s", "R004"),
        ("from: 2026-02-01, until: 2026-01-01", "R051"),
        ("from: 2026-02-30", "R051"),
        ('until: "0001-01-01 00:00+14:00"', "R051"),
        ('from: "9999-12-31 23:59-12:00"', "R051"),
        ("flow: x", "R003"),
        ("ai: {sources: [faq]}", "R003"),
        ("call: https://x.example", "R004"),
        ("set: {lang: klingonese}", "R047"),
        ("observe: true", "R015"),
        ("fallback: true", "R004"),
    ],
)
def test_keys_out_of_bounds_or_out_of_place_are_errors(keys: str, code: str) -> None:
    """Each says so on its own line."""
    found = errors(f"- {{name: a, keywords: [al], reply: hi, {keys}}}")
    assert {(each, line) for each, line, _ in found} == {(code, 3)}


@pytest.mark.parametrize(
    "hours",
    ["25:00-26:00", "24:00-01:00", "09:00-09:00", "09:60-10:00", "9-17", "09.00-17.00", "", "٠٩:٠٠-١٤:٠٠", "09:00"],
)
def test_hours_that_no_clock_shows_are_errors(hours: str) -> None:
    """R051 at the hours."""
    found = errors("- {name: a, when: {schedule: open}, reply: x}", f"schedules: {{open: {{mon: ['{hours}']}}}}")
    assert [(code, line) for code, line, _ in found] == [("R051", 2)]
