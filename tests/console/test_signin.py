"""Tests sign-ins, failed sign-ins, and signing out everywhere."""

import re
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest

from deploy.local.process import wait_until
from services.console.config import ConsoleSettings
from services.console.sign_in import accounts
from shared.auth.tokens import Authenticator, Role, seconds
from shared.events.vocabulary import SubmissionChannel
from tests import preloaded
from tests.console.conftest import PASSWORD, Served
from tests.console.factories import KADAMJAI
from tests.console.signing_in import SOON, Nobody, at_terminal, at_the_next_second, dayar, sign_in
from tests.console.test_rights import enrolled, link_of

pytestmark = pytest.mark.usefixtures("fresh_attempts")


def test_a_right_password_opens_the_board(served: Served) -> None:
    client = served.client()
    answer = sign_in(client, served.account(Role.OPERATOR))
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert "httponly" in cookie.lower() and "samesite=strict" in cookie.lower()
    assert client.get("/").status_code == 200


def test_a_name_is_found_in_any_letter_case(served: Served) -> None:
    assert sign_in(served.client(), served.account(Role.OPERATOR).upper()).status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "//[", f"/?{'x' * 500}"],
)
def test_sign_in_redirects_to_no_other_site(served: Served, elsewhere: str) -> None:
    answer = sign_in(served.client(), served.account(Role.OPERATOR), next=elsewhere)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("site", [{"sec-fetch-site": "cross-site"}, {}])
def test_a_form_of_another_site_signs_nobody_in(served: Served, site: dict[str, str]) -> None:
    """The console refuses the form of another site even from an older browser, which sends only the header `Origin`."""
    client = served.client(headers={**site, "origin": "https://evil.example"})
    assert sign_in(client, served.account(Role.OPERATOR)).status_code == 403


def test_a_signed_out_reader_is_asked_to_sign_in(served: Served) -> None:
    client = served.client()
    assert client.get("/").headers["location"] == "/sign-in?next=/"
    location = client.get("/?alert=1&lang=ru").headers["location"]
    assert parse_qs(urlsplit(location).query) == {"next": ["/?alert=1&lang=ru"]}
    assert client.get("/board/alerts").status_code == 401


def test_changing_the_language_keeps_the_requested_page(served: Served) -> None:
    page = served.client().get("/sign-in", params={"next": "/?alert=1", "lang": "en"}).text
    assert 'href="?next=%2F%3Falert%3D1&amp;lang=ru"' in page


def test_pages_are_in_the_accounts_language_until_the_person_chooses_another(served: Served) -> None:
    """Several persons sign in at one desk, one after the other.

    The language that one person chose does not apply to the next person.
    """
    client, english = served.client(), {"accept-language": "en"}

    def shown(**params: str) -> str:
        return client.get("/password", params=params, headers=english).headers["content-language"]

    for language, first, choice in (("ru", "ru", "ky"), ("ky", "ky", "ru"), (None, "en", "ru")):
        sign_in(client, served.account(Role.OPERATOR, language=language))
        assert (shown(), shown(lang=choice), shown()) == (first, choice, choice)
        client.post("/sign-out", data={"next": "/"})
    sign_in(client, name := served.account(Role.OPERATOR, language="ru"))
    shown(lang="en")  # the first session ends without a sign-out
    sign_in(client, name)
    assert shown() == "ru"
    shown(lang="ky")  # the second session ends without a sign-out
    sign_in(client, name := served.account(Role.OPERATOR, language=None))
    assert (shown(), shown(lang="ru")) == ("en", "ru")
    sign_in(client, name)
    assert shown() == "ru", "an account without a language keeps its own choice"
    client.get("/sign-in", params={"lang": "ky"})
    sign_in(client, served.account(Role.OPERATOR, language=None))
    assert shown() == "ky", "the person chose it before the sign-in"


def test_a_stream_accepts_no_writes(served: Served) -> None:
    assert served.client().post("/stream").status_code == 405


