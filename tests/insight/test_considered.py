"""What is shown of the rules beside the decision that was kept."""

from pathlib import Path

from igbot.rulebook import last_good
from igbot.rules.loading import load_rules
from igbot.rules.model import RuleFile
from tests.answering.talking import RULES, START, Desk, customer_says
from tests.answering.test_editing import edited
from tests.insight.asking import decision
from tests.rules.writing import with_rules

FILE = RuleFile("1.yaml", with_rules(RULES).encode())


async def in_force(desk: Desk, file: RuleFile) -> None:
    """A server has loaded this file last."""
    ruleset = load_rules([file]).ruleset
    assert ruleset is not None
    async with desk.database.connection() as conn:
        await last_good.save(conn, [file], ruleset.digest, START)


async def test_rules_still_in_force_are_all_named(desk: Desk) -> None:
    """Those that fitted as they were kept, best first; the others with what stood in their way."""
    await in_force(desk, FILE)
    await desk.arrive(customer_says("hello human", "m1"))
    await desk.settle_all()
    told = await decision(desk, "m1")
    assert (told.reason, told.rule, told.rules_now) == ("rule", "greeting", "same")
    assert [(c.rule, c.fits) for c in told.considered] == [
        ("greeting", True),
        ("want-human", True),
        ("echoing", False),
        ("colours", False),
        ("red", False),
    ]
    assert [len(c.order or ()) for c in told.considered] == [5, 5, 0, 0, 0]
    assert told.considered[2].because == 'any: word "repeat" is missing'


async def test_the_folder_counts_where_another_bots_rules_were_loaded_last(desk: Desk, tmp_path: Path) -> None:
    """Several bots with their own rules may share a database."""
    await in_force(desk, RuleFile("other.yaml", b"version: 1\n"))
    (tmp_path / FILE.path).write_bytes(FILE.data)
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    told = await decision(desk, "m1", rules_dir=tmp_path)
    assert (told.rules_now, len(told.considered)) == ("same", 5)


async def test_of_changed_rules_only_what_was_kept_is_shown(desk: Desk, tmp_path: Path) -> None:
    """What the rules say now is no reason for what was said then."""
    (tmp_path / FILE.path).write_bytes(FILE.data.replace(b"[hello]", b"[good day]"))
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    told = await decision(desk, "m1", rules_dir=tmp_path)
    assert (told.rule, told.rules_now) == ("greeting", "changed")
    assert [(c.rule, c.fits) for c in told.considered] == [("greeting", True)]


async def test_where_nothing_fitted_the_decision_names_no_rule(desk: Desk) -> None:
    """The default answer; each rule says why not it."""
    await in_force(desk, FILE)
    await desk.arrive(customer_says("what?", "m1"))
    await desk.settle_all()
    told = await decision(desk, "m1")
    assert (told.reason, told.rule) == ("fallback", None)
    assert [c.fits for c in told.considered] == [False] * 5


async def test_policy_asks_no_rule(desk: Desk) -> None:
    """Of a silent bot no rule is to blame."""
    await in_force(desk, FILE)
    await desk.arrive(customer_says("a human please", "m1"))
    await desk.settle_all()
    await desk.arrive(customer_says("hello", "m2"))
    await desk.settle_all()
    told = await decision(desk, "m2")
    assert (told.reason, told.rule, told.digest, told.rules_now, told.considered) == ("paused", None, None, None, ())
    assert told.decided_at == START


async def test_of_words_that_were_edited_since_only_what_was_kept_is_shown(desk: Desk) -> None:
    """What the rules say of the new words is no reason for what was said to the old ones."""
    await in_force(desk, FILE)
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    desk.time.pass_by(seconds=60)
    await desk.arrive(edited("human", "m1", at=desk.time()))
    await desk.settle_all()
    told = await decision(desk, "m1")
    assert (told.rule, told.rules_now) == ("greeting", "revised")
    assert [(c.rule, c.fits) for c in told.considered] == [("greeting", True)]


async def test_words_that_were_edited_before_the_decision_are_what_rules_were_asked_about(desk: Desk) -> None:
    """So they can be asked again."""
    await in_force(desk, FILE)
    await desk.arrive(edited("hello", "m1"))
    await desk.settle_all()
    desk.time.pass_by(seconds=60)
    await desk.arrive(customer_says("human", "m1"))
    await desk.settle_all()
    told = await decision(desk, "m1")
    assert (told.rule, told.rules_now, len(told.considered)) == ("greeting", "same", 5)


async def test_of_words_that_were_taken_back_no_rule_is_asked_again(desk: Desk) -> None:
    """There is nothing left to ask about: else none would fit, and the answer be a riddle."""
    await in_force(desk, FILE)
    await desk.arrive(customer_says("hello", "m1"))
    await desk.settle_all()
    await desk.arrive(customer_says("", "", kind="deleted", about="m1"))
    await desk.settle_all()
    told = await decision(desk, "m1")
    assert (told.rule, told.rules_now) == ("greeting", "revised")
    assert all(c.fits for c in told.considered)
