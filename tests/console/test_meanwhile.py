"""An account may change during a sign-in, or while a phone gets a token from a signed-in page."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.conftest import PASSWORD, Served
from tests.console.signing_in import SOON, dayar, sign_in

pytestmark = pytest.mark.usefixtures("fresh_attempts")

CHANGES = ["disabled_at = now()", "password_hash = 'given anew'", "must_change = true"]


@pytest.mark.parametrize("change", CHANGES)
def test_an_account_changed_during_the_password_check_is_not_signed_in(served: Served, change: str) -> None:
    name = served.account(Role.OPERATOR)
    answer = served.meanwhile(lambda: sign_in(served.client(), name), changed(name, change))
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(("change", "status"), [(CHANGES[1], 401), ("roles = '{field,operator}'", 403)])
def test_a_phone_signs_in_with_the_accounts_present_rights(served: Served, change: str, status: int) -> None:
    name = served.account(Role.FIELD, team=uuid4())
    answer = served.meanwhile(lambda: phone_of(served, name), changed(name, change))
    assert answer.status_code == status


@pytest.mark.parametrize("command", [("change", "--role", "viewer"), ("password",), ("disable",)])
def test_ending_tokens_also_ends_sign_ins_that_waited_for_it(served: Served, command: tuple[str, ...]) -> None:
    name, (verb, *options) = served.account(Role.OPERATOR), command
    began_at = datetime.now(UTC)
    typed = "typed by somebody\n" * 2
    answer = served.meanwhile(
        lambda: dayar(served, verb, name, *options, typed=typed),
        f"SELECT FROM accounts WHERE name = '{name}' FOR SHARE",
        seconds=3,
    )
    assert answer.exit_code == 0
    valid_from = served.known(name).tokens_valid_from
    assert valid_from is not None
    assert valid_from > began_at + timedelta(seconds=3)


def test_a_pages_sign_in_ends_when_a_phone_takes_it_over(served: Served) -> None:
    page = served.client()
    assert sign_in(page, served.account(Role.FIELD, team=uuid4())).status_code == 303
    kept = served.client(cookies=dict(page.cookies))
    answer = page.post("/v1/session/device", json={"device": str(uuid4())})
    assert answer.status_code == 200
    assert wait_until(lambda: kept.post("/v1/session").status_code == 401, timeout=SOON)
    phone = served.client(headers={"authorization": f"Bearer {answer.json()['token']}"})
    assert phone.post("/v1/session").status_code == 200


def changed(name: str, change: str) -> str:
    return f"UPDATE accounts SET {change} WHERE name = '{name}'"


def phone_of(served: Served, name: str) -> httpx.Response:
    return served.client().post("/v1/tokens", json={"name": name, "password": PASSWORD, "device": str(uuid4())})
