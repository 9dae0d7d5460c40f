"""Who called: sealed, read by the centre alone, and no reading goes unrecorded."""

from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.console.models import Caller, CallerReading
from shared.auth import Role
from tests.console.conftest import Served

pytestmark = [pytest.mark.usefixtures("fresh_attempts"), pytest.mark.anyio]
TOLD = {"name": "A. Caller", "phone": "+996 700 000 001"}


async def test_a_caller_is_kept_sealed_and_each_reading_leaves_a_row(served: Served, session: AsyncSession) -> None:
    report_id = uuid4()
    desk, other = served.signed_in(Role.OPERATOR), served.signed_in(Role.DUTY_HEAD)
    assert desk.put(f"/v1/callers/{report_id}", json=TOLD).status_code == 204
    for reader in (desk, other):
        assert reader.get(f"/v1/callers/{report_id}").json()["phone"] == TOLD["phone"]
    sealed = await session.scalar(select(Caller.sealed).where(Caller.report_id == report_id))
    assert sealed is not None and b"996" not in sealed
    wanted = select(func.count()).where(CallerReading.report_id == report_id)
    assert await session.scalar(wanted) == 2


async def test_only_its_author_notes_a_caller_anew(served: Served) -> None:
    path = f"/v1/callers/{uuid4()}"
    author, other = served.signed_in(Role.OPERATOR), served.signed_in(Role.OPERATOR)
    assert author.put(path, json=TOLD).status_code == 204
    assert other.put(path, json={"name": "Somebody else"}).status_code == 409
    assert author.put(path, json={**TOLD, "note": "calls again at noon"}).status_code == 204
    assert author.get(path).json()["note"] == "calls again at noon"


async def test_a_refused_caller_is_not_repeated_in_the_answer(served: Served) -> None:
    answer = served.signed_in(Role.OPERATOR).put(f"/v1/callers/{uuid4()}", json={"phone": "call me Ishmael"})
    assert answer.status_code == 422
    assert "Ishmael" not in answer.text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ANALYST, Role.ADMINISTRATOR, Role.INTEGRATION])
async def test_others_learn_nothing(served: Served, role: Role) -> None:
    assert served.signed_in(role).get(f"/v1/callers/{uuid4()}").status_code == 403
