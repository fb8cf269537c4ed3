"""What a person reads, on a terminal's other side: a pipe."""

import io

from bench.report import print_run
from bench.running import verdict
from bench.subject import Goal
from tests.bench.tables import run, table

REACHED = Goal("rate", "ours", "theirs", at_least=2.0)
MISSED = Goal("wait", "ours", at_most=0.1, fast_disk=True)


def printed(*tables: object) -> list[str]:
    """The lines of a report that goes into a pipe."""
    stream = io.StringIO()
    print_run(run(*tables), stream)  # type: ignore[arg-type]
    return stream.getvalue().splitlines()


def test_a_piped_report_is_plain() -> None:
    """No colours, no cursor, one line a contender however long."""
    lines = printed(table({"ours, " + "long " * 20: [1_234.4, 2_000.0, 900.0], "theirs": [600.0]}, baseline="theirs"))
    assert not [line for line in lines if "\x1b" in line]
    row = next(line for line in lines if line.startswith("ours"))
    assert "1,234 (900–2,000)" in row
    assert "2.06" in row


def test_verdicts_are_words_too() -> None:
    """Reached, missed and not judged can be told apart without signs or colours."""
    rates = {"ours": [300.0], "theirs": [100.0]}
    text = "\n".join(printed(table(rates, REACHED, MISSED)))
    assert "✓ reached: ours ÷ theirs, acks/s: 3.00, wanted ≥ 2" in text
    assert "✗ missed: ours, p99 ms: 0.30, wanted ≤ 0.1" in text
    slow = "\n".join(printed(table(rates, MISSED, disk=100.0)))
    assert "not judged: slow disk" in slow
    assert "fdatasync/s round by round: 100;" in slow


def test_a_busy_machine_is_told_with_the_figures() -> None:
    """Whoever measures beside other work learns that it may be the other work that was measured."""
    quiet, busy = table({"ours": [1.0]}), table({"ours": [1.0]})
    busy.others = [80.0]
    assert "busy with other things" not in "\n".join(printed(quiet))
    assert "CPU % of other programs before each: 80. The machine was busy with other things" in "\n".join(printed(busy))


def test_the_machine_is_named_as_it_calls_itself() -> None:
    """Brackets in a name are no markup."""
    assert "A CPU [x]" in printed(table({"ours": [1.0]}))[-1]


def test_what_could_not_be_measured_is_one_line() -> None:
    """A subject without any figures prints no empty table, only why."""
    empty = table({"ours": []})
    empty.reason = "the disk has 1.0 GB free"
    lines = printed(empty)
    assert "not measured: acks: the disk has 1.0 GB free" in lines
    assert not [line for line in lines if "Median" in line]


def test_the_exit_code_says_whether_all_is_well() -> None:
    """0: all measured, no judged goal missed."""
    rates = {"ours": [300.0], "theirs": [100.0]}
    assert verdict(run(table(rates, REACHED))) == 0
    assert verdict(run(table(rates, MISSED))) == 1
    assert verdict(run(table(rates, MISSED, disk=1.0))) == 0
    lacking = table(rates)
    lacking.entries[0].reason = "no pgbench"
    assert verdict(run(lacking)) == 1
