"""Duty numbers and checklists tell the duty room whom to call about an alert.

The log of calls states the result of each call.
"""

import re
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.alerts.checklists import whom_to_call
from services.alerts.checklists.checklists import BadChecklists, Checklists
from services.alerts.duty_numbers.duty_numbers import DutyContact, DutyNumber, DutyPlace, DutyService
from services.alerts.rules.findings import RuleKind
from shared.auth.tokens import Role
from shared.events.vocabulary import HazardType, Severity
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, mudflow
from tests.alerts.test_notifications import mild

PLACES = Places.load()
HEADER = "Район;Село;Служба;Пост;Телефон;Примечание\n"
ROWS = (
    "Кадамжайский район;Пульгон;айыл өкмөтү;Глава Пульгонского а/о;0555 12 34 56, 03655 5-12-34;звонить и ночью\n"
    "Кадамжай;;ЦРБ;Приёмное отделение;03655 50311 доб. 12;\n"
    "Баткенская область;;МЧС;Дежурная часть;112;\n"
)
FILE = HEADER + ROWS
MOBILE = "+996 555 123 456"


def test_each_hazard_has_steps_in_three_languages_and_more_of_them_when_it_is_worse() -> None:
    lists = Checklists.load()
    for hazard in HazardType:
        alert = mild(KADAMJAI).model_copy(update={"hazard_type": hazard})
        checklist = lists.of(alert)
        assert checklist is not None
        counts = [len(checklist.steps_for(level)) for level in (Severity.MINOR, Severity.SEVERE, Severity.UNKNOWN)]
        assert 0 < counts[0] < counts[1] == counts[2] == len(checklist.steps), hazard
    assert lists.of(mild(KADAMJAI).model_copy(update={"kind": RuleKind.SOURCE})) is None
    people = lists.of(mild(KADAMJAI).model_copy(update={"kind": RuleKind.DISPLACEMENT, "hazard_type": None}))
    assert people is not None and "ask_needs" in people.by_id


def test_a_wrong_checklist_stops_the_start_and_names_the_file(tmp_path: Path) -> None:
    step = '[[steps]]\nid = "call"\ncalls = ["hospital"]\ntext = {ky = "к", ru = "р", en = "e"}\n'
    (tmp_path / "default.toml").write_text(step)
    Checklists.load(tmp_path)
    for wrong in (step.replace('ru = "р", ', ""), step.replace("hospital", "wizard"), step * 2, "hazards = [\n"):
        (tmp_path / "flood.toml").write_text(wrong)
        with pytest.raises(BadChecklists, match=r"flood\.toml"):
            Checklists.load(tmp_path)
    (tmp_path / "flood.toml").write_text('hazards = ["mudflow"]\n' + step)
    (tmp_path / "other.toml").write_text('hazards = ["mudflow"]\n' + step)
    with pytest.raises(BadChecklists, match=r"other\.toml: another list is for mudflow"):
        Checklists.load(tmp_path)


def number(place: DutyPlace, service: DutyService = DutyService.HOSPITAL, position: int = 0) -> DutyNumber:
    return DutyNumber(uuid4(), place, service, DutyContact("post", ("112",)), position)


def test_numbers_of_the_place_are_called_before_those_of_the_district_the_oblast_and_the_country() -> None:
    report = mudflow(area={"pcodes": [KADAMJAI], "description": "село Пульгон, верхняя улица"})
    places = [
        DutyPlace("KG"),
        DutyPlace(BATKEN),
        DutyPlace(KADAMJAI, "Халмион"),
        DutyPlace(KADAMJAI),
        DutyPlace(KADAMJAI, "Пульгон"),
    ]
    ordered = whom_to_call.in_order(map(number, places), mild(KADAMJAI), report, PLACES)
    assert [each.place for each in ordered] == places[::-1]


async def imported(desk: Desk, file: str = FILE) -> None:
    async with desk.caller(Role.DUTY_HEAD) as head:
        answer = await head.post("/duty-numbers?lang=en", data={"rows": file, "act": "import"})
    assert answer.status_code == 200 and "Imported." in answer.text, answer.text


