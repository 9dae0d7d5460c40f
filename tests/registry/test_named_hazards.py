"""Several counts may be about the same people, and only one may name the hazard.

Everybody is then counted exactly once.
"""

from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registry.config import RegistrySettings
from services.registry.counts.named_hazards import CountedDeparture
from services.registry.counts.renewal import recount_old
from services.registry.held.earlier import take_some
from shared.auth.tokens import Role
from shared.events.displacements import GroupClear
from shared.events.vocabulary import Flag
from tests import gazetteers
from tests.registry.conftest import Filing, Office
from tests.registry.factories import BATKEN, KADAMJAI, LEILEK, OSH, movement, registrar_of
from tests.registry.test_differing_counts import carried_out, choose
from tests.registry.test_headcounts import OTHER_AUTHOR, OTHER_TEAM, counted, stocks
from tests.registry.test_place_decisions import answer, in_effect, page, reverse
from tests.registry.test_place_decisions import carried_out as settle_places
from tests.registry.test_waiting import rows, sent

pytestmark = pytest.mark.anyio

OTHER = {"author": OTHER_AUTHOR, "team": OTHER_TEAM}
MUDFLOW, QUAKE = ({"hazard_id": str(uuid4()), "hazard_type": type} for type in ("mudflow", "earthquake"))
LATER = {"occurred_at": "2022-05-09T06:00:00Z"}  # four days after the departure in the first counts


def departure(**changed: Any) -> CountedDeparture:
    clear = GroupClear.model_validate({**counted(0, 100), "measure": "stock", **changed})
    return CountedDeparture.of(clear, clear.hazard_id)


@pytest.mark.parametrize(
    ("unnamed", "fits"),
    [
        ({}, True),
        ({"hazard_type": "mudflow"}, True),
        ({"hazard_type": "earthquake"}, False),
        ({"reasons": ["not_reported"]}, True),
        ({"reasons": ["conflict"]}, False),
        ({"occurred_at": "2022-05-08T06:00:00Z"}, True),
        ({"occurred_at": "2022-05-02T06:00:00Z"}, True),
        (LATER, False),
        ({"occurred_at": "2022-05-28T06:00:00Z", "occurred_at_precision": "month"}, True),
    ],
)
def test_a_hazard_fits_by_its_type_and_by_the_days_of_departure(unnamed: dict[str, Any], fits: bool) -> None:
    assert departure(**unnamed).fits(departure(**MUDFLOW)) is fits


@pytest.mark.parametrize("named_first", [True, False])
async def test_recounts_of_which_one_names_the_hazard_replace_each_other(office: Office, named_first: bool) -> None:
    """Neither the order of the counts nor the order of their arrival matters.

    All counts must be in one stock: the board, the alerts and the figures add up the numbers of different stocks.
    """
    earlier, later = (MUDFLOW, {}) if named_first else ({}, MUDFLOW)
    bodies = counted(0, 100, **earlier), counted(5, 110, **later)
    await office.file(bodies[1 - named_first])
    await office.file(bodies[named_first], **OTHER)
    assert await in_effect(office) == [110]
    assert (await page(office))["proposals"] == []
    figure = await office.get("/v1/statistics/stock?date=2022-05-06", role=Role.ANALYST)
    assert figure.json()["total"]["group_persons"] == 110


async def test_teams_that_disagree_give_a_range_if_only_one_names_the_hazard(file: Filing) -> None:
    for unnamed, named in (({}, MUDFLOW), (MUDFLOW, {})):
        await file(counted(0, 100, **unnamed))
        await file(counted(2, 140, **named), **OTHER)
        assert await stocks(file) == [[100, 140]]
        await file.session.rollback()


async def test_a_recount_replaces_partial_counts_and_people_who_moved_there(file: Filing) -> None:
    """Some people at the school moved there from another place. The earlier count of these people named the hazard."""
    first = counted(0, 100, **MUDFLOW, destination_locality="Мечит")
    await file(first, counted(1, 20, **MUDFLOW, is_full_recount=False))
    school = {"destination": first["destination"], "destination_locality": "Мектеп № 3", "shelter": "collective_centre"}
    at = {"occurred_at": "2022-05-06T06:00:00Z", "reported_at": "2022-05-06T07:00:00Z"}
    await file(movement(first, "transferred", **school, **at))
    await file(counted(48, 115))
    in_effect = [row for row in await file.rows("counts") if row["superseded_by"] is None]
    assert sorted(row["displaced"] for row in in_effect) == [0, 115]


async def test_after_an_import_the_counts_of_one_place_are_counted_once(office: Office) -> None:
    place = {"destination": {"pcode": KADAMJAI}}
    names = {"destination_locality": "Чоко-Добо", "destination_locality_pcode": gazetteers.DOBO}
    await office.file(
        counted(0, 100, **place, destination_locality="Чокодөбө"), counted(1, 110, **place, **names, **MUDFLOW)
    )
    assert await in_effect(office) == [100, 110]
    sessions, places = office.app.state.sessions, gazetteers.with_dobo()
    await recount_old(sessions, registrar_of(office.installation.settings(RegistrySettings), places), places)
    assert await in_effect(office) == [110]


