"""What this process counts, in Prometheus' terms: few names, and labels that no customer can make more of."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

MOST_RULES = 500
"""Rules that have a label of their own; what lies beyond is counted together."""
OTHER = "(other)"

_COUNTED = {
    "igbot_decisions": ("Decisions on customers' messages by their reason.", "reason"),
    "igbot_rule_answers": ("Messages that a rule answered, by the rule.", "rule"),
    "igbot_rule_observed": ("Messages that an observer fitted, by the rule.", "rule"),
}
_BY_STATE = {
    "inbox": ("igbot_inbox", "Webhook events by their state."),
    "outbox": ("igbot_outbox", "Open and dead replies by their state."),
}
_SINGLE = {
    "oldest_unanswered_seconds": ("igbot_oldest_unanswered_seconds", "How long the longest-waiting message waits."),
    "rules": ("igbot_rules", "Rules in force."),
}


class Counters:
    """The counters of one process. Prometheus' own library writes the page, and is not loaded before."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
        self._rules: set[str] = set()

    def decided(self, reason: str, *, rule: str | None, observers: Collection[str] = ()) -> None:
        """One customer message was decided. `reason` is one of the contract's few names."""
        self._counts["igbot_decisions"][reason] += 1
        if rule is not None:
            self._counts["igbot_rule_answers"][self._bounded(rule)] += 1
        for observer in observers:
            self._counts["igbot_rule_observed"][self._bounded(observer)] += 1

    def page(self, figures: Mapping[str, Any]) -> bytes:
        """All figures as Prometheus reads them; `figures` are those of `igbot health`, left out where unknown."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.registry import Collector

        metrics = list(self._metrics(figures))

        class Now(Collector):
            def collect(self) -> "Iterator[Metric]":
                yield from metrics

        registry = CollectorRegistry()
        registry.register(Now())
        return generate_latest(registry)

    def _metrics(self, figures: Mapping[str, Any]) -> "Iterator[Metric]":
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        for name, (meaning, label) in _COUNTED.items():
            counted = CounterMetricFamily(name, meaning, labels=[label])
            for value, count in sorted(self._counts[name].items()):
                counted.add_metric([value], count)
            yield counted
        for key, (name, meaning) in _BY_STATE.items():
            gauge = GaugeMetricFamily(name, meaning, labels=["state"])
            for state, count in sorted((figures.get(key) or {}).items()):
                gauge.add_metric([state], count)
            yield gauge
        for key, (name, meaning) in _SINGLE.items():
            if (figure := figures.get(key)) is not None:
                yield GaugeMetricFamily(name, meaning, value=figure)

    def _bounded(self, rule: str) -> str:
        if rule in self._rules or len(self._rules) < MOST_RULES:
            self._rules.add(rule)
            return rule
        return OTHER
