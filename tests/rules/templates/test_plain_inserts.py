"""What is read without Jinja2 is read exactly as by Jinja2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from igbot.rules.templates.plain_inserts import Piece, read_plain

FRAGMENTS = st.sampled_from(
    [
        *(
            "{{",
            "}}",
            "{",
            "}",
            "{{ ",
            " }}",
            "|",
            " | ",
            "(",
            ")",
            "'",
            '"',
            ".",
            ",",
            " ",
            "\n",
            "\\",
            "-",
            "{%",
            "#",
        ),
        *("message", "text", "match", "1", "12", "1.2", "0", "007", "not", "none", "True", "if", "_a", "é", "a"),
        *("default", "truncate(20)", "default('x')", 'default("it\'s")', "upper", "upper()", "date('d. M')", "a:b"),
        *("{{ a }}", "{{ a.b }}", "{{a|b}}", "{{ match.1 }}", "{{ a | b('}}') | c(3) }}", "Hello "),
    ]
)


def by_jinja(text: str) -> list[Piece]:
    """The pieces as Jinja2 gives them."""
    found: list[Piece] = []
    for block in ImmutableSandboxedEnvironment(keep_trailing_newline=True).parse(text).body:
        assert isinstance(block, nodes.Output)
        found.extend(node.data if isinstance(node, nodes.TemplateData) else node for node in block.nodes)
    return joined(found)


def joined(pieces: list[Piece]) -> list[Piece]:
    """Texts that follow each other as one."""
    found: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return found


@given(st.lists(FRAGMENTS, max_size=12).map("".join))
def test_both_read_the_same(text: str) -> None:
    """Where the quick reading takes a text at all, Jinja2 takes it too, and gives the same pieces."""
    pieces = read_plain(text)
    if pieces is not None:
        try:
            assert by_jinja(text) == joined(pieces)
        except TemplateSyntaxError as error:
            raise AssertionError(f"Jinja2 refuses {text!r}: {error}") from error


@pytest.mark.parametrize(
    "text",
    [
        "{{ message.text }}",
        "Hi {{customer.first_name|default('you')|upper}}, {{ match.1 }} or {{ match.no }}!",
        '{{ schedule.open.next | human }} {{ a.b | truncate(20) | default("it\'s") }} }} { }',
        "{{ slots.order.items.3 }}",
        "{{ a | b('}}') }}",
    ],
)
def test_what_owners_write_is_plain(text: str) -> None:
    """It takes the quick way."""
    pieces = read_plain(text)
    assert pieces is not None
    assert joined(pieces) == by_jinja(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "{{ a",
            "{{ }}",
            "{{- a }}",
            "{{ a -}}",
            "{{ a() }}",
            "{{ a['b'] }}",
            "{{ a + b }}",
            "{{ not }}",
            "{{ 'a' }}",
        ),
        *(
            "{{ True }}",
            "{{ a.1.2 }}",
            "{{ a | b(007) }}",
            "{{ a | b(c) }}",
            "{{ a | b('\\n') }}",
            "{% if a %}",
            "{# a #}",
        ),
        *("{{ _a }}", "{{ a.__class__ }}", "{{ é }}", "a\r\n{{ b }}", "{{{ a }}}", "{{ a | b | }}", "{{ a if b }}"),
    ],
)
def test_everything_else_is_left_to_jinja(text: str) -> None:
    """So that what is wrong with it is told as before."""
    assert read_plain(text) is None
