"""Duty heads and administrators keep rosters in the browser: layers, overrides and calendars."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts.queries import disabled_accounts
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rosters import tables
from services.alerts.rosters.forms import RosterForm
from services.alerts.rosters.rosters import MOST_OVERRIDES, Override, Roster, roster_id
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.desk import Desk
from tests.alerts.test_rosters import local, roster

pytestmark = pytest.mark.anyio

DAYS = {"name": "days", "people": ["Aida", "Bakyt"], "start": "2026-01-01", "handover": "08:00", "shift_days": 1}
PRECEDENCE = "In its hours, a later layer decides before the earlier ones."
PATH = f"/rosters/{roster_id('centre')}"


@pytest.fixture
async def people(desk: Desk) -> None:
    async with desk.sessions.begin() as session:
        for label in ("Aida", "Bakyt"):
            person = Receiver(label, DeliveryChannel.EMAIL, "duty@mes.example", kind=ReceiverKind.PERSON)
            await receiver_queries.save_receiver(session, person)


def typed(planned: Roster, **changed: str) -> dict[str, Any]:
    return {**RosterForm.of(planned)._typed, **changed}


def minutes(at: datetime) -> str:
    return f"{at.astimezone(TIME_ZONE):%d.%m.%Y %H:%M}"


async def post(caller: httpx.AsyncClient, path: str, fields: Mapping[str, Any]) -> httpx.Response:
    return await caller.post(f"{path}?lang=en", data=dict(fields), headers={"accept": "text/html"})


async def page(caller: httpx.AsyncClient, path: str = PATH, **parameters: str) -> str:
    shown = await caller.get(path, params={"lang": "en", **parameters})
    assert shown.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", shown.text).split())


async def disable(desk: Desk, label: str) -> None:
    account = uuid4()
    async with desk.sessions.begin() as session:
        await session.execute(
            text("UPDATE receivers SET account_id = :account WHERE label = :label"),
            {"account": account, "label": label},
        )
        await disabled_accounts.replace(session, [account])


async def overrides(desk: Desk) -> list[Override]:
    async with desk.sessions.begin() as session:
        return await roster_queries.overrides(session, "centre", datetime.now(UTC))


def test_the_table_shows_each_layer_the_overrides_and_who_is_on_duty() -> None:
    nights = {"people": ["Nurlan"], "hours": ["Tue 20:00-06:00"], "start": "2026-12-01"}
    cover = Override("Chynara", local(1, 22), local(2, 1), "leave")
    first, second, *_ = tables.days(roster({"start": "2026-12-01"}, nights), [cover], local(1, 12))
    shown = [(first.period(shift), shift.person) for shift in first.on_duty]
    assert shown == [("08:00–20:00", "Aida"), ("20:00–22:00", "Nurlan"), ("22:00–24:00", "Chynara")]
    assert [first.period(gap) for gap in first.gaps] == ["00:00–08:00"]
    assert [[shift.person for shift in shifts] for shifts in second.layers] == [["Aida", "Bakyt"], ["Nurlan"]]
    assert [second.period(shift) for shift in second.overrides] == ["00:00–01:00"]
    assert tables.days(roster({"start": "2026-08-01"}), [], local(31, month=8))[0].is_holiday


@pytest.mark.usefixtures("people")
async def test_a_roster_is_added_changed_and_removed_and_each_act_is_logged(desk: Desk) -> None:
    account, planned = uuid4(), Roster.model_validate({"name": "centre", "layers": [DAYS]})
    async with desk.caller(Role.DUTY_HEAD, account=account) as caller:
        more = await post(caller, "/rosters", typed(planned, act="add"))
        assert 'name="people-1"' in more.text and PRECEDENCE in more.text
        assert (await post(caller, "/rosters", typed(planned))).status_code == 303
        assert (await post(caller, "/rosters", typed(planned))).status_code == 422, "the name is taken"
        assert re.search(r"on duty: (Aida|Bakyt) until .*; next: (Aida|Bakyt) from", await page(caller, "/rosters"))
        shown = await page(caller)
        assert "there are no gaps and no overlaps" in shown and PRECEDENCE in shown

        form = (await caller.get(f"{PATH}/layers")).text
        (version,) = re.findall(r'name="version" value="(\w+)"', form)
        mondays = Roster.model_validate({"name": "centre", "layers": [DAYS | {"hours": ["Mon 08:00-17:00"]}]})
        saved = await post(caller, f"{PATH}/layers", typed(mondays, version=version))
        assert saved.status_code == 303 and saved.headers["location"] == f"/alerts{PATH}?saved=1"
        shown = await page(caller, saved="1")
        assert (
            "Saved." in shown and "Gaps and overlaps in the next 8 weeks: " in shown and ": nobody is on duty" in shown
        )
        late = await post(caller, f"{PATH}/layers", typed(planned, version=version))
        assert late.status_code == 422 and "Somebody else has changed this roster" in late.text

        post_of_roster = Receiver("post", DeliveryChannel.EMAIL, "post@mes.example", roster="centre")
        async with desk.sessions.begin() as session:
            await receiver_queries.save_receiver(session, post_of_roster)
        assert (await post(caller, f"{PATH}/removal", {})).status_code == 409
        async with desk.sessions.begin() as session:
            await session.execute(text("DELETE FROM receivers WHERE label = 'post'"))
        assert (await post(caller, f"{PATH}/removal", {})).status_code == 303
        assert (await caller.get(PATH)).status_code == 404
    assert await logged(desk, account) == ["added", "changed", "removed"]
    async with desk.caller() as operator:
        assert (await operator.get("/rosters")).status_code == 403


@pytest.mark.usefixtures("people")
async def test_an_override_is_added_with_a_reason_and_removed_and_calendars_are_exchanged(desk: Desk) -> None:
    account, now = uuid4(), datetime.now(UTC)
    async with desk.sessions.begin() as session:
        await roster_queries.save(session, Roster.model_validate({"name": "centre", "layers": [DAYS]}))
    cover = {"person": "Bakyt", "begins": minutes(now - timedelta(hours=1)), "ends": minutes(now + timedelta(days=3))}
    async with desk.caller(Role.ADMINISTRATOR, account=account) as caller:
        reasons = {"reason": "leave of Aida"}
        assert (await post(caller, f"{PATH}/overrides", cover | reasons)).status_code == 303
        shown = await page(caller)
        assert "on duty: Bakyt until" in shown and "leave of Aida" in shown
        twice = {**cover, "person": "Aida", "begins": minutes(now + timedelta(days=1)), "reason": "training"}
        assert (await post(caller, f"{PATH}/overrides", twice)).status_code == 303
        assert ": planned are Bakyt, Aida; on duty is Aida" in await page(caller)
        for fields, wrong in (
            ({}, {"person", "reason", "begins", "ends"}),
            (cover, {"reason"}),
            (cover | reasons | {"person": "Chynara"}, {"person"}),
            (cover | reasons | {"ends": minutes(now - timedelta(minutes=5))}, {"ends"}),
        ):
            refused = await post(caller, f"{PATH}/overrides", fields)
            assert refused.status_code == 422
            assert set(re.findall(r'id="wrong-([^"]+)"', refused.text)) == wrong

        await disable(desk, "Aida")
        for path in (PATH, f"{PATH}/layers"):
            form = (await caller.get(f"{path}?lang=en")).text
            assert re.search(r">Bakyt</option>|who receive alerts: Bakyt<", form) and ">Aida</option>" not in form
        refused = await post(caller, f"{PATH}/overrides", twice)
        assert refused.status_code == 422 and 'id="wrong-person"' in refused.text

        exported = await caller.get(f"{PATH}/calendar")
        assert exported.headers["content-type"].startswith("text/calendar") and "SUMMARY:Bakyt" in exported.text
        for known in await overrides(desk):
            removal = f"{PATH}/overrides/{known.override_id}/removal"
            assert [(await post(caller, removal, {})).status_code for _ in range(2)] == [303, 303]
        assert await overrides(desk) == []

        imported = await caller.post(f"{PATH}/calendar?lang=en", files={"file": ("r.ics", exported.content)})
        stored = await overrides(desk)
        assert imported.status_code == 200 and f"Imported: {len(stored)}." in imported.text and stored
        assert "these people on duty, but their accounts are disabled: Aida. They" in imported.text
        others = [Override("Aida", now, now + timedelta(days=1), "training")] * (MOST_OVERRIDES - len(stored))
        async with desk.sessions.begin() as session:
            await roster_queries.add_overrides(session, "centre", others)
        again = await caller.post(f"{PATH}/calendar?lang=en", files={"file": ("r.ics", exported.content)})
        stored = await overrides(desk)
        assert (again.status_code, len(stored)) == (200, MOST_OVERRIDES), "each event has one override"
        for content, reason in (
            (exported.content.replace(b"UID:", b"UID:other-"), "with this calendar, .* more than 400 overrides.\\s*<"),
            (exported.content.replace(b"SUMMARY:Aida", b"SUMMARY:Chynara"), "Not among the people .*: Chynara"),
            (b"no calendar", "the file cannot be read"),
        ):
            refused = await caller.post(f"{PATH}/calendar?lang=en", files={"file": ("r.ics", content)})
            assert refused.status_code == 422 and re.search(f"Nothing was imported: {reason}", refused.text)
        assert await overrides(desk) == stored
    acts = ["override_added", "override_added", "override_removed", "override_removed"]
    acts += ["calendar_imported"] * 2
    assert await logged(desk, account) == acts


@pytest.mark.usefixtures("people")
async def test_wrong_fields_of_a_layer_are_named(desk: Desk) -> None:
    wrong = {"layers": "2", "layer-0": "", "people-0": "Chynara", "start-0": "soon", "handover-0": "25:00"}
    also = {"length-0": "0", "hours-0": "Monday", "layer-1": "b", "unit-1": "hours", "length-1": "745"}
    async with desk.caller(Role.DUTY_HEAD) as caller:
        refused = await post(caller, "/rosters", wrong | also)
    assert refused.status_code == 422
    assert set(re.findall(r'id="wrong-([^"]+)"', refused.text)) == {
        *("name", "layer-0", "people-0", "start-0", "handover-0", "length-0", "hours-0"),
        *("people-1", "start-1", "handover-1", "length-1"),
    }
    assert "Chynara</textarea>" in refused.text


async def logged(desk: Desk, account: object) -> list[str]:
    wanted = text("SELECT reason FROM audit WHERE account = :account AND action = 'roster_changed' ORDER BY id")
    async with desk.sessions.begin() as session:
        return list((await session.execute(wanted, {"account": account})).scalars())
