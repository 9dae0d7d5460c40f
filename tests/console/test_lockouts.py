"""Failed sign-ins are counted. Too many failures lock an account, a browser or an address."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from services.console.sign_in.attempts import MOST, CounterScope
from shared.auth.tokens import Role
from tests.console.conftest import PASSWORD, Served
from tests.console.signing_in import sign_in

pytestmark = pytest.mark.usefixtures("fresh_attempts")


def test_five_failures_lock_an_account_even_for_the_right_password(served: Served) -> None:
    name, client = served.account(Role.OPERATOR), served.client()
    assert [sign_in(client, name, "wrong password").status_code for _ in range(5)] == [401] * 5
    answer = sign_in(client, name)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900


def test_an_address_has_a_much_higher_limit_so_that_nobody_locks_an_office_out(served: Served) -> None:
    client = served.client()
    assert {sign_in(client, f"nobody-{n}").status_code for n in range(6)} == {401}
    assert sign_in(client, served.account(Role.OPERATOR)).status_code == 303
    with served.installation.redis() as redis:
        [key] = redis.keys("console:failures:address:*")
        redis.incrby(key, MOST[CounterScope.ADDRESS])
    assert sign_in(served.client(), served.account(Role.OPERATOR)).status_code == 429
    assert sign_in(client, "nobody-1").status_code == 429


def test_nobody_is_locked_out_of_a_browser_that_signed_in_before(served: Served) -> None:
    """A duty room may share its address with an attacker.

    A locked address must not affect a browser that signed in before.
    """
    name = served.account(Role.OPERATOR)
    desk, stranger = served.client(), served.client()
    assert sign_in(desk, name).status_code == 303
    assert [sign_in(stranger, name, "guess").status_code for _ in range(6)] == [401] * 5 + [429]
    with served.installation.redis() as redis:
        for key in redis.keys("console:failures:a*"):
            redis.incrby(key, MOST[CounterScope.ADDRESS])
    assert sign_in(desk, name).status_code == 303
    assert sign_in(served.client(), name).status_code == 429


def test_an_account_is_locked_for_browsers_unknown_to_it_wherever_they_are(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    sign_in(served.client(), name, "guess")
    with served.installation.redis() as redis:
        [key] = redis.keys("console:failures:account:*")
        redis.incrby(key, MOST[CounterScope.ACCOUNT])
        redis.delete(*redis.keys("console:failures:pair:*"))
    assert sign_in(served.client(), name).status_code == 429
    assert sign_in(served.client(), served.account(Role.OPERATOR)).status_code == 303


def test_a_known_browser_has_the_same_number_of_guesses_and_locks_only_itself(served: Served) -> None:
    name, other = served.account(Role.OPERATOR), served.account(Role.OPERATOR)
    client = served.client()
    sign_in(client, name)
    assert [sign_in(client, name, "guess").status_code for _ in range(6)] == [401] * 5 + [429]
    assert sign_in(client, other).status_code == 303
    assert sign_in(served.client(), name).status_code == 303


def test_attempts_on_a_locked_scope_do_not_count_against_the_account(served: Served) -> None:
    name, client = served.account(Role.OPERATOR), served.client()
    for _ in range(12):
        sign_in(client, name, "guess")
    with served.installation.redis() as redis:
        [key] = redis.keys("console:failures:account:*")
        assert int(redis.get(key) or 0) == 5


def test_a_phone_that_signed_in_before_cannot_be_locked_out_by_others(served: Served) -> None:
    name, device = served.account(Role.FIELD, team=uuid4()), uuid4()
    wanted = {"name": name, "password": PASSWORD, "device": str(device)}
    assert served.client().post("/v1/tokens", json=wanted).status_code == 200
    for _ in range(6):
        sign_in(served.client(), name, "guess")
    assert served.client().post("/v1/tokens", json=wanted).status_code == 200
    assert served.client().post("/v1/tokens", json={**wanted, "device": str(uuid4())}).status_code == 429


def test_a_lockout_is_shown_to_administrators_and_listed_on_their_page(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    for _ in range(6):
        sign_in(served.client(), name, "guess")
    administrator, operator = served.signed_in(Role.ADMINISTRATOR), served.signed_in(Role.OPERATOR)
    english = {"lang": "en"}
    assert "Sign-ins locked" in administrator.get("/notices", params=english).text
    page = administrator.get("/security", params=english).text
    assert page.count(name) == 1 and "127.0.0.1" in page
    assert [operator.get(path).status_code for path in ("/notices", "/security")] == [403, 403]
    assert 'data-fragment="/notices' in administrator.get("/").text
    assert "/notices" not in operator.get("/").text


def test_a_name_without_an_account_is_in_no_notice(served: Served) -> None:
    """A person may type the password into the field of the name.

    No page may therefore show a name that has no account.
    """
    for _ in range(6):
        sign_in(served.client(), "correct horse battery", "guess")
    assert "correct horse" not in served.signed_in(Role.ADMINISTRATOR).get("/security").text
    assert "correct horse" not in served.web.log.read_text(encoding="utf-8")


def test_without_a_proxy_forwarding_headers_are_ignored(served: Served) -> None:
    guesses = [served.client(headers={"x-forwarded-for": f"198.51.100.{n}"}) for n in range(6)]
    assert [sign_in(client, "nobody").status_code for client in guesses] == [401] * 5 + [429]
    assert sign_in(served.client(headers={"x-forwarded-for": "a:b"}), "nobody").status_code == 429


def test_concurrent_guesses_are_counted_before_the_password_is_checked(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: sign_in(served.client(), name, f"guess {n}").status_code, range(12)))
    assert sorted(answers) == [401] * 5 + [429] * 7


def test_a_successful_sign_in_resets_the_counter(served: Served) -> None:
    name, client = served.account(Role.OPERATOR), served.client()
    for _ in range(3):
        assert [sign_in(client, name, "wrong").status_code for _ in range(2)] == [401] * 2
        assert sign_in(client, name).status_code == 303
