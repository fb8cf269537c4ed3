"""Matching as slowly and obviously as the design says it, to hold the fast index against."""

import unicodedata
from collections.abc import Iterator, Sequence

import re2
import regex

from igbot.rules.matching.matchers import Fuzzy, Keyword, Matcher, Near, Pattern, Similar

LONGEST = 2000
UNSPACED = regex.compile(r"[\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Han}\p{scx=Hira}\p{scx=Kana}]")
SYLLABIC = regex.compile(r"[\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]")
LATIN = regex.compile(r"\p{Latin}")
# `regex` knows newer characters than `unicodedata`.
MARK = regex.compile(r"\p{M}")
WORD = regex.compile(r"[\p{L}\p{M}\p{N}_]")
OUTER = regex.compile(r"[\p{P}\p{Extended_Pictographic}\p{Regional_Indicator}\u20e3\u200d\s\U000e0020-\U000e007f]")
PICTURE = regex.compile(r"\p{Extended_Pictographic}")
JOINING = regex.compile(
    r"[\p{sc=Arabic}\p{sc=Syriac}\p{sc=Mongolian}\p{sc=Nko}\p{sc=Devanagari}\p{sc=Bengali}\p{sc=Gurmukhi}"
    r"\p{sc=Gujarati}\p{sc=Oriya}\p{sc=Tamil}\p{sc=Telugu}\p{sc=Kannada}\p{sc=Malayalam}\p{sc=Sinhala}]"
)
UNSEEN = regex.compile(
    r"[\u00ad\u034f\u061c\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    r"\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef\U0001f3fb-\U0001f3ff\ud800-\udfff]"
)
REPLACED = {"’": "'", "‘": "'", "“": '"', "”": '"', "ı": "i", "\u2212": "-"}


def normal(text: str) -> str:
    """Section 3.1, steps 1 to 5, one character after the other, until nothing changes any more."""
    before = None
    while text != before:
        before = text
        text = "".join(each for each in text if not UNSEEN.match(each))
        text = "".join(each for at, each in enumerate(text) if not is_idle_joiner(text, at))
        text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = "".join(plain_character(each) for each in text).replace("i\u0307", "i")
        text = " ".join(text.split())
    return text


def is_idle_joiner(text: str, at: int) -> bool:
    """Whether a joiner stands neither in an emoji sequence nor between letters of a joining script."""
    if text[at] not in "\u200c\u200d":
        return False
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if text[at] == "\u200d" and PICTURE.match(before) and PICTURE.match(after):
        return False
    return not (JOINING.match(before) and JOINING.match(after))


def plain_character(character: str) -> str:
    """Digits, quotes, dashes and the dotless i as a keyboard has them."""
    if regex.match(r"\p{Pd}", character):
        return "-"
    value = unicodedata.decimal(character, None)
    return REPLACED.get(character, character) if value is None else str(value)


def folded(text: str) -> str:
    """Step 6: Latin words of four letters and more lose their marks."""
    out = ""
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and (LATIN.match(text[end]) or (end > at and is_mark(text[end]))):
            end += 1
        out += without_marks(text[at:end])
        if end == at:
            out += text[at]
            end += 1
        at = end
    return out


def without_marks(word: str) -> str:
    """A Latin word as it is compared."""
    if sum(not is_mark(each) for each in word) < 4:
        return word
    taken_apart = unicodedata.normalize("NFD", word)
    return unicodedata.normalize("NFC", "".join(each for each in taken_apart if not is_mark(each)))


def is_mark(character: str) -> bool:
    """Combining characters of all kinds."""
    return MARK.match(character) is not None


def is_word(character: str) -> bool:
    """A letter, mark, number or underscore."""
    return WORD.match(character) is not None


def is_torn(text: str, start: int, end: int) -> bool:
    """Whether a mark or joiner ties `text[start:end]` to its neighbour."""
    follower = text[end : end + 1]
    return (follower != "" and (is_mark(follower) or follower == "\u200d")) or text[start - 1 : start] == "\u200d"


def is_free(text: str, start: int, end: int) -> bool:
    """Section 3.2: neither edge cuts a word."""
    for outside, inside in ((start - 1, start), (end, end - 1)):
        if not 0 <= outside < len(text):
            continue
        pair = text[outside], text[inside]
        if all(is_word(each) for each in pair) and not any(UNSPACED.match(each) for each in pair):
            return False
    return not is_torn(text, start, end)


def places(text: str, part: str) -> Iterator[tuple[int, int]]:
    """Every place of `part`."""
    for start in range(len(text) - len(part) + 1):
        if text[start : start + len(part)] == part:
            yield start, start + len(part)


def bare(text: str) -> tuple[int, int]:
    """What is left between outer punctuation and emoji; nothing at 0 if nothing is."""
    start, end = 0, len(text)
    while start < end and OUTER.match(text[start]):
        start += 1
    while end > start and OUTER.match(text[end - 1]):
        end -= 1
    return (start, end) if start < end else (0, 0)


