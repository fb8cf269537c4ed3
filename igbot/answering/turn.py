"""One turn of one conversation: its pending events folded into what is to be written. Pure; `settle` writes it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from igbot.answering.claim import EVENTS_A_TURN
from igbot.answering.claimed import REVISIONS, Claim, PendingEvent
from igbot.answering.echoes import fold_echo
from igbot.answering.handover import fold_handover
from igbot.answering.messages import Ground, fold_message
from igbot.answering.outcome import Fact, NewMessage, Notice, Occasion, Turn
from igbot.answering.policy import Policy
from igbot.answering.profiles import kept
from igbot.meta.events import CUSTOMER_KINDS, OPENS_WINDOW
from igbot.meta.parties import UNKNOWN_ACCOUNT
from igbot.rules.deciding.ruleset import RuleSet

NO_SENDER = (
    "Meta tells of edited messages without saying whose. That happens to apps with limited access: look in the App "
    "Dashboard whether the app is live and has Advanced Access, as messages may not arrive at all."
)


def take_turn(
    claim: Claim,
    rules: RuleSet,
    policy: Policy,
    *,
    now: datetime,
    account: str = "",
    remaining: Mapping[str, int] | None = None,
) -> Turn:
    """Fold the pending events of a claim: echoes first, customers' messages last in order of Meta's timestamp.

    Echoes go first because a person who has answered meanwhile has answered: the bot must not answer as well. Before
    them only what waits for nobody: what was taken back or edited.
    `account` is the name of the account in the rules, `remaining` how many answers are left to rules whose limit
    counts all customers. An event that raises ends the turn with `failure` set; what came before it stands. An event
    that has failed before is taken alone, so that it cannot take its neighbours with it.
    """
    turn = Turn(
        claim,
        claim.memory,
        profile=kept(claim.profile, claim.profile_at),
        customer_at=claim.customer_at,
        opted_out_at=claim.opted_out_at,
    )
    events = sorted(claim.events, key=_place)
    alone = bool(events) and events[0].attempts > 0
    ground = Ground(rules, policy, account, remaining or {}, now, alone)
    open_replies = list(claim.open_replies)
    waiting: Sequence[PendingEvent] = events[:1] if alone else events
    while waiting:
        first = waiting[0]
        try:
            if first.kind == "echo":
                done = int(fold_echo(turn, first, policy, open_replies=open_replies, now=now))
            elif first.kind == "handover":
                done = int(fold_handover(turn, first, account=account or claim.account_id, now=now))
            elif first.kind in CUSTOMER_KINDS and first.deleted_at is not None:
                done = _fold_deleted(turn, first)
            elif first.kind in CUSTOMER_KINDS:
                done = fold_message(turn, waiting, ground)
            else:
                done = _fold_other(turn, first)
        except Exception as error:  # a bug on one event must not cost the customer the others
            turn.failed, turn.failure = first, error
            break
        if not done:
            break
        turn.settled.extend(waiting[:done])
        waiting = waiting[done:]
    _report_strangers(turn)
    if turn.again_at is None and (len(turn.settled) < len(events) or len(events) == EVENTS_A_TURN):
        turn.again_at = now
    return turn


def _place(event: PendingEvent) -> int:
    if event.kind == "echo":
        return 1
    if event.kind in CUSTOMER_KINDS:
        return 3 if event.deleted_at is None else 0
    return 0 if event.kind in REVISIONS else 2


def _fold_deleted(turn: Turn, event: PendingEvent) -> int:
    """A message that the customer took back before it was decided on: it was there, and that is all."""
    turn.messages.append(_kept(event, "in", "customer", "deleted"))
    if event.kind in OPENS_WINDOW:
        turn.customer_at = max(event.at, turn.customer_at or event.at)
    return 1


def _fold_other(turn: Turn, event: PendingEvent) -> int:
    """What no rule is asked about: seen marks are facts; another app's conversation is history."""
    if event.kind == "seen" and event.mid:
        turn.facts.append(Fact("seen", event.mid, event.at, event.test))
    elif event.kind == "standby":
        said = event.as_sent()
        if said.is_echo:
            turn.messages.append(_kept(event, "out", "person", None))
        elif said.text or said.attachments:
            turn.messages.append(_kept(event, "in", "customer", "standby" if event.deleted_at is None else "deleted"))
    return 1


def _kept(event: PendingEvent, direction: str, author: str, reason: str | None) -> NewMessage:
    content, deleted_at = event.content(), event.deleted_at
    return NewMessage(event.key, event.at, direction, author, content, event.test, reason, deleted_at=deleted_at)


def _report_strangers(turn: Turn) -> None:
    """Tell of what nobody can be answered for: an account that is none of ours, an edit without its sender."""
    claim, settled = turn.claim, turn.settled
    strange = next((e for e in settled if not e.known_account and e.kind not in ("dashboard_test", "raw")), None)
    if strange is not None and claim.account_id != UNKNOWN_ACCOUNT:
        text = f"Meta tells of the account {claim.account_id}, which is not configured here. Nothing of it is answered."
        turn.notices.append(_stranger("unknown_account", claim, text, test=strange.test))
    edit = next((e for e in settled if e.kind == "edit" and e.known_account), None)
    if edit is not None and not claim.igsid:
        turn.notices.append(_stranger("edit_without_sender", claim, NO_SENDER, test=edit.test))


def _stranger(what: Occasion, claim: Claim, text: str, *, test: bool) -> Notice:
    return Notice(what, claim.account_id, "", "", "warning", text, (), test, quiet=timedelta(days=1))
