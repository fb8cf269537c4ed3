"""The judge of a campaign: what customers wrote, what they received, and which of it breaks a promise."""

from collections.abc import Sequence

from bench.campaign.judge import GIVEN_UP, Evidence, Judgement, Received, Written, judge, percentile, tally

ANA, BEN = "9300000000000001", "9300000000000002"


def wrote(*texts: str, igsid: str = ANA) -> list[Written]:
    """Messages of a customer, a second apart, all taken."""
    return [Written(f"mid-{text}", igsid, n, f"You wrote: {text}", 100.0 + n) for n, text in enumerate(texts)]


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
    evidence = Evidence(kills, {ANA: refused}, logged)
    return judge(written, received, unacknowledged=unacknowledged, evidence=evidence, late=90.0)


def test_one_reply_to_each_message_in_order_keeps_the_promises() -> None:
    """Two customers, each answered in order, whatever the order between them."""
    written = [*wrote("a", "b"), *wrote("a", "b", igsid=BEN)]
    one, two = got("a", "b"), got("a", "b", igsid=BEN)
    found = verdict(written, [two[0], one[0], one[1], two[1]])
    assert found.findings == ()
    assert found.kept
    assert found.waits == (1.0, 1.0, 1.0, 1.0)


def test_a_message_without_a_reply_is_lost() -> None:
    """The others are not blamed for it."""
    found = verdict(wrote("a", "b", "c"), got("a", "c"))
    assert [(f.wrong, f.mid, f.igsid) for f in found.findings] == [("lost", "mid-b", ANA)]
    assert not found.kept


def test_what_igbot_gave_up_is_lost_all_the_same() -> None:
    """The finding says that somebody was told."""
    evidence = Evidence([], {}, {}, given_up={"mid-a"})
    found = judge(wrote("a"), [], unacknowledged=[], evidence=evidence, late=90.0)
    assert [(f.wrong, f.why) for f in found.findings] == [("lost", GIVEN_UP)]
    assert not found.kept


def test_a_message_that_was_never_taken_may_be_answered_or_not() -> None:
    """The bot owes nothing for it, and does no wrong if it had it all the same."""
    assert verdict(wrote("a"), got("a"), unacknowledged=["You wrote: b"]).kept
    assert verdict(wrote("a"), got("a", "b"), unacknowledged=["You wrote: b"]).findings == ()


def test_a_reply_to_nothing_is_unexplained() -> None:
    """So is one that went to somebody else."""
    found = verdict([*wrote("a"), *wrote("b", igsid=BEN)], [*got("a", "b"), *got("b", igsid=BEN)])
    assert [(f.wrong, f.igsid) for f in found.findings] == [("unexplained", ANA)]
    assert not found.kept


def test_a_reply_after_one_to_a_later_message_is_out_of_order() -> None:
    """Only the one that came too late is named."""
    found = verdict(wrote("a", "b", "c"), got("b", "a", "c"))
    assert [(f.wrong, f.mid) for f in found.findings] == [("out of order", "mid-a")]
    assert not found.kept


def test_a_second_copy_after_a_later_reply_is_out_of_order_whatever_excuses_it() -> None:
    """A reply is repeated before the next one, or its customer reads nonsense."""
    found = verdict(wrote("a", "b"), got("a", "b", "a", told=False), refused=[102.0], repeated=1)
    assert {f.wrong for f in found.findings} == {"doubled", "out of order"}
    assert not found.kept


def test_a_repetition_is_excused_where_nothing_better_could_be_known() -> None:
    """Meta took it, the answer never came, the look-up was refused, and the log says so."""
    found = verdict(wrote("a"), got("a", "a", told=False, apart=60.0), refused=[121.0], repeated=1)
    assert [(f.wrong, f.excused) for f in found.findings] == [("doubled", True)]
    assert found.kept
    assert (found.count("doubled"), found.count("doubled", excused=False)) == (1, 0)


def test_a_repetition_is_excused_where_meta_showed_newer_messages_only() -> None:
    """Twenty were written meanwhile: what Meta shows then proves nothing, and the log says so."""
    evidence = Evidence([101.2], {}, {"mid-a": 1}, unseen={"mid-a"})
    found = judge(wrote("a"), got("a", "a", told=False, apart=60.0), unacknowledged=[], evidence=evidence, late=90.0)
    assert [(f.wrong, f.excused) for f in found.findings] == [("doubled", True)]


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
        found = verdict(wrote("a"), received, kills=kills, refused=refused, repeated=repeated)
        assert [f.why for f in found.findings] == [f"2 times: {why}"]
        assert not found.kept


def test_a_repetition_of_what_the_sender_has_logged_as_sent_has_no_excuse() -> None:
    """It knew, whatever befell it afterwards."""
    evidence = Evidence([101.2], {ANA: [121.0]}, {"mid-a": 1}, known={"out-0"})
    found = judge(wrote("a"), got("a", "a", apart=60.0), unacknowledged=[], evidence=evidence, late=90.0)
    assert [f.why for f in found.findings] == ["2 times: the sender has logged that it was taken"]
    assert not found.kept


def test_every_repetition_of_a_reply_needs_its_own_excuse() -> None:
    """Three copies for one logged repetition are one too many."""
    found = verdict(wrote("a"), got("a", "a", "a", told=False, apart=60.0), refused=[121.0, 181.0], repeated=1)
    assert not found.kept


def test_a_late_reply_is_listed_and_breaks_no_promise() -> None:
    """Faults may take their time."""
    found = verdict(wrote("a"), [Received("out", ANA, "You wrote: a", 191.0, True)])
    assert [(f.wrong, f.why) for f in found.findings] == [("late", "answered after 91.0 s")]
    assert found.kept


def test_findings_are_counted_by_kind() -> None:
    """Those that are excused by themselves."""
    found = verdict(wrote("a", "b"), got("a", "a", told=False, apart=60.0), refused=[121.0], repeated=1)
    assert tally(found.findings) == {
        "lost": 1, "doubled": 0, "out of order": 0, "unexplained": 0, "late": 0, "doubled, excused": 1
    }  # fmt: skip


def test_a_percentile_is_one_of_the_values() -> None:
    """And nothing where there are none."""
    assert percentile([], 0.5) is None
    assert [percentile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 3.0, 4.0, 4.0]