def hits(matcher: Matcher, message: str) -> bool:
    """Whether one matcher hits a message as the customer wrote it."""
    original = message[:LONGEST]
    plain = normal(original)
    if not plain:
        return False
    match matcher:
        case Keyword():
            return keyword_hits(matcher, plain)
        case Near():
            return near_hits(matcher, folded(plain))
        case Pattern():
            # RE2 wants valid UTF-8.
            text = "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in original)
            return bool(re2.search(matcher.written, text if matcher.raw else plain))
        case Fuzzy():
            return any(fuzzy_hits(matcher, word) for word in words(folded(plain)))
        case Similar():
            return alike(folded(matcher.text), folded(plain)) >= matcher.least


def keyword_hits(keyword: Keyword, plain: str) -> bool:
    """`is`, `word`, `starts`, `ends`, `contains`."""
    text, wanted = folded(plain), folded(keyword.text)
    if keyword.kind == "word":
        return any(is_free(text, *place) for place in places(text, wanted))
    if keyword.kind == "is":
        inner, own = bare(text), bare(wanted)
        return (text[slice(*inner)] or text) == (wanted[slice(*own)] or wanted)
    if part_hits(keyword.kind, keyword.text, plain):
        return True
    letters = len(regex.findall(r"\p{L}", keyword.text))
    return letters >= 4 and part_hits(keyword.kind, wanted, text)


def part_hits(kind: str, part: str, text: str) -> bool:
    """At the edge of the message or what is left inside its punctuation, or anywhere."""
    first, last = bare(text)
    for start, end in places(text, part):
        stands = {"starts": start in (0, first), "ends": end in (len(text), last), "contains": True}[kind]
        if stands and not is_torn(text, start, end):
            return True
    return False


def near_hits(near: Near, text: str) -> bool:
    """Each place of the word against each place of each of the others."""
    own = [place for place in places(text, near.word.folded) if is_free(text, *place)]
    others = [
        place for other in near.near for place in places(text, other.folded) if is_free(text, *place)
    ]  # fmt: skip
    for one in own:
        for other in others:
            (_, end), (start, _) = sorted((one, other))
            if end <= start and words_between(text, end, start) < near.within:
                return True
    return False


def words_between(text: str, end: int, start: int) -> float:
    """How many words begin from `end` on and before `start`; characters of scripts without spaces are parts of one."""
    quarters = 0
    for at in range(end, start):
        if UNSPACED.match(text[at]):
            if WORD.match(text[at]) and not is_mark(text[at]):
                quarters += 1 if SYLLABIC.match(text[at]) else 2
        elif is_word(text[at]) and (at == 0 or not is_word(text[at - 1]) or UNSPACED.match(text[at - 1])):
            quarters += 4
    return -(-quarters // 4)


def words(text: str) -> list[str]:
    """The runs of word characters of scripts with spaces."""
    return "".join(each if is_word(each) and not UNSPACED.match(each) else "\n" for each in text).split("\n")


def fuzzy_hits(fuzzy: Fuzzy, word: str) -> bool:
    """The first letters agree, and the edits are few enough."""
    wanted = folded(fuzzy.text)
    return word[:1] == wanted[:1] and edits(wanted, word) <= fuzzy.distance


def edits(one: str, other: str) -> int:
    """Put in, left out, replaced, or swapped with the neighbour; by the table of all beginnings."""
    table = {(i, j): max(i, j) if not i or not j else 0 for i in range(len(one) + 1) for j in range(len(other) + 1)}
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            table[i, j] = min(
                table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (one[i - 1] != other[j - 1])
            )
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 1] + other[j - 2]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[len(one), len(other)]


def alike(sentence: str, message: str) -> float:
    """Of 100: the shared words against the sentence, or all of the one against all of the other."""
    wanted, said = word_set(sentence), word_set(message)
    shared = sorted(wanted & said)
    return max(
        ratio(" ".join(shared), " ".join(shared + sorted(wanted - said))),
        ratio(" ".join(shared + sorted(wanted - said)), " ".join(shared + sorted(said - wanted))),
    )


def word_set(text: str) -> set[str]:
    """The words of any script; the text itself where it has none."""
    return set("".join(each if is_word(each) else " " for each in text).split()) or set(text.split())


def ratio(one: str, other: str) -> float:
    """Twice the characters they have in common, in order, of all they have."""
    return round(200 * in_common(one, other) / (len(one) + len(other)), 6)


def in_common(one: str, other: str) -> int:
    """The length of the longest text that is left of both when characters are struck out."""
    row: Sequence[int] = [0] * (len(other) + 1)
    for letter in one:
        new = [0]
        for j, each in enumerate(other):
            new.append(row[j] + 1 if letter == each else max(row[j + 1], new[j]))
        row = new
    return row[-1]
