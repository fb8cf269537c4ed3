"""One claimed reply taken a step further: called, looked up, or ended without a call. What became of it is written
elsewhere."""

import contextlib
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from igbot.errors import DatabaseUnavailable
from igbot.meta.conversations_api import SentMessage
from igbot.meta.echoes import is_plain
from igbot.meta.events import AccountId
from igbot.meta.outcomes import Halted, Outcome, Wait, not_sent
from igbot.meta.token_answers import DEAD
from igbot.outbox.account import SendingAccount
from igbot.outbox.again import begin_again
from igbot.outbox.claimed import ClaimedReply
from igbot.outbox.finish import Finished, rate_waits
from igbot.outbox.gate import Usage
from igbot.outbox.graph import LookUp
from igbot.outbox.reporting import fields_of
from igbot.outbox.search import find_reply, unproved
from igbot.outbox.verdict import (
    LOST,
    NEVER_ARRIVED,
    UNREACHED,
    WINDOW_CLOSED,
    Verdict,
    after_look_up,
    interrupted,
    judge,
    lost,
    not_asked,
    outdated,
    unreachable,
)
from igbot.settings.model import Rates
from igbot.store.pool import Database
from igbot.telemetry.clock import Clock
from igbot.telemetry.log import EventLog


class Steps:
    """Takes replies of `accounts`, those that may send now, a step further."""

    def __init__(
        self,
        database: Database,
        *,
        accounts: Callable[[], Mapping[AccountId, SendingAccount]],
        margin: timedelta,
        clock: Clock,
        log: EventLog,
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._margin = margin
        self._clock = clock
        self._log = log

    async def show_typing(self, reply: ClaimedReply) -> None:
        """Best effort, and left out where Meta has better to do."""
        account = self._accounts().get(reply.account_id)
        if account is not None and not reply.known.marked and not reply.known.usage.spares(self._clock()):
            await account.graph.show_typing(reply.igsid, token=account.token)

    async def take(self, reply: ClaimedReply) -> Finished:
        """What becomes of a reply that is to be sent, settled or ended."""
        match reply.step:
            case "send":
                return await self._call(reply)
            case "settle":
                try:
                    return await self._settle(reply)
                except (DatabaseUnavailable, TimeoutError):  # it is asked before anything is called
                    verdict = interrupted(lost=reply.lost, unanswered=reply.unanswered, now=self._clock())
            case "lost":
                verdict = lost(sending_at=reply.sending_at or self._clock(), unanswered=reply.unanswered)
            case "unreadable":
                reason = "written by another version of igbot"
                verdict = Verdict("dead", "unreadable", reason=reason, unanswered=reply.unanswered, alert=True)
            case "cancel" | "block" | "expire":
                verdict = _ended(reply, reply.step, why=reply.why)
            case "type":
                raise ValueError("typing is shown, and brings no verdict")
            case _:
                assert_never(reply.step)
        return Finished(reply, verdict)

    async def _call(self, reply: ClaimedReply) -> Finished:
        account = self._accounts().get(reply.account_id)
        spread = random.uniform(0.5, 1.5)
        if account is None:
            error, now = not_sent("there is no token").error, self._clock()
            verdict = unreachable(error, spread=spread, unanswered=reply.unanswered, now=now, failure=False)
            return Finished(reply, verdict)
        sending = await account.graph.send(reply.igsid, reply.message, token=account.token)
        usage = Usage(sending.usage, self._clock())
        if sending.outcome is None:
            error, now = not_sent("Meta cannot be reached").error, self._clock()
            verdict = unreachable(error, spread=spread, unanswered=reply.unanswered, now=now)
            return Finished(reply, verdict, spread=spread)
        if isinstance(sending.outcome, Halted) and self._is_outdated(account, sending.outcome):
            verdict = outdated(sending.outcome.error, unanswered=reply.unanswered, now=self._clock())
            return Finished(reply, verdict, usage, spread)
        waits = await self._rate_waits(reply) if _doubles(sending.outcome) else 0
        verdict = judge(
            sending.outcome,
            calls=reply.attempts + 1,
            before=reply.retries,
            probing=reply.known.probe is not None,
            unanswered=reply.unanswered,
            rate_waits=waits,
            spread=spread,
            now=self._clock(),
        )
        return Finished(reply, verdict, usage, spread)

    def _is_outdated(self, account: SendingAccount, halted: Halted) -> bool:
        """Whether Meta refused a token that was replaced during the call: the new one must not be stopped for it."""
        current = self._accounts().get(account.account_id)
        return halted.error.code in DEAD and current is not None and current.token != account.token

    async def _rate_waits(self, reply: ClaimedReply) -> int:
        with contextlib.suppress(DatabaseUnavailable, TimeoutError):  # the limit itself matters more than its count
            async with self._database.connection() as conn:
                return await rate_waits(conn, reply.account_id, now=self._clock())
        return 0

    async def _settle(self, reply: ClaimedReply) -> Finished:
        """An unknown outcome: ask Meta what it has, and only then call again."""
        probing = reply.known.probe is not None
        account = self._accounts().get(reply.account_id)
        looked_up = await _look_up(reply, account)
        messages, refusal = looked_up.messages, looked_up.refusal
        if account is not None and isinstance(refusal, Halted) and refusal.error.code in DEAD:
            replaced = self._is_outdated(account, refusal)
            return Finished(
                reply,
                not_asked(refusal, replaced=replaced, lost=reply.lost, unanswered=reply.unanswered, now=self._clock()),
            )
        if messages is None and refusal is None and probing:
            reason = LOST if reply.lost else "Meta cannot be asked"
            verdict = Verdict("unknown", "no look-up", self._clock(), reason=reason, unanswered=reply.unanswered)
            return Finished(reply, replace(verdict, failure=True), spread=random.uniform(0.5, 1.5))
        found = await self._found(reply, messages)
        finished = await self._not_found(reply, messages) if found is None else Finished(reply, found)
        if probing and not finished.verdict.failure:
            return replace(finished, verdict=replace(finished.verdict, answered=True))
        return finished

    async def _found(self, reply: ClaimedReply, messages: list[SentMessage] | None) -> Verdict | None:
        if not messages:
            return None
        async with self._database.connection() as conn:
            found = await find_reply(conn, reply, messages)
        return None if found is None else Verdict("sent", "found", mid=found.mid, unanswered=reply.unanswered)

    async def _not_found(self, reply: ClaimedReply, messages: list[SentMessage] | None) -> Finished:
        now = self._clock()
        why_unproved = unproved(messages, reply.message, since=reply.sending_at or now)
        if why_unproved is None:
            reply = _without_disproved(reply)
        step, at = after_look_up(
            found=None if why_unproved else False,
            lost=reply.lost,
            calls=reply.attempts,
            most_calls=reply.most_calls,
            unanswered=reply.unanswered,
            sending_at=reply.sending_at or now,
            now=now,
        )
        if step == "later":
            reason = LOST if reply.lost else why_unproved
            return Finished(reply, Verdict("unknown", "no look-up", at, reason=reason, unanswered=reply.unanswered))
        if step == "dead":
            disproved = unproved(messages, reply.message, since=reply.decided_at) is None
            reason = NEVER_ARRIVED if disproved else "not known to have been sent after every try"
            return Finished(reply, Verdict("dead", "given up", reason=reason, unanswered=reply.unanswered, alert=True))
        return await self._again(reply, why_unproved if step == "send blind" else None)

    async def _again(self, reply: ClaimedReply, why_blind: str | None) -> Finished:
        account = self._accounts().get(reply.account_id)
        rates = account.rates if account else Rates()
        async with self._database.connection() as conn:
            allowed, why = await begin_again(conn, reply, rates=rates, margin=self._margin, now=self._clock())
        if allowed == "send":
            if why_blind is not None:
                self._log.of(reply.account_id).warning("send_repeated", **fields_of(reply), reason=why_blind)
            finished = await self._call(reply)
            if why_blind is not None and finished.verdict.state == "queued":
                # Nothing came of this call, and nobody knows yet what came of the one before.
                return replace(finished, verdict=replace(finished.verdict, state="unknown"))
            return finished
        if allowed == "settled":
            return Finished(reply, Verdict("sent", "settled by echo", unanswered=reply.unanswered))
        if allowed == "hold":
            reason = LOST if reply.lost else "sends are stopped"
            verdict = Verdict("unknown", "held", self._clock(), reason=reason, unanswered=reply.unanswered)
            return Finished(reply, verdict)
        return Finished(reply, _ended(reply, allowed, why=why))


async def _look_up(reply: ClaimedReply, account: SendingAccount | None) -> LookUp:
    if account is None:
        return LookUp(None)
    more = not is_plain(reply.message)
    return await account.graph.look_up(reply.igsid, token=account.token, with_attachments=more)


def _doubles(outcome: Outcome) -> bool:
    """Whether how long to wait depends on how often the account had to before: not where Meta says it of a limit."""
    return isinstance(outcome, Wait) and (outcome.seconds is None or outcome.cause != "rate limit")


def _ended(reply: ClaimedReply, how: str, *, why: str) -> Verdict:
    match how:
        case "cancel":
            return Verdict("cancelled", "cancelled", reason=why, unanswered=reply.unanswered)
        case "block":
            return Verdict("failed", "blocked", reason=UNREACHED, unanswered=reply.unanswered)
        case _:
            return Verdict("expired", "expired", reason=WINDOW_CLOSED, unanswered=reply.unanswered)


def _without_disproved(reply: ClaimedReply) -> ClaimedReply:
    """Of what Meta has nothing, that was no call: where its process died over it, or Meta itself was away.

    Else a crash at a bad moment, or an outage, would cost the customer the answer. What is never called again, since
    Meta says that it was sent, is not called again for that either.
    """
    if reply.most_calls == 1:
        return reply
    if reply.known.probe is not None:
        return replace(reply, attempts=max(reply.attempts - 1, 0), unanswered=max(reply.unanswered - 1, 0))
    return replace(reply, attempts=reply.attempts - 1) if reply.lost else reply
