"""One normal form for keywords and messages, so that what looks alike compares equal."""

import unicodedata

import regex

# Variation selectors, zero-width characters, soft hyphen, bidi controls and skin tones: seen by nobody, or only shades.
_UNSEEN = regex.compile(
    r"[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    r"\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff]"
)
_JOINING_SCRIPTS = (
    r"\p{sc=Arabic}\p{sc=Syriac}\p{sc=Mongolian}\p{sc=Nko}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Gurmukhi}"
    r"\p{sc=Gujarati}\p{sc=Oriya}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Kannada}\p{sc=Malayalam}\p{sc=Sinhala}"
)
# A joiner means something only inside an emoji sequence or between letters that it joins or parts.
_IDLE_JOINER = regex.compile(
    r"(?!(?<=\p{Extended_Pictographic})\u200d(?=\p{Extended_Pictographic}))"
    rf"(?!(?<=[{_JOINING_SCRIPTS}])[\u200c\u200d](?=[{_JOINING_SCRIPTS}]))"
    r"[\u200c\u200d]"
)
_OTHER_DIGIT = regex.compile(r"(?V1)[\p{Nd}--0-9]")
_DASH = regex.compile(r"[\p{Pd}\u2212]")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "ı": "i"})
_LATIN_WORD = regex.compile(r"\p{Latin}[\p{Latin}\p{M}]*")
_MARK = regex.compile(r"\p{M}+")

FOLDED_FROM = 4
"""Letters a Latin word needs before its accents are ignored: `si`/`sí` and `año`/`ano` stay apart."""


def normalise(text: str) -> str:
    """The normal form of `rules.md` §3.1, steps 1 to 5. Normalising it again changes nothing."""
    if text.isascii():
        return " ".join(text.lower().split())
    while (step := _once(text)) != text:
        text = step
    return text


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
    return normal if normal.isascii() else _LATIN_WORD.sub(_without_marks, normal)


def _without_marks(found: regex.Match[str]) -> str:
    word = found[0]
    if len(_MARK.sub("", word)) < FOLDED_FROM:
        return word
    return unicodedata.normalize("NFC", _MARK.sub("", unicodedata.normalize("NFD", word)))
