"""Duty numbers come from a file or from the page, belong to a unit, and are sealed."""

import re
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli import directory
from services.alerts.config import AlertsSettings
from services.alerts.duty_numbers.duty_numbers import DutyContact, written
from services.alerts.duty_numbers.imports import NumberVerdict, planned
from services.alerts.duty_numbers.sheets import BadDutyNumbers, DutyNumberSheets
from services.alerts.queries import duty_numbers as number_queries
from services.alerts.queries import sealed_rows
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth.tokens import Role
from shared.crypto import keyring
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import ALAI, BATKEN, KADAMJAI, LEILEK
from tests.alerts.security_log import noted
from tests.alerts.test_whom_to_call import FILE, HEADER, MOBILE, PLACES, ROWS, audited, imported
from tests.installation import Installation

SHEETS = DutyNumberSheets(PLACES)


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
    """No other test of this module has numbers of Leilek, so the file has numbers of Leilek."""
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
