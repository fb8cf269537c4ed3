"""How every room writes what happened: a fixed event name and fields, never a sentence with values in it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

FIELDS = "igbot_fields"
"""The attribute of a log record under which the fields of an event stand."""


@dataclass(frozen=True, slots=True)
class EventLog:
    """Writes events of one room.

    Fields are any values: the formatter makes them plain, hides secrets and escapes what customers wrote. A customer's
    text belongs into `debug` only. `exc` adds the error with its stack trace. `called` says what people call an
    account, where lines must tell several apart.
    """

    logger: logging.Logger
    called: Callable[[str], str] | None = None
    account: str | None = None

    def of(self, account_id: str) -> "EventLog":
        """This log for lines about one account and its customers: with a field `account` where there are several."""
        return self if self.called is None else replace(self, account=self.called(account_id))

    def debug(self, event: str, *, exc: BaseException | None = None, **fields: object) -> None:
        """What only a developer wants to see; the one level that may carry message text."""
        self._write(logging.DEBUG, event, exc, fields)

    def info(self, event: str, *, exc: BaseException | None = None, **fields: object) -> None:
        """The normal course of things."""
        self._write(logging.INFO, event, exc, fields)

    def warning(self, event: str, *, exc: BaseException | None = None, **fields: object) -> None:
        """Something that a person should look at some time."""
        self._write(logging.WARNING, event, exc, fields)

    def error(self, event: str, *, exc: BaseException | None = None, **fields: object) -> None:
        """Something went wrong and was survived."""
        self._write(logging.ERROR, event, exc, fields)

    def critical(self, event: str, *, exc: BaseException | None = None, **fields: object) -> None:
        """A person is needed."""
        self._write(logging.CRITICAL, event, exc, fields)

    def _write(self, level: int, event: str, exc: BaseException | None, fields: dict[str, object]) -> None:
        if not self.logger.isEnabledFor(level):
            return
        if self.account is not None:
            fields["account"] = self.account
        told = None if exc is None else (type(exc), exc, exc.__traceback__)
        # `Logger.log` would walk the stack for a file and line that no line of ours shows: the event's name finds both.
        record = logging.getLogRecordFactory()(self.logger.name, level, "", 0, event, (), told)
        setattr(record, FIELDS, fields)
        self.logger.handle(record)


def event_log(room: str, *, called: Callable[[str], str] | None = None) -> EventLog:
    """The log of one room, by its name (`inbox`, `web` …); `called`: see `EventLog`."""
    return EventLog(logging.getLogger(f"igbot.{room}"), called)
