"""What is counted for Prometheus: bounded, and readable by its own parser."""

from prometheus_client.parser import text_string_to_metric_families

from igbot.telemetry.counters import MOST_RULES, OTHER, Counters


def samples(page: bytes) -> dict[tuple[str, str], float]:
    """Every figure by its name and its one label's value."""
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_decisions_and_answers_are_counted_apart() -> None:
    """Fallback and unmatched are reasons of their own; a rule counts only where it answered."""
    counters = Counters()
    counters.decided("rule", rule="shipping", observers=["complaints"])
    counters.decided("fallback", rule="fallback")
    counters.decided("unmatched", rule=None)
    found = samples(counters.page({}))
    assert [found["igbot_decisions_total", reason] for reason in ("rule", "fallback", "unmatched")] == [1, 1, 1]
    assert found["igbot_rule_answers_total", "shipping"] == 1
    assert found["igbot_rule_observed_total", "complaints"] == 1


def test_thousands_of_rules_do_not_make_thousands_of_series() -> None:
    """What is beyond the bound is counted together, and nothing is lost."""
    counters = Counters()
    for number in range(MOST_RULES + 70):
        counters.decided("rule", rule=f"rule-{number}")
    counters.decided("rule", rule="rule-0")
    found = samples(counters.page({}))
    assert found["igbot_rule_answers_total", OTHER] == 70
    assert found["igbot_rule_answers_total", "rule-0"] == 2


def test_figures_of_health_are_gauges() -> None:
    """Those that are unknown are left out: an old figure would pass for today's."""
    counters = Counters()
    figures = {
        "inbox": {"pending": 3, "dead": 1},
        "outbox": {"queued": 2, "sending": 0, "unknown": 0, "dead": 4},
        "oldest_unanswered_seconds": 1.5,
        "rules": 12,
    }
    found = samples(counters.page(figures))
    assert found["igbot_inbox", "pending"] == 3
    assert found["igbot_outbox", "dead"] == 4
    assert found["igbot_oldest_unanswered_seconds", ""] == 1.5
    assert found["igbot_rules", ""] == 12
    assert ("igbot_inbox", "pending") not in samples(counters.page({"inbox": None, "outbox": None}))
