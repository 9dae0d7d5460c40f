"""Makes held reports, failed messages and hazards for the tests of the page "Waiting" and of the forms."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from deploy.local.process import wait_until
from services.alerts.config import AlertsSettings
from shared.auth.tokens import Role
from shared.config import Settings
from shared.events import derived_id
from shared.events.vocabulary import SubmissionChannel
from shared.postgres import database
from tests.console.pages.conftest import Whole
from tests.intake.factories import movement

AT_BASHY = "KG04220000000"  # only this test reports displacements from At-Bashy
LETTER = """
INSERT INTO dead_letters (topic, partition, "offset", reason, pointer, set_aside_at)
VALUES ('hazards', 0, -5, 'malformed', '/area', now() - interval '3 hours 5 minutes') RETURNING 1
"""


def send_with_ended_sign_in(whole: Whole, *bodies: dict[str, Any], path: str = "/intake/v1/displacements") -> str:
    """Sends the reports, and waits until they are held.

    Otherwise the page would show the held reports only after a minute.

    The page does not know the name of the reports' author. Returns the part of the author's id that the page shows
    instead.
    """
    author = uuid4()
    claims = {"roles": [Role.FIELD], "channel": SubmissionChannel.FIELD, "team": uuid4(), "expires_in": -86_400}
    claims["account"] = author
    phone = whole.client(headers={"authorization": f"Bearer {whole.installation.token(**claims)}"})
    for body in bodies:
        assert phone.post(path, json=body).status_code == 202
    assert wait_until(lambda: held_of(whole, author) == len(bodies), timeout=60, every=0.2)
    return str(author)[:8]


def held_of(whole: Whole, author: UUID) -> int:
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.REGISTRAR])}"}
    held = whole.client(headers=bearer).get("/registry/v1/held?limit=200").json()["reports"]
    return sum(report["author"] == str(author) for report in held)


def send_early_movement(whole: Whole) -> None:
    """Sends a movement of a household that is not yet reported.

    The registry holds the movement until the household is reported.
    """
    author = uuid4()
    claims = {"roles": [Role.FIELD], "channel": SubmissionChannel.FIELD, "team": uuid4(), "account": author}
    phone = whole.client(headers={"authorization": f"Bearer {whole.installation.token(**claims)}"})
    assert phone.post("/intake/v1/movements", json=movement()).status_code == 202
    assert wait_until(lambda: held_of(whole, author) == 1, timeout=60, every=0.2)


def known_hazard(whole: Whole, pcode: str, **changed: Any) -> str:
    """Reports a hazard in the district, and waits until intake proposes it as the cause of a departure from there.

    Returns the hazard's id.
    """
    hazard_id = str(derived_id("hazard", "cmc", whole.report_hazard(area={"pcodes": [pcode]}, **changed)))
    bearer = {"authorization": f"Bearer {whole.installation.token(roles=[Role.REGISTRAR])}"}
    client, departure = whole.client(headers=bearer), {"pcode": pcode, "occurred_at": datetime.now(UTC).isoformat()}

    def is_proposed() -> bool:
        proposed = client.post("/intake/v1/hazards:proposals", json=departure).json()["hazards"]
        return hazard_id in [hazard["hazard_id"] for hazard in proposed]

    assert wait_until(is_proposed, timeout=60)
    return hazard_id


async def change(whole: Whole, statement: str, kind: type[Settings] = AlertsSettings) -> Any:
    engine = database.engine(whole.installation.settings(kind))
    async with database.sessions(engine).begin() as session:
        rows = (await session.execute(text(statement))).all()
    await engine.dispose()
    return rows
