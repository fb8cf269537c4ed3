"""Turns any value into what a log line can hold: short, plain, without secrets, and never an error."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import PurePath

from igbot.telemetry.redaction import MARK, Redactor, names_a_secret

FIELD_CHARACTERS = 2048
ITEMS = 50
_DEPTH = 5
_CUT = "…"

Plain = None | bool | int | float | str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True)
class Plainer:
    """Makes values plain; `redactor` hides what must not be seen, `characters` is the longest text kept."""

    redactor: Redactor
    characters: int = FIELD_CHARACTERS

    def text(self, text: str) -> str:
        """The text without secrets, cut to its longest length, lone surrogates replaced."""
        text = str.__str__(text)
        cleaned = self.redactor.clean(text, limit=self.characters)
        if len(text) > self.characters:
            cleaned = cleaned[: self.characters - 1] + _CUT
        return _storable(cleaned)

    def ends(self, text: str, characters: int) -> str:
        """The text without secrets, its middle left out where it is too long: a stack trace says most at its end."""
        cleaned = self.redactor.clean(text, limit=32 * characters)
        if len(cleaned) > characters:
            head = characters // 4
            cleaned = f"{cleaned[:head]}\n{_CUT}\n{cleaned[head + 3 - characters :]}"
        return _storable(cleaned)

    def value(self, value: object, *, depth: int = 0) -> Plain:
        """The value as JSON can hold it. What cannot be shown is named by its type."""
        try:
            return self._known(value, depth)
        except Exception as error:  # a value with a broken __repr__ must not cost the line
            return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"

    def mapping(self, mapping: Mapping[object, object], *, depth: int = 0) -> dict[str, Plain]:
        """The pairs of a mapping, values of secret names hidden whatever they are."""
        plain: dict[str, Plain] = {}
        for key, value in islice(mapping.items(), ITEMS):
            name = self.text(key if isinstance(key, str) else repr(key))
            hidden = names_a_secret(name) and value is not None and not isinstance(value, bool)
            plain[name] = MARK if hidden else self.value(value, depth=depth + 1)
        if len(mapping) > ITEMS:
            plain[_CUT] = f"{len(mapping) - ITEMS} more"
        return plain

    def _known(self, value: object, depth: int) -> Plain:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, date | timedelta):
            return _time(value)
        if isinstance(value, bytes | bytearray | memoryview):
            return f"<{len(value)} bytes>"
        if isinstance(value, Mapping | list | tuple | Set):
            return self._nested(value, depth)
        if isinstance(value, BaseException):
            return self.text(f"{type(value).__name__}: {value}")
        return self.text(str(value) if isinstance(value, PurePath) else repr(value))

    def _nested(
        self, value: "Mapping[object, object] | list[object] | tuple[object, ...] | Set[object]", depth: int
    ) -> Plain:
        if depth >= _DEPTH:
            return f"<{type(value).__name__} of {len(value)}>"
        if isinstance(value, Mapping):
            return self.mapping(value, depth=depth)
        plain = [self.value(item, depth=depth + 1) for item in islice(value, ITEMS)]
        if len(value) > ITEMS:
            plain.append(f"{len(value) - ITEMS} more")
        return plain

    def _number(self, number: int | float) -> Plain:
        if isinstance(number, int):
            if number.bit_length() > 64:
                return f"<number of {number.bit_length()} bits>"
            number = int(number)
        elif number - number != 0:
            return repr(float(number))
        else:
            number = float(number)
        written = repr(number)
        cleaned = self.redactor.clean(written)
        return number if cleaned == written else cleaned


def moment(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds; a moment without a zone stays without one."""
    if at.tzinfo is None:
        return at.isoformat(timespec="milliseconds")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _time(value: date | timedelta) -> Plain:
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else value.total_seconds()


def _storable(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
