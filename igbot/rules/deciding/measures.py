"""What can be counted or seen in a message without any keyword: its words, its characters, a link, a number."""

from math import ceil

from igbot.rules.expressions import expression
from igbot.rules.matching.matchers import Text
from igbot.rules.matching.words import UNSPACED

LETTERS_A_WORD = 2
"""Characters of Chinese and Japanese that count as one word."""
THAI_LETTERS_A_WORD = 4
"""Letters of Thai, Lao, Khmer and Burmese, marks apart, that count as one word."""

_SYLLABIC = r"\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}"
_SPACED = rf"(?V1)[[\p{{L}}\p{{M}}\p{{N}}_]--[{UNSPACED}]]+"
_SPACED_WORD = expression(rf"{_SPACED}(?:(?:['-]|[.,](?=[0-9])){_SPACED.removeprefix('(?V1)')})*")
_SYLLABIC_RUN = expression(rf"(?V1)[[\p{{L}}\p{{M}}\p{{N}}]&&[{_SYLLABIC}]]+")
_IDEOGRAPHIC_RUN = expression(rf"(?V1)[[\p{{L}}\p{{M}}\p{{N}}]&&[{UNSPACED}]--[{_SYLLABIC}]]+")
_MARK = expression(r"\p{M}")
_GRAPHEME = expression(r"\X")

# Not those that are words of their own: a missing space ("the price.in store") makes no address.
_ENDINGS = "com|net|org|info|shop|store|app|link|bio|io|co|ly|eu|uk|es|de|fr|pt|br|mx|tr|ru|nl|ch|pl"
_LINK = expression(
    r"https?://\S|(?<![\p{L}\p{N}])www\.[\p{L}\p{N}]"
    rf"|(?<![\p{{L}}\p{{N}}@.-])[\p{{L}}\p{{N}}-]{{1,63}}(?:\.[\p{{L}}\p{{N}}-]{{1,63}}){{0,4}}"
    rf"(?:\.(?:{_ENDINGS})(?![\p{{L}}\p{{N}}@-])|\.[a-z]{{2,24}}/)"
)
_EMAIL = expression(r"[\p{L}\p{N}_+-]@[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,5}\.\p{L}{2,24}")
_DATE = r"(?:[0-9]{4}[-./][0-9]{1,2}[-./][0-9]{1,2}|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:[0-9]{4}|[0-9]{2}))(?![0-9])"
_PHONE = expression(rf"(?<![0-9])(?<![0-9][-./])(?!{_DATE})[0-9](?:[\s().\-/]{{0,2}}[0-9]){{6,14}}(?![0-9])")
_DIGIT = expression("[0-9]")


def words(text: Text) -> int:
    """How many words a message has: what stands between spaces and punctuation (`e-mail`, `don't` and `4.90` are one).

    Thai, Chinese and other scripts have no spaces between words, and telling their words apart takes a dictionary.
    They are estimated, each row rounded up: two characters of Chinese or Japanese are a word, four letters (marks
    apart) of Thai, Lao, Khmer or Burmese. Emoji are no words.
    """
    count = len(_SPACED_WORD.findall(text.plain))
    if text.plain.isascii():
        return count
    count += sum(ceil(len(run) / LETTERS_A_WORD) for run in _IDEOGRAPHIC_RUN.findall(text.plain))
    return count + sum(ceil(len(_MARK.sub("", run)) / THAI_LETTERS_A_WORD) for run in _SYLLABIC_RUN.findall(text.plain))


def characters(text: Text) -> int:
    """How many characters a reader sees, spaces included."""
    return len(text.plain) if text.plain.isascii() else len(_GRAPHEME.findall(text.plain))


def is_question(text: Text) -> bool:
    """Whether there is a question mark of any script; words that ask are not guessed at."""
    return any(mark in text.plain for mark in "?؟¿՞፧⁉⁈")


def has_link(text: Text) -> bool:
    """Whether there is a web address, with or without `https://`."""
    return bool(_LINK.search(text.plain))


def has_email(text: Text) -> bool:
    """Whether there is an e-mail address."""
    return "@" in text.plain and bool(_EMAIL.search(text.plain))


def has_phone(text: Text) -> bool:
    """Whether there are 7 to 15 digits in a row that are no date, with or without spaces and signs between them."""
    return bool(_PHONE.search(text.plain))


def has_number(text: Text) -> bool:
    """Whether there is a digit, of any script."""
    return bool(_DIGIT.search(text.plain))
