"""Writes the line of an ordinary event in one go, or declines: whatever could need care gets the careful way."""

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

from igbot.telemetry.log import FIELDS
from igbot.telemetry.plain import FIELD_CHARACTERS, ITEMS, moment
from igbot.telemetry.redaction import Redactor, names_a_secret

OURS = "igbot."
"""How the names of our own loggers begin."""

_REMEMBERED = 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OrdinaryLines:
    """Gives the JSON line that the careful way would give, as long as nothing in it must be hidden, escaped or cut.

    `marks` stand on every line; a field called like one of them, or like one of `reserved`, needs care.
    """

    def __init__(self, redactor: Redactor, *, marks: Mapping[str, object], reserved: Collection[str]) -> None:
        self._redactor = redactor
        self._heads: dict[tuple[str, str, str], str] = {}
        self._seconds: dict[int, str] = {}
        self._most = ITEMS - len(marks)
        self._taken = frozenset(reserved)
        self._keys: dict[str, str] = {}
        self._marks = self._pairs(marks)
        self._taken = frozenset((*reserved, *marks))
        self._keys = {}

    def line(self, record: logging.LogRecord) -> str | None:
        """The whole line, or none where the record needs care."""
        fields = getattr(record, FIELDS, None)
        if type(fields) is not dict or len(fields) > self._most or record.exc_info or type(record.msg) is not str:
            return None
        place = (record.name, record.levelname, record.msg)
        head = self._heads.get(place)
        if head is None:
            head = self._head(place)
        pairs = self._pairs(fields)
        if not head or pairs is None:
            return None
        line = f'{{"timestamp": "{self._stamp(record.created)}", {head}{pairs}}}'
        # No name or value holds a quote: without a backslash, which is not harmless, the line is JSON as it stands.
        return line if line.isprintable() and self._redactor.harmless(line) else None

    def _head(self, place: tuple[str, str, str]) -> str:
        """What stands between the time and the fields; empty where such an event always needs care."""
        name, level, event = place
        head = ""
        if self._marks is not None and name.startswith(OURS) and len(event) <= FIELD_CHARACTERS:
            room = name.removeprefix(OURS)
            if '"' not in level + event + room:
                head = f'"level": "{level}", "event": "{event}", "room": "{room}"{self._marks}'
        if len(self._heads) < _REMEMBERED:
            self._heads[place] = head
        return head

    def _pairs(self, fields: Mapping[str, object]) -> str | None:
        pairs = ""
        for name, value in fields.items():
            key = self._keys.get(name)
            if key is None:
                key = self._key(name)
            written = self._written(value)
            if not key or written is None:
                return None
            pairs += key + written
        return pairs

    def _key(self, name: str) -> str:
        """How a pair of this name begins; empty where the name needs care."""
        key = ""
        if type(name) is str and name not in self._taken and '"' not in name and len(name) <= FIELD_CHARACTERS:
            key = "" if names_a_secret(name) else f', "{name}": '
        if len(self._keys) < _REMEMBERED:
            self._keys[name] = key
        return key

    def _stamp(self, created: float) -> str:
        second = int(created)
        # Rounded as `datetime.fromtimestamp` rounds, cut as `moment` cuts.
        thousandths = round((created - second) * 1e6) // 1000
        if not 0 <= thousandths <= 999:
            return moment(datetime.fromtimestamp(created, UTC))
        return f"{self._seconds.get(second) or self._begin(second)}{thousandths:03d}Z"

    def _moment(self, at: datetime) -> str:
        since = at - _EPOCH
        second = since.days * 86400 + since.seconds
        return f"{self._seconds.get(second) or self._begin(second)}{since.microseconds // 1000:03d}Z"

    def _begin(self, second: int) -> str:
        """How every moment within this second of Unix time begins."""
        begin = moment(_EPOCH + timedelta(seconds=second)).removesuffix("000Z")
        if len(self._seconds) >= _REMEMBERED:
            self._seconds.clear()
        self._seconds[second] = begin
        return begin

    def _written(self, value: object) -> str | None:
        """A value of an ordinary kind as JSON writes it; none where it needs care."""
        if type(value) is str:
            return f'"{value}"' if len(value) <= FIELD_CHARACTERS and '"' not in value else None
        if type(value) is int:
            return repr(value) if value.bit_length() <= 64 else None
        if type(value) is datetime:
            return f'"{self._moment(value)}"' if value.tzinfo is UTC else None
        if value is None:
            return "null"
        if type(value) is bool:
            return "true" if value else "false"
        if type(value) is float:
            return repr(value) if value - value == 0 else None
        return None
