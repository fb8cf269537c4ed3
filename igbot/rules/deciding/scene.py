"""All that conditions may ask of, for one message: what was written, by whom, when. What is costly is found once."""

from dataclasses import dataclass, field
from datetime import datetime

from igbot.rules.conditions import ScheduleCondition
from igbot.rules.deciding import measures
from igbot.rules.deciding.choice import Customer, Incoming, Profile
from igbot.rules.matching.matchers import Text
from igbot.rules.matching.normalise import normalise

_NOBODY = Profile()


@dataclass(slots=True)
class Scene:
    """`hits` are the numbers of the keywords that hit, `language` is the customer's (a tag in lower case), `written_in`
    that of the message, where it could be told.

    `profile_missed` becomes true once something asks for what Meta has not been asked for yet.
    """

    message: Incoming
    text: Text
    hits: set[int]
    customer: Customer
    sent_at: datetime
    now: datetime
    language: str
    written_in: str | None = None
    profile_missed: bool = False
    _open: dict[str, bool] = field(default_factory=dict)
    _words: int | None = None
    _emoji: str | None = None

    @property
    def words(self) -> int:
        """How many words the message has."""
        if self._words is None:
            self._words = measures.words(self.text)
        return self._words

    @property
    def emoji(self) -> str | None:
        """The emoji of a reaction in normal form."""
        if self._emoji is None and self.message.emoji is not None:
            self._emoji = normalise(self.message.emoji)
        return self._emoji

    @property
    def profile(self) -> Profile:
        """What Meta tells of the customer; an empty one, and a note of it, where Meta was not asked."""
        if self.customer.profile is None:
            self.profile_missed = True
        return self.customer.profile or _NOBODY

    def is_open(self, condition: ScheduleCondition) -> bool:
        """Whether the schedule is open now, whatever the condition wants."""
        known = self._open.get(condition.name)
        if known is None:
            known = self._open[condition.name] = condition.schedule.is_open(self.now)
        return known
