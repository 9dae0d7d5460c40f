"""Tests the board's texts about displacement alerts, hidden alerts, and hazards that a team did not find."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.conftest import Served
from tests.console.factories import KADAMJAI, KARA_SUU, LEILEK, alert, hazard


def test_an_alert_about_people_of_unknown_origin_says_so(served: Served) -> None:
    figures: dict[str, Any] = {"persons": 300, "households": 0, "reports": 1, "counted_persons": 300}
    window = {"hours": 24.0, "first": "2026-06-15", "last": "2026-06-16"}
    known = alert(
        rule="displacement",
        reason="households_displaced",
        pcodes=[LEILEK],
        hazard_type=None,
        hazard_id=None,
        figures={**figures, **window, "is_origin_unknown": True, "pcode": LEILEK},
    )
    of_known_origin = known.model_copy(
        update={"alert_id": uuid4(), "figures": {**figures, **window, "pcode": KADAMJAI}}
    )
    served.publish(known, of_known_origin)
    operator = served.signed_in(Role.OPERATOR)

    def row(alert_id: UUID) -> str:
        panel = operator.get("/board/alerts?lang=ru").text
        return panel.partition(f'id="alert-{alert_id}"')[2].partition("</article>")[0]

    def title(alert_id: UUID) -> str:
        name = row(alert_id).partition(f'id="title-{alert_id}"')[2].partition(">")[2].partition("</a>")[0]
        return re.sub("<[^>]*>", "", name)

    expected = "Перемещение, 300 человек, откуда — неизвестно"
    assert wait_until(lambda: title(known.alert_id) == expected, timeout=60), row(known.alert_id)
    assert wait_until(lambda: row(of_known_origin.alert_id) != "", timeout=60)
    assert "Сейчас здесь: Лейлекский район." in row(known.alert_id)
    assert ">Откуда — неизвестно. 300 человек по 1 донесению" in row(known.alert_id)
    assert "неизвестно" not in row(of_known_origin.alert_id)
    assert "300 человек" in row(of_known_origin.alert_id)


def test_a_field_team_that_found_nothing_is_no_hazard_on_the_board(served: Served) -> None:
    """The event states the type of hazard that the team looked for."""
    place, now = {"pcodes": [KARA_SUU]}, datetime.now(UTC)
    looked = hazard(source="field", certainty="Unlikely", scope="Restricted", area=place, onset=now, received_at=now)
    served.publish(looked)
    operator, path = served.signed_in(Role.OPERATOR), f"/hazards/{looked.hazard_id}"
    assert wait_until(lambda: operator.get(path).status_code == 200, timeout=60)
    assert "nothing found" in operator.get(f"{path}?lang=en").text
    for panel in ("hazards", "recent"):
        row = (
            operator.get(f"/board/{panel}?lang=en&most=1000").text.partition(f'href="{path}"')[2].partition("</li>")[0]
        )
        assert "nothing found" in row, panel


def test_a_filter_that_hides_an_alert_that_ended_unacknowledged_says_so(served: Served) -> None:
    served.publish(alert(pcodes=[KARA_SUU], severity="Extreme", is_unseen=True, validity="expired"))
    operator = served.signed_in(Role.OPERATOR, areas=[KARA_SUU])
    shown = 'id="section-unseen"'
    assert wait_until(lambda: shown in operator.get("/board/alerts?lang=en").text, timeout=60)
    filtered = operator.get("/board/alerts?lang=en&state=waiting").text
    hidden = filtered.partition('id="hidden-unacknowledged"')[2].partition("</strong>")[0]
    assert shown not in filtered and "hidden by the filter: 1 " in hidden and 'data-severity="Extreme"' in hidden
    for panel in (filtered, operator.get("/board/alerts?lang=en").text):
        assert 'id="all-acknowledged"' not in panel
