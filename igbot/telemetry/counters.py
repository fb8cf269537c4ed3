"""What this process counts, in Prometheus' terms: few names, and labels that no customer can make more of."""

from collections.abc import Collection, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

MOST_RULES = 500
"""Rules that have a label of their own; what lies beyond is counted together."""
OTHER = "(other)"
_OUTBOX = frozenset({"queued", "sending", "unknown", "dead"})
_INBOX = frozenset({"pending", "dead"})


class Counters:
    """The counters of one process, and the page that `/metrics` shows."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._decisions = Counter(
            "igbot_decisions", "Decisions on customers' messages by their reason.", ["reason"], registry=self._registry
        )
        self._answers = Counter(
            "igbot_rule_answers", "Messages that a rule answered, by the rule.", ["rule"], registry=self._registry
        )
        self._observed = Counter(
            "igbot_rule_observed", "Messages that an observer fitted, by the rule.", ["rule"], registry=self._registry
        )
        self._inbox = Gauge("igbot_inbox", "Webhook events by their state.", ["state"], registry=self._registry)
        self._outbox = Gauge("igbot_outbox", "Open and dead replies by state.", ["state"], registry=self._registry)
        self._oldest = Gauge(
            "igbot_oldest_unanswered_seconds", "How long the longest-waiting message waits.", registry=self._registry
        )
        self._rules = Gauge("igbot_rules", "Rules in force.", registry=self._registry)
        self._known: set[str] = set()

    def decided(self, reason: str, *, rule: str | None, observers: Collection[str] = ()) -> None:
        """One customer message was decided. `reason` is one of the contract's few names."""
        self._decisions.labels(reason).inc()
        if rule is not None:
            self._answers.labels(self._bounded(rule)).inc()
        for observer in observers:
            self._observed.labels(self._bounded(observer)).inc()

    def page(self, figures: Mapping[str, Any]) -> bytes:
        """All figures as Prometheus reads them; `figures` are those of `igbot health`, None where unknown."""
        for gauge, states, key in ((self._inbox, _INBOX, "inbox"), (self._outbox, _OUTBOX, "outbox")):
            known = figures.get(key) or {}
            for state in states & known.keys():
                gauge.labels(state).set(known[state])
        if (waiting := figures.get("oldest_unanswered_seconds")) is not None:
            self._oldest.set(waiting)
        self._rules.set(figures.get("rules") or 0)
        return generate_latest(self._registry)

    def _bounded(self, rule: str) -> str:
        if rule in self._known or len(self._known) < MOST_RULES:
            self._known.add(rule)
            return rule
        return OTHER
