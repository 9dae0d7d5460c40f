"""Two counts are about one locality if the codes are equal. If a code is missing, the folded names must be equal."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.config import RegistrySettings
from services.registry.counts import renewal as count_renewal
from services.registry.counts.renewal import recount_old
from shared.places import Places
from shared.places.localities import folded
from tests import gazetteers
from tests.registry.conftest import Filing, Office
from tests.registry.factories import KADAMJAI, Desk, movement, registrar_of
from tests.registry.test_headcounts import OTHER_AUTHOR, counted, stocks

pytestmark = pytest.mark.anyio


async def test_localities_are_equal_by_code_and_otherwise_by_their_folded_names(file: Filing) -> None:
    here, other = "KG05258811010", "KG05258811020"
    names = {"destination_locality": "Чоко-Добо", "destination_locality_pcode": here}
    await file(counted(0, 100, **names, origin_locality="Таш"))
    await file(counted(1, 110, **{**names, "destination_locality": "Choko-Dobo"}, origin_locality="таш"))
    assert await stocks(file) == [[110]]
    await file(counted(2, 30, **{**names, "destination_locality_pcode": other}, origin_locality="Таш"))
    await file(counted(3, 40, destination_locality="Чоко-Добо", origin_locality="Таш"))
    assert await stocks(file) == [[30], [40], [110]]


async def test_a_recount_with_a_code_and_one_in_words_replace_each_other_in_both_orders(
    file: Filing, settings: RegistrySettings
) -> None:
    file.registrar = registrar_of(settings, gazetteers.with_dobo())
    place = {"destination": {"pcode": KADAMJAI}}
    coded = place | {"destination_locality": "Чоко-Добо", "destination_locality_pcode": gazetteers.DOBO}
    typed = place | {"destination_locality": "choko dobo"}
    for earlier, later in ((coded, typed), (typed, coded)):
        await file(counted(0, 100, **earlier))
        await file(counted(1, 110, **later))
        assert await stocks(file) == [[110]]
        await file.session.rollback()


async def test_counts_from_before_the_import_get_the_codes_of_their_localities(office: Office) -> None:
    """Two counts of one village exist before the gazetteer is imported.

    One count has the village's name in words, and the other has its code.
    """
    place = {"destination": {"pcode": KADAMJAI}}
    typed = counted(0, 100, **place, destination_locality="Чокодөбө")
    names = {"destination_locality": "Чоко-Добо", "destination_locality_pcode": gazetteers.DOBO}
    recount = counted(1, 110, **place, **names)
    await office.file(typed, recount, counted(2, 30))
    in_effect = text("SELECT persons FROM counts WHERE superseded_by IS NULL ORDER BY persons")
    sessions, places = office.app.state.sessions, gazetteers.with_dobo()
    registrar = registrar_of(office.installation.settings(RegistrySettings), places)
    async with sessions() as session:
        assert [*await session.scalars(in_effect)] == [30, 100, 110]
    await recount_old(sessions, registrar, places)
    async with sessions() as session:
        assert [*await session.scalars(in_effect)] == [30, 110]
        groups = text("SELECT convert_from(value, 'UTF8')::json FROM outbox WHERE topic = 'groups' ORDER BY id")
        *_, event = (each for each in await session.scalars(groups) if each["report_id"] == typed["report_id"])
    assert event["destination_locality_pcode"] == gazetteers.DOBO
    assert event["superseded_by"] == recount["report_id"]


async def test_people_who_moved_before_the_import_are_replaced_by_a_recount_with_the_code(office: Office) -> None:
    first, village = counted(0, 100), {"destination": {"pcode": KADAMJAI}, "shelter": "unknown"}
    at = {"occurred_at": "2022-05-06T06:00:00Z", "reported_at": "2022-05-06T07:00:00Z"}
    await office.file(first)
    await office.file(movement(first, "transferred", **village, **at, destination_locality="Чокодөбө"))
    sessions, places = office.app.state.sessions, gazetteers.with_dobo()
    registrar = registrar_of(office.installation.settings(RegistrySettings), places)
    await recount_old(sessions, registrar, places)
    names = {"destination_locality": "Чоко-Добо", "destination_locality_pcode": gazetteers.DOBO}
    desk = Desk(office.installation.secrets / "seal")
    recount = desk.received(counted(30, 90, **village, **names), author=OTHER_AUTHOR)
    async with sessions.begin() as session:
        await registrar.file_reports([recount], session)
        here = text("SELECT coalesce(displaced, persons) AS n FROM counts WHERE superseded_by IS NULL ORDER BY n")
        assert [number for number in await session.scalars(here) if number] == [90]
        written = text("SELECT report_id, ctid::text FROM counts ORDER BY report_id")
        before = (await session.execute(written)).all()
    await recount_old(sessions, registrar, places)
    async with sessions() as session:
        assert (await session.execute(written)).all() == before


async def test_a_start_without_a_new_gazetteer_considers_only_groups_with_new_reports(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.file(counted(0, 100, hazard_id=str(uuid4()), hazard_type="mudflow"))
    sessions, places = office.app.state.sessions, Places.load()
    await recount_old(sessions, office.registrar, places)

    async def is_computed_again(by: Places, *, is_of_former_build: bool = False) -> bool:
        async with sessions.begin() as session:
            await session.execute(text("UPDATE counts SET population = gen_random_uuid(), fingerprint = NULL"))
            if is_of_former_build:
                await session.execute(text("UPDATE counts SET stock_id = population"))
            before = await session.scalar(text("SELECT population FROM counts"))
        await recount_old(sessions, office.registrar, by)
        async with sessions() as session:
            return bool(await session.scalar(text("SELECT population FROM counts")) != before)

    assert not await is_computed_again(places)  # the report was received in 2022
    assert await is_computed_again(places, is_of_former_build=True)
    assert await is_computed_again(gazetteers.with_dobo())
    assert await is_computed_again(places)
    monkeypatch.setattr(count_renewal, "OVERLAP", timedelta(days=36_525))
    assert await is_computed_again(places)


async def test_a_group_that_cannot_be_read_does_not_stop_the_others(office: Office) -> None:
    place = {"destination": {"pcode": KADAMJAI}, "destination_locality": "Чоко-Добо"}
    damaged, readable = counted(0, 100, **place, shelter="tent"), counted(1, 110, **place)
    await office.file(damaged, readable)
    sessions, places = office.app.state.sessions, gazetteers.with_dobo()
    async with sessions.begin() as session:
        spoilt = text("UPDATE group_keys SET wrapped = '\\x00' WHERE group_id = :id")
        await session.execute(spoilt, {"id": damaged["group_id"]})
        before = (await session.execute(text("SELECT group_id::text, population FROM counts"))).all()
    await recount_old(sessions, registrar_of(office.installation.settings(RegistrySettings), places), places)
    async with sessions() as session:
        after = (await session.execute(text("SELECT group_id::text, population FROM counts"))).all()
    changed = dict({*map(tuple, after)} - {*map(tuple, before)})
    assert changed.keys() == {readable["group_id"]}


async def test_the_same_locality_in_other_letters_is_the_same(file: Filing) -> None:
    await file(counted(0, 100, destination_locality="Көк-Таш, МЕКТЕБИ", origin_locality="Чоң Алай"))
    await file(counted(5, 90, destination_locality="көк таш мектеби", origin_locality="чон-алай"))
    assert await stocks(file) == [[90]]


def test_folding() -> None:
    assert folded("  Көк-Таш (ЖАҢЫ)  ") == folded("кок таш жаны") == "кок таш жаны"
    assert folded(None) == folded("—") == ""
