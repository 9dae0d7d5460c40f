"""A page's language is the language that the reader chose, else the browser's language, else Kyrgyz."""

import pytest
from starlette.requests import Request

from shared.pages import language_of


def request(query: str = "", cookie: str = "", accept: str = "") -> Request:
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accept.encode())]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": headers})


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "language"),
    [
        ("lang=en", "lang=ru", "ky", "en"),
        ("", "lang=ru", "ky", "ru"),
        ("lang=xx", "", "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        ("", "", "de,en;q=0.5,ky;q=0.7", "ky"),
        ("", "", "de", "ky"),
        ("", "", "en;q=x,;;;,q=1", "en"),
        ("", "", "", "ky"),
    ],
)
def test_the_reader_chooses_the_language(query: str, cookie: str, accept: str, language: str) -> None:
    assert language_of(request(query, cookie, accept)) == language
