"""Administrators set up a second factor for their accounts.

After the setup, a sign-in with the administrator role needs a code. Other sign-ins need no code.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import pyotp
import pytest

from services.console.config import ConsoleSettings
from services.console.queries import sealed_texts
from services.console.sign_in import totp
from services.console.sign_in.attempts import MOST, CounterScope
from shared.auth.tokens import Authenticator, Principal, Role
from shared.crypto import keyring
from shared.postgres import database
from tests.console.conftest import PASSWORD, Served
from tests.console.factories import KADAMJAI
from tests.console.signing_in import Nobody, at_the_next_second, dayar, sign_in
from tests.installation import in_thread

pytestmark = pytest.mark.usefixtures("fresh_attempts")

NOW = datetime(2026, 6, 15, 6, tzinfo=UTC)


def test_a_code_is_valid_once_and_with_a_clock_one_step_off() -> None:
    secret = totp.draw()
    now = int(NOW.timestamp()) // totp.STEP_S
    code = {offset: pyotp.TOTP(secret).at(NOW, counter_offset=offset) for offset in range(-2, 3)}
    assert [totp.step_of(secret, code[offset], NOW) for offset in (-1, 0, 1)] == [now - 1, now, now + 1]
    assert [totp.step_of(secret, code[offset], NOW) for offset in (-2, 2)] == [None, None]
    assert totp.step_of(secret, code[0], NOW, after=now) is None
    assert totp.step_of(secret, code[1], NOW, after=now) == now + 1


def test_a_secret_is_sealed_to_its_account(tmp_path: Path) -> None:
    keyring.draw(tmp_path)
    box, account, other = totp.TotpSecrets(tmp_path), uuid4(), uuid4()
    sealed = box.seal("SECRET", account)
    assert (box.open(sealed, account), box.open(sealed, other)) == ("SECRET", None)


def test_the_second_factor_is_set_up_with_a_code_and_required_after_the_password(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    assert "no second factor" in client.get("/notices", params={"lang": "en"}).text
    secret = offered(client)
    assert client.post("/second-factor", data={"secret": secret, "code": "no code"}).status_code == 422
    codes = set_up(client, secret)
    assert len(set(codes)) == totp.RECOVERY_CODES
    assert "no second factor" not in client.get("/notices", params={"lang": "en"}).text

    again = served.client()
    code_page = sign_in(again, name)
    assert code_page.status_code == 200 and "session" not in again.cookies
    assert 'name="without"' not in code_page.text
    assert by_code(again, code_page, "123456").status_code == 401
    assert by_code(again, code_page, pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1)).status_code == 303
    assert again.get("/security").status_code == 200


def test_each_recovery_code_is_valid_once(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    code, *_ = set_up(client, offered(client))
    answers = []
    for _ in range(2):
        again = served.client()
        answers.append(by_code(again, sign_in(again, name), f" {code.upper()} ").status_code)
    assert answers == [303, 401]


def test_an_administrator_with_other_roles_may_continue_without_the_code_and_without_that_role(served: Served) -> None:
    name, client = served.account(Role.OPERATOR, Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    set_up(client, offered(client))
    desk = served.client()
    code_page = sign_in(desk, name)
    assert desk.post("/sign-in/code", data={"ticket": ticket(code_page), "without": "1"}).status_code == 303
    assert desk.get("/new-event").status_code == 200
    assert desk.get("/security").status_code == 403
    assert desk.post("/v1/session").status_code == 200
    assert principal(served, desk).roles == {Role.OPERATOR}


def test_continuing_without_the_code_is_counted_apart_from_wrong_codes(served: Served) -> None:
    name, client = served.account(Role.OPERATOR, Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    set_up(client, offered(client))
    desk = served.client()
    code_page = sign_in(desk, name)
    assert [by_code(desk, code_page, f"{n:06}").status_code for n in range(6)] == [401] * 5 + [429]
    body = {"ticket": ticket(code_page), "without": "1"}
    assert [served.client().post("/sign-in/code", data=body).status_code for _ in range(6)] == [303] * 5 + [429]


@pytest.mark.parametrize("typed", ["{} without second factor", "second factor of {}", "without:{}", "code:{}"])
def test_no_typed_name_counts_against_an_accounts_second_step(served: Served, typed: str) -> None:
    name, client = served.account(Role.OPERATOR, Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    code, *_ = set_up(client, offered(client))
    for named in (name, served.known(name).account_id):
        assert [sign_in(served.client(), typed.format(named), "guess").status_code for _ in range(6)][-1] == 429
    desk = served.client()
    code_page = sign_in(desk, name)
    assert desk.post("/sign-in/code", data={"ticket": ticket(code_page), "without": "1"}).status_code == 303
    again = served.client()
    assert by_code(again, sign_in(again, name), code).status_code == 303


def test_strangers_who_lock_the_address_do_not_lock_a_known_browsers_second_step(served: Served) -> None:
    name, desk = served.account(Role.OPERATOR, Role.ADMINISTRATOR), served.client()
    sign_in(desk, name)
    code, *_ = set_up(desk, offered(desk))
    sign_in(served.client(), "nobody", "guess")
    with served.installation.redis() as redis:
        [key] = redis.keys("console:failures:address:*")
        redis.set(key, MOST[CounterScope.ADDRESS] + 1, keepttl=True)
    assert sign_in(served.client(), name).status_code == 429
    code_page = sign_in(desk, name)
    assert desk.post("/sign-in/code", data={"ticket": ticket(code_page), "without": "1"}).status_code == 303
    assert by_code(desk, code_page, code).status_code == 303


def test_a_secret_is_resealed_under_the_newest_key(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    secret = offered(client)
    set_up(client, secret)
    settings = served.installation.settings(ConsoleSettings)
    old = max(keyring.known(settings.callers_key_file))
    keyring.draw(settings.callers_key_file)

    async def reseal() -> tuple[int, int]:
        engine = database.engine(settings)
        box = totp.TotpSecrets(settings.callers_key_file)
        async with database.sessions(engine).begin() as session:
            before = await sealed_texts.sealed_by(session, old)
            await sealed_texts.reseal(session, box)
            left = await sealed_texts.sealed_by(session, old)
        await engine.dispose()
        return before, left

    before, left = in_thread(reseal())
    assert before > 0 and left == 0
    (settings.callers_key_file / f"{old}.key").unlink()
    again = served.client()
    code = pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=1)
    assert by_code(again, sign_in(again, name), code).status_code == 303


def test_an_account_with_only_the_administrator_role_cannot_continue_without_the_code(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    set_up(client, offered(client))
    again = served.client()
    code_page = sign_in(again, name)
    assert again.post("/sign-in/code", data={"ticket": ticket(code_page), "without": "1"}).status_code == 401
    assert "session" not in again.cookies


def test_codes_can_be_guessed_five_times_at_most(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    set_up(client, offered(client))
    again = served.client()
    code_page = sign_in(again, name)
    assert [by_code(again, code_page, f"{n:06}").status_code for n in range(6)] == [401] * 5 + [429]


def test_a_changed_password_alone_admits_nobody(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    set_up(client, offered(client))
    thief = served.client()
    chosen = {"new": "another long password", "again": "another long password"}
    answer = thief.post("/password", data={"name": name, "password": PASSWORD, **chosen})
    assert answer.status_code == 200 and "session" not in thief.cookies


def test_a_wrong_code_does_not_extend_the_ticket(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    set_up(client, offered(client))
    again = served.client()
    code_page = sign_in(again, name)
    answers = [at_the_next_second(lambda: by_code(again, code_page, "123456")) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert {ticket(answer) for answer in answers} == {ticket(code_page)}


@pytest.mark.parametrize(
    "deeds",
    [[("change", "--area", KADAMJAI)], [("password",)], [("disable",), ("enable",)]],
)
def test_a_ticket_ends_when_the_account_changes(served: Served, deeds: list[tuple[str, ...]]) -> None:
    name, client = served.account(Role.OPERATOR, Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    code, *_ = set_up(client, offered(client))
    again = served.client()
    code_page = sign_in(again, name)
    for verb, *options in deeds:
        assert dayar(served, verb, name, *options, typed="typed by somebody\n" * 2).exit_code == 0
    assert by_code(again, code_page, code).status_code == 401
    assert again.post("/sign-in/code", data={"ticket": ticket(code_page), "without": "1"}).status_code == 401
    assert "session" not in again.cookies


def test_a_ticket_is_not_a_token_and_a_token_is_not_a_ticket(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    set_up(client, offered(client))
    shown_ticket = ticket(sign_in(served.client(), name))
    bearer = served.client(headers={"authorization": f"Bearer {shown_ticket}"})
    assert bearer.get("/board/alerts").status_code == 401
    token = client.cookies["session"]
    assert served.client().post("/sign-in/code", data={"ticket": token, "code": "1"}).status_code == 401


def test_the_second_factor_is_removed_by_a_code_or_by_the_command(served: Served) -> None:
    name, client = served.account(Role.ADMINISTRATOR), served.client()
    sign_in(client, name)
    first, *_ = set_up(client, offered(client))
    assert client.post("/second-factor/removal", data={"code": "no-code"}).status_code == 422
    assert client.post("/second-factor/removal", data={"code": first}).status_code == 200
    set_up(client, offered(client))
    assert dayar(served, "reset-second-factor", name).exit_code == 0
    assert sign_in(served.client(), name).status_code == 303


def offered(client: httpx.Client) -> str:
    page = client.get("/second-factor").text
    assert "<svg" in page
    match = re.search(r'name="secret" value="([A-Z2-7]+)"', page)
    assert match
    return match[1]


def set_up(client: httpx.Client, secret: str) -> list[str]:
    answer = client.post("/second-factor", data={"secret": secret, "code": pyotp.TOTP(secret).now()})
    assert answer.status_code == 200, answer.text
    return re.findall(r"<code>([a-z0-9-]+)</code>", answer.text)


def ticket(code_page: httpx.Response) -> str:
    match = re.search(r'name="ticket" value="([^"]+)"', code_page.text)
    assert match
    return match[1]


def by_code(client: httpx.Client, code_page: httpx.Response, code: str) -> httpx.Response:
    return client.post("/sign-in/code", data={"ticket": ticket(code_page), "code": code, "next": "/"})


def principal(served: Served, client: httpx.Client) -> Principal:
    keys = served.installation.settings(ConsoleSettings).token_public_keys
    return Authenticator(keys, Nobody()).verify(client.cookies["session"])
