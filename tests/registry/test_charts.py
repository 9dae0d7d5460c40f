"""Tests the axis and the grid lines of the bar charts."""

import pytest

from services.registry.figures import charts
from services.registry.figures.queries import MovementScope
from services.registry.figures.statistics import Figure
from services.registry.reports import CELLS
from shared.events.vocabulary import Mobility, Reason


@pytest.mark.parametrize("persons", [1, 2, 3, 5, 7, 12, 37, 99, 180, 1001, 4999])
def test_a_tick_is_drawn_at_its_value(persons: int) -> None:
    cells = (persons, *[0] * (len(CELLS) - 1))
    month = Figure(
        "2026-06", None, "KG", MovementScope.WITHIN, (Reason.FAMILY,), Mobility.DISPLACEMENT, households=1, cells=cells
    )
    drawn = charts.monthly([month])
    top = drawn.lines[-1].value
    assert top >= persons
    assert [line.y for line in drawn.lines] == [
        pytest.approx(charts.HEIGHT * (1 - line.value / top)) for line in drawn.lines
    ]


def test_an_axis_up_to_ten_has_ticks_of_two() -> None:
    assert [line.value for line in charts.ruled(10)] == [0, 2, 4, 6, 8, 10]
    assert [line.value for line in charts.ruled(2)] == [0, 1, 2]
    assert [line.value for line in charts.ruled(1)] == [0, 1]
