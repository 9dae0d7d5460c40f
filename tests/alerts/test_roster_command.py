"""`dayar roster` keeps rosters and uses calendars; gaps are reported, and the board shows who is on duty."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from typer.testing import CliRunner, Result

from cli import receiver, roster
from cli.transactions import within
from services.alerts.models import ReceiverRow
from services.alerts.policies.policies import EscalationPolicy, PolicyStep
from services.alerts.queries import disabled_accounts
from services.alerts.queries import policies as policy_queries
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers.receivers import Receiver, ReceiverKind
from services.alerts.rosters.rosters import Roster
from shared.auth.tokens import Role
from shared.country import TIME_ZONE
from shared.events.vocabulary import DeliveryChannel
from tests.alerts.desk import Desk
from tests.alerts.security_log import noted
from tests.installation import Installation, in_thread


@pytest.fixture
def definition(shared_installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name, value in shared_installation.env().items():
        monkeypatch.setenv(name, value)

    async def add(session: AsyncSession) -> None:
        for label in ("Aida", "Bakyt"):
            person = Receiver(label, DeliveryChannel.EMAIL, "duty@mes.example", kind=ReceiverKind.PERSON)
            await receiver_queries.save_receiver(session, person)

    in_thread(within("alerts", add))
    file = tmp_path / "centre.toml"
    file.write_text(
        'name = "centre"\n[[layers]]\nname = "days"\npeople = ["Aida", "Bakyt"]\nstart = 2026-01-01\n'
        "handover = 08:00:00\nshift_days = 1\n",
        encoding="utf-8",
    )
    return file


def dayar(*words: object) -> Result:
    return CliRunner().invoke(roster.app, [str(word) for word in words])


def receivers(*words: str) -> Result:
    return CliRunner().invoke(receiver.app, words)


def test_a_roster_is_saved_overridden_exported_and_imported(definition: Path) -> None:
    saved = dayar("save", definition)
    assert saved.exit_code == 0 and "centre: On duty now " in saved.output and "Gap" not in saved.output

    begin = datetime.now(TIME_ZONE).replace(tzinfo=None) - timedelta(hours=1)
    times = ("--from", begin.isoformat(), "--until", (begin + timedelta(days=3)).isoformat())
    overridden = dayar("override", "centre", "Bakyt", *times, "--reason", "leave of Aida")
    assert "centre: On duty now Bakyt until " in overridden.output
    assert "Bakyt  (override)" in dayar("show", "centre").output

    calendar = definition.with_suffix(".ics")
    assert dayar("export-ics", "centre", calendar, "--weeks", 1).exit_code == 0
    for _ in range(2):  # a second import adds no event twice, so no two shifts overlap
        imported = dayar("import-ics", "centre", calendar)
        assert "Overrides from the calendar: " in imported.output and "Overlap" not in imported.output
    assert "On duty now Aida" in dayar("override", "centre", "Aida", *times, "--reason", "leave of Bakyt").output
    again = dayar("import-ics", "centre", calendar)
    assert "On duty now Aida" in again.output, "unchanged events do not decide before a later override"
    cancelled = calendar.with_name("cancelled.ics")
    cancelled.write_bytes(calendar.read_bytes().replace(b"SUMMARY:", b"STATUS:CANCELLED\r\nSUMMARY:"))
    removed = re.search(r"Removed overrides .*: (\d+)\.", dayar("import-ics", "centre", cancelled).output)
    assert removed and int(removed[1]) == cancelled.read_bytes().count(b"STATUS:CANCELLED")
    calendar.write_bytes(calendar.read_bytes().replace(b"SUMMARY:Aida", b"SUMMARY:Chynara"))
    refused = dayar("import-ics", "centre", calendar)
    assert refused.exit_code == 1 and "Nothing was changed." in refused.output and "(Chynara)" in refused.output

    for options in (("--roster", "nights"), ("--roster", "centre", "--kind", "system")):
        refused = receivers("change", "Aida", *options)
        assert refused.exit_code == 1 and "expected" in refused.output
    assert receivers("change", "Aida", "--roster", "centre").exit_code == 0
    in_use = dayar("remove", "centre")
    assert in_use.exit_code == 1 and "(Aida)" in in_use.output
    assert receivers("change", "Aida", "--no-roster").exit_code == 0
    policy = EscalationPolicy("mudflows", (PolicyStep(10, rosters=("centre",)),))
    in_thread(within("alerts", lambda session: policy_queries.save(session, policy)))
    in_use = dayar("remove", "centre")
    assert in_use.exit_code == 1 and "(mudflows)" in in_use.output
    in_thread(within("alerts", lambda session: policy_queries.remove(session, policy.name)))
    assert dayar("remove", "centre").exit_code == 0
    assert "There is no roster of this name. (centre)" in dayar("show", "centre").output
    reasons = [*["override_added", "calendar_imported", "calendar_imported"] * 2, "removed"]
    assert noted("dayar roster")[-7:] == [("roster_changed", reason, 1) for reason in reasons]
    assert noted("dayar receiver")[-2:] == [("receiver_changed", "changed", 1)] * 2


def test_an_imported_calendar_of_a_person_whose_account_is_disabled_says_so(definition: Path) -> None:
    assert dayar("save", definition).exit_code == 0
    calendar = definition.with_suffix(".ics")
    assert dayar("export-ics", "centre", calendar, "--weeks", 1).exit_code == 0
    account = uuid4()

    async def disable(session: AsyncSession, disabled: Collection[UUID] = (account,)) -> None:
        bakyt = update(ReceiverRow).where(ReceiverRow.label == "Bakyt")
        await session.execute(bakyt.values(account_id=account if disabled else None))
        await disabled_accounts.replace(session, disabled)

    in_thread(within("alerts", disable))
    imported = dayar("import-ics", "centre", calendar)
    assert imported.exit_code == 0 and "account disabled: Bakyt." in imported.output
    in_thread(within("alerts", lambda session: disable(session, ())))
    assert "account disabled" not in dayar("import-ics", "centre", calendar).output
    assert dayar("remove", "centre").exit_code == 0


def test_gaps_are_reported_and_people_who_have_left_are_refused(definition: Path) -> None:
    text = definition.read_text(encoding="utf-8")
    definition.write_text(f'{text}hours = ["Mon 08:00-17:00"]\n', encoding="utf-8")
    saved = dayar("save", definition)
    assert saved.exit_code == 0 and "Gap: nobody is on duty Mon " in saved.output
    assert noted("dayar roster")[-1] in [("roster_changed", "added", 1), ("roster_changed", "changed", 1)]

    definition.write_text(text.replace('"Bakyt"', '"Bakyt", "Chynara"'), encoding="utf-8")
    refused = dayar("save", definition)
    assert refused.exit_code == 1 and "(Chynara)" in refused.output

    in_thread(within("alerts", lambda session: receiver_queries.save_receiver(session, A_POST)))
    assert "receive alerts, or account disabled: Bakyt." in dayar("show").output
    wrong = dayar("override", "centre", "Aida", "--from", "tomorrow", "--until", "2026-12-01", "--reason", "leave")
    assert wrong.exit_code == 1 and "2026-12-01T08:00 is expected" in wrong.output


async def test_the_board_has_a_line_of_who_is_on_duty_until_when_and_who_is_next(desk: Desk) -> None:
    now = datetime.now(TIME_ZONE)
    layer = {"name": "days", "people": ["<Aida>", "Bakyt"], "start": now.date(), "handover": "00:00", "shift_days": 1}
    async with desk.sessions.begin() as session:
        await roster_queries.save(session, Roster.model_validate({"name": "centre", "layers": [layer]}))
        later = layer | {"start": now.date() + timedelta(days=2)}
        await roster_queries.save(session, Roster.model_validate({"name": "night", "layers": [later]}))
    async with desk.caller() as operator:
        centre, night = (await operator.get("/duty", params={"lang": "ru"})).text.split("<strong>night:</strong>")
    assert re.search(r"дежурит: &lt;Aida&gt; до \S.*, 00:00; далее: Bakyt с \S.*, 00:00", centre)
    assert "Больше не получатели, или учётная запись отключена: &lt;Aida&gt;" in centre, "Aida has left"
    assert re.search(r"никто не дежурит; далее: &lt;Aida&gt; с \S.*, 00:00", night)
    async with desk.caller(Role.FIELD) as field:
        assert (await field.get("/duty")).status_code == 403


A_POST = Receiver("Bakyt", DeliveryChannel.EMAIL, "duty@mes.example")
