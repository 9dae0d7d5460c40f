"""People see and end the sign-ins of their own account, and state a purpose. A duty head readmits a team."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import insert

from deploy.local.process import wait_until
from services.console import readmissions
from services.console.config import ConsoleSettings
from services.console.models import ReportOutcome
from shared.auth.tokens import Authenticator, Principal, Role
from shared.country import COUNTRY
from shared.events.vocabulary import SubmissionChannel
from shared.postgres import database
from tests.console.conftest import Served
from tests.console.factories import KADAMJAI
from tests.console.signing_in import SOON, Nobody, dayar, sign_in
from tests.installation import in_thread

pytestmark = pytest.mark.usefixtures("fresh_attempts")

BATKEN_OBLAST, OSH, LEILEK = "KG05000000000", "KG06226000000", "KG05236000000"
FIREFOX = {
    "user-agent": "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0",
    "sec-fetch-site": "same-origin",
}


def test_own_sign_ins_are_listed_and_each_is_ended_alone(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    desk, lost = served.client(headers=FIREFOX), served.client()
    sign_in(desk, name)
    sign_in(lost, name)
    page = desk.get("/sign-ins", params={"lang": "en"}).text
    assert page.count("<tr data-key") == 2 and "Firefox, Windows" in page and "this one" in page
    jti = principal(served, lost.cookies["session"]).jti
    assert desk.post(f"/sign-ins/{jti}/end").headers["location"] == "/sign-ins"
    assert wait_until(lambda: lost.get("/board/alerts").status_code == 401, timeout=SOON)
    assert desk.get("/board/alerts").status_code == 200
    assert desk.get("/sign-ins").text.count("<tr data-key") == 1


def test_nobody_can_end_another_accounts_sign_in(served: Served) -> None:
    mine, other = served.signed_in(Role.OPERATOR), served.signed_in(Role.OPERATOR)
    jti = principal(served, other.cookies["session"]).jti
    assert mine.post(f"/sign-ins/{jti}/end").status_code == 404
    assert str(jti) not in mine.get("/sign-ins").text
    assert other.get("/board/alerts").status_code == 200


def test_a_purpose_is_stated_once_and_stays_with_the_session(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    before = principal(served, client.cookies["session"])
    stated = {"purpose": "search_and_rescue", "emergency": "Mudflow,  Kadamjai"}
    assert client.post("/purpose", data=stated).status_code == 303
    after = principal(served, client.cookies["session"])
    assert (after.jti, after.purpose) == (before.jti, "search_and_rescue: Mudflow, Kadamjai")
    assert client.post("/v1/session").status_code == 200
    assert principal(served, client.cookies["session"]).purpose == after.purpose
    page = client.get("/purpose").text
    assert 'value="search_and_rescue" selected' in page and 'value="Mudflow, Kadamjai"' in page


@pytest.mark.parametrize(
    ("stated", "wrong"),
    [
        ({}, ["purpose", "emergency"]),
        ({"purpose": "curiosity", "emergency": "x"}, ["purpose"]),
        ({"purpose": "checking", "emergency": "x" * 101}, ["emergency"]),
    ],
)
def test_an_invalid_purpose_is_not_stored_and_the_page_says_it_at_the_field(
    served: Served, stated: dict[str, str], wrong: list[str]
) -> None:
    client = served.signed_in(Role.DUTY_HEAD)
    answer = client.post("/purpose", data=stated)
    assert answer.status_code == 422
    assert re.findall('<p class="problem" id="([a-z]+)-problem">', answer.text) == wrong
    assert f'value="{stated.get("emergency", "")}"' in answer.text
    assert principal(served, client.cookies["session"]).purpose is None


def test_many_reports_of_ended_sign_ins_notify_the_duty_head(served: Served) -> None:
    head, operator = served.signed_in(Role.DUTY_HEAD), served.signed_in(Role.OPERATOR)
    held(served, readmissions.NOTICED_FROM)
    assert "Re-admit" not in head.get("/notices", params={"lang": "en"}).text
    held(served, 1)
    assert "Re-admit the team" in head.get("/notices", params={"lang": "en"}).text
    assert [operator.get(path).status_code for path in ("/notices", "/readmission")] == [403, 403]


@pytest.mark.parametrize("by", ["page", "cli"])
def test_an_ended_phone_of_a_readmitted_team_is_signed_in_for_another_year_at_its_next_contact(
    served: Served, by: str
) -> None:
    team = uuid4()
    account = served.known(served.account(Role.FIELD, team=team))
    ended: dict[str, Any] = {
        "channel": SubmissionChannel.FIELD,
        "team": team,
        "account": account.account_id,
        "device": uuid4(),
        "expires_in": -86_400,
    }
    phone = bearer(served, served.installation.token(roles=[Role.FIELD], **ended))
    other = bearer(served, served.installation.token(roles=[Role.FIELD], **{**ended, "team": uuid4()}))
    assert phone.post("/v1/session").status_code == 401
    if by == "page":
        head = served.signed_in(Role.DUTY_HEAD)
        assert account.name in head.get("/readmission").text
        assert head.post("/readmission", data={"team": str(team)}).status_code == 303
    else:
        assert dayar(served, "readmit", str(team)).exit_code == 0
    assert wait_until(lambda: phone.post("/v1/session").status_code == 200, timeout=SOON)
    renewed = principal(served, phone.post("/v1/session").json()["token"])
    assert renewed.expires_at > (datetime.now(UTC) + timedelta(days=360)).timestamp()
    assert other.post("/v1/session").status_code == 401
    assert phone.post(f"/sign-ins/{uuid4()}/end").status_code == 401  # an expired sign-in permits only a renewal


def test_a_team_without_members_is_not_readmitted(served: Served) -> None:
    for team in (str(uuid4()), "no team"):
        answer = served.signed_in(Role.DUTY_HEAD).post("/readmission?lang=en", data={"team": team})
        assert answer.status_code == 404
        assert "Not re-admitted: this team is no longer in your areas." in answer.text
    assert dayar(served, "readmit", str(uuid4())).exit_code == 1


def test_a_duty_head_readmits_only_teams_that_work_inside_the_own_areas(served: Served) -> None:
    head = served.signed_in(Role.DUTY_HEAD, areas=(BATKEN_OBLAST,))
    statuses = []
    for areas in ((KADAMJAI,), (OSH,), (COUNTRY,), (KADAMJAI, OSH)):
        team = uuid4()
        name = served.account(Role.FIELD, team=team, areas=areas)
        statuses.append((name in head.get("/readmission").text, readmitted(head, team)))
    assert statuses == [(True, 303), *[(False, 404)] * 3]
    served.account(Role.FIELD, team=(both := uuid4()), areas=(KADAMJAI,))
    served.account(Role.FIELD, team=both, areas=(OSH,))
    assert readmitted(head, both) == 404


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "There is no field team whose accounts all lie in your areas."),
        ("ru", "Нет полевой группы, все учётные записи которой относятся к вашим территориям."),
        ("ky", "Бардык каттоо эсептери сиздин аймактарыңызга кирген чыгуучу топ жок."),
    ],
)
def test_without_a_team_to_readmit_the_page_says_so(served: Served, language: str, sentence: str) -> None:
    page = served.signed_in(Role.DUTY_HEAD, areas=(LEILEK,)).get("/readmission", params={"lang": language}).text
    assert sentence in page and "<tbody>" not in page


def readmitted(head: httpx.Client, team: UUID) -> int:
    return head.post("/readmission", data={"team": str(team)}).status_code


def held(served: Served, count: int) -> None:
    in_thread(_held(served, count))


async def _held(served: Served, count: int) -> None:
    rows = [
        {
            "outcome_id": uuid4(),
            "report_id": uuid4(),
            "version": 1,
            "consumer": "registry",
            "kind": "household",
            "status": "Exercise",
            "outcome": "held",
            "reason": "expired_token",
            "settled_at": datetime.now(UTC),
        }
        for _ in range(count)
    ]
    engine = database.engine(served.installation.settings(ConsoleSettings))
    async with database.sessions(engine).begin() as session:
        await session.execute(insert(ReportOutcome), rows)
    await engine.dispose()


def bearer(served: Served, token: str) -> httpx.Client:
    return served.client(headers={"authorization": f"Bearer {token}"})


def principal(served: Served, token: str) -> Principal:
    return Authenticator(served.installation.settings(ConsoleSettings).token_public_keys, Nobody()).verify(token)
