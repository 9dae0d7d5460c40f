"""Duty numbers and checklists say whom the duty room calls about an alert. The log of calls says what was agreed."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli import directory
from services.alerts.checklists import whom_to_call
from services.alerts.checklists.checklists import BadChecklists, Checklists
from services.alerts.config import AlertsSettings
from services.alerts.duty_numbers.duty_numbers import DutyContact, DutyNumber, DutyPlace, DutyService, written
from services.alerts.duty_numbers.imports import NumberVerdict, planned
from services.alerts.duty_numbers.sheets import BadDutyNumbers, DutyNumberSheets
from services.alerts.queries import duty_numbers as number_queries
from services.alerts.queries import sealed_rows
from services.alerts.receivers.secrets import WebhookSecrets
from services.alerts.rules.findings import RuleKind
from shared.auth.tokens import Role
from shared.crypto import keyring
from shared.events.vocabulary import HazardType, Severity
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK, mudflow
from tests.alerts.security_log import noted
from tests.alerts.test_notifications import mild
from tests.installation import Installation

PLACES = Places.load()
SHEETS = DutyNumberSheets(PLACES)
HEADER = "Район;Село;Служба;Пост;Телефон;Примечание\n"
ROWS = (
    "Кадамжайский район;Пульгон;айыл өкмөтү;Глава Пульгонского а/о;0555 12 34 56, 03655 5-12-34;звонить и ночью\n"
    "Кадамжай;;ЦРБ;Приёмное отделение;03655 50311 доб. 12;\n"
    "Баткенская область;;МЧС;Дежурная часть;112;\n"
)
FILE = HEADER + ROWS
MOBILE = "+996 555 123 456"


def test_a_file_of_excel_is_read_with_the_names_of_the_trade() -> None:
    for raw in (FILE.encode("utf-8-sig"), FILE.replace(";", "\t").encode("utf-16")):
        rows = SHEETS.read(raw)
        assert [row.faults for row in rows] == [()] * 3
        pulgon, hospital, rescue = (row.entry for row in rows if row.entry)
        assert (pulgon.place.pcode, pulgon.place.locality, pulgon.service) == (KADAMJAI, "Пульгон", "ayil_okmotu")
        assert pulgon.contact.telephones == ("+996555123456", "+996365551234")
        assert [written(number) for number in pulgon.contact.telephones] == [MOBILE, "+996 3655 51234"]
        assert hospital.contact.telephones == ("+996365550311;ext=12",) and "ext. 12" in written("+996365550311;ext=12")
        assert (rescue.place.pcode, rescue.service, rescue.contact.telephones) == (BATKEN, "rescue", ("112",))


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ("Атлантида;;ЦРБ;Приёмное отделение;112;", "unit", "P-code or the name"),
        ("Кадамжай;;звездочёты;Пост;112;", "service", "name of a service"),
        ("Кадамжай;;ЦРБ;;112;", "post", "One line of at most 150"),
        (f"Кадамжай;;ЦРБ;{'П' * 151};112;", "post", "One line of at most 150"),
        ("Кадамжай;;ЦРБ;К?рбанов Б?к;112;", "post", "CSV UTF-8"),
        ("Кадамжай;;ЦРБ;Пост;5-12-34;", "telephone", "area code"),
        ("Кадамжай;;ЦРБ;Пост;101,102,103,112;", "telephone", "One to 3"),
        ("Кадамжай;;ЦРБ;приемное отделение;112;", "post", "line 3 has it already"),
    ],
)
def test_a_bad_row_says_what_was_expected_in_which_column(row: str, column: str, expected: str) -> None:
    plan = planned(SHEETS.read(f"{FILE}{row}\n".encode()), [])
    (refused,) = (judged for judged in plan.rows if judged.verdict is NumberVerdict.REFUSED)
    (fault,) = refused.faults
    assert (refused.line, fault.name) == (5, column) and expected in str(fault)
    assert plan.is_refused


@pytest.mark.parametrize("raw", [b"", b"\x00\x01", b"Kadamjai;;hospital;Post;112\n", b"unit;post\nKadamjai;Post\n"])
def test_a_file_without_the_columns_is_refused(raw: bytes) -> None:
    with pytest.raises(BadDutyNumbers):
        SHEETS.read(raw)


def test_an_import_replaces_the_numbers_of_its_units_and_no_others() -> None:
    known = planned(SHEETS.read(FILE.encode()), []).saved
    rows = SHEETS.read((HEADER + ROWS.partition("\n")[0].replace("ночью", "днём")).encode())
    plan = planned(rows, known)
    assert [(row.verdict, row.number and row.number.number_id) for row in plan.rows] == [
        (NumberVerdict.CHANGED, known[0].number_id)
    ]
    assert [number.number_id for number in plan.removed] == [known[1].number_id], "the rescuers of the oblast stay"
    again = planned(SHEETS.read(FILE.encode()), known)
    assert {row.verdict for row in again.rows} == {NumberVerdict.UNCHANGED} and not again.removed
    foreign = planned(rows, known, lambda pcode: pcode == ALAI)
    assert foreign.is_refused and "your own areas" in str(foreign.rows[0].faults[0])


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


@pytest.mark.anyio
async def test_a_duty_head_checks_a_file_sees_the_bad_rows_and_imports_it(desk: Desk) -> None:
    account = uuid4()
    bad = FILE.replace("112", "5-12-34")
    async with desk.caller(Role.DUTY_HEAD, account=account, areas=[BATKEN]) as head:
        refused = await head.post("/duty-numbers?lang=en", data={"rows": bad, "act": "import"})
        assert refused.status_code == 422 and "Nothing was imported." in refused.text
        assert "Line 4: <b>Telephone</b>: One to 3 telephones" in refused.text and "звонить и ночью" in refused.text
        upload = {"file": ("numbers.csv", FILE.encode("utf-8-sig"), "text/csv")}
        checked = await head.post("/duty-numbers?lang=en", data={"act": "check"}, files=upload)
        assert checked.status_code == 200 and "Checked, not imported yet." in checked.text, checked.text
        assert "New: 3" in checked.text and "Глава Пульгонского" in checked.text
        assert "There are no duty numbers yet." in checked.text
        done = await head.post("/duty-numbers?lang=en", data={"rows": FILE, "act": "import"})
        assert "Imported." in done.text and "Kadamjai rayon" in done.text and MOBILE not in done.text
        shown = (await head.get("/duty-numbers", params={"lang": "en", "area": KADAMJAI})).text
        assert '<a class="nowrap" href="tel:+996555123456">' in shown and MOBILE in shown
        elsewhere = await head.post("/duty-numbers?lang=en", data={"rows": FILE.replace("Кадамжай;", "Алай;")})
        assert elsewhere.status_code == 422 and "Unit</b>: A unit within your own areas" in elsewhere.text
    assert await audited(desk, account) == [
        ("duty_numbers_changed", "imported", 3),
        ("read", "duty-numbers", 0),
    ]
    async with desk.caller(Role.OPERATOR, areas=[ALAI]) as other, desk.caller(Role.OPERATOR) as operator:
        assert "Kadamjai" not in (await other.get("/duty-numbers", params={"lang": "en", "area": KADAMJAI})).text
        assert MOBILE in (await operator.get("/duty-numbers", params={"lang": "en", "area": KADAMJAI})).text
        assert (await operator.post("/duty-numbers", data={"rows": FILE, "act": "import"})).status_code == 403
    async with desk.caller(Role.ADMINISTRATOR, areas=[LEILEK]) as far, desk.caller(Role.ADMINISTRATOR) as near:
        for caller, count in ((far, 2), (near, 0)):
            assert (await caller.post(f"/duty-numbers/{KADAMJAI}/removal")).status_code == 303
            async with desk.sessions.begin() as session:
                assert (await number_queries.counts(session)).get(KADAMJAI, 0) == count


@pytest.mark.anyio
async def test_a_duty_head_adds_changes_and_removes_one_number(desk: Desk) -> None:
    await imported(desk)
    account, listed = uuid4(), {"lang": "en", "area": KADAMJAI}
    typed = {"unit": "Kadamjai", "service": "roads", "post": "ДЭУ <22>", "telephone": "5-12-34", "note": "зимой"}

    def links(page: str, post: str) -> list[str]:
        return re.findall(rf'href="/alerts(/duty-numbers/[0-9a-f-]+)">{post}', page)

    async with desk.caller(Role.DUTY_HEAD, account=account, areas=[BATKEN]) as head:
        blank = (await head.get("/duty-numbers/new", params=listed)).text
        assert 'name="unit" value="Kadamjai' in blank
        for wrong, expected in (
            ({}, "One to 3 telephones are expected"),
            ({"telephone": "112", "unit": "Alai"}, "A unit within your own areas is expected."),
            ({"telephone": "112", "service": ""}, "The name of a service is expected"),
            ({"telephone": "112", "post": "приемное отделение", "service": "hospital"}, "in the list already"),
        ):
            refused = await head.post("/duty-numbers/new?lang=en", data=typed | wrong)
            assert refused.status_code == 422 and expected in refused.text, expected
            assert 'value="зимой"' in refused.text and "Not saved." in refused.text
        typed["telephone"] = "0555 654321"
        assert (await head.post("/duty-numbers/new?lang=en", data=typed)).status_code == 303
        page = (await head.get("/duty-numbers", params=listed)).text
        (path,) = links(page, "ДЭУ &lt;22&gt;")
        assert page.index("Приёмное отделение") < page.index("ДЭУ"), "a new number is the last of its unit"
        form = (await head.get(path, params={"lang": "en"})).text
        assert 'value="+996 555 654 321"' in form and '<option value="roads" selected>' in form
        (version,) = re.findall(r'name="version" value="(\w+)"', form)
        changed = typed | {"telephone": "112, 0555 654321", "version": version, "act": "save"}
        assert (await head.post(path, data=changed)).status_code == 303
        late = await head.post(f"{path}?lang=en", data=changed | {"note": "летом"})
        assert late.status_code == 422 and "Somebody else has changed" in late.text and 'value="летом"' in late.text
        async with desk.caller(Role.DUTY_HEAD, areas=[ALAI]) as other:
            assert (await other.get(path)).status_code == 404
            assert (await other.post(path, data={"act": "remove"})).status_code == 404
        page = (await head.get("/duty-numbers", params=listed)).text
        assert 'href="tel:112"' in page and links(page, "ДЭУ &lt;22&gt;") == [path], "a changed number keeps its id"
        assert (await head.post(path, data={"act": "remove"})).status_code == 303
        page = (await head.get("/duty-numbers", params=listed)).text
        assert "ДЭУ" not in page and "Приёмное отделение" in page
    deeds = [entry[1:] for entry in await audited(desk, account) if entry[0] == "duty_numbers_changed"]
    assert deeds == [("added", 1), ("changed", 1), ("removed", 1)]


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
        # an open page requests the alert again at each change, even if nobody looks at the page
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


@pytest.mark.anyio
async def test_a_new_key_seals_numbers_and_calls_again(desk: Desk) -> None:
    await imported(desk)
    (alert_id,) = await desk.alerts(fresh())
    async with desk.caller() as operator:
        call = {"post": "Староста", "result": "reached"}
        assert (await operator.post(f"/v1/alerts/{alert_id}/calls", json=call)).status_code == 201
    keys = desk.installation.settings(AlertsSettings).alerts_key_file
    old = WebhookSecrets(keys).newest_id.decode()
    keyring.draw(keys)
    box = WebhookSecrets(keys)
    async with desk.sessions.begin() as session:
        assert await sealed_rows.sealed_by(session, old) == 4
        assert await sealed_rows.reseal(session, box) == 4
        assert await sealed_rows.sealed_by(session, old) == 0
        (rescue,) = [each for each in await number_queries.numbers(session, box) if each.service == "rescue"]
    assert replace(rescue.contact, note=None) == DutyContact("Дежурная часть", ("112",))


def dayar(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(directory.app, [str(word) for word in words])
    return result.exit_code, result.output


def test_the_command_imports_a_file_after_a_dry_run(
    shared_installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The file has numbers of Leilek, because no other test of the module has numbers of this district."""
    for name, value in shared_installation.env().items():
        monkeypatch.setenv(name, value)
    file, rows = tmp_path / "numbers.csv", "unit,service,post,telephone\nЛейлекский район,РЭС,Dispatcher,0555 123456\n"
    file.write_text(rows.replace("0555 ", ""), encoding="utf-8")
    code, output = dayar("import", file)
    assert code == 1 and "line 2: refused  telephone: One to 3 telephones" in output
    file.write_text(rows, encoding="utf-8")
    assert "Dry run: nothing was imported." in dayar("import", file, "--dry-run")[1]
    assert dayar("list", "--area", LEILEK) == (0, "")
    assert "added: 1, changed: 0, unchanged: 0, refused: 0, removed: 0" in dayar("import", file)[1]
    assert noted("dayar directory") == [("duty_numbers_changed", "imported", 1)]
    assert dayar("list", "--area", LEILEK) == (0, f"{LEILEK}  power  Dispatcher  {MOBILE}\n")
