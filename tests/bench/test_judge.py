"""The judge of a campaign: what customers wrote, what they received, and which of it breaks a promise."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bench.campaign.acts import Fate
from bench.campaign.evidence import Call, Evidence, Received, Written, by_reply
from bench.campaign.judge import GIVEN_UP, Judgement, judge, percentile, tally

ANA, BEN = "9300000000000001", "9300000000000002"


def wrote(*texts: str, igsid: str = ANA) -> list[Written]:
    """Messages of a customer, a second apart, all taken."""
    return [Written(f"mid-{text}", igsid, n, (f"You wrote: {text}",), 100.0 + n) for n, text in enumerate(texts)]


def wrote_one(fate: Fate, *, cause: str | None = None) -> list[Written]:
    """The message a, with what should become of it."""
    return [Written("mid-a", ANA, 0, ("You wrote: a",), 100.0, fate, cause)]


def called(*times: float, answered: bool = True, refused: bool = False) -> dict[tuple[str, str], list[Call]]:
    """Calls with the reply to the message a."""
    return by_reply(Call(at, ANA, "You wrote: a", answered, refused) for at in times)


def found(written: Sequence[Written], received: Sequence[Received], evidence: Evidence) -> list[tuple[str, str, bool]]:
    """What is wrong, why, and whether it is excused."""
    verdict = judge(written, received, unacknowledged=[], evidence=evidence, late=90.0)
    return [(each.wrong, each.why, each.excused) for each in verdict.findings]


def got(*texts: str, igsid: str = ANA, told: bool = True, apart: float = 1.0) -> list[Received]:
    """Replies in their order, `apart` seconds one from the other."""
    return [Received(f"out-{n}", igsid, f"You wrote: {text}", 101.0 + n * apart, told) for n, text in enumerate(texts)]


def verdict(
    written: Sequence[Written],
    received: Sequence[Received],
    *,
    kills: Sequence[float] = (),
    refused: Sequence[float] = (),
    repeated: int = 0,
    unacknowledged: Sequence[str] = (),
) -> Judgement:
    """The verdict on Ana's messages; `repeated` is how often `send_repeated` was logged for each."""
    logged = {message.mid: repeated for message in written}
    evidence = Evidence(kills=kills, refused={ANA: refused}, repeated=logged)
    return judge(written, received, unacknowledged=unacknowledged, evidence=evidence, late=90.0)


def test_one_reply_to_each_message_in_order_keeps_the_promises() -> None:
    """Two customers, each answered in order, whatever the order between them."""
    written = [*wrote("a", "b"), *wrote("a", "b", igsid=BEN)]
    one, two = got("a", "b"), got("a", "b", igsid=BEN)
    judged = verdict(written, [two[0], one[0], one[1], two[1]])
    assert judged.findings == ()
    assert judged.kept
    assert judged.waits == (1.0, 1.0, 1.0, 1.0)


def test_a_message_without_a_reply_is_lost() -> None:
    """The others are not blamed for it."""
    judged = verdict(wrote("a", "b", "c"), got("a", "c"))
    assert [(f.wrong, f.mid, f.igsid) for f in judged.findings] == [("lost", "mid-b", ANA)]
    assert not judged.kept


def test_what_igbot_gave_up_is_lost_all_the_same() -> None:
    """The finding says that somebody was told."""
    evidence = Evidence(given_up={"mid-a"})
    judged = judge(wrote("a"), [], unacknowledged=[], evidence=evidence, late=90.0)
    assert [(f.wrong, f.why) for f in judged.findings] == [("lost", GIVEN_UP)]
    assert not judged.kept


def test_a_message_that_was_never_taken_may_be_answered_or_not() -> None:
    """The bot owes nothing for it, and does no wrong if it had it all the same."""
    assert verdict(wrote("a"), got("a"), unacknowledged=["You wrote: b"]).kept
    assert verdict(wrote("a"), got("a", "b"), unacknowledged=["You wrote: b"]).findings == ()


