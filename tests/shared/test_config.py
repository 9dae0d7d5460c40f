"""Settings whose default depends on another setting."""

import pytest

from shared.config import Settings


@pytest.mark.parametrize(
    ("given", "believed"),
    [
        ({}, ""),
        ({"public_url": "https://dayar.example"}, "127.0.0.1,::1"),
        ({"public_url": "https://dayar.example", "forwarded_allow_ips": "10.0.0.2"}, "10.0.0.2"),
        ({"forwarded_allow_ips": "10.0.0.2"}, "10.0.0.2"),
    ],
)
def test_forwarding_headers_are_trusted_from_a_proxy_or_from_nobody(given: dict[str, str], believed: str) -> None:
    assert Settings(**given).proxies == believed  # type: ignore[arg-type]
