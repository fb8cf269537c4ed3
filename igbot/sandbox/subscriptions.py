"""Which webhook fields the account is subscribed to (`/{id}/subscribed_apps`)."""

from collections.abc import Mapping
from typing import Any

from igbot.sandbox.calls import GraphCall
from igbot.sandbox.refusals import bad_parameter

APP_ID = "100000000000001"
WEBHOOK_FIELDS = frozenset(
    {"comments", "feed", "live_comments", "mentions", "message_echoes", "message_edit", "message_edits"}
    | {"message_reactions", "messages", "messaging_handover", "messaging_optins", "messaging_policy_enforcement"}
    | {"messaging_postbacks", "messaging_referral", "messaging_seen", "response_feedback", "standby", "story_insights"}
)


class Subscription:
    """The fields of the last subscription; none at first."""

    def __init__(self) -> None:
        self._fields: tuple[str, ...] = ()

    def answer(self, call: GraphCall) -> Mapping[str, Any]:
        """Shows (GET) or replaces (POST) the subscription.

        Raises RefusalError, as Graph does, for a name that is no webhook field.
        """
        if call.method == "GET":
            return {"data": [{"id": APP_ID, "subscribed_fields": list(self._fields)}] if self._fields else []}
        body = call.body if isinstance(call.body, dict) else {}
        asked = call.params.get("subscribed_fields") or body.get("subscribed_fields") or ""
        names = asked if isinstance(asked, list) else [name.strip() for name in str(asked).split(",")]
        for index, name in enumerate(names):
            if not isinstance(name, str) or name not in WEBHOOK_FIELDS:
                known = ", ".join(sorted(WEBHOOK_FIELDS))
                raise bad_parameter(f"Param subscribed_fields[{index}] must be one of {{{known}}}")
        self._fields = tuple(names)
        return {"success": True}
