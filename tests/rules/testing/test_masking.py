"""What tells who somebody is goes out of a conversation; what rules go by stays."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from igbot.rules.testing.masking import Mask


@pytest.mark.parametrize(
    ("said", "masked"),
    [
        ("my mail is Ana.Lopez+x@correo.es, thanks", "my mail is person1@mail.example, thanks"),
        ("see https://lola.example/p/7?u=ana and www.x.com", "see https://link.example/1 and https://link.example/2"),
        ("I am on instagram.com/ana_l", "I am on https://link.example/1"),
        ("ask @ana.lopez about it", "ask @somebody1 about it"),
        ("order #12345?", "order #10001?"),
        ("call +34 600 123 456", "call +10 000 000 001"),
        ("ring ٠١٢٣٤٥٦٧٨", "ring 100000001"),
        ("2 shirts in size 38 for 4.90 €", "2 shirts in size 38 for 4.90 €"),
        ("hello, my name is María José Pérez", "hello, my name is Alex Robin Kim"),
        ("soy Ana, ¿cuánto cuesta?", "soy Alex, ¿cuánto cuesta?"),
        ("меня зовут Анна", "меня зовут Alex"),
        ("i am looking for returns", "i am looking for returns"),
        ("ok.thanks", "ok.thanks"),
        ("🔥🔥", "🔥🔥"),
    ],
)
def test_what_tells_who_somebody_is_goes(said: str, masked: str) -> None:
    """Addresses, links, handles, names and long numbers; sizes, prices and the words themselves stay."""
    assert Mask()(said) == masked


def test_the_same_thing_becomes_the_same_other_thing() -> None:
    """However it is written, so that a conversation still makes sense; and different things stay different."""
    mask = Mask()
    assert mask("order 12345 or 54321") == "order 10001 or 10002"
    assert mask("12345!") == "10001!"
    assert mask("call 600 123 456 or 600123456") == "call 100 000 001 or 100000001"
    assert mask("a@b.es A@B.ES c@d.es") == "person1@mail.example person1@mail.example person2@mail.example"


def test_a_known_name_goes_wherever_it_stands_alone() -> None:
    """In any case, also a part of it; within another word it is none."""
    mask = Mask(("Ana López", "王芳"))
    assert mask("ANA here, lópez is my name, banana") == "Alex here, Robin is my name, banana"
    assert mask("我是王芳") == "我是Kim"


def test_a_name_is_hidden_in_what_was_said_before_it_was_told() -> None:
    """Everything is looked at first."""
    mask = Mask()
    mask.look_at("my name is Ana")
    assert mask("Ana speaking") == "Alex speaking"


@given(st.text(max_size=80), st.lists(st.text(alphabet="0123456789", min_size=3, max_size=12), max_size=4))
def test_no_long_number_stays_as_it_was(said: str, numbers: list[str]) -> None:
    """Whatever stands around it; and nothing makes it fail."""
    for number in numbers:
        masked = Mask()(f"{said} x{number}y")
        assert f"x{number}y" not in masked
        assert regex.search(rf"x[0-9]{{{len(number)}}}y$", masked)