def test_a_reply_to_nothing_is_unexplained() -> None:
    """So is one that went to somebody else."""
    judged = verdict([*wrote("a"), *wrote("b", igsid=BEN)], [*got("a", "b"), *got("b", igsid=BEN)])
    assert [(f.wrong, f.igsid) for f in judged.findings] == [("unexplained", ANA)]
    assert not judged.kept


def test_a_reply_after_one_to_a_later_message_is_out_of_order() -> None:
    """Only the one that came too late is named."""
    judged = verdict(wrote("a", "b", "c"), got("b", "a", "c"))
    assert [(f.wrong, f.mid) for f in judged.findings] == [("out of order", "mid-a")]
    assert not judged.kept


def test_a_second_copy_after_a_later_reply_is_out_of_order_whatever_excuses_it() -> None:
    """A reply is repeated before the next one, or its customer reads nonsense."""
    judged = verdict(wrote("a", "b"), got("a", "b", "a", told=False), refused=[102.0], repeated=1)
    assert {f.wrong for f in judged.findings} == {"doubled", "out of order"}
    assert not judged.kept


def test_a_repetition_is_excused_where_nothing_better_could_be_known() -> None:
    """Meta took it, the answer never came, the look-up was refused, and the log says so."""
    judged = verdict(wrote("a"), got("a", "a", told=False, apart=60.0), refused=[121.0], repeated=1)
    assert [(f.wrong, f.excused) for f in judged.findings] == [("doubled", True)]
    assert judged.kept
    assert (judged.count("doubled"), judged.count("doubled", excused=False)) == (1, 0)


def test_a_repetition_is_excused_where_meta_showed_newer_messages_only() -> None:
    """Twenty were written meanwhile: what Meta shows then proves nothing, and the log says so."""
    evidence = Evidence(kills=[101.2], repeated={"mid-a": 1}, unseen={"mid-a"})
    judged = judge(wrote("a"), got("a", "a", told=False, apart=60.0), unacknowledged=[], evidence=evidence, late=90.0)
    assert [(f.wrong, f.excused) for f in judged.findings] == [("doubled", True)]


def test_a_repetition_is_excused_where_the_sender_died_before_it_could_know() -> None:
    """It was told, but killed at once."""
    received = got("a", "a", apart=60.0)
    assert verdict(wrote("a"), received, kills=[101.2], refused=[121.0], repeated=1).kept
    on_its_way = 100.8
    assert verdict(wrote("a"), received, kills=[on_its_way], refused=[121.0], repeated=1).kept


def test_a_repetition_has_no_excuse_without_every_part_of_it() -> None:
    """Told and alive; killed long before or when it had long known; a look-up that was answered; nothing logged."""
    told, untold = got("a", "a", apart=60.0), got("a", "a", told=False, apart=60.0)
    for received, kills, refused, repeated, why in (
        (told, [], [121.0], 1, "the sender was told that it was taken, and lived"),
        (told, [90.0, 140.0], [121.0], 1, "the sender was told that it was taken, and lived"),
        (untold, [], [], 1, "no look-up was refused"),
        (untold, [], [99.0], 1, "no look-up was refused"),
        (untold, [], [121.0], 0, "send_repeated was not logged"),
    ):
        judged = verdict(wrote("a"), received, kills=kills, refused=refused, repeated=repeated)
        assert [f.why for f in judged.findings] == [f"2 times: {why}"]
        assert not judged.kept


def test_a_repetition_of_what_the_sender_has_logged_as_sent_has_no_excuse() -> None:
    """It knew, whatever befell it afterwards; what it found out later than it called again was no help."""
    first, second = got("a", "a", told=False, apart=60.0)
    received = [first, replace(second, called=second.at)]
    for known_at, why in (
        (second.at - 1, "2 times: the sender has logged that it was taken"),
        (second.at + 1, "2 times: taken, the sender could not know, no look-up to be had, send_repeated logged"),
    ):
        evidence = Evidence(refused={ANA: [121.0]}, repeated={"mid-a": 1}, known={first.mid: known_at})
        judged = judge(wrote("a"), received, unacknowledged=[], evidence=evidence, late=90.0)
        assert [f.why for f in judged.findings] == [why]
        assert judged.kept == (known_at > second.at)


