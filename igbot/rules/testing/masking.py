"""Takes what tells who somebody is out of a conversation; the same thing becomes the same other thing everywhere."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import regex

SHORTEST_NUMBER = 3
"""Digits that make a number worth hiding: sizes and counts may stay."""
SHORTEST_PHONE = 7
"""Digits that make one number of several groups: `600 123 456`."""
NAMES = ("Alex", "Robin", "Kim", "Sam", "Charlie", "Jo", "Noa", "Luca")

_DOMAINS = "com|net|org|info|shop|store|app|io|me|co|eu|uk|es|de|fr|it|pt|br|mx|ar|tr|ru|nl|example"
_LINK = regex.compile(rf"(?:https?://|www\.)\S+|\b(?:[\w-]+\.)+(?:{_DOMAINS})\b(?:/\S*)?", regex.IGNORECASE)
_MAIL = regex.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HANDLE = regex.compile(r"(?<![\w@])@[\w.]*\w")
_NUMBERS = regex.compile(r"\d(?:[ \u00a0().\-/]{0,3}\d)*")
_DIGITS = regex.compile(r"\d+")
# Who says such a thing names somebody next, with a capital letter where the script has them.
_INTRODUCED = regex.compile(
    r"(?:(?i:\b(?:my name is|name is|name's|this is|i am|i'm|call me|me llamo|mi nombre es|soy|ich bin|ich heiße"
    r"|mein name ist|je m'appelle|je suis|mon nom est|meu nome é|me chamo|sou|mi chiamo|sono|il mio nome è"
    r"|меня зовут|adım|benim adım))|(?:اسمي|أنا اسمي))\s+((?:[\p{Lu}\p{Lo}][\p{L}\p{M}'’-]+\s?){1,3})"
)
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_SHORTEST_NAME = 2


@dataclass(slots=True)
class Mask:
    """What was hidden so far, and behind what. `names` are those that are known of the customer."""

    names: Iterable[str] = ()
    _numbers: dict[str, str] = field(default_factory=dict)
    _persons: dict[str, str] = field(default_factory=dict)
    _links: dict[str, str] = field(default_factory=dict)
    _mails: dict[str, str] = field(default_factory=dict)
    _handles: dict[str, str] = field(default_factory=dict)
    _known: "regex.Pattern[str] | None" = None

    def __post_init__(self) -> None:
        for name in self.names:
            self._learn(name)

    def look_at(self, text: str) -> None:
        """Learns the names by which somebody is introduced, so that they are hidden in what was said before as well."""
        for found in _INTRODUCED.finditer(text):
            self._learn(found[1])

    def __call__(self, text: str) -> str:
        """The text without names, e-mail addresses, links, handles, and numbers of three digits and more."""
        self.look_at(text)
        kept: list[str] = []
        # What is put in place must not be read again.
        text = _PLACE.sub("", text)
        text = self._hide(_MAIL, text, kept, lambda it: _nth(self._mails, it.lower(), "person{}@mail.example"))
        text = self._hide(_LINK, text, kept, lambda it: _nth(self._links, it, "https://link.example/{}"))
        text = self._hide(_HANDLE, text, kept, lambda it: _nth(self._handles, it.lower(), "@somebody{}"))
        if self._known is not None:
            text = self._hide(self._known, text, kept, lambda it: self._persons.get(it.casefold(), NAMES[0]))
        text = _NUMBERS.sub(self._number, text)
        return _PLACE.sub(lambda found: kept[ord(found[0]) - _FIRST_PLACE], text)

    def _hide(self, pattern: "regex.Pattern[str]", text: str, kept: list[str], other: Callable[[str], str]) -> str:
        def put(found: "regex.Match[str]") -> str:
            if len(kept) > _LAST_PLACE - _FIRST_PLACE:
                return other(found[0])
            kept.append(other(found[0]))
            return chr(_FIRST_PLACE + len(kept) - 1)

        return pattern.sub(put, text)

    def _learn(self, name: str) -> None:
        """Each word of a name is hidden by itself as well."""
        words = [word for word in _WORD.findall(name) if len(word) >= _SHORTEST_NAME]
        for word in words:
            number = len(self._persons)
            stem, round_ = NAMES[number % len(NAMES)], number // len(NAMES)
            self._persons.setdefault(word.casefold(), stem + (chr(ord("a") + round_ % 26) if round_ else ""))
        if words:
            longest_first = sorted(self._persons, key=lambda each: (-len(each), each))
            self._known = regex.compile("|".join(map(_standing_alone, longest_first)), regex.IGNORECASE)

    def _number(self, found: "regex.Match[str]") -> str:
        groups = found[0]
        if sum(letter.isdecimal() for letter in groups) >= SHORTEST_PHONE:
            # One number however it is grouped, in the shape it was written in.
            digits = iter(self._digits("".join(filter(str.isdecimal, groups))))
            return "".join(next(digits) if letter.isdecimal() else letter for letter in groups)
        return _DIGITS.sub(lambda each: self._digits(each[0]) if len(each[0]) >= SHORTEST_NUMBER else each[0], groups)

    def _digits(self, written: str) -> str:
        digits = "".join(str(int(digit)) for digit in written)
        if digits not in self._numbers:
            taken = sum(len(known) == len(digits) for known in self._numbers)
            lowest = 10 ** (len(digits) - 1)
            other = str(lowest + (taken + 1) % (9 * lowest))
            # Hidden behind itself it would still be there.
            self._numbers[digits] = other if other != digits else str(9 * lowest + taken % lowest)
        return self._numbers[digits]


_FIRST_PLACE, _LAST_PLACE = 0xF0000, 0xFFFFD
"""Private characters that stand for what is hidden until all of a text is read."""
_PLACE = regex.compile(r"[\U000f0000-\U000ffffd]")


def _standing_alone(name: str) -> str:
    """The pattern of a name; in scripts without spaces it stands within a run of other letters."""
    letters = regex.escape(name)
    return letters if _UNSPACED.search(name) else rf"(?<![\p{{L}}\p{{M}}]){letters}(?![\p{{L}}\p{{M}}])"


def _nth(known: dict[str, str], thing: str, shape: str) -> str:
    return known.setdefault(thing, shape.format(len(known) + 1))
