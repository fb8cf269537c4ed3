"""What customers received, held against what they wrote: the verdict of a campaign. Pure."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

Wrong = Literal["lost", "doubled", "out of order", "unexplained", "late"]
WRONGS: tuple[Wrong, ...] = ("lost", "doubled", "out of order", "unexplained", "late")
"""What may have gone wrong with a message: no reply; more than one; one that came after the reply to a later message;
one that answers nothing; one that took too long."""

GIVEN_UP = "acknowledged, and given up: the log says reply_dead"
AT_HAND = 5.0
"""Seconds around the acceptance of a reply within which a kill may have struck its sender: before it, as a call that is
on its way outlives its process; after it, until the answer is written down."""


@dataclass(frozen=True, slots=True)
class Written:
    """A message that the bot has acknowledged. `number` is its place among the customer's own; `at` is the time of its
    first delivery, in seconds as all times here."""

    mid: str
    igsid: str
    number: int
    reply: str
    at: float


@dataclass(frozen=True, slots=True)
class Received:
    """A message that Meta's stand-in accepted, in the order of acceptance. `told`: the caller was answered with its
    mid (and may have died before it could write that down)."""

    mid: str
    igsid: str
    text: str
    at: float
    told: bool


@dataclass(frozen=True, slots=True)
class Evidence:
    """What may explain a repetition: when processes were killed, when look-ups of a customer's conversation were
    refused, and how often `send_repeated` was logged for a message. `given_up` are the messages for which `reply_dead`
    was: lost all the same, but not unnoticed. `known` are the mids of replies that a process logged as sent, `unseen`
    the messages whose look-up showed only what was said after the call: Meta tells of no more than twenty."""

    kills: Sequence[float]
    refused: Mapping[str, Sequence[float]]
    repeated: Mapping[str, int]
    given_up: Collection[str] = ()
    known: Collection[str] = ()
    unseen: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that went wrong with one message. `mid` is the message's, or that of the reply nobody asked for.

    `excused`: it is what igbot has to do where nothing better can be known; `why` says what speaks for that, or
    against it. Being late is wrong in itself, yet no promise.
    """

    wrong: Wrong
    igsid: str
    mid: str
    why: str
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings, and the seconds from each message's first delivery to its first reply, sorted."""

    findings: tuple[Finding, ...]
    waits: tuple[float, ...]

    def count(self, wrong: Wrong, *, excused: bool | None = None) -> int:
        """How many findings there are of a kind."""
        return sum(f.wrong == wrong and excused in (None, f.excused) for f in self.findings)

    @property
    def kept(self) -> bool:
        """Whether the promises were kept: nothing lost, nothing doubled without need, everything in order."""
        return all(finding.excused or finding.wrong == "late" for finding in self.findings)


def judge(
    written: Iterable[Written],
    received: Iterable[Received],
    *,
    unacknowledged: Iterable[str],
    evidence: Evidence,
    late: float,
) -> Judgement:
    """The verdict.

    `unacknowledged` are replies to messages that the bot has never said it has: they may come or not. `late` is how
    many seconds a reply may take before it is listed.
    """
    asked = {(message.igsid, message.reply): message for message in written}
    copies: dict[tuple[str, str], list[Received]] = defaultdict(list)
    arrivals: dict[str, list[int]] = defaultdict(list)
    findings: list[Finding] = []
    allowed = set(unacknowledged)
    for reply in received:
        message = asked.get((reply.igsid, reply.text))
        if message is None:
            if reply.text not in allowed:
                why = f"{reply.text!r} answers nothing this customer wrote"
                findings.append(Finding("unexplained", reply.igsid, reply.mid, why))
            continue
        copies[reply.igsid, reply.text].append(reply)
        before = max(arrivals[reply.igsid], default=-1)
        if message.number < before:
            why = f"reply {message.number} came after reply {before}"
            findings.append(Finding("out of order", reply.igsid, message.mid, why))
        arrivals[reply.igsid].append(message.number)
    waits = []
    for key, message in asked.items():
        had = copies.get(key, [])
        findings.extend(_about(message, had, evidence=evidence, late=late))
        if had:
            waits.append(had[0].at - message.at)
    return Judgement(tuple(sorted(findings, key=lambda f: WRONGS.index(f.wrong))), tuple(sorted(waits)))


def _about(message: Written, had: Sequence[Received], *, evidence: Evidence, late: float) -> Iterable[Finding]:
    if not had:
        why = GIVEN_UP if message.mid in evidence.given_up else "acknowledged, and never answered"
        yield Finding("lost", message.igsid, message.mid, why)
        return
    if had[0].at - message.at > late:
        yield Finding("late", message.igsid, message.mid, f"answered after {had[0].at - message.at:.1f} s")
    if len(had) > 1:
        against = _against(message, had, evidence)
        why = against or "taken, the sender could not know, no look-up to be had, send_repeated logged"
        yield Finding("doubled", message.igsid, message.mid, f"{len(had)} times: {why}", excused=not against)


def _against(message: Written, had: Sequence[Received], evidence: Evidence) -> str:
    """What speaks against a repetition; nothing where igbot could do no better."""
    if evidence.repeated.get(message.mid, 0) < len(had) - 1:
        return "send_repeated was not logged"
    for first, second in pairwise(had):
        if first.mid in evidence.known:
            return "the sender has logged that it was taken"
        killed = any(-AT_HAND <= kill - first.at <= AT_HAND and kill <= second.at for kill in evidence.kills)
        if first.told and not killed:
            return "the sender was told that it was taken, and lived"
        refused = any(first.at <= refusal <= second.at for refusal in evidence.refused.get(message.igsid, ()))
        if not refused and message.mid not in evidence.unseen:
            return "no look-up was refused"
    return ""


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value that `share` of the `ordered` ones do not exceed; None where there are none."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


def tally(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings there are of each kind, those of the promises also where there are none."""
    counts = Counter(finding.wrong if not finding.excused else f"{finding.wrong}, excused" for finding in findings)
    return {**dict.fromkeys(WRONGS, 0), **counts}
