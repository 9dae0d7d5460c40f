"""Families go home: the board and the figures follow each report, and no time limit removes people from the stock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.conftest import Served
from tests.intake.factories import household, movement

pytestmark = pytest.mark.timeout(180)

KADAMJAI, LEILEK, BATKEN = "KG05258000000", "KG05236000000", "KG05214000000"
NOW = datetime.now(UTC)


def sent(client: httpx.Client, path: str, *bodies: dict[str, Any]) -> None:
    for body in bodies:
        answer = client.post(f"/intake/v1/{path}", json=body)
        assert answer.status_code == 202, answer.text


def at(days: int, **more: Any) -> dict[str, Any]:
    moment = (NOW - timedelta(days=days)).isoformat()
    return {"occurred_at": moment, "reported_at": moment, **more}


def test_the_board_and_the_figures_follow_the_returns(centre: Served) -> None:
    def client(role: Role, **claims: Any) -> httpx.Client:
        token = centre.installation.token(roles=[role], **claims)
        return centre.client(headers={"authorization": f"Bearer {token}"})

    field, other, office = client(Role.FIELD, team=uuid4()), client(Role.FIELD, team=uuid4()), client(Role.OPERATOR)

    def stock(sub_stock: str, days_ago: int = 0) -> dict[str, int]:
        day = (NOW + timedelta(hours=6) - timedelta(days=days_ago)).date()
        answer = office.get(f"/registry/v1/statistics/stock?date={day}&sub_stock={sub_stock}").json()
        return {row["pcode"]: row["persons"] for row in answer["rows"]}

    def board() -> str:
        return office.get("/board/households?lang=en").text

    families = [household(**at(9)) for _ in range(4)]
    sent(field, "movements", movement(household_id=families[0]["household_id"], **at(2)))  # before its household
    sent(field, "displacements", *families)
    assert wait_until(lambda: stock("in_return") == {KADAMJAI: 2}, timeout=40)
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 6}, timeout=40)

    to_batken = {"destination": {"pcode": BATKEN}, "shelter": "tent"}
    transfer = movement(household_id=families[1]["household_id"], **at(3, movement="transferred", **to_batken))
    sent(other, "movements", transfer)
    member = families[2]["members"][0]["member_id"]
    died = movement(household_id=families[2]["household_id"], **at(1, movement="died", member_ids=[member]))
    sent(other, "movements", died)  # waits for a registrar
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 4, BATKEN: 2}, timeout=40)
    sent(field, "movements", {**died, "report_id": str(uuid4())})
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 3, BATKEN: 2}, timeout=40)
    assert stock("in_displacement", days_ago=5) == {LEILEK: 8}

    sent(other, "movements", {**transfer, "version": 2, "is_reversed": True})
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 5}, timeout=40)
    assert wait_until(lambda: "5 persons" in board(), timeout=40), board()
