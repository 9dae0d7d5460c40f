"""Tests the pages of the recipients of alerts, with rights, typed fields, secrets and test messages."""

import html
import re
from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.alerts.queries import contacts as contact_queries
from services.alerts.queries import disabled_accounts
from services.alerts.queries import receivers as receiver_queries
from services.alerts.queries import rosters as roster_queries
from services.alerts.receivers import trials as receiver_trials
from services.alerts.receivers.forms import ReceiverForm
from services.alerts.receivers.receivers import Contact, Receiver, ReceiverKind
from services.alerts.receivers.trials import receiver_id
from services.alerts.rosters.rosters import Roster
from shared.auth.tokens import Role
from shared.events.vocabulary import DeliveryChannel, HazardType, Severity, Status
from shared.places import Places
from tests.alerts.desk import Desk, fresh
from tests.alerts.factories import BATKEN, KADAMJAI

pytestmark = pytest.mark.anyio

OFFICER = Receiver(
    "officer",
    DeliveryChannel.EMAIL,
    "officer@mes.example",
    language="ru",
    statuses=frozenset({Status.ACTUAL, Status.TEST}),
    step=2,
    areas=(BATKEN, KADAMJAI),
    floor=Severity.SEVERE,
    kind=ReceiverKind.PERSON,
    organisation="MES",
    post="duty officer",
    account_id=uuid4(),
    hazards=(HazardType.MUDFLOW, HazardType.GLOF),
    hours=("Mon 08:00-12:00", "Mon 13:00-17:30", "Fri 20:00-06:00"),
    wait_seconds=420,
)
PHONE = Contact(DeliveryChannel.SMS, "sms:0700 12-34-56")
HOOK = Contact(DeliveryChannel.WEBHOOK, "https://mes.example/hook")
LAYER = {"name": "days", "people": ["officer"], "start": "2026-01-01", "shift_days": 1}
Typed = dict[str, Sequence[str]]


def typed_anew(receiver: Receiver, *further: Contact, **changed: Sequence[str]) -> Typed:
    form = ReceiverForm.of(receiver, further, Places.load())
    return {**form._typed, **changed}


async def post(caller: httpx.AsyncClient, path: str, fields: Mapping[str, Any]) -> httpx.Response:
    return await caller.post(path, data=dict(fields), headers={"accept": "text/html"})


async def stored(desk: Desk) -> tuple[list[Receiver], dict[str, list[Contact]]]:
    async with desk.sessions.begin() as session:
        return await receiver_queries.receivers(session), dict(await contact_queries.further(session))


def version_on(page: httpx.Response) -> str:
    found = re.search(r'name="version" value="([^"]*)"', page.text)
    assert found
    return found[1]


def test_a_stored_receiver_is_shown_and_read_again_without_a_change() -> None:
    own = replace(OFFICER, is_internal=True, is_duty_head=True)
    form = ReceiverForm.of(own, [HOOK], Places.load())
    assert form.parsed(Places.load(), own.label) == (own, [HOOK], [])


def test_the_contacts_are_moved_added_and_removed() -> None:
    form = ReceiverForm({"address": ["a", "b", "c"], "minutes": ["1", "2", ""]})
    for act in ("up-2", "up-0", "down-2", "down-9", "drop-7", "add", "drop-1", "nonsense"):
        form.arranged(act)
    assert form.contacts == [("a", "1"), ("b", "2"), ("", "")]


async def test_a_recipient_is_added_changed_and_removed_and_each_act_is_logged(desk: Desk) -> None:
    account = uuid4()
    async with desk.caller(Role.DUTY_HEAD, account=account) as caller:
        added = await post(caller, "/receivers", typed_anew(OFFICER, HOOK))
        assert added.status_code == 200
        assert len(re.findall(r"whsec_[A-Za-z0-9+/=]+", html.unescape(added.text))) == 1, "the secret is shown once"
        assert await stored(desk) == ([OFFICER], {"officer": [HOOK]})
        path = f"/receivers/{receiver_id('officer')}"
        (alert_id,) = await desk.alerts(fresh())
        assert (await caller.put(f"/v1/alerts/{alert_id}/acknowledgement")).status_code == 200
        page = await caller.get(path, params={"lang": "en"})
        assert f'<option value="{account}">' in page.text, "accounts are chosen by the names of those who acted"
        assert "officer@mes.example" in page.text and "whsec_" not in page.text
        moved = typed_anew(OFFICER, HOOK, version=[version_on(page)], act=["down-0"])
        arranged = await post(caller, path, moved)
        assert re.findall(r'id="address-\d" name="address" value="([^"]*)"', arranged.text) == [
            "https://mes.example/hook",
            "officer@mes.example",
        ]
        async with desk.sessions.begin() as session:
            await roster_queries.save(session, Roster.model_validate({"name": "centre", "layers": [LAYER]}))
        put_on = {"step": ["0"], "roster": ["centre"]}
        changed = await post(caller, path, typed_anew(OFFICER, HOOK, version=[version_on(page)], **put_on))
        assert changed.status_code == 303
        assert [(known.step, known.roster) for known in (await stored(desk))[0]] == [(0, "centre")]
        assert "Roster: centre" in (await caller.get("/receivers", params={"lang": "en"})).text
        assert (await post(caller, f"{path}/removal", {})).status_code == 303
    assert await stored(desk) == ([], {})
    async with desk.sessions.begin() as session:
        entries = await session.execute(
            text("SELECT action, reason FROM audit WHERE account = :account ORDER BY id"), {"account": account}
        )
        assert [tuple(entry) for entry in entries] == [
            ("receiver_changed", "added"),
            ("read", None),
            ("receiver_changed", "changed: step, roster"),
            ("receiver_changed", "removed"),
        ]


