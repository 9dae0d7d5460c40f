"""A page that refuses a person keeps its navigation."""

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


def test_a_signed_out_reader_sees_no_navigation(served: Served) -> None:
    answer = served.client().get("/no-such-page", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert 'href="/registry/figures"' not in answer.text