async def audited(desk: Desk, account: UUID) -> list[tuple[str, str, int]]:
    entries = text("SELECT action, reason, cardinality(objects) FROM audit WHERE account = :account ORDER BY id")
    async with desk.sessions.begin() as session:
        return [tuple(row) for row in await session.execute(entries, {"account": account})]


def section(page: str, name: str) -> str:
    return page.partition(f'class="panel {name}"')[2].partition("</section>")[0]


@pytest.mark.anyio
async def test_the_alert_shows_whom_to_call_and_keeps_who_did_which_step_and_what_was_agreed(desk: Desk) -> None:
    await imported(desk)
    account, agreed = uuid4(), "Сельчане уходят в школу, <ждут> автобус"
    (alert_id,) = await desk.alerts(
        fresh(type="mudflow", severity="Severe", magnitude=None, area={"pcodes": [KADAMJAI]})
    )
    async with desk.caller(name="Айбек", account=account) as operator:
        page = (await operator.get(f"/{alert_id}", params={"lang": "en"})).text
        steps = section(page, "checklist")
        assert re.findall(r'id="do-(\w+)"', steps)[:3] == ["reach_place", "warn_downstream", "send_rescuers"]
        # with `again`, an open page reloads the alert after a change, even if nobody looks at the page
        for _ in range(2):
            assert (await operator.get(f"/{alert_id}", params={"again": ""})).status_code == 200
        assert await audited(desk, account) == [("read", "duty-numbers", 1)]
        assert (
            "Draft, not reviewed" in steps and 'href="tel:+996555123456"' in steps and "No duty numbers here" in steps
        )
        assert steps.index("Глава Пульгонского") < steps.index("Дежурная часть") < steps.index("Приёмное отделение")
        (number_id,) = set(re.findall(r'<option value="([^"]+)">Глава Пульгонского', steps))
        path = f"/v1/alerts/{alert_id}"
        for _ in range(2):  # a repeated request changes nothing
            assert (await operator.put(f"{path}/steps/reach_place")).status_code == 200
        call = {"number_id": number_id, "result": "reached", "agreed": agreed}
        assert (await operator.post(f"{path}/calls", json=call)).status_code == 201
        assert (
            await operator.post(f"{path}/calls", json={"post": "Староста", "result": "no_answer"})
        ).status_code == 201
        for _ in range(2):
            assert (await operator.get(f"/{alert_id}", params={"again": ""})).status_code == 200
        assert await audited(desk, account) == [("read", "duty-numbers", 1)] * 3, (
            "the opening, the call to a number, the new calls"
        )
        assert (await operator.put(f"{path}/steps/warn_downstream")).status_code == 200
        assert (await operator.delete(f"{path}/steps/warn_downstream")).status_code == 200
        page = (await operator.get(f"/{alert_id}", params={"lang": "en"})).text
        assert 'id="undo-reach_place"' in page and 'id="do-warn_downstream"' in page
        assert re.search(r"Айбек, <time", section(page, "checklist")) and "Reached, " in section(page, "checklist")
        timeline = section(page, "done")
        deeds = ("Step done", "Call", "Call", "Step done", "Step not done after all")
        assert tuple(re.findall(r"<b>([^<]+)</b>", timeline)) == deeds
        assert "Глава Пульгонского а/о: Reached. Сельчане уходят в школу, &lt;ждут&gt; автобус" in timeline
        assert "Староста: No answer" in timeline
        await operator.put(f"{path}/resolution", json={"verdict": "confirmed"})
        assert (await operator.put(f"{path}/steps/warn_downstream")).status_code == 409
        assert (await operator.post(f"{path}/calls", json=call)).status_code == 201
    assert {entry for entry in await audited(desk, account) if entry[0] == "read"} == {("read", "duty-numbers", 1)}
    assert (await desk.event_types()).count("updated") == 6, "each step and each call, once"
    for role in (Role.VIEWER, Role.ADMINISTRATOR, Role.REGISTRAR):
        async with desk.caller(role) as reader:
            page = (await reader.get(f"/{alert_id}", params={"lang": "en"})).text
        assert "Warn the villages" in page and "Step done" in page
        assert not any(hidden in page for hidden in ("Сельчане", "Пульгонского", "tel:", "Log a call"))
    async with desk.sessions.begin() as session:
        stored = "SELECT string_agg(t::text, ' ') FROM {} t"
        for table in ("calls", "duty_numbers", "acts", "alerts"):
            rows = str(await session.scalar(text(stored.format(table))))
            assert not any(secret in rows for secret in ("Сельчане", "Пульгонского", "555123456", "Староста")), table
        await session.execute(text("UPDATE calls SET result = 'of_a_later_release'"))
        await session.execute(text("UPDATE duty_numbers SET service = 'service_of_a_later_release'"))
    async with desk.caller() as operator:
        page = (await operator.get(f"/{alert_id}", params={"lang": "en"})).text
    assert "Староста: of_a_later_release" in section(page, "done")
    assert "service_of_a_later_release" in page and 'href="tel:+996555123456"' in page


