"""A change of rights revokes an account's tokens. A lost phone can be signed out, and all other phones stay usable."""

from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from deploy.local.process import wait_until
from services.console.config import ConsoleSettings
from shared.auth.tokens import Authenticator, Principal, Role
from tests.console.conftest import PASSWORD, Served
from tests.console.factories import KADAMJAI
from tests.console.signing_in import SOON, Nobody, at_the_next_second, dayar, sign_in

pytestmark = pytest.mark.usefixtures("fresh_attempts")


def test_changed_rights_end_all_earlier_tokens(served: Served) -> None:
    name, client = served.account(Role.OPERATOR), served.client()
    sign_in(client, name)
    assert dayar(served, "change", name, "--role", "viewer", "--area", KADAMJAI).exit_code == 0
    assert wait_until(lambda: client.get("/board/alerts").status_code == 401, timeout=SOON)
    account = served.known(name)
    assert (account.roles, account.areas, account.sources) == (["viewer"], [KADAMJAI], [])
    again = served.client()
    assert at_the_next_second(lambda: sign_in(again, name)).status_code == 303
    assert again.get("/new-event").status_code == 403


def test_options_left_out_of_a_change_stay_the_same(served: Served) -> None:
    team = uuid4()
    name = served.account(Role.OPERATOR, team=team, areas=(KADAMJAI,), sources=("hydromet",))
    assert dayar(served, "change", name, "--role", "duty_head").exit_code == 0
    account = served.known(name)
    assert (account.roles, account.areas, account.team) == (["duty_head"], [KADAMJAI], team)
    assert account.sources == ["cmc", "hydromet"]


def test_an_unknown_area_changes_nothing(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    assert dayar(served, "change", name, "--area", "KG99").exit_code == 1
    assert served.known(name).areas == ["KG"]


def test_a_lost_phone_is_signed_out_and_the_accounts_other_phone_is_not(served: Served) -> None:
    name, lost, kept = served.account(Role.FIELD, team=uuid4()), uuid4(), uuid4()
    lost_phone, other = (served.client(headers=phone_token(served, name, device)) for device in (lost, kept))
    output = dayar(served, "devices", name).stdout
    assert str(lost) in output and str(kept) in output
    assert dayar(served, "forget", name, str(lost)).exit_code == 0
    assert wait_until(lambda: lost_phone.post("/v1/session").status_code == 401, timeout=SOON)
    assert other.post("/v1/session").status_code == 200
    assert "ended" in dayar(served, "devices", name).stdout
    anew = at_the_next_second(lambda: served.client(headers=phone_token(served, name, lost)).post("/v1/session"))
    assert anew.status_code == 200


def test_only_a_phone_of_the_account_can_be_signed_out(served: Served) -> None:
    name, other, device = served.account(Role.FIELD), served.account(Role.FIELD), uuid4()
    phone_token(served, other, device)
    assert "never signed in" in dayar(served, "forget", name, str(device)).stderr


def test_a_phone_that_makes_contact_is_signed_in_for_another_year(served: Served) -> None:
    name, device = served.account(Role.FIELD, team=uuid4()), uuid4()
    headers = phone_token(served, name, device)
    answer = at_the_next_second(lambda: served.client(headers=headers).post("/v1/session")).json()
    before, after = principal(served, headers["authorization"][7:]), principal(served, answer["token"])
    assert (after.jti, after.device, after.team) == (before.jti, device, before.team)
    assert after.expires_at > before.expires_at


def test_an_integrations_token_is_not_extended(served: Served) -> None:
    token = served.installation.token(roles=[Role.INTEGRATION], expires_in=600)
    answer = served.client(headers={"authorization": f"Bearer {token}"}).post("/v1/session")
    assert answer.status_code == 200 and "token" not in answer.json()


def phone_token(served: Served, name: str, device: UUID) -> dict[str, Any]:
    wanted = {"name": name, "password": PASSWORD, "device": str(device)}
    answer: httpx.Response = served.client().post("/v1/tokens", json=wanted)
    return {"authorization": f"Bearer {answer.json()['token']}"}


def principal(served: Served, token: str) -> Principal:
    return Authenticator(served.installation.settings(ConsoleSettings).token_public_keys, Nobody()).verify(token)
