"""The page of an area reads only the area's own alerts and hazards. Many events elsewhere cannot displace them."""

from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.console import areas
from services.console.handlers import show
from services.console.sections import Section
from shared.auth.tokens import Principal, Role
from shared.places import Places
from tests.console.factories import KADAMJAI, KARA_SUU, LEILEK, NOW, alert, all_received, hazard

pytestmark = pytest.mark.anyio

PLACES = Places.load()


async def test_graver_events_elsewhere_do_not_displace_those_of_the_area(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(areas, "MOST", 1)
    mild, milder = [hazard(severity=severity, area={"pcodes": [LEILEK]}) for severity in ("Moderate", "Minor")]
    grave = hazard(severity="Extreme", area={"pcodes": [KADAMJAI]})
    here = [alert(severity=severity, pcodes=[LEILEK]) for severity in ("Moderate", "Minor")]
    await show(all_received([grave, mild, milder, alert(severity="Extreme", pcodes=[KADAMJAI]), *here]), session)
    reader = Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({Role.OPERATOR}), areas=("KG",))
    hazards, hazards_hidden = await areas.hazards_of(session, LEILEK, PLACES, NOW)
    assert ([each.hazard_id for each in hazards], hazards_hidden) == ([mild.hazard_id], 1)
    alerts, alerts_hidden = await areas.alerts_of(session, LEILEK, reader, PLACES, NOW)
    assert ([(section, each.alert_id) for section, each in alerts], alerts_hidden) == (
        [(Section.WAITING, here[0].alert_id)],
        1,
    )
    farther = Principal(uuid4(), uuid4(), 0, 0, roles=frozenset({Role.OPERATOR}), areas=(KARA_SUU,))
    assert await areas.alerts_of(session, LEILEK, farther, PLACES, NOW) == ([], 0)