async def test_wrong_fields_are_named_and_what_was_typed_is_shown_again(desk: Desk) -> None:
    wrong: Typed = {
        "address": ["nowhere", "https://mes.example/hook"],
        "minutes": ["never", ""],
        "hours-Mon": ["8-17"],
        "other-areas": ["Atlantis"],
        "account_id": ["aibek"],
        "statuses": [],
        "roster": ["nights"],
    }
    async with desk.caller(Role.ADMINISTRATOR) as caller:
        refused = await post(caller, "/receivers?lang=en", typed_anew(OFFICER, HOOK, **wrong))
    assert refused.status_code == 422
    assert set(re.findall(r'id="wrong-([^"]+)"', refused.text)) == {
        *("address-0", "wait-0", "hours-Mon", "other-areas", "account_id", "statuses", "roster"),
    }
    for typed in ("nowhere", "never", "8-17", "Atlantis", "aibek"):
        assert f'value="{typed}"' in refused.text
    assert await stored(desk) == ([], {})


async def test_a_change_that_somebody_else_made_meanwhile_is_not_overwritten(desk: Desk) -> None:
    path = f"/receivers/{receiver_id('officer')}"
    async with desk.caller(Role.DUTY_HEAD) as first, desk.caller(Role.ADMINISTRATOR) as second:
        await post(first, "/receivers", typed_anew(OFFICER, HOOK))
        seen = version_on(await first.get(path))
        assert (await post(second, path, typed_anew(OFFICER, HOOK, version=[seen], step=["1"]))).status_code == 303
        late = await post(first, f"{path}?lang=en", typed_anew(OFFICER, HOOK, version=[seen], step=["3"]))
        assert late.status_code == 422 and "Somebody else has changed this recipient" in late.text
        assert (await stored(desk))[0][0].step == 1
        again = typed_anew(OFFICER, HOOK, version=[version_on(late)], step=["3"])
        assert (await post(first, path, again)).status_code == 303
        assert (await post(first, "/receivers", typed_anew(OFFICER))).status_code == 422, "the name is taken"
    assert (await stored(desk))[0][0].step == 3


async def test_of_two_changes_at_the_same_time_the_later_one_is_refused(desk: Desk) -> None:
    path = f"/receivers/{receiver_id('officer')}"
    async with desk.caller(Role.DUTY_HEAD) as first, desk.caller(Role.ADMINISTRATOR) as second:
        added = await gather(*(post(caller, "/receivers", typed_anew(OFFICER)) for caller in (first, second)))
        assert sorted(answer.status_code for answer in added) == [303, 422]
        seen = version_on(await first.get(path))
        steps = [typed_anew(OFFICER, version=[seen], step=[step]) for step in ("1", "3")]
        changed = await gather(
            *(post(caller, path, typed) for caller, typed in zip((first, second), steps, strict=True))
        )
        assert sorted(answer.status_code for answer in changed) == [303, 422]


async def test_only_duty_heads_and_administrators_of_the_area_keep_recipients(desk: Desk) -> None:
    path = f"/receivers/{receiver_id('officer')}"
    async with desk.caller(Role.DUTY_HEAD) as whole, desk.caller(Role.DUTY_HEAD, areas=[BATKEN]) as batken:
        await post(whole, "/receivers", typed_anew(OFFICER))
        assert (await batken.get(path)).status_code == 200, "all of its areas lie in Batken"
        abroad = typed_anew(OFFICER, **{"areas": [], "other-areas": ["KG"], "label": ["other"]})
        assert (await post(batken, "/receivers", abroad)).status_code == 422
        head = typed_anew(replace(OFFICER, label="head", is_duty_head=True))
        assert (await post(batken, "/receivers", head)).status_code == 422, "a duty head gets alerts of all areas"
        own = await post(batken, "/receivers?lang=en", typed_anew(replace(OFFICER, label="own", is_internal=True)))
        assert own.status_code == 422 and "Only an administrator decides" in own.text
    async with desk.caller(Role.DUTY_HEAD, areas=["KG06000000000"]) as osh, desk.caller(Role.OPERATOR) as operator:
        assert "officer" not in (await osh.get("/receivers")).text
        assert (await osh.get(path)).status_code == 404
        for answer in (
            await operator.get("/receivers"),
            await operator.get(path),
            await operator.post(f"{path}/removal"),
        ):
            assert answer.status_code == 403
    assert len((await stored(desk))[0]) == 1


