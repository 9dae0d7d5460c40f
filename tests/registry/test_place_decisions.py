"""The desk is asked whether two typed places are the same. Tests the question, and how an answer changes the counts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select

from services.registry.config import RegistrySettings
from services.registry.counts.renewal import recount_old
from services.registry.models import PlaceDecision
from services.registry.places import recounts as place_recounts
from shared.auth.tokens import Role
from shared.places import Places
from tests import gazetteers
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, LEILEK, movement, registrar_of
from tests.registry.test_headcounts import OTHER_AUTHOR, OTHER_TEAM, counted, stocks
from tests.registry.test_sites import occupancy, saved
from tests.registry.test_waiting import rows, sent

pytestmark = pytest.mark.anyio

OPEN = select(PlaceDecision).where(PlaceDecision.carried_out_at.is_(None)).order_by(PlaceDecision.decided_at)
OTHER = {"author": OTHER_AUTHOR, "team": OTHER_TEAM}


async def page(office: Office, role: Role = Role.REGISTRAR, **more: Any) -> dict[str, Any]:
    answer = await office.get("/v1/places:proposed", role=role, **more)
    assert answer.status_code == 200, answer.text
    content: dict[str, Any] = answer.json()
    return content


async def names(office: Office, **more: Any) -> list[set[str]]:
    return [{place["name"] for place in each["places"]} for each in (await page(office, **more))["proposals"]]


async def answer(office: Office, given: str, role: Role = Role.REGISTRAR, **more: Any) -> httpx.Response:
    ids = [each["proposal_id"] for each in (await page(office))["proposals"]]
    body = {"proposal_ids": ids or [str(uuid4())], "answer": given, "reason": "known"}
    response = await sent(office, "/v1/places:decide", body, role=role, **more)
    await carried_out(office)
    return response


async def reverse(office: Office, role: Role = Role.REGISTRAR) -> httpx.Response:
    ids = [each["decision_id"] for each in (await page(office))["decided"]]
    response = await sent(office, "/v1/places:reverse", {"decision_ids": ids, "reason": "mistake"}, role=role)
    await carried_out(office)
    return response


async def carried_out(office: Office) -> None:
    sessions = office.app.state.sessions
    async with sessions() as session:
        decisions = (await session.scalars(OPEN)).all()
    for decision in decisions:
        execute = await office.registrar.prepare_places(sessions, decision)
        async with sessions.begin() as session:
            stored = await session.get(PlaceDecision, decision.decision_id)
            stored.result, stored.carried_out_at = await execute(session), datetime.now(UTC)


async def in_effect(office: Office) -> list[int]:
    counts = await rows(office, "SELECT persons FROM counts WHERE superseded_by IS NULL AND persons > 0")
    return sorted(count["persons"] for count in counts)


async def test_the_same_place_lets_the_newer_full_recount_replace_the_older(office: Office) -> None:
    await office.file(counted(0, 100, origin_locality="Чоко-Добо"))
    await office.file(counted(5, 110, origin_locality="Choko Döbö", is_full_recount=False), **OTHER)
    listed = await page(office)
    [question] = listed["proposals"]
    assert (listed["count"], question["about"]) == (1, "origin")
    assert [count["persons"] for place in question["places"] for count in place["counts"]] in ([100, 110], [110, 100])
    answered = await answer(office, "same")
    assert answered.json()["ids"] == [question["proposal_id"]]
    assert await in_effect(office) == [100, 110]  # a partial count does not replace an older count
    await office.file(counted(6, 105, origin_locality="Чоко-Дабо"), **OTHER)
    assert await in_effect(office) == [100, 105, 110]
    await answer(office, "same")
    assert await in_effect(office) == [105]
    assert (await page(office))["proposals"] == []
    figure = await office.get("/v1/statistics/stock?date=2022-05-06", role=Role.ANALYST)
    assert figure.json()["total"]["group_persons"] == 105
    stored = await rows(office, "SELECT account, reason, answer, label, other_label FROM place_decisions")
    assert [row["answer"] for row in stored] == ["same", "same"]
    logged = await rows(office, "SELECT objects, reason FROM audit WHERE action = 'places_decided' ORDER BY id")
    assert [entry["reason"] for entry in logged] == ["same/known"] * 2
    assert len(logged[0]["objects"]) == 2


async def test_a_reversed_answer_restores_the_counts_and_asks_again(office: Office) -> None:
    await office.file(counted(0, 100, destination_locality="Мечит Тобей"))
    await office.file(counted(5, 110, destination_locality="Мечит Тобой"), **OTHER)
    await answer(office, "same")
    assert await in_effect(office) == [110]
    [decided] = (await page(office))["decided"]
    assert (decided["answer"], decided["reason"], decided["is_applied"]) == ("same", "known", True)
    await reverse(office)
    assert await in_effect(office) == [100, 110]
    assert await names(office) == [{"Мечит Тобей", "Мечит Тобой"}]


async def test_joined_counts_are_not_computed_again_at_each_start(office: Office) -> None:
    await office.file(counted(0, 100, destination_locality="Мечит Тобей"))
    await office.file(counted(5, 110, destination_locality="Мечит Тобой"), **OTHER)
    await answer(office, "same")
    written = "SELECT report_id, ctid::text FROM counts ORDER BY report_id"
    before = await rows(office, written)
    await recount_old(office.app.state.sessions, office.registrar, Places.load())
    assert await rows(office, written) == before


async def test_two_places_are_not_proposed_again(office: Office) -> None:
    await office.file(counted(0, 100, origin_locality="Тобей"), counted(5, 110, origin_locality="Тобой"))
    await answer(office, "different")
    await office.file(counted(9, 120, origin_locality="ТОБОЙ"))
    assert await names(office) == []
    assert await in_effect(office) == [100, 120]
    await reverse(office)
    assert await names(office) == [{"Тобей", "ТОБОЙ"}]


@pytest.mark.parametrize(
    "other",
    [
        {"status": "Exercise"},
        {"hazard_id": str(uuid4())},
        {"mobility": "evacuation"},
        {"shelter": "tent"},
        {"origin": {"pcode": LEILEK}},
        {"destination_locality": "Мектеп № 4"},
        {"destination_locality": None},
        {"measure": "flow"},
        {"origin_locality": "Тобей-2"},
    ],
    ids="-".join,
)
async def test_counts_of_other_people_are_not_proposed(office: Office, other: dict[str, Any]) -> None:
    hazard = {"hazard_id": str(uuid4())}
    await office.file(counted(0, 100, origin_locality="Тобей", **hazard))
    await office.file(counted(5, 90, **{"origin_locality": "Тобой", **hazard, **other}))
    assert await names(office) == []


async def test_two_codes_of_the_gazetteer_are_two_places_but_a_typed_name_may_mean_one(office: Office) -> None:
    codes = ("KG05258811010", "KG05258811020")
    for hours, code in enumerate(codes):
        await office.file(counted(hours, 100, origin_locality="Чоко-Добо", origin_locality_pcode=code))
    assert await names(office) == []
    await office.file(counted(5, 110, origin_locality="Чоко Добо"))
    assert len(await names(office)) == 2
    answered = await answer(office, "same")  # one name cannot mean two listed places, so only one answer is valid
    assert len(answered.json()["ids"]) == 1
    assert (await page(office))["proposals"] == []
    assert await in_effect(office) == [100, 110]


async def test_a_count_with_a_nearly_equal_name_belongs_to_the_site(office: Office) -> None:
    site_id = await saved(office, name_ru="Школа имени Токтогула", name_ky=None)
    await office.file(counted(0, 70, destination_locality="Школа им. Токтогула"))
    assert await names(office) == []  # no question: the abbreviation differs in too many letters
    await office.file(counted(1, 80, destination_locality="Школа имени Тактагула"))
    [question] = (await page(office))["proposals"]
    assert [place["is_site"] for place in question["places"]].count(True) == 1
    await answer(office, "same")
    assert (await occupancy(office, site_id))["highest"] == 80
    await reverse(office)
    assert await occupancy(office, site_id) is None
    await saved(office, site_id, version=2, name_ru="Школа имени Токтогула", name_ky=None, state="closed")
    assert await names(office) == []


async def test_an_answer_that_is_not_executed_yet_prevents_a_second_site(office: Office) -> None:
    for name in ("Школа Токтогула", "Школа Тактогула"):
        await saved(office, name_ru=name, name_ky=None)
    await office.file(counted(0, 70, destination_locality="Школа Тактагула"))
    changed = []
    for question in (await page(office))["proposals"]:
        body = {"proposal_ids": [question["proposal_id"]], "answer": "same", "reason": "known"}
        changed.append(len((await sent(office, "/v1/places:decide", body, role=Role.REGISTRAR)).json()["ids"]))
    assert changed == [1, 0]
    await carried_out(office)
    assert (await page(office))["proposals"] == []


async def test_a_name_that_means_a_site_keeps_meaning_it_after_an_import(
    office: Office, import_gazetteer: Callable[[], None]
) -> None:
    site_id = await saved(office, name_ru="Чоко-Дабо", name_ky=None, pcode=gazetteers.KADAMJAI)
    named = {"destination": {"pcode": gazetteers.KADAMJAI}, "destination_locality": "Чоко-Добо"}
    await office.file(counted(0, 80, **named))
    await answer(office, "same")
    import_gazetteer()
    settings = office.installation.settings(RegistrySettings)
    after = replace(office, registrar=registrar_of(settings, office.app.state.places))
    await recount_old(after.app.state.sessions, after.registrar, after.app.state.places)
    await after.file(counted(1, 90, **named))
    assert await in_effect(after) == [90]
    assert (await occupancy(after, site_id))["highest"] == 90
    await reverse(after)
    assert await occupancy(after, site_id) is None
    assert await in_effect(after) == [90]


async def test_movements_follow_the_answer(office: Office) -> None:
    first = counted(0, 100, destination_locality="Мечит Тобей")
    await office.file(first, counted(1, 110, destination_locality="Мечит Тобой"))
    moved = movement(first, "returned", occurred_at="2022-05-07T06:00:00Z", reported_at="2022-05-07T07:00:00Z")
    await office.file(moved)
    assert await names(office) == []  # no question: nobody of the first count is left
    await office.file({**moved, "version": 2, "persons": 30})
    await answer(office, "same")
    stock = "SELECT sum(coalesce(displaced, persons)) AS n FROM counts WHERE superseded_by IS NULL"
    assert await rows(office, stock) == [{"n": 80}]  # 110 - 30: the people who returned are subtracted from the recount
    await reverse(office)
    assert await rows(office, stock) == [{"n": 180}]


async def test_the_people_of_a_site_who_moved_to_one_of_the_places_follow_the_answer(office: Office) -> None:
    """The people at the site have another origin than the people of the compared counts."""
    site_id, shelter = await saved(office), {"shelter": "unknown"}
    await office.file(counted(0, 100, site_id=site_id, origin={"pcode": LEILEK}))
    at = {
        "occurred_at": "2022-05-06T06:00:00Z",
        "reported_at": "2022-05-06T07:00:00Z",
        "destination": {"pcode": BATKEN},
    }
    everybody = {"kind": "site", "site_id": site_id}
    await office.file(movement(everybody, "transferred", **at, **shelter, destination_locality="Мечит Тобой"))
    await office.file(counted(40, 90, destination_locality="Мечит Тобей", origin={"pcode": LEILEK}, **shelter), **OTHER)
    for hours, name in enumerate(("Мечит Тобей", "Мечит Тобой")):
        await office.file(counted(hours, 7, destination_locality=name, **shelter))
    assert await displaced(office) == [7, 7, 90, 100]
    await answer(office, "same")
    assert await displaced(office) == [7, 90]
    await reverse(office)
    assert await displaced(office) == [7, 7, 90, 100]


async def displaced(office: Office) -> list[int]:
    counts = await rows(office, "SELECT coalesce(displaced, persons) AS n FROM counts WHERE superseded_by IS NULL")
    return sorted(count["n"] for count in counts if count["n"])


async def test_a_decision_finds_its_counts_in_batches_and_also_counts_that_come_meanwhile(office: Office) -> None:
    mosques = [{"destination_locality": f"Мечит {name}"} for name in ("Тобей", "Тобой")]
    await office.file(*(counted(hours, 100 + hours, **place) for hours, place in enumerate(mosques)))
    ids = [each["proposal_id"] for each in (await page(office))["proposals"]]
    body = {"proposal_ids": ids, "answer": "same", "reason": "known"}
    await sent(office, "/v1/places:decide", body, role=Role.REGISTRAR)
    async with office.app.state.sessions() as session:
        made = (await session.scalars(OPEN)).one()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place_recounts, "AT_ONCE", 1)
        execute = await office.registrar.prepare_places(office.app.state.sessions, made)
        await office.file(counted(3, 103, **mosques[0]), counted(4, 104, **mosques[1]))
        async with office.app.state.sessions.begin() as session:
            await execute(session)
    assert await in_effect(office) == [104]


async def test_counts_corrections_and_answers_in_any_order_give_the_same_counts(file: Filing) -> None:
    draw = Random(5)
    bodies: list[tuple[dict[str, Any], UUID | None]] = []
    for number in range(14):
        team, place = (
            draw.choice((None, OTHER_TEAM)),
            draw.choice(("Мечит Тобей", "Мечит Тобой", "Mechit Tobei", "Мектеп")),
        )
        body = counted(number * 30, draw.randrange(1, 200), destination_locality=place, is_full_recount=number % 4 > 0)
        bodies.append((body, team))
        if number % 3 == 0:
            bodies.append(
                ({**body, "version": 2, "destination_locality": draw.choice(("Мечит Тобей", "Мектеп"))}, team)
            )
    answers = [
        decision("мечиттобей", "мечиттобой", "same", 1),
        decision("mechittobei", "мечиттобой", "same", 2),
        decision("мектеп", "мечиттобей", "same", 3),
        decision("мектеп", "мечиттобей", "open", 4),
    ]
    seen = []
    for _ in range(4):
        draw.shuffle(bodies)
        moments = sorted(draw.choices(range(len(bodies) + 1), k=len(answers)))
        for number in range(len(bodies) + 1):
            for given in (each for each, moment in zip(answers, moments, strict=True) if moment == number):
                await settle(file, given)
            for body, team in bodies[number : number + 1]:
                await file(body, author=team or OTHER_AUTHOR, team=team)
        seen.append(await stocks(file))
        await file.session.rollback()
    assert seen[1:] == seen[:-1]
    assert len(seen[0]) < len({*range(14)})


def decision(name: str, other: str, answer: str, minute: int) -> dict[str, Any]:
    return {
        **dict.fromkeys(("unit", "other_unit"), BATKEN),
        "name": name,
        "other_name": other,
        "label": name,
        "other_label": other,
        "district": BATKEN,
        "answer": answer,
        "reason": "known",
        "account": uuid4(),
        "decided_at": datetime(2026, 6, 15, 6, minute, tzinfo=UTC),
    }


async def settle(file: Filing, given: dict[str, Any]) -> None:
    made = PlaceDecision(**given)
    file.session.add(made)
    await file.session.flush()
    made.result = await file.registrar.settle_places(made, file.session)
    await file.session.flush()
