"""Tests the routes that check and send a file of households.

The routes return refused rows, and recognise a file that was sent before.
"""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import openpyxl
import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.intake.config import IntakeSettings
from services.intake.models import SentHead, SentReport, SentRow
from services.intake.sheets import matches, queries
from shared.audit import AUDIT, Action
from shared.auth.tokens import Role
from shared.postgres import database
from shared.sheets.reading import BYTES
from tests.intake.conftest import Caller, RunningIntake
from tests.intake.test_receipts import RECEIPTS, save, stored
from tests.waiting import wait_for

pytestmark = pytest.mark.anyio
PATH = "/v1/household-sheets"
AREAS = ["KG05000000000"]  # the oblast where the households now live


def sheet(*, at: str) -> bytes:
    rows = ("ФИО;Кол-во человек;Откуда;Куда;Дата", f"Асанов {at};5;Кадамжай;Лейлек;{datetime.now(UTC):%d.%m.%Y}")
    return "\n".join((*rows, rows[1].replace("Асанов", "Маматов"), "=1+1;много;Кадамжай;Лейлек;20.11.2026")).encode()


def unique() -> str:
    return uuid4().hex


async def sent(intake: RunningIntake, act: str, content: bytes, account: UUID, query: str = "", **claims: Any) -> Any:
    caller = intake.caller(Role.REGISTRAR, account=account, **{"team": None, "areas": AREAS, **claims})
    return await intake.http.post(f"{PATH}:{act}{query}", content=content, headers=caller.headers)


async def verdicts(intake: RunningIntake, act: str, content: bytes, account: UUID, **claims: Any) -> list[str]:
    answer = await sent(intake, act, content, account, **claims)
    assert answer.status_code == 200, answer.text
    return [row["verdict"] for row in answer.json()["rows"]]


@asynccontextmanager
async def opened_database(intake: RunningIntake) -> AsyncIterator[async_sessionmaker[AsyncSession]]:
    async with database.opened(intake.installation.settings(IntakeSettings)) as engine:
        yield database.sessions(engine)


async def logged(intake: RunningIntake, account: UUID) -> list[Any]:
    async with opened_database(intake) as sessions, sessions() as session:
        rows = await session.execute(select(AUDIT.c.action, AUDIT.c.objects).where(AUDIT.c.account == account))
    return [(action, len(objects)) for action, objects in rows]


async def test_a_dry_run_sends_nothing_and_the_same_file_again_adds_nothing(intake: RunningIntake) -> None:
    content, account, before = sheet(at=unique()), uuid4(), await intake.counts()
    assert await verdicts(intake, "check", content, account) == ["new", "new", "refused"]
    assert await intake.counts() == before and await logged(intake, account) == []
    assert await verdicts(intake, "send", content, account) == ["sent", "sent", "refused"]
    after = await intake.counts()
    assert after["accepted"] == before["accepted"] + 2
    for act in ("check", "send"):
        assert await verdicts(intake, act, content, account) == ["known", "known", "refused"]
    assert (await intake.counts())["accepted"] == after["accepted"]
    assert await logged(intake, account) == [("sheet_sent", 2), ("sheet_sent", 0)]


async def test_a_list_that_another_account_has_sent_adds_nothing_and_names_no_report(intake: RunningIntake) -> None:
    content, other = sheet(at=unique()), uuid4()
    await verdicts(intake, "send", content, uuid4())
    before = await intake.counts()
    for act in ("check", "send"):
        answer = (await sent(intake, act, content, other)).json()
        assert [(row["verdict"], row["report_id"]) for row in answer["rows"][:2]] == [("known_elsewhere", None)] * 2
    assert await intake.counts() == before
    assert await logged(intake, other) == [("sheet_sent", 0)]


@pytest.mark.parametrize("is_one_account", [True, False])
async def test_a_list_that_two_requests_send_at_once_is_sent_once(intake: RunningIntake, is_one_account: bool) -> None:
    content, account, before = sheet(at=unique()), uuid4(), await intake.counts()
    accounts = account, account if is_one_account else uuid4()
    async with opened_database(intake) as sessions, sessions.begin() as session:
        await session.execute(text("LOCK TABLE receipts IN ACCESS EXCLUSIVE MODE"))
        requests = [asyncio.create_task(verdicts(intake, "send", content, account)) for account in accounts]
        # both requests must look up the rows before one of them sends rows
        await wait_for(lambda: are_waiting(sessions, 2), timeout=60)
    answers = await asyncio.gather(*requests)
    known = "known" if is_one_account else "known_elsewhere"
    assert sorted(answers) == [[known, known, "refused"], ["sent", "sent", "refused"]]
    assert (await intake.counts())["accepted"] == before["accepted"] + 2


