"""People set and change passwords. Two requests may come at once."""

from uuid import uuid4

import httpx
import pytest
from argon2 import extract_parameters
from argon2.exceptions import VerifyMismatchError

from deploy.local.process import wait_until
from services.console.sign_in import passwords
from shared.auth.tokens import Role
from tests.console.conftest import PASSWORD, Served
from tests.console.signing_in import SOON, at_the_next_second, dayar, sign_in
from tests.installation import in_thread

pytestmark = pytest.mark.usefixtures("fresh_attempts")


def test_a_first_password_must_not_stay_the_same(served: Served) -> None:
    """The administrator who set the first password knows it. People must therefore change it."""
    name = served.account(Role.OPERATOR, must_change=True)
    answer = change(served.client(), name, PASSWORD, PASSWORD)
    assert answer.status_code == 422 and 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    assert served.known(name).must_change


def test_an_account_disabled_while_a_new_password_is_hashed_is_not_signed_in(served: Served) -> None:
    """The record of a password change revokes only the account's older tokens.

    The record of the password change must not replace the record that disables the account.
    """
    name = served.account(Role.OPERATOR)
    answer = served.meanwhile(
        lambda: change(served.client(), name, PASSWORD, "another long password"),
        f"UPDATE accounts SET disabled_at = now() WHERE name = '{name}'",
    )
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_newly_given_password_is_not_overwritten_by_a_change_with_the_old_one(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    hashed = in_thread(passwords.hashed("given by somebody"))
    answer = served.meanwhile(
        lambda: change(served.client(), name, PASSWORD, "another long password"),
        f"UPDATE accounts SET password_hash = '{hashed}' WHERE name = '{name}'",
    )
    assert answer.status_code == 401
    assert served.known(name).password_hash == hashed


def test_a_newly_given_password_also_ends_sign_ins_of_the_same_second(served: Served) -> None:
    name, client = served.account(Role.OPERATOR), served.client()
    assert at_the_next_second(lambda: sign_in(client, name)).status_code == 303
    assert dayar(served, "password", name, typed="typed by somebody\n" * 2).exit_code == 0
    assert wait_until(lambda: client.get("/board/alerts").status_code == 401, timeout=SOON)


def test_nobodys_hash_is_checked_with_the_same_work_as_another_hash() -> None:
    """A shorter check for unknown names would reveal by its response time which names have accounts."""
    assert extract_parameters(passwords._nobody) == extract_parameters(in_thread(passwords.hashed(PASSWORD)))
    with pytest.raises(VerifyMismatchError):
        passwords._hasher.verify(passwords._nobody, PASSWORD)
    assert not in_thread(passwords.matches(PASSWORD, None))


def test_a_name_that_cannot_be_typed_has_no_account(served: Served) -> None:
    client, name = served.client(), "some\0body"
    assert sign_in(client, name).status_code == 401
    assert change(client, name, PASSWORD, "another long password").status_code == 401
    wanted = {"name": name, "password": PASSWORD, "device": str(uuid4())}
    assert client.post("/v1/tokens", json=wanted).status_code == 401


def change(client: httpx.Client, name: str, password: str, new: str) -> httpx.Response:
    return client.post("/password", data={"name": name, "password": password, "new": new, "again": new})
