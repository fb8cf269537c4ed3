"""All subjects, in the order in which they are measured; each is imported only when it is its turn."""

from importlib import import_module

from bench.subject import Subject

SUBJECTS = (
    "acks",
    "ack_latency",
    "end_to_end_latency",
    "end_to_end_throughput",
    "sends",
    "send_latency",
    "statements",
    "stored",
    "backlog",
    "memory",
    "start",
    "matching",
    "rules",
    "reload",
)


def find(name: str) -> Subject:
    """The subject of one of the names in `SUBJECTS`."""
    subject: Subject = import_module(f"bench.subjects.{name}").SUBJECT
    return subject
