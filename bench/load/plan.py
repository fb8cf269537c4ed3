"""What a load is to do, and what came of it, as both processes see them."""

from dataclasses import dataclass, field

from bench.load.bodies import ACCOUNT, SECRET


@dataclass(frozen=True, slots=True)
class Plan:
    """A load on 127.0.0.1:`port` for `seconds`, after `warm_up` requests that are not measured.

    With `rate` (requests/s) requests are due at even distances whatever the answers do, and latency counts from when
    they were due; without, each connection sends its next request when it has its answer.
    """

    port: int
    seconds: float
    connections: int
    rate: float | None = None
    seed: int = 1
    warm_up: int = 256
    account: str = ACCOUNT
    secret: str = field(default=SECRET, repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Latencies in ms. `acked` counts every 200, also those of the warm-up and after the end; `measured` the 200s
    within the measured `seconds`; `cpu` is the generator's own, in seconds."""

    seconds: float
    sent: int
    acked: int
    measured: int
    p50: float
    p90: float
    p99: float
    max: float
    cpu: float
    broken: int = 0
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def per_second(self) -> float:
        """Acknowledged requests per second."""
        return self.measured / self.seconds
