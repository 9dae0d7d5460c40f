"""A change of rights revokes an account's tokens. A lost phone can be signed out without affecting any other phone."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from deploy.local.process import wait_until
from services.console.administration import pages
from services.console.config import ConsoleSettings
from shared.auth.tokens import Authenticator, Principal, Role
from shared.postgres import database
from tests.console.conftest import PASSWORD, Served
from tests.console.factories import KADAMJAI
from tests.console.signing_in import SOON, Nobody, at_the_next_second, dayar, sign_in
from tests.installation import in_thread

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


def test_a_link_enrols_once_within_the_hour_and_only_while_the_account_stays_the_same(served: Served) -> None:
    administrator = served.signed_in(Role.ADMINISTRATOR)
    name = served.account(Role.OPERATOR)
    home = f"/accounts/{served.known(name).account_id}"
    replaced, token = link_of(administrator, home), link_of(administrator, home)
    stored = "".join(rows(served, "SELECT enrolments::text FROM enrolments"))
    assert sha256(token.encode()).hexdigest() in stored
    assert token not in stored and token.encode().hex() not in stored
    assert (enrolled(served, replaced), enrolled(served, "x" * 43), enrolled(served, "")) == (404, 404, 404)
    assert sign_in(served.client(), name).status_code == 303  # the former password is valid until the link is used
    assert [enrolled(served, token, again="another"), enrolled(served, token), enrolled(served, token)] == [
        422,
        303,
        404,
    ]
    assert sign_in(served.client(), name).status_code == 401
    late = link_of(administrator, home)
    rows(served, "UPDATE enrolments SET expires_at = now() - interval '1 second' RETURNING ''")
    assert enrolled(served, late) == 404
    for path, data in (("/disabling", {}), ("", details(administrator, home, roles="viewer", areas="KG"))):
        ended = link_of(administrator, home)
        assert administrator.post(f"{home}{path}", data=data).status_code == 303
        assert enrolled(served, ended) == 404
        administrator.post(f"{home}/enabling")
    assert served.known(name).roles == ["viewer"]


def test_a_link_that_is_used_twice_at_the_same_moment_enrols_once(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    token = link_of(served.signed_in(Role.ADMINISTRATOR), f"/accounts/{served.known(name).account_id}")

    def enrol_twice() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            return sorted(pool.map(lambda _: enrolled(served, token), range(2)))

    row = f"SELECT FROM accounts WHERE name = '{name}' FOR UPDATE"
    assert served.meanwhile(enrol_twice, row, waiting=2) == [303, 404]


def test_an_administrators_form_changes_rights_and_keeps_the_telephone_encrypted(served: Served) -> None:
    administrator, team = served.signed_in(Role.ADMINISTRATOR), uuid4()
    name = served.account(Role.INTEGRATION, team=team, sources=("hydromet",))
    home, other = f"/accounts/{served.known(name).account_id}", served.client()
    typed = details(administrator, home, roles="integration", areas=KADAMJAI, telephone="0555 123456", post="Meteo")
    assert administrator.post(home, data=typed).status_code == 303
    account = served.known(name)
    assert (account.areas, account.sources, account.post) == ([KADAMJAI], ["hydromet"], "Meteo")
    assert account.team == team
    assert account.telephone and b"123456" not in account.telephone
    assert "0555 123456" in administrator.get(home).text
    assert "Somebody else has changed" in administrator.post(f"{home}?lang=en", data=typed).text
    assert administrator.post(f"{home}/link").status_code == 409
    refused = administrator.post(f"{home}?lang=en", data=details(administrator, home, areas="KG99", telephone="x"))
    assert refused.status_code == 422
    assert re.findall('id="wrong-([a-z]+)"', refused.text) == ["telephone", "roles", "areas"]
    assert [other.get("/accounts").status_code, other.post(home, data=typed).status_code] == [303, 401]
    told = rows(served, f"SELECT action || ' ' || coalesce(reason, '') FROM audit WHERE '{home[10:]}' = ANY(objects)")
    assert set(told) == {
        "rights_changed changed: areas, post",
        "account_changed changed: telephone",
        "read ",
    }
    assert told.count("read ") == 5  # five reads: three opened pages, and two refused forms that show the account again
    # earlier releases of Dayar permitted this source
    rows(served, f"UPDATE accounts SET sources = '{{field}}' WHERE account_id = '{home[10:]}' RETURNING ''")
    refused = administrator.post(f"{home}?lang=en", data=details(administrator, home, roles="viewer", areas="KG"))
    assert refused.status_code == 422 and "dayar user change NAME --source" in refused.text
    assert served.known(name).roles == ["integration"]
    assert administrator.post(f"{home}/disabling").status_code == 303
    assert served.known(name).telephone is None


def test_the_version_of_an_account_with_many_roles_is_the_same_in_each_process(served: Served) -> None:
    account = served.known(served.account(*Role))
    shown = details(served.signed_in(Role.ADMINISTRATOR), f"/accounts/{account.account_id}")
    assert shown["version"] == pages.version(account, None)


def test_the_last_administrator_can_neither_be_disabled_nor_demoted(served: Served) -> None:
    name, _another = served.account(Role.ADMINISTRATOR), served.account(Role.ADMINISTRATOR)
    administrator = served.client()
    sign_in(administrator, name)
    home = f"/accounts/{served.known(name).account_id}"
    with only_administrators(served, name):
        served.account(Role.ADMINISTRATOR, must_change=True)  # nobody can sign in any more when its first password ends
        demoted = details(administrator, home, roles="operator", areas="KG")
        assert "last administrator" in administrator.post(f"{home}?lang=en", data=demoted).text
        assert "last administrator" in administrator.post(f"{home}/disabling?lang=en").text
        assert "whose person has chosen a password" in dayar(served, "disable", name).stderr
        assert "last administrator" in dayar(served, "change", name, "--role", "operator").stderr
        assert served.known(name).roles == ["administrator"]
    assert administrator.post(home, data=demoted).status_code == 303


def test_of_two_administrators_who_disable_each_other_at_the_same_moment_one_stays(served: Served) -> None:
    names = [served.account(Role.ADMINISTRATOR) for _ in range(2)]
    homes = [f"/accounts/{served.known(name).account_id}" for name in names]
    clients = [served.client() for _ in names]
    for client, name in zip(clients, names, strict=True):
        sign_in(client, name)

    def disable_each_other() -> list[int]:
        with ThreadPoolExecutor(2) as pool:
            answers = pool.map(lambda client, home: client.post(f"{home}/disabling"), clients, reversed(homes))
            return sorted(answer.status_code for answer in answers)

    with only_administrators(served, *names):
        rows_of_both = f"SELECT FROM accounts WHERE name = ANY('{{{','.join(names)}}}') FOR UPDATE"
        assert served.meanwhile(disable_each_other, rows_of_both, waiting=2) == [303, 409]
        assert sorted(served.known(name).disabled_at is None for name in names) == [False, True]


@contextmanager
def only_administrators(served: Served, *names: str) -> Iterator[None]:
    others = rows(
        served,
        "UPDATE accounts SET disabled_at = now() WHERE 'administrator' = ANY(roles) AND disabled_at IS NULL "
        f"AND name <> ALL('{{{','.join(names)}}}') RETURNING account_id::text",
    )
    others_again = f"WHERE account_id = ANY('{{{','.join(others)}}}') RETURNING ''"
    try:
        yield
    finally:
        rows(served, f"UPDATE accounts SET disabled_at = NULL {others_again}")


def link_of(administrator: httpx.Client, home: str) -> str:
    page = administrator.post(f"{home}/link").text
    return page.partition('id="link">')[2].partition("</code>")[0].partition("#")[2]


def enrolled(served: Served, token: str, again: str = "own words of a person") -> int:
    data = {"token": token, "new": "own words of a person", "again": again}
    return served.client().post("/enrolment", data=data).status_code


def details(administrator: httpx.Client, home: str, **typed: str) -> dict[str, str]:
    version = administrator.get(home).text.partition('name="version" value="')[2].partition('"')[0]
    return {"version": version, **typed}


def rows(served: Served, statement: str) -> list[str]:
    async def run() -> list[str]:
        engine = database.engine(served.installation.settings(ConsoleSettings))
        async with engine.begin() as connection:
            found = [str(row[0]) for row in await connection.execute(text(statement))]
        await engine.dispose()
        return found

    return in_thread(run())