def test_every_repetition_of_a_reply_needs_its_own_excuse() -> None:
    """Three copies for one logged repetition are one too many."""
    judged = verdict(wrote("a"), got("a", "a", "a", told=False, apart=60.0), refused=[121.0, 181.0], repeated=1)
    assert not judged.kept


def test_a_late_reply_is_listed_and_breaks_no_promise() -> None:
    """Faults may take their time."""
    judged = verdict(wrote("a"), [Received("out", ANA, "You wrote: a", 191.0, True)])
    assert [(f.wrong, f.why) for f in judged.findings] == [("late", "answered after 91.0 s")]
    assert judged.kept


def test_findings_are_counted_by_kind() -> None:
    """Those that are excused by themselves."""
    judged = verdict(wrote("a", "b"), got("a", "a", told=False, apart=60.0), refused=[121.0], repeated=1)
    counts = tally(judged.findings)
    assert {wrong: count for wrong, count in counts.items() if count} == {"lost": 1, "doubled, excused": 1}
    assert {"out of order", "forbidden", "pressed", "too fast", "misfiled", "unexplained", "late"} < set(counts)


def test_a_percentile_is_one_of_the_values() -> None:
    """And nothing where there are none."""
    assert percentile([], 0.5) is None
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 3.0, 4.0, 4.0]


@pytest.mark.parametrize("fate", ["refused", "blocked", "given up", "silent"])
def test_a_reply_that_must_not_be_sent_is_forbidden(fate: Fate) -> None:
    """After a STOP, a takeover, a deletion, a refusal: and nothing is wrong where it did not come."""
    assert found(wrote_one(fate), got("a"), Evidence()) == [
        ("forbidden", f"received, though it should be {fate}", False)
    ]
    assert found(wrote_one(fate), [], Evidence()) == []


def test_what_was_overtaken_may_come_before_that_was_known_and_not_after() -> None:
    """A call that was under way already is nobody's fault; one that came later is."""
    written = wrote_one("cancelled", cause="mid-stop")
    for began, wrong in ((103.0, []), (106.9, []), (107.1, ["called 2.1 s after what overtook it was worked on"])):
        received = [Received("out-0", ANA, "You wrote: a", began, True, began)]
        assert [why for _, why, _ in found(written, received, Evidence(caused={"mid-stop": 105.0}))] == wrong
    assert found(written, [], Evidence(caused={"mid-stop": 105.0})) == []
    assert found(written, [], Evidence()) == [("forbidden", "what should have overtaken it was never worked on", False)]


def test_a_refused_reply_is_not_tried_again_by_who_was_told() -> None:
    """A process that was killed then knows nothing of it."""
    calls = called(101.0, 104.0, refused=True)
    again = "called again 3.0 s after Meta had refused it"
    assert found(wrote_one("refused"), [], Evidence(calls=calls)) == [("pressed", again, False)]
    assert found(wrote_one("refused"), [], Evidence(calls=calls, kills=[101.2])) == []


def test_a_reply_to_somebody_whom_nothing_reaches_is_not_tried() -> None:
    """Meta has said so for the reply before it."""
    [(wrong, why, _)] = found(wrote_one("blocked"), [], Evidence(calls=called(101.0)))
    assert (wrong, why) == ("pressed", "called, though Meta had said that nothing reaches this customer")


def test_five_calls_are_one_too_many() -> None:
    """Those near a kill are not counted: nobody knew of them. And where Meta had nothing of it, it did no harm."""
    calls = called(*(101.0 + 10 * n for n in range(5)))
    assert found(wrote_one("answered"), got("a"), Evidence(calls=calls)) == [
        ("pressed", "5 calls, and four are the most", False)
    ]
    assert found(wrote_one("answered"), got("a"), Evidence(calls=calls, kills=[111.0])) == []
    assert [ok for _, _, ok in found(wrote_one("given up"), [], Evidence(calls=calls))] == [True]


