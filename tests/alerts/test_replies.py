"""A person whose account is bound to a chat or number acknowledges an alert by answering a message."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts import transitions
from services.alerts.acts import behalf, bindings
from services.alerts.acts.acts import ActChannel
from services.alerts.acts.behalf_notes import BehalfNote
from services.alerts.acts.bindings import MOST_FAILURES, VALID, BoundPerson, CodeRefusal
from services.alerts.acts.replies import Replies
from services.alerts.acts.reply_results import Reply, ReplyResult, sentence
from services.alerts.config import AlertsSettings
from services.alerts.models import Act
from services.alerts.receivers.secrets import WebhookSecrets
from shared.auth import revocation_snapshots
from shared.auth.revocations import Revocations
from shared.auth.tokens import Role
from shared.events import CredentialKind, CredentialRevoked
from shared.events.vocabulary import DeliveryChannel
from shared.places import Places
from tests.alerts.factories import KADAMJAI, LEILEK, mudflow, rules
from tests.alerts.post import Post
from tests.alerts.test_notifications import alert

pytestmark = pytest.mark.anyio

TELEGRAM = DeliveryChannel.TELEGRAM
NOW = datetime.now(UTC).replace(microsecond=0)


def operator(**changed: object) -> BoundPerson:
    made = BoundPerson(uuid4(), "aibek", frozenset({Role.OPERATOR}), (KADAMJAI,), NOW)
    return replace(made, **changed)  # type: ignore[arg-type]


def revocations(settings: AlertsSettings, *revoked: CredentialRevoked, read_at: datetime = NOW) -> Revocations:
    revocation_snapshots.save(revocation_snapshots.file_of(settings), read_at, revoked)
    return Revocations(settings)


@dataclass
class Line:
    post: Post
    settings: AlertsSettings
    box: WebhookSecrets

    async def answer(self, person: BoundPerson | None, *revoked: CredentialRevoked, **changed: object) -> ReplyResult:
        read_at = changed.pop("read_at", NOW)
        access = revocations(self.settings, *revoked, read_at=read_at)  # type: ignore[arg-type]
        replies = Replies(rules(), Places.load(), self.box, access, ActChannel.TELEGRAM)
        alert = await self.post.alert()
        reply = await replies.acknowledge(self.post.session, alert.alert_id, person, NOW, **changed)  # type: ignore[arg-type]
        return reply.result


@pytest.fixture
async def line(post: Post, settings: AlertsSettings) -> Line:
    await post(mudflow())
    return Line(post, settings, WebhookSecrets(settings.alerts_key_file))


async def test_a_bound_person_acknowledges_as_on_the_board(line: Line) -> None:
    aibek = operator()
    note = BehalfNote(name="Касымов", by="Telegram")
    assert [await line.answer(aibek, on_behalf_of=note), await line.answer(aibek), await line.answer(operator())] == [
        ReplyResult.ACKNOWLEDGED,
        ReplyResult.ACKNOWLEDGED,
        ReplyResult.ACKNOWLEDGED_BY_OTHER,
    ]
    alert = await line.post.alert()
    assert (alert.acknowledged_by, alert.acknowledged_name) == (aibek.account, "aibek")
    assert alert.acknowledged_note is not None and alert.acknowledged_note.startswith(behalf.PREFIX)
    assert (await line.post.event_types())[-1] == "acknowledged"
    assert [cause for _, _, cause in await line.post.deliveries()] == ["raised", "acknowledged"]


async def test_which_actions_of_others_outdate_an_action_on_an_earlier_state(line: Line) -> None:
    """An acknowledgement is accepted although others have commented or acknowledged since.

    A repeated action is refused.
    """
    session, alert_id = line.post.session, (await line.post.alert()).alert_id
    replies = Replies(rules(), Places.load(), line.box, revocations(line.settings), ActChannel.TELEGRAM)
    aibek, bermet = operator(), operator(name="bermet")
    await replies.comment(session, alert_id, bermet, NOW, "мост цел")
    part = Act(alert_id=alert_id, sequence=2, deed="acknowledged", account_id=bermet.account, acted_at=NOW)
    session.add(part)
    await session.flush()
    seen = replies.to(1)
    done = [
        await seen.acknowledge(session, alert_id, aibek, NOW),
        await seen.snooze(session, alert_id, aibek, NOW, "жду звонка"),
        await replies.to(3).snooze(session, alert_id, aibek, NOW, "жду звонка"),
        await replies.to(4).snooze(session, alert_id, aibek, NOW, "жду ответа"),
        await seen.start(session, alert_id, bermet, NOW),
    ]
    assert [reply.result for reply in done] == [
        ReplyResult.ACKNOWLEDGED,
        ReplyResult.CHANGED_MEANWHILE,
        ReplyResult.SNOOZED,
        ReplyResult.SNOOZED,
        ReplyResult.CHANGED_MEANWHILE,
    ]


async def test_who_may_not_acknowledge(line: Line) -> None:
    changed_rights = operator()
    revoked = CredentialRevoked(
        credential_id=changed_rights.account,
        kind=CredentialKind.ACCOUNT,
        revoked_at=NOW,
        issued_before=NOW + timedelta(seconds=1),
    )
    bound_again = replace(changed_rights, issued_at=NOW + timedelta(seconds=1))
    assert [
        await line.answer(None),
        await line.answer(operator(roles=frozenset({Role.ANALYST}))),
        await line.answer(operator(areas=(LEILEK,))),
        await line.answer(changed_rights, revoked),
        await line.answer(operator(), read_at=NOW - timedelta(hours=25)),
        await line.answer(bound_again, revoked),
    ] == [
        ReplyResult.NOT_BOUND,
        ReplyResult.NOT_PERMITTED,
        ReplyResult.NOT_FOUND,
        ReplyResult.ACCESS_ENDED,
        ReplyResult.ACCESS_UNKNOWN,
        ReplyResult.ACKNOWLEDGED,
    ]


async def test_the_answer_says_who_was_first_and_when(line: Line) -> None:
    replies = Replies(rules(), Places.load(), line.box, revocations(line.settings), ActChannel.SMS)
    alert = await line.post.alert()
    at = datetime(2026, 6, 14, 21, 12, tzinfo=UTC)
    await replies.acknowledge(line.post.session, alert.alert_id, operator(), at)
    second = await replies.acknowledge(line.post.session, alert.alert_id, operator(), at)
    assert sentence(second, "en").startswith("Already acknowledged by aibek, ")
    assert sentence(second, "ru").endswith("03:12.")


async def test_a_code_binds_once_and_within_fifteen_minutes(session: AsyncSession, settings: AlertsSettings) -> None:
    box, aibek = WebhookSecrets(settings.alerts_key_file), operator()
    late = await bindings.draw_code(session, box, TELEGRAM, aibek, NOW)
    assert await bindings.bind(session, box, TELEGRAM, "7", late, NOW + VALID) is CodeRefusal.WRONG
    code = await bindings.draw_code(session, box, TELEGRAM, aibek, NOW)
    assert await bindings.bind(session, box, TELEGRAM, "7", late, NOW) is CodeRefusal.WRONG
    assert await bindings.bind(session, box, TELEGRAM, "7", code.lower(), NOW) == aibek
    assert await bindings.bind(session, box, TELEGRAM, "8", code, NOW) is CodeRefusal.WRONG
    assert await bindings.person(session, TELEGRAM, "7") == aibek
    again = await bindings.draw_code(session, box, TELEGRAM, aibek, NOW)
    assert await bindings.bind(session, box, TELEGRAM, "9", again, NOW) == aibek
    assert await bindings.person(session, TELEGRAM, "7") is None
    assert await bindings.unbind(session, TELEGRAM, aibek.account)
    assert not await bindings.unbind(session, TELEGRAM, aibek.account)
    assert await bindings.person(session, TELEGRAM, "9") is None


async def test_guesses_of_a_code_are_limited(session: AsyncSession, settings: AlertsSettings) -> None:
    box = WebhookSecrets(settings.alerts_key_file)
    code = await bindings.draw_code(session, box, TELEGRAM, operator(), NOW)
    for _ in range(MOST_FAILURES):
        assert await bindings.bind(session, box, TELEGRAM, "7", "AAAAA-AAAAA", NOW) is CodeRefusal.WRONG
    assert await bindings.bind(session, box, TELEGRAM, "7", code, NOW) is CodeRefusal.TOO_MANY
    another = await bindings.draw_code(session, box, TELEGRAM, operator(), NOW + VALID)
    assert isinstance(await bindings.bind(session, box, TELEGRAM, "7", another, NOW + VALID), BoundPerson)


def test_the_newest_state_of_an_alert_on_which_several_people_acted_is_one_line() -> None:
    deeds = {"acknowledged_name": "aibek", "assigned_name": "bermet", "snoozed_name": "dastan"}
    times = dict.fromkeys(("acknowledged_at", "assigned_at", "snoozed_until"), NOW)
    answer = sentence(
        Reply(ReplyResult.CHANGED_MEANWHILE, transitions.replaced(alert(KADAMJAI), **deeds, **times)), "en"
    )
    states = answer.partition(" Now: ")[2].split("; ")
    assert [state.partition(":")[0] for state in states[:3]] == ["Severe", "Acknowledged", "Assigned"]
    assert states[3].startswith("Snoozed until ") and "\n" not in answer
