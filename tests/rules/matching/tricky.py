"""Messages that simple ways of comparing get wrong, what the design says to them, and what the simple ways say."""

import re
from dataclasses import dataclass

from igbot.rules.matching.index import build_index
from igbot.rules.matching.matchers import Keyword, Text


@dataclass(frozen=True)
class Case:
    """A message, a word as an owner writes it, whether the word is meant to hit, and why it matters."""

    message: str
    word: str
    expected: bool
    why: str


TRICKY = (
    Case("shipping to Spain?", "hi", False, "inside another word"),
    Case("Hi!!!", "hi", True, "capitals, and punctuation behind it"),
    Case("prices please", "price", False, "the plural is another word: list it, or use `starts`"),
    Case("iPhone15", "iphone", False, "digits belong to the word"),
    Case("ขอราคาหน่อย", "ราคา", True, "Thai is written without spaces"),
    Case("请问价格多少", "价格", True, "so is Chinese"),
    Case("मूल्यवान", "मूल्य", False, "another Hindi word that begins the same"),
    Case("कीमत क्या है", "कीमत", True, "a vowel sign inside a Hindi word ends none"),
    Case("nice🔥drop", "🔥", True, "an emoji needs no space"),
    Case("❤️❤️", "❤", True, "the heart as phones send it"),
    Case("👍🏽", "👍", True, "any tone of skin"),
    Case("👩‍👧", "👩", False, "one sign of two, not a woman"),
    Case("c++ book", "c++", True, "a word that ends in a sign"),
    Case("цены", "цена", False, "another form: list it, or use `fuzzy`"),
    Case("가격이 얼마", "가격", False, "Korean glues its particles on: use `starts`"),
    Case("ＰＲＩＣＥ?", "price", True, "full width"),
    Case("𝐏𝐑𝐈𝐂𝐄", "price", True, "bold letters from a font app"),
    Case("pri\u200bce", "price", True, "an unseen space inside"),
    Case("STRASSE", "Straße", True, "ß in capitals"),
    Case("IŞIK", "ışık", True, "the Turkish i without a dot"),
    Case("order ١٢٣", "123", True, "Arabic digits"),
    Case("el envio", "envío", True, "accents of long words are left out by many"),
    Case("si claro", "sí", False, "those of short words tell words apart"),
    Case("🔥", "🔥", True, "an emoji is no letter, so it has no border of `\\b`"),
    Case("what’s up", "what's", True, "the apostrophe of phones"),
)


def answers_of(case: Case) -> list[str]:
    """What igbot says, then plain `in`, `re` and `re` with word borders (both ignoring case): `yes` or `no` each."""
    escaped = re.escape(case.word)
    said = (
        build_index([Keyword.of("word", case.word)]).hits(Text.of(case.message)) == {0},
        case.word in case.message,
        re.search(escaped, case.message, re.IGNORECASE) is not None,
        re.search(rf"\b{escaped}\b", case.message, re.IGNORECASE) is not None,
    )
    return ["yes" if each else "no" for each in said]
