"""The live stream sends each listener only events and fields that the listener may read."""

import json
from uuid import UUID

import httpx
import pytest

from cli import grant
from services.console.stream import vectors
from services.console.stream.vectors import BadVector
from shared.auth.tokens import Role
from shared.events import HazardUpdated
from tests.console.conftest import Served
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, alert, hazard, household, message, outcome
from tests.console.signing_in import dayar
from tests.console.test_stream import listening, panel_at
from tests.installation import in_thread
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("fresh_attempts")


def test_another_system_reads_the_district_of_an_alert_and_staff_the_village(served: Served) -> None:
    """The alert may be about a restricted hazard. Another system must therefore not read the village."""
    village = "KG05258812010"
    raised = alert(pcodes=[village, KADAMJAI])
    token = served.installation.token(roles=[Role.INTEGRATION], purpose="alerts")
    system = served.client(headers={"authorization": f"Bearer {token}"})
    with listening(system, "alerts") as outside, listening(served.signed_in(Role.OPERATOR), "alerts") as inside:
        served.publish(raised)
        ((_, coarse),), ((_, whole),) = outside.take(1), inside.take(1)
    assert (coarse["id"], coarse["data"]["pcodes"]) == (whole["id"], [KADAMJAI])
    assert whole["data"]["pcodes"] == [village, KADAMJAI]
    assert village not in str(coarse)
    assert {**coarse["data"], "pcodes": []} == {**whole["data"], "pcodes": []}


def test_an_integration_gets_only_public_hazards(served: Served) -> None:
    bearer = {"authorization": f"Bearer {served.installation.token(roles=[Role.INTEGRATION])}"}
    client = served.client(headers=bearer)
    for topics in ("alerts", "hazards,households", "outcomes", "hazards,hazards-restricted"):
        assert client.get("/stream", params={"topics": topics}).status_code == 403
    restricted, public = hazard(scope="Restricted"), hazard()
    with listening(client) as heard:
        served.publish(household(), alert(), restricted, public)
        ((name, event),) = heard.take(1)
    assert (name, event["data"]["hazard_id"]) == ("hazards", str(public.hazard_id))


def test_a_granted_system_reads_restricted_hazards_of_its_areas_until_the_grant_is_withdrawn(served: Served) -> None:
    name = served.account(Role.INTEGRATION)
    token = served.installation.token(roles=[Role.INTEGRATION], account=served.known(name).account_id)
    system = served.client(headers={"authorization": f"Bearer {token}"})
    topics, listed = {"topics": "hazards,hazards-restricted"}, "/v1/restricted-hazards"
    assert [system.get("/stream", params=topics).status_code, system.get(listed).status_code] == [403, 404]
    assert dayar(served, "hazards", name, "--area", KADAMJAI, app=grant.app).exit_code == 0
    elsewhere, private, own = (
        hazard(scope=scope, area={"pcodes": [pcode]}, text={"ky": {"headline": "call Aida"}})
        for scope, pcode in (("Restricted", KARA_SUU), ("Private", KADAMJAI), ("Restricted", KADAMJAI))
    )
    with listening(system, topics["topics"]) as heard:
        start = heard.last_id
        with pytest.raises(BadVector):
            vectors.decoded(start)  # other systems cannot decode a position, which contains numbers of records
        served.publish(elsewhere, private, own)
        ((topic, event),) = heard.take(1)
        assert (topic, event["data"]["hazard_id"]) == ("hazards-restricted", str(own.hazard_id))
        assert "Aida" not in str(event)
        with listening(system, topics["topics"], **{"last-event-id": start}) as again:
            assert again.take(1) == [(topic, event)]
        page = in_thread(page_with(system, listed, own.hazard_id))
        assert str(elsewhere.hazard_id) not in page and str(private.hazard_id) not in page and "Aida" not in page
        with listening(served.signed_in(Role.VIEWER), "hazards-restricted") as staff:
            later = hazard(scope="Restricted", area={"pcodes": [KADAMJAI]})
            served.publish(hazard(HazardUpdated, hazard_id=own.hazard_id, revision=2, scope="Private"))
            assert staff.take(1)[0][1]["data"]["scope"] == "Private"
        with listening(system, topics["topics"], **{"last-event-id": start}) as again:
            served.publish(later)
            removal, following = again.take(2)
        assert removal[1]["type"] == "dayar.hazard.removed.v1"
        assert removal[1]["data"] == {"hazard_id": str(own.hazard_id)} and "time" not in removal[1]
        assert following[1]["data"]["hazard_id"] == str(later.hazard_id)
        assert heard.take(2) == [removal, following]
        assert dayar(served, "withdraw", name, app=grant.app).exit_code == 0
        assert heard.take(1) == []  # the stream ends without another event
    assert [system.get("/stream", params=topics).status_code, system.get(listed).status_code] == [403, 404]
    log = served.signed_in(Role.AUDITOR).get("/console/v1/audit", params={"limit": 20}).text
    assert f"hazards-granted: {KADAMJAI}" in log and "hazards-grant-withdrawn" in log


