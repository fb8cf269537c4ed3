"""One normal form for keywords and messages, so that what looks alike compares equal."""

import re
import unicodedata

import regex

from igbot.rules.expressions import expression

# Variation selectors, zero-width characters, soft hyphen, bidi controls and skin tones: seen by nobody, or only shades.
# Lone surrogates are halves of characters that were cut in two; nothing that wants UTF-8 takes them.
_UNSEEN = expression(
    r"[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    r"\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff\ud800-\udfff]"
)
# What nearly all messages are made of, and what needs nothing but its case folded: no character here is changed by
# NFKC, is a digit other than ASCII's, or is ignored. The marks among them are why their order is still asked for.
_EVERYDAY = re.compile(
    r"[\x00-\x7f¡-§©«¬®°±¶·»¿À-ÿĀ-įĴ-ľŁ-ňŊ-žΆΈ-ΏΑ-ΩΆ-ία-ώЀ-џא-ת؟،ء-غف-ي\u064b-\u0652پچژکگی"
    r"\u0900-\u0939\u093d-\u094d\u0964ก-า\u0e34-\u0e3a฿-\u0e4e‘’“”–—€、-〃「-】ぁ-ゖァ-ヺー一-鿿가-힣"
    r"☀-➿🌀-\U0001f3fa🐀-🙏🚀-\U0001f6ff🤀-\U0001f9ff]*"
)
_JOINING_SCRIPTS = (
    r"\p{sc=Arabic}\p{sc=Syriac}\p{sc=Mongolian}\p{sc=Nko}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Gurmukhi}"
    r"\p{sc=Gujarati}\p{sc=Oriya}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Kannada}\p{sc=Malayalam}\p{sc=Sinhala}"
)
# A joiner means something only inside an emoji sequence or between letters that it joins or parts.
_IDLE_JOINER = expression(
    r"(?!(?<=\p{Extended_Pictographic})\u200d(?=\p{Extended_Pictographic}))"
    rf"(?!(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}]))"
    r"[\u200c\u200d]"
)
_OTHER_DIGIT = expression(r"(?V1)[\p{Nd}--0-9]")
_DASH = expression(r"[\p{Pd}\u2212]")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "ı": "i"})
_LATIN_WORD = expression(r"\p{Latin}[\p{Latin}\p{M}]*")
_ACCENT = expression(r"(?V1)[[\p{Latin}--a-z]\p{M}]")
_MARK = expression(r"\p{M}+")

EUROPEAN = re.compile(r"[\x00-\u02af\u0370-\u0482\u048a-\u052f\u2010-\u2027\u20a0-\u20bf☀-➿\U0001f300-\U0001faff]*+")
"""Texts of Latin, Greek and Cyrillic letters and emoji without separate marks. `re` sees the same words in them as
`regex` does, several times faster."""
_EUROPEAN_ACCENTED = re.compile(r"(?<![a-zß-öø-ʯ])[a-z]*+[ß-öø-ʯ][a-zß-öø-ʯ]*+")

FOLDED_FROM = 4
"""Letters a Latin word needs before its accents are ignored: `si`/`sí` and `año`/`ano` stay apart."""


def normalise(text: str) -> str:
    """The normal form of `rules.md` §3.1, steps 1 to 5, valid Unicode. Normalising it again changes nothing."""
    if text.isascii():
        return " ".join(text.lower().split())
    if "\ufe0f" in text:
        text = text.replace("\ufe0f", "")
    if _EVERYDAY.fullmatch(text) and unicodedata.is_normalized("NFKC", folded := text.casefold()):
        return " ".join(_typed(folded).split())
    while (step := _once(text)) != text:
        text = step
    return text


def _typed(text: str) -> str:
    """Quotes and dashes as a keyboard has them, of a text that has no others than phones make of these."""
    return (
        text.replace("’", "'").replace("‘", "'").replace("“", '"').replace("”", '"').replace("–", "-").replace("—", "-")
    )


def _once(text: str) -> str:
    text = _IDLE_JOINER.sub("", _UNSEEN.sub("", text))
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = _OTHER_DIGIT.sub(_ascii_digit, text)
    text = _DASH.sub("-", text.translate(_QUOTES)).replace("i\u0307", "i")
    return " ".join(text.split())


def _ascii_digit(found: regex.Match[str]) -> str:
    value = unicodedata.decimal(found[0], None)
    return found[0] if value is None else str(value)


def fold_accents(normal: str) -> str:
    """Drops the marks of Latin words of four letters and more (step 6) from a text in normal form."""
    if normal.isascii():
        return normal
    if EUROPEAN.fullmatch(normal):
        return _EUROPEAN_ACCENTED.sub(_without_accents, normal)
    if not _ACCENT.search(normal):
        return normal
    return _LATIN_WORD.sub(_without_marks, normal)


def _without_accents(found: re.Match[str]) -> str:
    word = found[0]
    if len(word) < FOLDED_FROM:
        return word
    return unicodedata.normalize("NFC", _MARK.sub("", unicodedata.normalize("NFD", word)))


def _without_marks(found: regex.Match[str]) -> str:
    word = found[0]
    if word.isascii() or len(_MARK.sub("", word)) < FOLDED_FROM:
        return word
    return unicodedata.normalize("NFC", _MARK.sub("", unicodedata.normalize("NFD", word)))