async def are_waiting(sessions: async_sessionmaker[AsyncSession], count: int) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'receipts'::regclass")
    async with sessions() as session:
        return bool(await session.scalar(waiting) == count)


async def test_a_changed_row_is_sent_only_if_a_person_confirms_that_it_is_another_household(
    intake: RunningIntake,
) -> None:
    content, account, team = sheet(at=unique()), uuid4(), uuid4()
    await verdicts(intake, "send", content, account, team=team)
    changed, before = content.replace(b";5;", b";6;", 1), await intake.counts()
    for sender in (account, uuid4()):
        for act in ("check", "send"):
            answer = await verdicts(intake, act, changed, sender, team=team)
            assert answer[0] == "changed"
    assert await intake.counts() == before
    confirmed = await sent(intake, "send", changed, account, "?confirmed=2")
    assert [row["verdict"] for row in confirmed.json()["rows"]] == ["sent", "known", "refused"]


async def test_a_row_that_another_team_has_sent_with_other_cells_is_not_sent_unless_confirmed(
    intake: RunningIntake,
) -> None:
    content, account = sheet(at=unique()), uuid4()
    sent_before = (await sent(intake, "send", content, uuid4())).json()["rows"][0]["report_id"]
    changed, before = content.replace(b";5;", b";6;", 1), await intake.counts()
    for act in ("check", "send"):
        answer = await sent(intake, act, changed, account)
        assert [row["verdict"] for row in answer.json()["rows"]] == ["changed_elsewhere", "known_elsewhere", "refused"]
        assert sent_before not in answer.text
    assert await intake.counts() == before
    assert await reads(intake, account) == [("done", [sent_before])] * 2
    confirmed = await sent(intake, "send", changed, account, "?confirmed=2")
    assert [row["verdict"] for row in confirmed.json()["rows"]] == ["sent", "known_elsewhere", "refused"]


