"""Families go home. With each report, the board and the figures change. Without a report, people stay in the stock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.conftest import Served
from tests.intake.factories import group, household, movement

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
    # the movement arrives before its household's report
    sent(field, "movements", movement(household_id=families[0]["household_id"], **at(2)))
    sent(field, "displacements", *families)
    assert wait_until(lambda: stock("in_return") == {KADAMJAI: 2}, timeout=60)
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 6}, timeout=60)

    to_batken = {"destination": {"pcode": BATKEN}, "shelter": "tent"}
    transfer = movement(household_id=families[1]["household_id"], **at(3, movement="transferred", **to_batken))
    sent(other, "movements", transfer)
    member = families[2]["members"][0]["member_id"]
    died = movement(household_id=families[2]["household_id"], **at(1, movement="died", member_ids=[member]))
    sent(other, "movements", died)  # another account reports the death, so a registrar must decide
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 4, BATKEN: 2}, timeout=60)
    sent(field, "movements", {**died, "report_id": str(uuid4())})
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 3, BATKEN: 2}, timeout=60)
    assert stock("in_displacement", days_ago=5) == {LEILEK: 8}

    sent(other, "movements", {**transfer, "version": 2, "is_reversed": True})
    assert wait_until(lambda: stock("in_displacement") == {LEILEK: 5}, timeout=60)
    assert wait_until(lambda: "5 persons" in board(), timeout=60), board()


def test_everybody_at_a_site_returns(centre: Served) -> None:
    """Three families of two people and a group of 40 people are in a school.

    Then some people move to a camp, and all other people return home.
    """

    def client(role: Role, **claims: Any) -> httpx.Client:
        token = centre.installation.token(roles=[role], **claims)
        return centre.client(headers={"authorization": f"Bearer {token}"})

    field, office = client(Role.FIELD, team=uuid4()), client(Role.OPERATOR)
    school, camp = str(uuid4()), str(uuid4())
    for site_id, name, type in ((school, "Школа № 5", "school"), (camp, "Лагерь", "tent_camp")):
        body = {"version": 1, "name_ru": name, "type": type, "pcode": BATKEN}
        assert office.put(f"/registry/v1/sites/{site_id}", json=body).status_code == 200

    def people(days_ago: int = 0) -> tuple[int, int, int, int]:
        day = (NOW + timedelta(hours=6) - timedelta(days=days_ago)).date()
        totals = [
            office.get(f"/registry/v1/statistics/stock?date={day}&sub_stock={sub_stock}").json()["total"]
            for sub_stock in ("in_displacement", "in_return")
        ]
        displaced, returned = ((total["persons"], total["group_persons"]) for total in totals)
        return *displaced, *returned

    def occupied() -> list[int]:
        known = office.get("/registry/v1/occupancies").json()["occupancies"]
        return [known[site_id]["highest"] if known[site_id] else 0 for site_id in (school, camp)]

    def board() -> str:
        return office.get("/board/households?lang=en").text

    here = {"destination": {"pcode": BATKEN}, "site_id": school}
    families = [household(**at(9, **here)) for _ in range(3)]
    counted = group(**at(9, **here, persons=40, is_full_recount=True))
    sent(field, "displacements", *families, counted)
    assert wait_until(lambda: people() == (6, 40, 0, 0), timeout=60), people()
    assert wait_until(lambda: occupied() == [40, 0], timeout=60), occupied()

    there = {"destination": {"pcode": BATKEN}, "destination_site_id": camp}
    transfer = {"kind": "group_movement", "group_id": counted["group_id"], "persons": 15, "movement": "transferred"}
    body = movement(**at(5, **transfer, **there))
    del body["household_id"]
    sent(field, "movements", body)
    assert wait_until(lambda: occupied() == [25, 15], timeout=60), occupied()
    assert people() == (6, 40, 0, 0)

    returned = movement(**at(2, kind="site_movement", site_id=school))
    del returned["household_id"]
    sent(field, "movements", returned)
    assert wait_until(lambda: people() == (0, 15, 6, 25), timeout=60), people()
    assert wait_until(lambda: occupied() == [0, 15], timeout=60), occupied()
    assert people(days_ago=3) == (6, 40, 0, 0)
    assert wait_until(lambda: "15 persons" in board() and "40 persons" not in board(), timeout=60), board()

    # a report comes late about a family that was at the school
    sent(field, "displacements", household(**at(9, **here)))
    assert wait_until(lambda: people() == (0, 15, 8, 25), timeout=60), people()
    sent(field, "movements", {**returned, "version": 2, "is_reversed": True})
    assert wait_until(lambda: people() == (8, 40, 0, 0), timeout=60), people()
    assert wait_until(lambda: occupied() == [25, 15], timeout=60), occupied()
    assert wait_until(lambda: "8 persons" in board() and "40 persons" in board(), timeout=60), board()