def test_signing_out_ends_the_token(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    kept = dict(client.cookies)
    assert (
        client.post("/sign-out", data={"next": "/map?lang=ky&day=1"}).headers["location"]
        == "/sign-in?next=/map%3Fday%3D1"
    )
    thief = served.client(cookies=kept)
    assert wait_until(lambda: thief.get("/board/alerts").status_code == 401, timeout=SOON)


def test_enabling_an_account_does_not_restore_earlier_tokens(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    client = served.client()
    sign_in(client, name)
    assert dayar(served, "disable", name).exit_code == 0
    assert wait_until(lambda: client.get("/board/alerts").status_code == 401, timeout=SOON)
    assert sign_in(served.client(), name).status_code == 401
    assert dayar(served, "enable", name).exit_code == 0
    again = served.client()
    assert at_the_next_second(lambda: sign_in(again, name)).status_code == 303
    assert wait_until(lambda: again.get("/board/alerts").status_code == 200, timeout=SOON)
    assert client.get("/board/alerts").status_code == 401


def test_a_stream_ends_when_its_listener_is_disabled(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    client = served.client()
    sign_in(client, name)
    with client.stream("GET", "/stream", timeout=60) as answer:
        assert dayar(served, "disable", name).exit_code == 0
        assert seconds_to_its_end(answer) < SOON


def seconds_to_its_end(answer: httpx.Response) -> float:
    began = time.monotonic()
    for _ in answer.iter_bytes():
        pass
    return time.monotonic() - began


def test_a_changed_password_ends_earlier_sign_ins(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    old, new = served.client(), served.client()
    sign_in(old, name)
    chosen = {"new": "another long password", "again": "another long password"}
    answer = at_the_next_second(lambda: new.post("/password", data={"name": name, "password": PASSWORD, **chosen}))
    assert answer.status_code == 303
    assert new.get("/board/alerts").status_code == 200
    assert wait_until(lambda: old.get("/board/alerts").status_code == 401, timeout=SOON)


def test_an_ended_session_is_not_renewed_even_before_its_revocation_is_read(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    old = served.client()
    sign_in(old, name)
    chosen = {"new": "another long password", "again": "another long password"}
    data = {"name": name, "password": PASSWORD, **chosen}
    served.workers[0].freeze()  # the frozen worker would publish the revocations
    try:
        assert at_the_next_second(lambda: served.client().post("/password", data=data)).status_code == 303
        assert at_the_next_second(lambda: old.post("/v1/session")).status_code == 401
    finally:
        served.workers[0].resume()
    assert wait_until(lambda: old.get("/board/alerts").status_code == 401, timeout=SOON)


@pytest.mark.parametrize(
    ("new", "again"),
    [
        ("short", "short"),
        ("a new long password", "a new long passwort"),
        *[
            (easy, easy)
            for easy in ("passwordpassword", "qwertyuiop12", "123456789012", "kyrgyzstan2026", "operator12345")
        ],
    ],
)
def test_a_weak_or_mistyped_new_password_changes_nothing(served: Served, new: str, again: str) -> None:
    name = served.account(Role.OPERATOR)
    answer = served.client().post("/password", data={"name": name, "password": PASSWORD, "new": new, "again": again})
    assert answer.status_code == 422
    wrong = "new" if new == again else "again"
    assert re.findall('<p class="problem" id="([a-z]+)-problem">', answer.text) == [wrong]
    assert sign_in(served.client(), name).status_code == 303


def test_a_first_password_must_be_changed(served: Served) -> None:
    name, client = served.account(Role.OPERATOR, must_change=True), served.client()
    answer = sign_in(client, name)
    assert answer.status_code == 200 and 'action="/password"' in answer.text
    assert "set-cookie" not in answer.headers


def test_the_first_administrator_gets_a_password_for_an_hour_in_a_private_file(served: Served) -> None:
    file = served.installation.settings(ConsoleSettings).admin_password_file
    assert file.stat().st_mode & 0o777 == 0o600
    client = served.client()
    assert 'action="/password"' in sign_in(client, "administrator", file.read_text()).text
    chosen = {"new": "the ministry's own words", "again": "the ministry's own words"}
    data = {"name": "administrator", "password": file.read_text(), **chosen}
    assert client.post("/password", data=data).status_code == 303
    assert not file.exists()
    file.touch()
    link = link_of(client, f"/accounts/{served.known('administrator').account_id}")
    assert enrolled(served, link) == 303
    assert not file.exists()


def test_a_renewed_session_lasts_longer_and_keeps_its_name(served: Served) -> None:
    client = served.signed_in(Role.OPERATOR)
    keys = served.installation.settings(ConsoleSettings).token_public_keys
    before = Authenticator(keys, Nobody()).verify(client.cookies["session"])
    assert at_the_next_second(lambda: client.post("/v1/session")).status_code == 200
    after = Authenticator(keys, Nobody()).verify(client.cookies["session"])
    assert after.jti == before.jti
    assert after.expires_at > before.expires_at


@pytest.mark.parametrize(
    ("roles", "is_wall", "lasts"),
    [
        ({Role.VIEWER}, True, accounts.SCREEN),
        ({Role.VIEWER}, False, timedelta(0)),
        ({Role.VIEWER, Role.OPERATOR}, True, timedelta(0)),
    ],
    ids=["wall", "board", "more than a viewer"],
)
def test_only_the_wall_screen_of_a_viewer_is_kept_signed_in_for_longer_than_a_shift(
    roles: set[Role], is_wall: bool, lasts: timedelta
) -> None:
    began = datetime.now(UTC).replace(microsecond=0)
    account = accounts.new("wall", frozenset(roles), began)
    ended = began + accounts.PERSON
    at_the_end = replace(accounts.principal(account, began), expires_at=seconds(ended))
    renewed = accounts.renewed(at_the_end, account, ended, is_wall=is_wall)
    assert renewed.expires_at == seconds(ended + lasts)


def test_a_field_accounts_phone_gets_a_token_for_a_year(served: Served) -> None:
    name, device = served.account(Role.FIELD, team=uuid4()), uuid4()
    answer = served.client().post("/v1/tokens", json={"name": name, "password": PASSWORD, "device": str(device)})
    keys = served.installation.settings(ConsoleSettings).token_public_keys
    principal = Authenticator(keys, Nobody()).verify(answer.json()["token"])
    assert (principal.channel, principal.device) == (SubmissionChannel.FIELD, device)
    assert principal.expires_at - principal.issued_at == 365 * 86_400


def test_an_operators_phone_gets_no_token(served: Served) -> None:
    wanted = {"name": served.account(Role.OPERATOR), "password": PASSWORD, "device": str(uuid4())}
    assert served.client().post("/v1/tokens", json=wanted).status_code == 403


def test_a_secret_is_not_printed_into_a_file(served: Served) -> None:
    output = dayar(served, "add", "somebody", "--role", "operator", "--generate")
    assert output.exit_code == 1
    assert "only to a terminal" in output.stderr


def test_a_generated_password_is_shown_at_the_terminal_and_only_allows_its_own_change(served: Served) -> None:
    output = at_terminal(served, "user", "add", "newcomer", "--role", "operator", "--area", KADAMJAI, "--generate")
    drawn = output.partition("First password of newcomer: ")[2].split()[0]
    answer = sign_in(served.client(), "newcomer", drawn)
    assert answer.status_code == 200 and 'action="/password"' in answer.text


@pytest.mark.parametrize("command", [("add", "--role", "operator"), ("password",)])
def test_a_password_that_somebody_else_typed_is_changed_within_an_hour(
    served: Served, command: tuple[str, ...]
) -> None:
    subcommand, *options = command
    name = served.account(Role.OPERATOR) if subcommand == "password" else f"person-{uuid4().hex[:8]}"
    assert dayar(served, subcommand, name, *options, typed="typed by somebody\n" * 2).exit_code == 0
    answer = sign_in(served.client(), name, "typed by somebody")
    assert answer.status_code == 200 and 'action="/password"' in answer.text
    until = served.known(name).password_until
    assert until is not None
    assert timedelta(minutes=59) < until - datetime.now(UTC) <= timedelta(hours=1)
    chosen = {"new": "the own long password", "again": "the own long password"}
    served.client().post("/password", data={"name": name, "password": "typed by somebody", **chosen})
    assert served.known(name).password_until is None


def test_an_unknown_area_is_refused(served: Served) -> None:
    output = at_terminal(served, "user", "add", "nobody", "--role", "operator", "--area", "KG99", "--generate")
    assert "Not a P-code" in output


def test_tokens_for_other_systems_are_only_for_integration_accounts(served: Served) -> None:
    name = served.account(Role.INTEGRATION)
    token = at_terminal(served, "user", "token", name).split()[-1]
    client = served.client(headers={"authorization": f"Bearer {token}"})
    assert client.get("/stream", params={"topics": "alerts"}).status_code == 403
    assert "not an active integration account" in at_terminal(served, "user", "token", served.account(Role.OPERATOR))


def test_a_commands_security_log_is_not_in_its_output(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    env = {**served.installation.env(), "PATH": "/usr/bin:/bin"}
    ran = preloaded.run("cli", "user", "change", name, "--area", KADAMJAI, env=env)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == f"{name} must sign in again; this takes effect within seconds.\n"
    assert '"action": "rights_changed"' in ran.stderr


def test_a_token_request_with_countless_fields_is_refused_briefly(served: Served) -> None:
    device = {"name": "nobody", "password": PASSWORD, "device": str(uuid4())}
    for count, status in ((95_000, 413), (5_000, 422), (500, 422)):
        answer = served.client().post("/v1/tokens", json=device | {f"{number:x}": 0 for number in range(count)})
        assert answer.status_code == status
        assert answer.text.count('"pointer"') <= 50
        assert len(answer.content) < 5_000


def test_sign_ins_refusals_lockouts_and_sign_outs_are_in_the_audit(served: Served) -> None:
    name = served.account(Role.OPERATOR)
    account = str(served.known(name).account_id)
    with served.client() as browser:
        for _ in range(6):
            browser.post("/sign-in", data={"name": name, "password": "wrong wrong wrong"})
    auditor = served.signed_in(Role.AUDITOR)
    entries = auditor.get("/console/v1/audit", params={"account": account}).json()["entries"]
    acts = [(each["action"], each["result"], each["reason"]) for each in reversed(entries)]
    assert acts == [("signed_in", "refused", "wrong-password")] * 5 + [("locked_out", "refused", "pair")]
    assert name not in str(entries)


def test_a_sign_in_and_its_end_are_in_the_audit(served: Served) -> None:
    served.signed_in(Role.OPERATOR).post("/sign-out", headers={"sec-fetch-site": "same-origin"})
    entries = served.signed_in(Role.AUDITOR).get("/console/v1/audit", params={"limit": 3}).json()["entries"]
    newest, out, into = entries
    assert [each["action"] for each in entries] == ["signed_in", "signed_out", "signed_in"]
    assert (out["account"], out["token"]) == (into["account"], into["token"]) != (newest["account"], newest["token"])
    assert {each["address"] for each in entries} == {"127.0.0.1"}
