"""Computes the numbers of the statistics: alerts and hazards by row, notifications by channel and outcome."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from services.alerts.delivery.states import DeliveryState
from services.alerts.statistics.filters import Grouping, StatisticsFilters

OUTCOMES = (
    DeliveryState.DELIVERED,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.QUEUED,
    DeliveryState.NOT_SENT,
)


@dataclass(frozen=True, slots=True)
class AlertNumbers:
    """Times are minutes from the raise to the first acknowledgement, or None if nobody acknowledged.

    `decided` counts alerts that somebody acknowledged, or whose first waiting time is over. `in_time` counts alerts
    that somebody acknowledged within the first waiting time. Alerts of earlier releases of Dayar are never `decided`.
    """

    key: str | None
    hazards: int = 0
    alerts: int = 0
    acknowledged: int = 0
    median: float | None = None
    ninth_decile: float | None = None
    in_time: int = 0
    decided: int = 0

    @property
    def unacknowledged(self) -> int:
        return self.alerts - self.acknowledged

    @property
    def share_in_time(self) -> float | None:
        return self.in_time / self.decided if self.decided else None


@dataclass(frozen=True, slots=True)
class DeliveryNumbers:
    key: str | None
    channel: str
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True, slots=True)
class Statistics:
    """Totals come first in each table: one row for alerts and hazards, and one row for each channel."""

    total: AlertNumbers
    alerts: Sequence[AlertNumbers]
    delivery_totals: Sequence[DeliveryNumbers]
    deliveries: Sequence[DeliveryNumbers]

    @property
    def delivery_count(self) -> int:
        return sum(numbers.count for numbers in self.delivery_totals)

    def deliveries_of(self, outcome: DeliveryState) -> int:
        return sum(numbers.outcomes.get(outcome, 0) for numbers in self.delivery_totals)


def statistics(
    filters: StatisticsFilters,
    alerts: Iterable[Any],
    hazards: Iterable[Any],
    deliveries: Iterable[Any],
    visible: frozenset[str] | None,
) -> Statistics:
    """Tables by area leave out areas that are not `visible`."""
    totals, numbers = _of_alerts(alerts, hazards)
    channel_totals, of_channels = _of_deliveries(deliveries)
    for key, _ in of_channels:
        numbers.setdefault(key, AlertNumbers(key))
    rows = _ordered(filters, numbers, visible)
    position = {row.key: index for index, row in enumerate(rows)}
    shown = (row for row in of_channels.values() if row.key in position)
    return Statistics(
        totals,
        rows,
        sorted(channel_totals.values(), key=lambda row: row.channel),
        sorted(shown, key=lambda row: (position[row.key], row.channel)),
    )


def _of_alerts(alerts: Iterable[Any], hazards: Iterable[Any]) -> tuple[AlertNumbers, dict[str | None, AlertNumbers]]:
    begun = {(row.is_total, row.key): row.hazards for row in hazards}
    raised = {(row.is_total, row.key): row for row in alerts}
    rows = {}
    for place in {**begun, **raised}:
        row = raised.get(place)
        numbers = AlertNumbers(place[1], begun.get(place, 0))
        rows[place] = (
            numbers
            if row is None
            else replace(
                numbers,
                alerts=row.alerts,
                acknowledged=row.acknowledged,
                median=_minutes(row.median),
                ninth_decile=_minutes(row.ninth_decile),
                in_time=row.in_time,
                decided=row.decided,
            )
        )
    return rows[True, None], {key: numbers for (is_total, key), numbers in rows.items() if not is_total}


def _of_deliveries(
    deliveries: Iterable[Any],
) -> tuple[dict[str, DeliveryNumbers], dict[tuple[str | None, str], DeliveryNumbers]]:
    totals = dict[str, DeliveryNumbers]()
    rows = dict[tuple[str | None, str], DeliveryNumbers]()
    for row in deliveries:
        new = DeliveryNumbers(row.key, row.channel)
        numbers = totals.setdefault(row.channel, new) if row.is_total else rows.setdefault((row.key, row.channel), new)
        numbers.outcomes[row.outcome] = row.deliveries
    return totals, rows


def _ordered(
    filters: StatisticsFilters, numbers: Mapping[str | None, AlertNumbers], visible: frozenset[str] | None
) -> list[AlertNumbers]:
    """The types or areas with the most alerts are at the top."""
    if filters.by is Grouping.MONTH:
        return [numbers.get(month, AlertNumbers(month)) for month in filters.months]
    is_limited = filters.by is Grouping.AREA and visible is not None
    shown = (row for row in numbers.values() if not is_limited or row.key is None or row.key in (visible or ()))
    return sorted(shown, key=lambda row: (row.key is None, -row.alerts, -row.hazards, row.key))


def _minutes(seconds: Decimal | float | None) -> float | None:
    return None if seconds is None else float(seconds) / 60
