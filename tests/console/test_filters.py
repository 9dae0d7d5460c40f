"""The filter of the board's alerts: reading a filter from a URL, choosing alerts, and saving filters."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import filters
from services.console.filters import Filter
from services.console.handlers import show
from services.console.queries import board_alerts, filter_conditions, saved_filters
from services.console.search.indexing import SearchIndex
from shared.places import Places
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, LEILEK, NOW, alert, all_received, hazard

PLACES = Places.load()


@pytest.mark.parametrize(
    ("query", "chosen", "faults"),
    [
        ("", "", ()),
        ("lang=ru&text=+&area=&most=300", "", ()),
        ("text=Сел++Баткен&severity=Severe&severity=Extreme&hours=6", "severity=Extreme&severity=Severe&hours=6", ()),
        ("hazard=mudflow&hazard=dragon&state=waiting", "hazard=mudflow&state=waiting", ("hazard",)),
        ("area=KG99999999999&hazard=mudflow&hazard=mudflow", "hazard=mudflow", ("area",)),
        (f"text={'x' * 10_000}&hours=999999999999&severity=Bad", "", ("severity", "hours", "text")),
        (f"text={'+'.join('abcdefghijk')}&hours=-1", "", ("hours", "text")),
        ("text=a%00b&hours=721", "", ("hours", "text")),
    ],
)
def test_an_address_is_read_and_what_is_not_known_or_too_long_is_named(
    query: str, chosen: str, faults: tuple[str, ...]
) -> None:
    read = filters.of_query(query, PLACES)
    assert read.query.startswith(chosen) and read.is_active == bool(chosen)
    assert read.faults == faults
    assert filters.of_query(read.query, PLACES) == Filter(**{**_fields(read), "faults": ()})


def _fields(read: Filter) -> dict[str, Any]:
    return {name: getattr(read, name) for name in Filter.__slots__}


@pytest.mark.anyio
async def test_the_filter_chooses_alerts(session: AsyncSession, index: SearchIndex) -> None:
    flood = hazard(
        type="river_flood", text={"ru": {"headline": "Река вышла 100% из берегов в Өзгөрүш"}}, area={"pcodes": [LEILEK]}
    )
    alerts = {
        "mudflow": alert(pcodes=[KADAMJAI]),
        "flood": alert(hazard_type="river_flood", pcodes=[LEILEK], hazard_id=flood.hazard_id, severity="Moderate"),
        "old": alert(hazard_type="avalanche", pcodes=[KARA_SUU], raised_at=NOW - timedelta(hours=7)),
        "ended": alert(hazard_type="hail", pcodes=[KARA_SUU], severity="Extreme", is_unseen=True, validity="expired"),
    }
    await show(all_received([flood, *alerts.values()]), session)
    # the search has not indexed these alerts, so the text hides none of them
    no_words = filter_conditions.condition(filters.of_query("text=dragon", PLACES), NOW, PLACES)
    sections = await board_alerts.sections(session, NOW, None, 10, no_words)
    assert sum(section.total for section in sections.values()) == len(alerts)
    await index.step()
    names = {str(known.alert_id): name for name, known in alerts.items()}
    expected = {
        "": set(alerts),
        "hazard=mudflow&hazard=avalanche": {"mudflow", "old"},
        "severity=Moderate": {"flood"},
        f"area={BATKEN}": {"mudflow", "flood"},
        "hours=6": {"mudflow", "flood", "ended"},
        "state=waiting": {"mudflow", "flood", "old"},
        "state=waiting&hours=6&severity=Severe": {"mudflow"},
        "state=closed&state=in_progress": set(),
        "text=БАТКЕН": {"mudflow", "flood"},
        "text=batken+паводок": {"flood"},
        "text=лавина": {"old"},
        "text=берегов": {"flood"},
        "text=Ozgorush+bereg": {"flood"},
        "text=dragon": set(),
        "text=100%25+река": {"flood"},
        "text=%25": set(alerts),  # a text without letters and digits filters nothing
        "text=headline": set(),
    }
    for query, chosen in expected.items():
        wanted = filter_conditions.condition(filters.of_query(query, PLACES), NOW, PLACES)
        sections = await board_alerts.sections(session, NOW, None, 10, wanted)
        listed = {names[str(shown.alert_id)] for section in sections.values() for shown in section.alerts}
        assert listed == chosen, query
        assert sum(section.total for section in sections.values()) == len(chosen), query
        # nobody has acknowledged any of these alerts, so every alert that is not listed is hidden
        hidden = await board_alerts.hidden_unacknowledged(session, NOW, None, sections)
        assert hidden == Counter(str(known.severity) for name, known in alerts.items() if name not in chosen), query


@pytest.mark.anyio
async def test_an_account_saves_at_most_thirty_filters_and_sees_only_its_own(session: AsyncSession) -> None:
    account, other = uuid4(), uuid4()
    for number in range(saved_filters.MOST):
        assert await saved_filters.save(session, account, f"filter {number:02}", "hours=6")
    assert not await saved_filters.save(session, account, "one more", "hours=6")
    assert await saved_filters.save(session, account, "filter 00", "hours=1")
    assert await saved_filters.save(session, other, "filter 00", "hours=24")
    saved = await saved_filters.of(session, account)
    assert (len(saved), saved[0].query) == (saved_filters.MOST, "hours=1")
    assert not await saved_filters.remove(session, other, saved[0].filter_id)
    assert await saved_filters.remove(session, account, saved[0].filter_id)
