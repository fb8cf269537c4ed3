"""What customers received, held against what should have become of what they wrote: the verdict of a campaign. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bench.campaign.acts import ANSWER, Fate
from bench.campaign.evidence import UNDER_WAY, Evidence, Received, Written

Wrong = Literal[
    "lost", "doubled", "out of order", "forbidden", "pressed", "too fast", "misfiled", "unexplained", "late"
]
WRONGS: tuple[Wrong, ...] = (
    "lost",
    "doubled",
    "out of order",
    "forbidden",
    "pressed",
    "too fast",
    "misfiled",
    "unexplained",
    "late",
)
"""What may have gone wrong with a message: no reply; more than one; one that came after the reply to a later message;
one that must not be sent, after a STOP, a takeover, a deletion, a refusal; a call that was made although Meta had said
no, or too often; calls that came faster than their rate; a reply that igbot's own book has otherwise; a reply that
answers nothing; one that took too long."""

GIVEN_UP = "acknowledged, and given up: the log says reply_dead"
MOST_CALLS = 4

FILED: Mapping[Fate, frozenset[str]] = {
    "answered": frozenset({"sent", "dead"}),
    "confirmed": frozenset({"sent", "dead"}),
    "refused": frozenset({"failed", "expired", "cancelled"}),
    "blocked": frozenset({"failed"}),
    "given up": frozenset({"dead"}),
    "cancelled": frozenset({"cancelled", "expired", "sent"}),
    "silent": frozenset(),
}
"""How igbot's book may have the reply in the end: what was received may be dead where nobody could know it, what was
overtaken while it was under way may be expired, and what was refused may be cancelled where the process died over a
refusal that hands the conversation over."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that went wrong with one message. `mid` is the message's, or that of the reply nobody asked for.

    `excused`: it is what igbot has to do where nothing better can be known or done; `why` says what speaks for that,
    or against it. Being late is wrong in itself, yet no promise.
    """

    wrong: Wrong
    igsid: str
    mid: str
    why: str
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings; the seconds from each message's first delivery to its first reply, sorted; and by fate how many
    messages had it, and how many of each finding there are among them."""

    findings: tuple[Finding, ...]
    waits: tuple[float, ...]
    fates: Mapping[Fate, Counter[str]]

    def count(self, wrong: Wrong, *, excused: bool | None = None) -> int:
        """How many findings there are of a kind."""
        return sum(f.wrong == wrong and excused in (None, f.excused) for f in self.findings)

    @property
    def kept(self) -> bool:
        """Whether the promises were kept: whatever is wrong is excused, or only late."""
        return all(finding.excused or finding.wrong == "late" for finding in self.findings)


def judge(
    written: Iterable[Written],
    received: Iterable[Received],
    *,
    unacknowledged: Iterable[str],
    evidence: Evidence,
    late: float,
    more: Iterable[Finding] = (),
) -> Judgement:
    """The verdict.

    `unacknowledged` are replies to messages that the bot has never said it has: they may come or not. `late` is how
    many seconds a reply may take before it is listed. `more` are findings of other judges.
    """
    messages = list(written)
    had, findings = _sorted_out(messages, received, set(unacknowledged))
    findings.extend(more)
    waits, fates = [], defaultdict[Fate, Counter[str]](Counter)
    for message in messages:
        got = had.get((message.igsid, message.mid), [])
        found = list(_about(message, got, evidence, late=late))
        findings.extend(found)
        fates[message.fate]["messages"] += 1
        fates[message.fate]["received"] += bool(got)
        fates[message.fate].update(each.wrong if not each.excused else f"{each.wrong}, excused" for each in found)
        if got:
            waits.append(got[0].at - message.at)
    return Judgement(tuple(sorted(findings, key=lambda f: WRONGS.index(f.wrong))), tuple(sorted(waits)), dict(fates))


