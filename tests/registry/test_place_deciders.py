"""A question may be whether two typed places are the same. Tests who sees, answers, reverses and assigns it."""

from typing import Any
from uuid import uuid4

import pytest

from services.registry.models import PlaceDecision
from services.registry.places import routes as place_routes
from shared.auth.tokens import Role
from tests.registry.conftest import Office
from tests.registry.factories import BATKEN, KADAMJAI
from tests.registry.test_headcounts import counted
from tests.registry.test_place_decisions import answer, carried_out, decision, in_effect, names, page
from tests.registry.test_waiting import rows, sent

pytestmark = pytest.mark.anyio


async def test_only_deciders_of_the_area_answer(office: Office) -> None:
    await office.file(counted(0, 100, origin_locality="Тобей"), counted(5, 110, origin_locality="Тобой"))
    assert (await answer(office, "same", role=Role.OPERATOR)).status_code == 403
    assert (await office.get("/v1/places:proposed", role=Role.FIELD)).status_code == 403
    elsewhere = await answer(office, "same", areas=("KG06000000000",))
    assert (elsewhere.status_code, elsewhere.json()["ids"]) == (200, [])
    assert await in_effect(office) == [100, 110]
    assert await names(office, areas=("KG06000000000",)) == []
    refused = await sent(office, "/v1/places:decide", {"proposal_ids": [], "answer": "maybe"}, role=Role.REGISTRAR)
    assert refused.status_code == 422


async def test_a_question_about_another_district_is_answered_by_a_person_of_this_district(office: Office) -> None:
    """The counted people are in Batken, and come from Kadamjai.

    An answer is about everybody who comes from the two villages.
    """
    await office.file(counted(0, 100, origin_locality="Тобей"), counted(5, 110, origin_locality="Тобой"))
    here: dict[str, Any] = {"areas": (BATKEN,)}
    [question] = (await page(office, **here))["proposals"]
    assert (question["is_answerable"], question["district"]) == (False, KADAMJAI)
    assert await assign(office, question["proposal_id"], str(uuid4()), **here) == (None, 0)
    assert (await answer(office, "same", **here)).json()["ids"] == []
    assert await in_effect(office) == [100, 110]
    both: dict[str, Any] = {"areas": (BATKEN, KADAMJAI)}
    assert [each["is_answerable"] for each in (await page(office, **both))["proposals"]] == [True]
    assert len((await answer(office, "same", **both)).json()["ids"]) == 1
    [decided] = (await page(office))["decided"]
    assert (await page(office, **here))["decided"] == []
    body = {"decision_ids": [decided["decision_id"]], "reason": "mistake"}
    for person, count in ((here, 0), (both, 1)):
        reversed_ = await sent(office, "/v1/places:reverse", body, role=Role.REGISTRAR, **person)
        assert len(reversed_.json()["ids"]) == count
    await carried_out(office)
    assert await in_effect(office) == [100, 110]


async def assign(office: Office, proposal_id: str, account: str | None, **more: Any) -> tuple[str | None, int]:
    body = {"proposal_ids": [proposal_id, str(uuid4())], "account": account}
    assigned = await sent(office, "/v1/places:assign", body, role=Role.OPERATOR, **more)
    assert assigned.status_code == 200, assigned.text
    shown = {each["proposal_id"]: each["assignee"] for each in (await page(office))["proposals"]}
    return shown[proposal_id], len(assigned.json()["ids"])


async def test_every_counter_assigns_questions_about_places_and_hazards(office: Office) -> None:
    await office.file(counted(0, 100, origin_locality="Тобей"), counted(5, 110, origin_locality="Тобой"))
    for hours, persons in ((1, 50), (2, 45)):
        hazard = {"hazard_id": str(uuid4()), "hazard_type": "landslide"}
        await office.file(counted(hours, persons, destination_locality="Мечит", **hazard))
    questions = (await page(office))["proposals"]
    assert {question["about"] for question in questions} == {"origin", "hazard"}
    for question in questions:
        account = str(uuid4())
        assert await assign(office, question["proposal_id"], account) == (account, 1)
        assert await assign(office, question["proposal_id"], None) == (None, 1)
    logged = await rows(
        office, "SELECT result, reason FROM audit WHERE action = 'places_assigned' AND reason = 'nobody'"
    )
    assert [(entry["result"], entry["reason"]) for entry in logged] == [("done", "nobody")] * 2


async def test_all_answers_are_listed_in_pages(office: Office) -> None:
    made = [PlaceDecision(**decision(f"а{number}", f"б{number}", "different", number)) for number in range(3)]
    async with office.app.state.sessions.begin() as session:
        session.add_all([*made, PlaceDecision(**decision("а1", "б1", "open", 9))])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place_routes, "MOST", 1)
        first = await page(office)
        further = (await office.get(f"/v1/places:decided?cursor={first['next']}", role=Role.REGISTRAR)).json()
        last = await office.get(f"/v1/places:decided?cursor={further['next']}", role=Role.REGISTRAR)
    listed = [each["names"] for each in (*first["decided"], *further["decided"], *last.json()["decided"])]
    assert listed == [["а2", "б2"], ["а0", "б0"]]
    assert (await office.get("/v1/places:decided?cursor=x", role=Role.REGISTRAR)).status_code == 422