def test_what_an_outage_made_hopeless_is_lost_and_excused() -> None:
    """Four calls with bad answers, or two without any, and a dead letter: more was never promised."""
    away = [(100.0, 160.0)]
    for calls, excused in (
        (called(101.0, 103.0, 107.0, 115.0), True),
        (called(101.0, 125.0, answered=False), True),
        (called(101.0, 103.0, 107.0), False),
        (called(170.0, 173.0, 177.0, 190.0), False),
    ):
        evidence = Evidence(calls=calls, away=away, given_up={"mid-a"})
        assert [(wrong, ok) for wrong, _, ok in found(wrote_one("answered"), [], evidence)] == [("lost", excused)]
    silent = Evidence(calls=called(101.0, 103.0, 107.0, 115.0), away=away)
    assert [ok for _, _, ok in found(wrote_one("answered"), [], silent)] == [False]


def test_an_outage_excuses_what_a_refused_look_up_does() -> None:
    """Nobody could ask."""
    evidence = Evidence(repeated={"mid-a": 1}, away=[(110.0, 130.0)])
    assert [ok for _, _, ok in found(wrote_one("answered"), got("a", "a", told=False, apart=60.0), evidence)] == [True]


def test_the_book_must_have_it_as_it_is() -> None:
    """What igbot's own database says of a reply is held against what should have become of it."""
    for fate, states, wrong in (
        ("answered", ("sent",), []),
        ("answered", ("failed",), ["answered, and igbot has it as failed"]),
        ("refused", ("expired",), []),
        ("refused", ("cancelled",), []),
        ("refused", ("dead",), ["refused, and igbot has it as dead"]),
        ("silent", ("cancelled",), ["silent, and igbot has it as cancelled"]),
        ("given up", (), ["given up, and igbot has it as nothing"]),
    ):
        received = got("a") if fate == "answered" else []
        evidence = Evidence(states={"mid-a": states} if states else {})
        assert [why for _, why, _ in found(wrote_one(fate), received, evidence)] == wrong  # type: ignore[arg-type]


def test_either_reply_to_an_edited_message_will_do_but_not_both() -> None:
    """It is answered once."""
    written = [Written("mid-a", ANA, 0, ("You wrote: a", "You wrote: b"), 100.0)]
    assert found(written, got("b"), Evidence()) == []
    assert [wrong for wrong, _, _ in found(written, got("a", "b"), Evidence())] == ["doubled"]


def test_the_same_words_confirm_each_stop_once() -> None:
    """Two STOPs, two confirmations: the third is one too many."""
    written = [Written(f"mid-{n}", ANA, n, ("No more",), 100.0, "confirmed") for n in (0, 2)]
    confirmed = [Received(f"out-{n}", ANA, "No more", 101.0 + n, True) for n in range(3)]
    assert found(written, confirmed[:2], Evidence()) == []
    assert [wrong for wrong, _, _ in found(written, confirmed[:1], Evidence())] == ["lost"]
    assert [wrong for wrong, _, _ in found(written, confirmed, Evidence())] == ["doubled"]


def test_a_stop_that_is_answered_like_any_message_is_no_stop() -> None:
    """igbot confirms it in its own words."""
    written = [Written("mid-a", ANA, 0, ("You wrote: STOP",), 100.0, "confirmed")]
    [(wrong, why, _)] = found(written, got("STOP"), Evidence())
    assert (wrong, why) == ("forbidden", "answered with 'You wrote: STOP', and not confirmed")


def test_messages_are_counted_by_what_should_become_of_them() -> None:
    """For the table."""
    judged = judge(wrote("a", "b"), got("a"), unacknowledged=[], evidence=Evidence(), late=90.0)
    assert judged.fates == {"answered": {"messages": 2, "received": 1, "lost": 1}}
