"""An error page has the navigation bar of the person's usual pages."""

import pytest

from shared.auth.tokens import Role
from tests.console.conftest import Served


@pytest.mark.parametrize(("path", "status"), [("/no-such-page", 404), ("/ledger", 403)])
def test_a_refused_page_keeps_the_readers_navigation(
    served: Served, fresh_attempts: None, path: str, status: int
) -> None:
    answer = served.signed_in(Role.ANALYST).get(path, headers={"accept": "text/html"})
    assert answer.status_code == status
    assert 'href="/registry/figures"' in answer.text


@pytest.mark.parametrize(
    ("role", "path", "text"),
    [
        (Role.FIELD, "/", "To the field form"),
        (Role.AUDITOR, "/security", "Security"),
        (Role.ANALYST, "/", "Back to the board"),
    ],
)
def test_a_refused_page_leads_to_a_page_that_the_reader_may_open(
    served: Served, fresh_attempts: None, role: Role, path: str, text: str
) -> None:
    reader = served.signed_in(role)
    answer = reader.get("/new-event?lang=en", headers={"accept": "text/html"})
    assert answer.status_code == 403
    assert f'<a class="button is-primary" href="{path}">{text}</a>' in answer.text
    assert reader.get(path, follow_redirects=False).status_code in (200, 303)


def test_a_signed_out_reader_sees_no_navigation(served: Served) -> None:
    answer = served.client().get("/no-such-page", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert 'href="/registry/figures"' not in answer.text