async def page_with(client: httpx.Client, path: str, hazard_id: UUID) -> str:
    def text() -> str:
        return client.get(path, params={"limit": 200}).raise_for_status().text

    await wait_for(lambda: str(hazard_id) in text())
    return text()


def test_staff_hear_restricted_hazards(served: Served) -> None:
    restricted = hazard(scope="Restricted")
    with listening(served.signed_in(Role.VIEWER), "hazards,hazards-restricted") as heard:
        served.publish(restricted)
        ((name, event),) = heard.take(1)
    assert (name, event["data"]["hazard_id"]) == ("hazards-restricted", str(restricted.hazard_id))


def test_a_viewer_learns_that_a_count_changed_and_no_household(served: Served) -> None:
    registered = household()
    with listening(served.signed_in(Role.VIEWER), "households") as heard:
        served.publish(registered)
        ((name, event),) = heard.take(1)
    assert name == "households"
    assert event.keys() == {"type", "specversion", "time"}


def test_an_operator_of_an_area_gets_only_its_households(served: Served) -> None:
    here, elsewhere = household(destination=KADAMJAI), household(destination=KARA_SUU)
    with listening(served.signed_in(Role.OPERATOR, areas=(BATKEN,)), "households") as heard:
        served.publish(elsewhere, here)
        ((_, event),) = heard.take(1)
    assert event["data"]["household_id"] == str(here.household_id)


def test_households_and_outcomes_reach_the_board(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    with listening(client, "households,outcomes") as heard:
        served.publish(household(destination=KARA_SUU), outcome(outcome="held", reason="not_author"))
        heard.take(2)
        position = heard.last_id
    assert "Kara-Suu rayon" in panel_at(client, "households", position, lang="en")
    reports = panel_at(client, "reports", position, lang="en")
    assert "not from its author or the author&#39;s team" in reports and "not_author" not in reports


@pytest.mark.parametrize(("areas", "is_said"), [(("KG",), False), ((BATKEN, KARA_SUU), True)])
def test_a_board_of_some_areas_says_that_its_households_are_limited_to_them(
    served: Served, areas: tuple[str, ...], is_said: bool
) -> None:
    panel = served.signed_in(Role.OPERATOR, areas=areas).get("/board/households", params={"lang": "en"}).text
    assert ("Only your areas: Batken oblast, Kara-Suu rayon." in panel) == is_said


def test_a_country_is_called_by_its_name(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    published = message(household())
    abroad = json.loads(published.value) | {"destination": {"country": "KZ"}}
    with listening(client, "households") as heard:
        served.publish(published._replace(value=json.dumps(abroad).encode()))
        heard.take(1)
        panel = panel_at(client, "households", heard.last_id, lang="ky")
    assert "Чет өлкөдө: Казакстан" in panel