def _sorted_out(
    messages: Sequence[Written], received: Iterable[Received], allowed: set[str]
) -> tuple[dict[tuple[str, str], list[Received]], list[Finding]]:
    """What came in answer to each message, by customer and mid; what came after its time, and what answers nothing."""
    asked: dict[tuple[str, str], list[Written]] = defaultdict(list)
    for message in messages:
        for text in message.replies:
            asked[message.igsid, text].append(message)
    had: dict[tuple[str, str], list[Received]] = defaultdict(list)
    newest: dict[str, int] = {}
    findings = []
    for reply in received:
        candidates = asked.get((reply.igsid, reply.text), [])
        if not candidates:
            if reply.text not in allowed:
                why = f"{reply.text!r} answers nothing this customer wrote"
                findings.append(Finding("unexplained", reply.igsid, reply.mid, why))
            continue
        # Two STOPs of a customer are confirmed in the same words.
        message = next((each for each in candidates if not had[each.igsid, each.mid]), candidates[-1])
        had[message.igsid, message.mid].append(reply)
        before = newest.get(message.igsid, -1)
        if message.number < before:
            why = f"reply {message.number} came after reply {before}"
            findings.append(Finding("out of order", message.igsid, message.mid, why))
        newest[message.igsid] = max(before, message.number)
    return had, findings


def _about(message: Written, had: Sequence[Received], evidence: Evidence, *, late: float) -> Iterator[Finding]:
    def found(wrong: Wrong, why: str, *, excused: bool = False) -> Finding:
        return Finding(wrong, message.igsid, message.mid, why, excused)

    if message.fate in ("answered", "confirmed"):
        if not had:
            why = GIVEN_UP if message.mid in evidence.given_up else "acknowledged, and never answered"
            excused = evidence.had_no_chance(message)
            yield found("lost", f"{why}, after its last call failed in an outage" if excused else why, excused=excused)
        elif message.fate == "confirmed" and had[0].text.startswith(ANSWER):
            yield found("forbidden", f"answered with {had[0].text!r}, and not confirmed")
        elif had[0].at - message.at > late:
            yield found("late", f"answered after {had[0].at - message.at:.1f} s")
    elif why := _forbidden(message, had, evidence):
        yield found("forbidden", why)
    if len(had) > 1:
        against = evidence.against(message, had)
        why = against or "taken, the sender could not know, no look-up to be had, send_repeated logged"
        yield found("doubled", f"{len(had)} times: {why}", excused=not against)
    if why := _pressed(message, evidence):
        yield found("pressed", why)
    elif (calls := _sure_calls(message, evidence)) > MOST_CALLS:
        # The probe of an outage, of which Meta has shown that nothing has come of it.
        nowhere = not had and not evidence.refused.get(message.igsid)
        yield found("pressed", f"{calls} calls, and four are the most", excused=nowhere)
    if why := _misfiled(message, evidence):
        yield found("misfiled", why)


def _forbidden(message: Written, had: Sequence[Received], evidence: Evidence) -> str:
    """Why what was received must not have been sent."""
    if message.fate != "cancelled":
        return f"received, though it should be {message.fate}" if had else ""
    caused = evidence.caused.get(message.cause or "")
    if caused is None:
        return "what should have overtaken it was never worked on"
    after = max((reply.called - caused for reply in had), default=0.0)
    return f"called {after:.1f} s after what overtook it was worked on" if after > UNDER_WAY else ""


def _pressed(message: Written, evidence: Evidence) -> str:
    """Which call must not have been made."""
    calls = evidence.calls_for(message)
    refused = next((call for call in calls if call.refused and message.fate == "refused"), None)
    if refused is not None:
        again = [call for call in calls if call.at > refused.at]
        if again and not evidence.disturbed(refused.at):
            return f"called again {again[0].at - refused.at:.1f} s after Meta had refused it"
    if message.fate == "blocked" and calls:
        return "called, though Meta had said that nothing reaches this customer"
    return ""


def _sure_calls(message: Written, evidence: Evidence) -> int:
    """How many calls that count were made with nobody dying over them."""
    return sum(call.counted and not evidence.disturbed(call.at) for call in evidence.calls_for(message))


def _misfiled(message: Written, evidence: Evidence) -> str:
    """How igbot's own book has it otherwise."""
    if evidence.states is None:
        return ""
    states, allowed = evidence.state_of(message), FILED[message.fate]
    wrong = [state for state in states if state not in allowed]
    if wrong or (allowed and not states):
        return f"{message.fate}, and igbot has it as {', '.join(wrong) or 'nothing'}"
    return ""


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value that `share` of the `ordered` ones do not exceed; None where there are none."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each kind, those of the promises also where there are none."""
    counts = Counter(finding.wrong if not finding.excused else f"{finding.wrong}, excused" for finding in findings)
    return {**dict.fromkeys(WRONGS, 0), **counts}
