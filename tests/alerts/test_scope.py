"""The alerts service reads public and restricted hazards.

The service keeps a hazard's newest revision, although it may read the two topics in any order.
"""

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from services.alerts.config import AlertsSettings
from services.alerts.handlers import HAZARDS
from services.alerts.queries import alerts as alert_queries
from services.alerts.receivers import subscriptions
from shared.events import HazardReported
from shared.events.vocabulary import Severity
from shared.postgres import database
from tests.alerts.factories import ALAI, KADAMJAI, mudflow
from tests.alerts.post import Post
from tests.installation import Installation

HAZARD = UUID("3b6f0f5e-54c1-4d0e-9d0a-2f1f5d6c7a10")
SCOPES = {1: "Restricted", 2: "Public", 3: "Private", 4: "Public", 5: "Restricted"}


def revision(number: int) -> HazardReported:
    """A revision of one hazard. Only the fifth revision is in another district."""
    return mudflow(
        hazard_id=HAZARD,
        revision=number,
        msg_type="Alert" if number == 1 else "Update",
        scope=SCOPES[number],
        severity="Extreme" if number == 4 else "Severe",
        area={"pcodes": [ALAI if number == 5 else KADAMJAI]},
    )


def test_the_consumer_reads_both_topics() -> None:
    assert HAZARDS.topics == ("hazards", "hazards-restricted")
    assert {revision(number).own_topic for number in SCOPES} == set(HAZARDS.topics)


@settings(max_examples=25)
@given(data=st.data())
def test_the_newest_revision_of_both_topics_decides_in_any_order(
    shared_installation: Installation, data: st.DataObject
) -> None:
    """Each topic keeps the order of its revisions. Between the two topics, the order is not fixed.

    A revision may be delivered twice.
    """
    public, restricted = ([n for n in SCOPES if (SCOPES[n] == "Public") is is_public] for is_public in (True, False))
    order: list[int] = []
    while public or restricted:
        from_public = data.draw(st.booleans()) if public and restricted else bool(public)
        order.append((public if from_public else restricted).pop(0))
    order += data.draw(st.lists(st.sampled_from(order), max_size=2))
    cut = data.draw(st.integers(0, len(order)))
    assert asyncio.run(state_after(shared_installation, [order[:cut], order[cut:]])) == (5, "Severe", [ALAI])


async def state_after(installation: Installation, batches: list[list[int]]) -> tuple[int, str, list[str]]:
    own: AlertsSettings = installation.settings(AlertsSettings)
    async with database.opened(own) as engine, database.sessions(engine)() as session:
        post = Post(session)
        for batch in batches:
            if batch:
                await post(*map(revision, batch))
        [(stored,)] = await session.execute(text("SELECT revision FROM hazards"))
        [row] = await post.fetch(f"{alert_queries.SELECT_ALERTS} WHERE NOT is_lapsed")
        alert = alert_queries.alert_of(row._mapping)
        await session.rollback()
    return stored, alert.severity, list(alert.pcodes)


@pytest.mark.anyio
async def test_an_older_public_revision_does_not_replace_the_restricted_content(post: Post) -> None:
    await post(revision(5))
    assert await post(revision(2)) == ["noted not_newer"]
    [(report,)] = await post.fetch("SELECT report FROM hazards")
    assert HazardReported.model_validate_json(report).scope == "Restricted"


@pytest.mark.anyio
@pytest.mark.parametrize("is_first", [True, False], ids=["the release comes first", "the release comes later"])
async def test_a_release_changes_nothing_at_the_centre(post: Post, is_first: bool) -> None:
    own, release = revision(1), mudflow(hazard_id=HAZARD, revision=2, released_revision=1, severity="Minor")
    order = (release, own) if is_first else (own, release)
    outcomes = [outcome for event in order for outcome in await post(event)]
    assert sorted(outcomes) == ["alerted source_severity", "noted release"]
    [(stored, kept)] = await post.fetch("SELECT revision, (SELECT count(*) FROM hazard_revisions) FROM hazards")
    assert (stored, kept) == (1, 1)
    assert (await post.alert()).severity == "Severe"
    assert await post.deliveries() == [("duty", 1, "raised")]


@pytest.mark.anyio
async def test_an_alert_states_the_scope_of_the_newest_revision(post: Post) -> None:
    await post(revision(1))
    assert (await post.alert()).hazard_scope == "Restricted"
    await post(revision(3))
    assert (await post.alert()).hazard_scope == "Private"
    events = await post.fetch("SELECT convert_from(value, 'utf8') FROM outbox WHERE topic = 'alerts' ORDER BY id")
    assert [json.loads(event)["hazard_scope"] for (event,) in events] == ["Restricted", "Private"]


@pytest.mark.anyio
async def test_an_alert_that_lapses_states_the_scope_of_the_revision_that_ended_it(post: Post) -> None:
    """The third revision makes the hazard Private.

    With the earlier scope, other systems could still read the alert's events.
    """
    await post(revision(1))
    await post(revision(3).model_copy(update={"severity": Severity.MINOR}))
    alert = await post.alert()
    assert (alert.is_lapsed, alert.hazard_scope) == (True, "Private")
    events = await post.fetch("SELECT convert_from(value, 'utf8') FROM outbox WHERE topic = 'alerts' ORDER BY id")
    assert {json.loads(event)["hazard_scope"] for (event,) in events[1:]} == {"Private"}


@pytest.mark.anyio
@pytest.mark.parametrize("scope", ["Restricted", "Private", "Public"])
async def test_only_the_centres_own_receivers_get_the_text_of_a_hazard_that_is_not_public(
    post: Post, scope: str
) -> None:
    await post.receiver("ministry")
    await post.receiver("own desk", is_internal=True)
    area = {"pcodes": [KADAMJAI], "description": "House of the teacher"}
    known: dict[str, Any] = {"type": "other", "type_text": "Trapped children", "web": "https://example.org/x"}
    words = {"ru": {"headline": "Звонил староста", "description": "Двое под камнями", "instruction": "Не ехать"}}
    await post(mudflow(scope=scope, text=words, area=area, **known))
    rows = await post.fetch("SELECT recipient, content FROM deliveries WHERE recipient <> 'duty'")
    contents = {recipient: json.loads(content) for recipient, content in rows}
    assert contents["own desk"]["hazard"]["texts"]["ru"]["headline"] == "Звонил староста"
    if scope == "Public":
        assert contents["ministry"] == contents["own desk"]
    else:
        assert contents["ministry"]["hazard"] == {"scope": scope, "texts": {}}
        assert contents["ministry"]["data"] == contents["own desk"]["data"]
        assert contents["ministry"]["data"]["pcodes"] == [KADAMJAI]
        secrets = ("teacher", "children", "example.org", "староста", "камнями", "ехать")
        assert not [secret for secret in secrets if secret in str(contents["ministry"])]


@pytest.mark.anyio
@pytest.mark.parametrize("scope", ["Restricted", "Public"])
async def test_messages_that_are_not_sent_yet_lose_the_texts_when_their_receiver_becomes_external(
    post: Post, scope: str
) -> None:
    await post.receiver("former desk", is_internal=True)
    await post(mudflow(scope=scope, text={"ru": {"headline": "Звонил староста"}}))
    await post.session.execute(text("UPDATE deliveries SET settled_at = now() WHERE recipient = 'duty'"))
    await subscriptions.set_internal(post.session, "former desk", is_internal=False)
    [(content,)] = await post.fetch("SELECT content FROM deliveries WHERE recipient = 'former desk'")
    assert ("староста" in content) is (scope == "Public")
    assert json.loads(content)["hazard"]["scope"] == scope