async def test_a_held_count_belongs_to_the_people_of_a_recorded_count_that_names_the_hazard(file: Filing) -> None:
    """A held count and a recorded count with one `stock_id` are not added up by the alerts service."""
    await file(counted(0, 100, **MUDFLOW))
    await file(counted(2, 110), flags=(Flag.EXPIRED_TOKEN,), **OTHER)
    recorded, held = await file.events("groups")
    assert held["is_held"]
    assert held["stock_id"] == recorded["stock_id"]


async def test_a_held_count_is_published_again_if_the_hazard_is_named_later(file: Filing) -> None:
    await file(counted(2, 110), flags=(Flag.EXPIRED_TOKEN,), **OTHER)
    await file(counted(0, 100, **MUDFLOW))
    listed = await take_some(file.session)
    await file.registrar.publish_held(listed, file.session)
    first, recorded, again = await file.events("groups")
    assert (again["is_held"], again["persons"]) == (True, 110)
    assert again["sequence"] > first["sequence"]
    assert again["stock_id"] == recorded["stock_id"] != first["stock_id"]
    await file(counted(0, 100, **QUAKE, origin={"pcode": BATKEN}))
    assert await take_some(file.session) == []  # empty, because the held count is about people from another place


async def test_a_held_count_is_published_again_only_if_its_stock_changes(file: Filing) -> None:
    held = counted(2, 110)
    await file(held, flags=(Flag.EXPIRED_TOKEN,), **OTHER)
    recorded = [counted(0, 100, **MUDFLOW), counted(1, 104, **MUDFLOW)]
    for body in (*recorded, {**recorded[1], "version": 2, "persons": 106}):
        await file(body)
        listed = await take_some(file.session)
        assert listed == [("group", held["group_id"])]
        await file.registrar.publish_held(listed, file.session)
    published = [event for event in await file.events("groups") if "is_held" in event]
    assert len({event["stock_id"] for event in published}) == len(published) == 2
    corrected = {**held, "version": 2, "persons": 90}
    await file(corrected, flags=(Flag.EXPIRED_TOKEN,), **OTHER)
    *_, again = [event for event in await file.events("groups") if "is_held" in event]
    assert (again["persons"], again["stock_id"]) == (90, published[-1]["stock_id"])


@pytest.mark.parametrize("change", [{"hazard_id": None, "hazard_type": None}, {"origin": {"pcode": BATKEN}}])
async def test_a_held_count_is_published_again_if_a_correction_takes_the_hazard_away(
    file: Filing, change: dict[str, Any]
) -> None:
    recorded = counted(0, 100, **MUDFLOW)
    await file(recorded)
    await file(counted(2, 110), flags=(Flag.EXPIRED_TOKEN,), **OTHER)
    await take_some(file.session)
    await file({**recorded, "version": 2, **change})
    await file.registrar.publish_held(await take_some(file.session), file.session)
    first, held, *_, again = await file.events("groups")
    assert (again["is_held"], again["persons"]) == (True, 110)
    assert first["stock_id"] == held["stock_id"] != again["stock_id"]


async def test_if_the_hazard_does_not_fit_the_desk_is_asked(office: Office) -> None:
    await office.file(counted(0, 100, **MUDFLOW), counted(100, 110, **LATER))
    assert await in_effect(office) == [100, 110]
    [question] = (await page(office))["proposals"]
    assert question["about"] == "hazard"
    stated = [[(count["persons"], count["hazard_id"]) for count in place["counts"]] for place in question["places"]]
    assert stated == [[(110, None)], [(100, MUDFLOW["hazard_id"])]]
    await answer(office, "same")
    assert await in_effect(office) == [110]
    [decided] = (await page(office))["decided"]
    assert (decided["answer"], decided["is_hazard"]) == ("same", True)
    await reverse(office)
    assert await in_effect(office) == [100, 110]
    await answer(office, "different")
    assert await in_effect(office) == [100, 110]
    assert (await page(office))["proposals"] == []


async def test_if_two_hazards_fit_only_one_answer_is_valid(office: Office) -> None:
    unnamed = counted(5, 130, occurred_at="2022-05-07T06:00:00Z")
    await office.file(counted(0, 100, **MUDFLOW), counted(1, 40, **QUAKE, **LATER), unnamed)
    assert await in_effect(office) == [40, 100, 130]
    assert len((await page(office))["proposals"]) == 2
    answered = await answer(office, "same")
    assert len(answered.json()["ids"]) == 1
    [question] = (await page(office))["proposals"]  # the question: are the two hazards one emergency?
    assert all(place["counts"][0]["hazard_id"] for place in question["places"])
    assert await in_effect(office) in ([40, 130], [100, 130])
    # a hazard that the report itself names is stronger than an answer
    await office.file({**unnamed, "version": 2, **QUAKE})
    assert await in_effect(office) == [100, 130]


