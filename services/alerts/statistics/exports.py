"""Writes the statistics as a workbook, with one sheet for each table."""

from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from services.alerts.statistics.filters import StatisticsFilters
from services.alerts.statistics.row_names import COLUMNS, row_name
from services.alerts.statistics.tables import OUTCOMES, AlertNumbers, DeliveryNumbers, Statistics
from shared.pages import Pages
from shared.pages.terms import N_, term
from shared.places import Places
from shared.sheets import tables
from shared.sheets.tables import SheetTable, Value

DESCRIPTION = "statistics-description.html"
TOTAL = N_("Total")
ALERT_LABELS = (
    N_("Hazards"),
    N_("Alerts"),
    N_("Acknowledged"),
    N_("Not acknowledged"),
    N_("Median time, min"),
    N_("90th percentile, min"),
    N_("In the first waiting time"),
    N_("Of these alerts"),
)
DELIVERY_LABELS = (N_("Channel"), N_("Sent notifications"))
SHEETS = (N_("Alerts"), N_("Sent notifications"))


class Writer:
    def __init__(self, pages: Pages, places: Places, language: str) -> None:
        self._pages, self._places, self._language = pages, places, language

    def workbook(self, filters: StatisticsFilters, statistics: Statistics, context: Mapping[str, Any]) -> bytes:
        described: str = self._pages.text(self._language, DESCRIPTION, **context)
        sentences = [line.strip() for line in unescape(described).splitlines() if line.strip()]
        key = self._text(COLUMNS[filters.by])
        alerts, notifications = map(self._text, SHEETS)
        outcomes = [term("delivery_state", outcome, self._text) for outcome in OUTCOMES]
        return tables.workbook(
            [
                SheetTable(
                    sentences,
                    [key, *map(self._text, ALERT_LABELS)],
                    (36, *[18] * len(ALERT_LABELS)),
                    self._alert_rows(filters, statistics),
                    alerts,
                ),
                SheetTable(
                    sentences,
                    [key, *map(self._text, DELIVERY_LABELS), *outcomes],
                    (36, *[18] * (len(DELIVERY_LABELS) + len(outcomes))),
                    self._delivery_rows(filters, statistics),
                    notifications,
                ),
            ]
        )

    def _alert_rows(self, filters: StatisticsFilters, statistics: Statistics) -> Iterator[list[Value]]:
        yield [self._text(TOTAL), *_values(statistics.total)]
        for numbers in statistics.alerts:
            yield [self._name(filters, numbers), *_values(numbers)]

    def _delivery_rows(self, filters: StatisticsFilters, statistics: Statistics) -> Iterator[list[Value]]:
        for numbers in statistics.delivery_totals:
            yield [self._text(TOTAL), *self._of_channel(numbers)]
        for numbers in statistics.deliveries:
            yield [self._name(filters, numbers), *self._of_channel(numbers)]

    def _name(self, filters: StatisticsFilters, numbers: AlertNumbers | DeliveryNumbers) -> str:
        return row_name(filters.by, numbers.key, self._places, self._language, self._text)

    def _of_channel(self, numbers: DeliveryNumbers) -> list[Value]:
        channel = term("channel", numbers.channel, self._text)
        return [channel, numbers.count, *(numbers.outcomes.get(outcome, 0) for outcome in OUTCOMES)]

    def _text(self, text: str) -> str:
        return self._pages.gettext(self._language, text)


def _values(numbers: AlertNumbers) -> list[Value]:
    times = (None if minutes is None else round(minutes, 1) for minutes in (numbers.median, numbers.ninth_decile))
    return [
        numbers.hazards,
        numbers.alerts,
        numbers.acknowledged,
        numbers.unacknowledged,
        *times,
        numbers.in_time,
        numbers.decided,
    ]