async def test_an_account_learns_of_no_household_outside_its_areas_and_of_a_limited_number(
    intake: RunningIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, account = sheet(at=unique()), uuid4()
    await verdicts(intake, "send", content, uuid4())
    changed = content.replace(b";5;", b";6;")
    assert await verdicts(intake, "check", changed, uuid4(), areas=["KG05258000000"]) == ["new", "new", "refused"]
    monkeypatch.setattr(matches, "MOST", 1)
    refused = await sent(intake, "send", changed, account)
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:dayar:problem:too-many-matches")
    one = content.replace(b";5;", b";6;", 1)
    assert (await verdicts(intake, "check", one, account))[0] == "changed_elsewhere"
    assert [(result, len(objects)) for result, objects in await reads(intake, account)] == [("refused", 0), ("done", 1)]


async def reads(intake: RunningIntake, account: UUID) -> list[tuple[str, list[str]]]:
    own = select(AUDIT.c.result, AUDIT.c.objects).where(AUDIT.c.account == account, AUDIT.c.action == Action.READ)
    async with opened_database(intake) as sessions, sessions() as session:
        return [(result, [str(id) for id in objects]) for result, objects in await session.execute(own)]


async def test_an_erasure_deletes_the_ids_of_rows_and_heads(intake: RunningIntake) -> None:
    content, account = sheet(at=unique()), uuid4()
    first, second, _ = (await sent(intake, "send", content, account)).json()["rows"]
    async with opened_database(intake) as sessions:
        async with sessions.begin() as session:
            await queries.erase(session, [UUID(first["report_id"])])
        async with sessions() as session:
            for table in (SentRow, SentHead, SentReport):
                rows = await session.scalars(
                    select(table.report_id).where(
                        table.report_id.in_([UUID(first["report_id"]), UUID(second["report_id"])])
                    )
                )
                assert {str(id) for id in rows} == {second["report_id"]}
    changed = content.replace(b";5;", b";6;")
    assert await verdicts(intake, "check", changed, account) == ["new", "changed", "refused"]


async def test_the_row_of_each_person_has_the_verdict_about_the_household(intake: RunningIntake) -> None:
    at, account = unique(), uuid4()
    head = f"1;Асанов {at};м;Кадамжай;Лейлек;{datetime.now(UTC):%d.%m.%Y}"
    content = f"№ семьи;ФИО;Пол;Откуда;Куда;Дата\n{head}\n;Асанова {at};ж\n".encode()
    for verdict in ("sent", "known"):
        answer = await sent(intake, "send", content, account)
        rows = [(row["is_household"], row["verdict"], row["persons"]) for row in answer.json()["rows"]]
        assert rows == [(True, verdict, 2), (False, verdict, None)]


async def test_the_answer_has_the_columns_and_reasons_but_no_cell(intake: RunningIntake) -> None:
    answer = await sent(intake, "check", sheet(at="Tokmakov"), uuid4(), areas=["KG06000000000"])
    checked = answer.json()
    assert [column["column"] for column in checked["columns"]] == [
        "head",
        "persons",
        "origin",
        "destination",
        "occurred_on",
    ]
    first, _, refused = checked["rows"]
    assert (first["persons"], first["is_outside"]) == (5, True)
    assert refused["errors"] == [{"column": 1, "reason": "number", "missing": None}]
    assert "Tokmakov" not in answer.text


async def test_refused_rows_come_back_with_reasons_in_the_readers_language(intake: RunningIntake) -> None:
    answer = await sent(intake, "refused", sheet(at=unique()), uuid4(), "?lang=ru")
    [header, row] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
    assert header == ("ФИО", "Кол-во человек", "Откуда", "Куда", "Дата", "Почему не принято")
    assert row[0] == "=1+1" and row[-1] == "Кол-во человек: нужно целое число от 1 до 60"


async def test_sent_rows_that_were_refused_or_wait_come_back_and_a_corrected_row_is_sent_like_a_new_one(
    intake: RunningIntake,
) -> None:
    """Only the author may read the receipts. Another account that sends a file with the same rows gets no results."""
    content, account = sheet(at=unique()), uuid4()
    first, second, _ = (await sent(intake, "send", content, account)).json()["rows"]
    refused = stored(UUID(first["report_id"]), account, outcome="rejected", reason="wrong_place", kind="household")
    await save(intake, refused, stored(UUID(second["report_id"]), account, outcome="held", kind="household"))
    place = "Refused by the centre: the place is wrong, correct it and send again"
    waits = "Under review: A person decides. You need not send it again."
    number = "Кол-во человек: a whole number from 1 to 60 is needed"
    assert await returned(intake, content, account) == [place, waits, number]
    assert await returned(intake, content, uuid4()) == [number]
    changed_by_others = await verdicts(intake, "check", content.replace(b";5;", b";6;"), uuid4())
    assert changed_by_others == ["new", "changed_elsewhere", "refused"]
    for persons in (b";6;", b";7;"):
        changed = content.replace(b";5;", persons)
        assert (await verdicts(intake, "send", changed, account))[:2] == [
            "sent" if persons == b";6;" else "changed",
            "changed",
        ]
    listed = (await desk_of(intake, account).get(f"{RECEIPTS}?channel=import")).json()["reports"]
    assert sorted((row["line"], row["state"], row["reason"]) for row in listed if row["version"]) == [
        (2, "refused", "wrong_place"),
        (3, "under_review", None),
    ]
    assert [(row["line"], row["state"]) for row in listed if not row["version"]] == [(2, "received")]


def desk_of(intake: RunningIntake, account: UUID) -> Caller:
    return intake.caller(Role.REGISTRAR, account=account, team=None, areas=AREAS)


async def returned(intake: RunningIntake, content: bytes, account: UUID) -> list[str]:
    answer = await sent(intake, "refused", content, account, "?lang=en")
    [_, *rows] = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True)
    return [str(row[-1]) for row in rows]


async def test_files_that_cannot_be_read_are_answered(intake: RunningIntake) -> None:
    answers = {
        "large": await sent(intake, "check", b"a" * (BYTES + 1), uuid4()),
        "binary": await sent(intake, "check", b"\x00", uuid4()),
        "columns": await sent(intake, "check", b"a;b", uuid4(), "?columns=head,sekret"),
        "unknown": await sent(intake, "check", b"a;b", uuid4(), "?sekret=sekret"),
        "sheet": await sent(intake, "check", b"a;b", uuid4(), "?sheet=1"),
    }
    kinds = {name: (answer.status_code, answer.json()["type"].split(":")[-1]) for name, answer in answers.items()}
    assert kinds == {
        "large": (413, "too-big"),
        "binary": (422, "no-sheet"),
        "columns": (422, "invalid"),
        "unknown": (422, "invalid"),
        "sheet": (422, "sheet-empty"),
    }
    assert not any("sekret" in answer.text for answer in answers.values())
    viewer = intake.caller(Role.ANALYST)
    assert (await intake.http.post(f"{PATH}:check", content=b"a", headers=viewer.headers)).status_code == 403