@pytest.mark.anyio
async def test_an_alert_is_shown_without_the_numbers_and_calls_of_a_lost_key(desk: Desk) -> None:
    await imported(desk)
    (alert_id,) = await desk.alerts(fresh(type="mudflow", severity="Severe", area={"pcodes": [KADAMJAI]}))
    async with desk.caller() as operator:
        await operator.post(f"/v1/alerts/{alert_id}/calls", json={"post": "Староста", "result": "no_answer"})
        whole = (await operator.get(f"/{alert_id}", params={"lang": "en"})).text
        async with desk.sessions.begin() as session:
            lost = "SET sealed = convert_to(repeat('x', 60), 'utf8')"
            await session.execute(text(f"UPDATE calls {lost}"))
            await session.execute(text(f"UPDATE duty_numbers {lost} WHERE pcode = '{KADAMJAI}'"))
        page = (await operator.get(f"/{alert_id}", params={"lang": "en"})).text
    warning = "cannot be decrypted. Tell an administrator"
    assert (warning in whole, warning in page) == (False, True)
    assert "–: No answer" in section(page, "done")
    assert "Дежурная часть" in page and "Пульгонского" not in page


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"result": "reached"}, 422),
        ({"post": "Староста", "number_id": str(uuid4()), "result": "reached"}, 422),
        ({"post": "Староста", "result": "perhaps"}, 422),
        ({"post": "Староста", "result": "reached", "agreed": "о" * 1001}, 422),
        ({"number_id": str(uuid4()), "result": "reached"}, 404),
    ],
)
@pytest.mark.anyio
async def test_a_call_that_is_not_whole_is_refused(desk: Desk, body: dict[str, Any], status: int) -> None:
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as operator:
        assert (await operator.post(f"/v1/alerts/{alert_id}/calls", json=body)).status_code == status
        assert (await operator.put(f"/v1/alerts/{alert_id}/steps/fly_to_the_moon")).status_code == 404


@pytest.mark.anyio
async def test_numbers_of_places_outside_the_own_areas_are_neither_shown_nor_logged(desk: Desk) -> None:
    await imported(desk)
    hazard = fresh(type="mudflow", severity="Severe", magnitude=None, area={"pcodes": [KADAMJAI, ALAI]})
    (alert_id,) = await desk.alerts(hazard)
    async with desk.caller() as whole:
        numbers = set(re.findall(r'<option value="([^"]+)">Приёмное', (await whole.get(f"/{alert_id}")).text))
    async with desk.caller(areas=[ALAI]) as operator:
        page = (await operator.get(f"/{alert_id}", params={"lang": "en"})).text
        call = {"number_id": numbers.pop(), "result": "reached"}
        assert (await operator.post(f"/v1/alerts/{alert_id}/calls", json=call)).status_code == 404
    assert "Приёмное" not in page and "Дежурная часть" not in page and "Warn the villages" in page