async def test_a_test_message_goes_to_each_contact_and_its_result_is_shown(desk: Desk) -> None:
    path = f"/receivers/{receiver_id('officer')}"
    async with desk.caller(Role.DUTY_HEAD) as caller:
        await post(caller, "/receivers", typed_anew(OFFICER, HOOK, PHONE))
        for _ in range(2):
            assert (await caller.post(f"{path}/test")).status_code == 303
        running = (await caller.get(f"{path}/test", params={"lang": "en"})).text
        assert running.count("Queued") == 3 and "refresh" in running
        async with desk.sessions.begin() as session:
            await session.execute(text("UPDATE deliveries SET settled_at = now(), is_delivered = channel = 'webhook'"))
        settled = (await caller.get(f"{path}/test", params={"lang": "en"})).text
        assert "Delivered" in settled and "Failed" in settled and "refresh" not in settled
        keepers = (await caller.get("/receivers", params={"lang": "en"})).text
        results = re.findall(r'<span class="small (\w+)">(\w+),', keepers)
        assert results == [("bad", "Failed"), ("muted", "Delivered"), ("bad", "Failed")]
        listed = (await caller.get("/v1/alerts")).json()["alerts"]
        shown = (await caller.get("/deliveries", params={"lang": "en"})).text
        assert "Parts: 2. Characters: " in shown, "the short message, as a telephone shows it"
    assert (await stored(desk))[1]["officer"][1].address == "sms:+996700123456"
    assert listed == [], "no board shows the test"
    async with desk.sessions.begin() as session:
        contents = await session.scalars(text("SELECT DISTINCT content::json -> 'data' ->> 'status' FROM deliveries"))
        assert list(contents) == ["Test"]
    async with desk.caller(Role.DUTY_HEAD) as caller:
        await post(caller, f"{path}/removal", {})
        await post(caller, "/receivers", typed_anew(OFFICER))
        anew = (await caller.get(f"{path}/test", params={"lang": "en"})).text
    assert "Failed" not in anew and "Delivered" not in anew, "these were results of the removed recipient"


async def test_an_address_is_not_flooded_with_test_messages(desk: Desk) -> None:
    now = datetime.now(UTC)
    for seconds, count in ((0, 1), (9, 1), (11, 2)):
        async with desk.sessions.begin() as session:
            await receiver_trials.send(session, OFFICER, [], now + timedelta(seconds=seconds))
            assert await session.scalar(text("SELECT count(*) FROM deliveries")) == count


async def test_the_list_is_filtered_and_a_secret_is_rotated(desk: Desk) -> None:
    async with desk.caller(Role.DUTY_HEAD) as caller:
        await post(caller, "/receivers", typed_anew(OFFICER, HOOK))
        for query, is_shown in (
            ("kind=person&channel=webhook", True),
            ("kind=system", False),
            (f"area={KADAMJAI}", True),
        ):
            assert ("officer" in (await caller.get(f"/receivers?{query}")).text) is is_shown
        warning = "No head of shift is marked, or the accounts of all"
        assert warning in (await caller.get("/receivers?lang=en")).text
        await post(caller, "/receivers", typed_anew(replace(OFFICER, label="head", is_duty_head=True)))
        assert warning not in (await caller.get("/receivers?lang=en")).text
        async with desk.sessions.begin() as session:
            await disabled_accounts.replace(session, [OFFICER.account_id or uuid4()])
        disabled = (await caller.get("/receivers?lang=en")).text
        assert "Account disabled" in disabled and warning in disabled
        async with desk.caller(Role.ADMINISTRATOR) as administrator:
            notices = (await administrator.get("/notices?lang=en")).text
            assert warning in (await administrator.get("/policies?lang=en")).text
        assert "whose accounts are disabled: 2." in notices
        path = f"/receivers/{receiver_id('officer')}/secret"
        rotated = await post(caller, path, {"act": "rotate"})
        assert "whsec_" in rotated.text
        again = await post(caller, f"{path}?lang=en", {"act": "rotate"})
        assert again.status_code == 409 and "the former one still signs" in again.text and "whsec_" not in again.text
        assert (await post(caller, path, {"act": "retire"})).status_code == 303
        assert "whsec_" in (await post(caller, path, {"act": "rotate"})).text
        await post(caller, "/receivers", typed_anew(replace(OFFICER, label="mail only")))
        without = await post(caller, f"/receivers/{receiver_id('mail only')}/secret?lang=en", {"act": "rotate"})
        assert without.status_code == 409 and "has no webhook" in without.text
