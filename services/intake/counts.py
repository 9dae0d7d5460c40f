"""Counts the reports of each channel by their result."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.intake.spool import Spool
from shared import log
from shared.auth.tokens import Principal

logger = log.get()

REFUSED = "refused"
COUNTED = ("accepted", "spooled", "duplicate", REFUSED)


@dataclass
class Counts:
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    by_channel: dict[str, Counter[str]] = field(default_factory=dict)
    ended: int = 0  # number of reports that came with an expired sign-in

    def add(self, channel: str, answer: str, reports: int = 1) -> None:
        counter = self.by_channel.get(channel)
        if counter is None:
            counter = self.by_channel[channel] = Counter()
        counter[answer if answer in COUNTED else REFUSED] += reports

    def note_ended(self, principal: Principal, reports: int = 1) -> None:
        if principal.is_expired:
            self.ended += reports
            logger.warning("reports with an expired sign-in", account=principal.author, reports=reports)

    def shown(self) -> dict[str, Any]:
        total: Counter[str] = sum(self.by_channel.values(), Counter())
        return {
            "since": self.since.isoformat(),
            **row(total),
            "channels": {channel: row(counter) for channel, counter in sorted(self.by_channel.items())},
        }


def row(counter: Counter[str]) -> dict[str, int]:
    return {"sent": counter.total(), **{answer: counter[answer] for answer in COUNTED}}


class AdmissionMetrics(Collector):
    def __init__(self, counts: Counts, spool: Spool) -> None:
        self._counts, self._spool = counts, spool

    def collect(self) -> Iterable[Metric]:
        reports = CounterMetricFamily("intake_reports", "Reports received.", labels=["channel", "answer"])
        for channel, counter in self._counts.by_channel.items():
            for answer in COUNTED:
                reports.add_metric([channel, answer], counter[answer])
        yield reports
        ended = "Reports of phones with an expired sign-in."
        yield CounterMetricFamily("intake_ended_sign_in_reports", ended, self._counts.ended)
        yield GaugeMetricFamily("intake_spool_records", "Records that wait for the broker.", self._spool.records)
        yield GaugeMetricFamily("intake_spool_bytes", "Their size on disk.", self._spool.bytes)
