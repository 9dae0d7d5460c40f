"""Tests defaults that depend on other settings, and the message about an invalid setting."""

from typing import Any

import pytest

from deploy.backup.settings import BackupSettings
from shared.config import BadSettings, CheckedSettings, Settings


@pytest.mark.parametrize(
    ("variables", "believed"),
    [
        ({}, ""),
        ({"public_url": "https://dayar.example"}, "127.0.0.1,::1"),
        ({"public_url": "https://dayar.example", "forwarded_allow_ips": "10.0.0.2"}, "10.0.0.2"),
        ({"forwarded_allow_ips": "10.0.0.2"}, "10.0.0.2"),
    ],
)
def test_forwarding_headers_are_trusted_from_a_proxy_or_from_nobody(variables: dict[str, Any], believed: str) -> None:
    assert Settings(**variables).proxies == believed


@pytest.mark.parametrize(("kind", "variable"), [(Settings, "DISPLACEMENTS_DAYS"), (BackupSettings, "BACKUP_KEEP_DAYS")])
def test_an_invalid_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, kind: type[CheckedSettings], variable: str
) -> None:
    monkeypatch.setenv(variable, "secret")
    with pytest.raises(BadSettings) as refused:
        kind()
    assert f"({variable}:" in str(refused.value)
    assert "number" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("kind", "variable"), [(Settings, "TRUSTED_HOSTS"), (BackupSettings, "BACKUP_FOLDERS")])
def test_a_setting_that_is_not_json_is_named(
    monkeypatch: pytest.MonkeyPatch, kind: type[CheckedSettings], variable: str
) -> None:
    monkeypatch.setenv(variable, "a, b")
    with pytest.raises(BadSettings, match=f"{variable}: Input should be valid JSON"):
        kind()
