"""The security log has an entry for each relevant action: sign-ins, locks, changed rights, denied reads, streams."""

from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from services.console.config import ConsoleSettings
from shared.auth.tokens import Role
from shared.postgres import database
from tests.console.conftest import PASSWORD, Served
from tests.console.signing_in import dayar, sign_in
from tests.installation import in_thread

pytestmark = pytest.mark.usefixtures("fresh_attempts")

Act = Callable[[Served, httpx.Client, str], object]
NEW = "another long password of mine"


def locked(served: Served, client: httpx.Client, name: str) -> None:
    for _ in range(6):
        sign_in(client, name, "wrong")


def listens(_: Served, client: httpx.Client, name: str) -> None:
    sign_in(client, name)
    with client.stream("GET", "/stream", params={"topics": "hazards"}) as answer:
        assert answer.status_code == 200


def signed_in_then(method: str, path: str, **body: str) -> Act:
    def act(_: Served, client: httpx.Client, name: str) -> None:
        assert sign_in(client, name).status_code == 303
        client.request(method, path, data=body)

    return act


ACTS: dict[str, tuple[Role, Act, tuple[str, str, str | None]]] = {
    "sign-in": (Role.OPERATOR, lambda _, client, name: sign_in(client, name), ("signed_in", "done", None)),
    "wrong password": (
        Role.OPERATOR,
        lambda _, client, name: sign_in(client, name, "wrong"),
        ("signed_in", "refused", "wrong-password"),
    ),
    "lock": (Role.OPERATOR, locked, ("locked_out", "refused", "pair")),
    "sign-out": (Role.OPERATOR, signed_in_then("POST", "/sign-out"), ("signed_out", "done", None)),
    "purpose": (
        Role.OPERATOR,
        signed_in_then("POST", "/purpose", purpose="assistance", emergency="mudflow, Batken"),
        ("purpose_chosen", "done", "assistance: mudflow, Batken"),
    ),
    "password": (
        Role.OPERATOR,
        lambda _, client, name: client.post(
            "/password", data={"name": name, "password": PASSWORD, "new": NEW, "again": NEW}
        ),
        ("password_changed", "done", None),
    ),
    "denied page": (Role.VIEWER, signed_in_then("GET", "/new-event"), ("requested", "refused", "forbidden")),
    "denied read": (Role.OPERATOR, signed_in_then("GET", f"/v1/callers/{uuid4()}"), ("read", "refused", "not-found")),
    "stream": (Role.OPERATOR, listens, ("streamed", "done", "hazards")),
}


@pytest.mark.parametrize("kind", ACTS)
def test_each_kind_of_act_is_logged_with_account_address_and_result(served: Served, kind: str) -> None:
    role, act, expected = ACTS[kind]
    name, client = served.account(role), served.client()
    act(served, client, name)
    account = served.known(name).account_id
    assert (*expected, "127.0.0.1") in logged(served, "account = :id", account)


@pytest.mark.parametrize(
    ("words", "action"),
    [
        (("change", "--role", "viewer"), "rights_changed"),
        (("disable",), "account_disabled"),
        (("password",), "password_changed"),
    ],
)
def test_a_change_at_the_terminal_logs_the_account(served: Served, words: tuple[str, ...], action: str) -> None:
    name = served.account(Role.OPERATOR)
    verb, *options = words
    assert dayar(served, verb, name, *options, typed="typed by somebody\n" * 2).exit_code == 0
    [(did, result, _, address)] = logged(served, ":id = ANY(objects)", served.known(name).account_id)
    assert (did, result) == (action, "done") and address.startswith("terminal:")


def logged(served: Served, where: str, account: UUID) -> list[tuple[str, str, str | None, str]]:
    async def read() -> list[tuple[str, str, str | None, str]]:
        engine = database.engine(served.installation.settings(ConsoleSettings))
        async with engine.connect() as connection:
            query = text(f"SELECT action, result, reason, address FROM audit WHERE {where} ORDER BY id")
            entries = [(row[0], row[1], row[2], row[3]) for row in await connection.execute(query, {"id": account})]
        await engine.dispose()
        return entries

    return in_thread(read())
