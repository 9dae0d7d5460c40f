"""The console stores a caller's data in encrypted form, and records every read of the data."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from deploy.local.process import wait_until
from services.console.hazards.callers import Callers
from services.console.models import StoredCaller
from services.console.queries import callers as queries
from shared import events
from shared.audit import AUDIT
from shared.auth.tokens import Role
from shared.crypto import keyring
from tests.console.conftest import Served
from tests.console.factories import BATKEN, KADAMJAI, KARA_SUU, hazard

pytestmark = [pytest.mark.usefixtures("fresh_attempts"), pytest.mark.anyio]
TOLD = {"name": "A. Caller", "phone": "+996 700 000 001"}


async def test_a_caller_is_stored_sealed_and_each_read_is_logged(served: Served, session: AsyncSession) -> None:
    report_id = uuid4()
    desk, other = served.signed_in(Role.OPERATOR), served.signed_in(Role.DUTY_HEAD)
    assert desk.put(f"/v1/callers/{report_id}", json=TOLD).status_code == 204
    for reader in (desk, other):
        assert reader.get(f"/v1/callers/{report_id}").json()["phone"] == TOLD["phone"]
    sealed = await session.scalar(select(StoredCaller.sealed).where(StoredCaller.report_id == report_id))
    assert sealed is not None and b"+996 700" not in sealed
    wanted = (
        select(func.count()).select_from(AUDIT).where(AUDIT.c.objects.contains([report_id]), AUDIT.c.action == "read")
    )
    assert await session.scalar(wanted) == 2


async def test_only_its_author_replaces_a_caller(served: Served) -> None:
    path = f"/v1/callers/{uuid4()}"
    author, other = served.signed_in(Role.OPERATOR), served.signed_in(Role.OPERATOR)
    assert author.put(path, json=TOLD).status_code == 204
    assert other.put(path, json={"name": "Somebody else"}).status_code == 409
    assert author.put(path, json={**TOLD, "note": "calls again at noon"}).status_code == 204
    assert author.get(path).json()["note"] == "calls again at noon"


async def test_a_caller_is_read_in_the_hazards_area_and_by_its_author(served: Served) -> None:
    reported = hazard(area={"pcodes": [KADAMJAI]})
    path = f"/v1/callers/{reported.report_id}"
    author = served.signed_in(Role.OPERATOR, areas=(KARA_SUU,))
    there, elsewhere = (served.signed_in(Role.OPERATOR, areas=(area,)) for area in (BATKEN, KARA_SUU))
    assert author.put(path, json=TOLD).status_code == 204
    assert there.get(path).status_code == 404  # the event that states the place has not reached the console
    served.publish(reported)
    assert wait_until(lambda: there.get(path).status_code == 200, timeout=60)
    assert (elsewhere.get(path).status_code, author.get(path).status_code) == (404, 200)
    shown = {each: str(reported.report_id) in each.get("/board/hazards").text for each in (there, elsewhere, author)}
    assert list(shown.values()) == [True, False, True]


async def test_a_caller_is_found_after_the_hazard_was_updated(served: Served) -> None:
    first, title = hazard(), f"Second report {uuid4()}"
    later = hazard(
        events.HazardUpdated, hazard_id=first.hazard_id, revision=2, channel="api", text={"en": {"headline": title}}
    )
    desk = served.signed_in(Role.OPERATOR)
    desk.put(f"/v1/callers/{first.report_id}", json=TOLD)
    served.publish(first, later)
    assert wait_until(lambda: title in desk.get("/board/hazards").text, timeout=60)
    assert f'data-report="{first.report_id}"' in desk.get("/board/hazards").text


async def test_moving_the_hazard_does_not_change_who_reads_the_caller(served: Served) -> None:
    """Another account moves the hazard.

    Operators of the first area keep access. Operators of the new area get no access.
    """
    first, title = hazard(area={"pcodes": [KADAMJAI]}), f"Moved {uuid4()}"
    there, elsewhere = (served.signed_in(Role.OPERATOR, areas=(area,)) for area in (BATKEN, KARA_SUU))
    path = f"/v1/callers/{first.report_id}"
    served.signed_in(Role.OPERATOR).put(path, json=TOLD)
    moved = hazard(
        events.HazardUpdated,
        hazard_id=first.hazard_id,
        revision=2,
        channel="api",
        author=uuid4(),
        area={"pcodes": [KARA_SUU]},
        text={"en": {"headline": title}},
    )
    served.publish(first, moved)
    assert wait_until(lambda: title in there.get("/board/hazards").text, timeout=60)
    assert (there.get(path).status_code, elsewhere.get(path).status_code) == (200, 404)
    shown = [str(first.report_id) in each.get("/board/hazards").text for each in (there, elsewhere)]
    assert shown == [True, False]


async def test_a_refused_caller_is_not_repeated_in_the_answer(served: Served) -> None:
    answer = served.signed_in(Role.OPERATOR).put(f"/v1/callers/{uuid4()}", json={"phone": "call me Ishmael"})
    assert answer.status_code == 422
    assert "Ishmael" not in answer.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.ADMINISTRATOR, Role.INTEGRATION])
async def test_other_roles_read_no_caller(served: Served, role: Role) -> None:
    assert served.signed_in(role).get(f"/v1/callers/{uuid4()}").status_code == 403


async def test_callers_are_resealed_under_the_newest_key(served: Served, session: AsyncSession) -> None:
    report_id = uuid4()
    desk = served.signed_in(Role.OPERATOR)
    assert desk.put(f"/v1/callers/{report_id}", json=TOLD).status_code == 204
    folder = served.installation.secrets / "callers-key"
    old = max(keyring.known(folder))
    newest = keyring.draw(folder)
    assert await queries.sealed_by(session, old) >= 1
    assert await queries.reseal(session, Callers(folder)) >= 1
    assert await queries.reseal(session, Callers(folder)) == await queries.sealed_by(session, old) == 0
    await session.commit()
    sealed = await session.scalar(select(StoredCaller.sealed).where(StoredCaller.report_id == report_id))
    assert sealed is not None and sealed.startswith(newest.encode())
    assert desk.get(f"/v1/callers/{report_id}").json()["phone"] == TOLD["phone"]