async def test_two_hazards_that_a_person_joins_are_one_emergency_in_all_districts(office: Office) -> None:
    """A person decides that an earthquake and its landslides are one emergency.

    Before, the person decided that a count in another district means the landslides.
    """
    landslides = {"hazard_id": str(uuid4()), "hazard_type": "landslide"}
    elsewhere: dict[str, Any] = {"destination": {"pcode": KADAMJAI}}
    await office.file(counted(0, 70, **landslides, **elsewhere), counted(100, 75, **LATER, **elsewhere))
    await answer(office, "same")
    assert await in_effect(office) == [75]
    await office.file(counted(0, 100, **QUAKE), counted(5, 110, **landslides))
    await office.file(counted(110, 80, **QUAKE, **LATER, **elsewhere))
    far = counted(9, 120, **QUAKE, origin={"pcode": OSH}, destination={"pcode": LEILEK})
    await office.file(far, flags=(Flag.EXPIRED_TOKEN,), **OTHER)
    assert await in_effect(office) == [75, 80, 100, 110]
    [question] = (await page(office))["proposals"]
    assert (question["about"], question["is_answerable"]) == ("hazard", True)
    districts: dict[str, Any] = {"areas": (BATKEN, KADAMJAI)}
    assert not (await page(office, **districts))["proposals"][0]["is_answerable"]
    assert (await answer(office, "same", **districts)).json()["ids"] == []
    await answer(office, "same")
    assert await in_effect(office) == [80, 110]
    held = await rows(office, "DELETE FROM unpublished_held_people RETURNING kind")
    assert [row["kind"] for row in held] == ["group"]  # the emergency now includes the people of this count
    decided = (await page(office, **districts))["decided"][0]
    assert (decided["is_hazard"], decided["is_emergency"]) == (True, True)
    body = {"decision_ids": [decided["decision_id"]], "reason": "mistake"}
    assert (await sent(office, "/v1/places:reverse", body, role=Role.REGISTRAR, **districts)).json()["ids"] == []
    assert (await sent(office, "/v1/places:reverse", body, role=Role.REGISTRAR)).json()["ids"] != []
    await settle_places(office)
    assert await in_effect(office) == [75, 80, 100, 110]


async def test_nearly_equal_names_are_asked_about_for_hazards_of_one_emergency(office: Office) -> None:
    landslides = {"hazard_id": str(uuid4()), "hazard_type": "landslide"}
    await office.file(counted(0, 100, **QUAKE), counted(5, 110, **landslides))
    await office.file(counted(6, 115, **QUAKE, destination_locality="Мектеп №3 эски"))
    await office.file(counted(7, 118, **landslides, destination_locality="Мектеп №3 эскы"))
    assert [asked["about"] for asked in (await page(office))["proposals"]] == ["hazard"]
    await answer(office, "same")
    assert [asked["about"] for asked in (await page(office))["proposals"]] == ["destination"]


async def test_a_choice_between_counts_ends_if_they_are_of_two_hazards_after_all(office: Office) -> None:
    again = {**MUDFLOW, "hazard_id": str(uuid4())}
    first = counted(0, 100, **MUDFLOW)
    await office.file(first)
    await office.file(counted(5, 60, **again), **OTHER)
    await answer(office, "same")
    await choose(office, first["report_id"])
    await carried_out(office)
    assert await in_effect(office) == [100]
    await reverse(office)
    assert await in_effect(office) == [60, 100]


async def test_a_count_that_names_no_hazard_stays_replaced_by_its_recount(file: Filing) -> None:
    """The recount fits the hazard of a third count.

    The people of the first count left too early for this hazard.
    """
    await file(counted(0, 100, occurred_at="2022-05-01T06:00:00Z"), counted(1, 110, occurred_at="2022-05-04T06:00:00Z"))
    await file(counted(2, 120, **MUDFLOW, occurred_at="2022-05-07T06:00:00Z"))
    assert await stocks(file) == [[120]]


async def test_any_order_of_arrival_gives_the_same_counts(file: Filing) -> None:
    hazards: tuple[dict[str, Any], ...] = ({}, MUDFLOW, {}, QUAKE, LATER)
    bodies = [counted(hours, 100 + hours, **hazard) for hours, hazard in enumerate(hazards)]
    seen: list[list[list[int]]] = []
    for order in Random(3).sample([*permutations(bodies)], 8):
        for body in order:
            await file(body, author=UUID(body["group_id"]))
        seen.append(await stocks(file))
        await file.session.rollback()
    assert seen[1:] == seen[:-1]
