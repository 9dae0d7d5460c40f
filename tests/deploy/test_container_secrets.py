"""Passwords and keys are generated for the containers, checked, and rotated."""

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli import keys as keys_command
from deploy.containers import start, volumes
from deploy.containers.start import BadSecret
from deploy.local import paths
from deploy.provision.keys import KeyCarried, KeySpooled
from deploy.provision.secrets import KEYS, PASSWORDS
from shared.crypto.seal import Opener, Sealer
from shared.events.topics import SERVICES
from tests.deploy.test_containers import composed


def drawn(file: Path) -> dict[str, str]:
    subprocess.run(["sh", "deploy/containers/env.sh", str(file)], check=True, cwd=paths.ROOT)
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_every_password_is_generated_for_its_owner_alone(tmp_path: Path) -> None:
    variables = drawn(tmp_path / ".env")
    assert set(variables) == {volumes.variable(name) for name in PASSWORDS}
    assert len(set(variables.values())) == len(PASSWORDS)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    start.check(variables)


def test_existing_passwords_are_kept_and_missing_ones_added(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SITE=dayar.test\nVALKEY_PASSWORD=mine")
    assert drawn(file)["VALKEY_PASSWORD"] == "mine"
    assert drawn(file) == drawn(file)
    assert drawn(file)["SITE"] == "dayar.test"


def test_an_empty_password_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('KAFKA_ADMIN_PASSWORD=\nSITE=dayar.test\nVALKEY_PASSWORD=""\nDATABASE_ADMIN_PASSWORD= \n')
    variables = drawn(file)
    assert variables.pop("SITE") == "dayar.test"
    start.check(variables)
    assert len(file.read_text().splitlines()) == len(PASSWORDS) + 1


@pytest.mark.parametrize(
    "bad", ["", " ", "short", "a" * 64, "change-me-change-me-change-me", "example-example-example-9"]
)
def test_a_weak_password_is_refused_by_its_name(bad: str, tmp_path: Path) -> None:
    with pytest.raises(BadSecret, match=r"^KAFKA_INTAKE_PASSWORD: .*Remove its line from \.env, then `make env`"):
        start.check({"KAFKA_INTAKE_PASSWORD": bad})
    file = tmp_path / "kafka"
    file.write_text(bad)
    with pytest.raises(BadSecret):
        start.check_files([file])


def test_a_service_checks_the_secrets_that_its_settings_name(tmp_path: Path) -> None:
    (tmp_path / "kafka-intake").touch()
    (tmp_path / "kafka-registry").touch()
    settings = {"KAFKA_PASSWORD_FILE": f"{tmp_path}/kafka-{{service}}", "REDIS_PASSWORD_FILE": f"{tmp_path}/none"}
    assert start.secret_files(settings, "intake") == [tmp_path / "kafka-intake"]


def test_the_strength_of_another_servers_password_is_not_checked(tmp_path: Path) -> None:
    (tmp_path / "smtp").write_text("secret")
    assert start.secret_files({"ALERTS_SMTP_PASSWORD_FILE": f"{tmp_path}/smtp"}, "alerts") == []


def test_files_that_a_service_writes_are_not_checked_as_secrets() -> None:
    """The file with the worker's heartbeat is not a secret.

    If the file were checked like a secret, only the first start would succeed.
    """
    for service in (*SERVICES, "registry-worker"):
        environment = composed()["services"][service]["environment"]
        checked = {name for name in environment if name.endswith("_FILE") and name not in start.OTHERS}
        assert checked, service
        assert {name for name in checked if not environment[name].startswith(("/secrets/", "/installation/"))} == set()


def test_reports_are_sealed_to_the_newest_key(tmp_path: Path) -> None:
    sealing, installation = tmp_path / "sealing", tmp_path / "installation"
    installation.mkdir()
    first, second = volumes.rotate(sealing, installation), volumes.rotate(sealing, installation)
    sealer, opener = Sealer(installation / "seal" / "public.key"), Opener(sealing / "private")
    assert sealer.kid == second != first
    assert opener.open(sealer.seal(b"x", b"[]"), b"[]") == b"x"
    assert {file.stem for file in (sealing / "private").glob("*.key")} == {first, second}


def test_an_older_key_is_destroyed_when_neither_log_nor_spool_can_need_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing, installation, spool = tmp_path / "sealing", tmp_path / "installation", tmp_path / "state" / "spool"
    for folder in (installation, spool):
        folder.mkdir(parents=True)
    monkeypatch.setenv("STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DAYAR_EXERCISE", "")  # compose passes an empty value for a variable that is not set
    older, newer = volumes.rotate(sealing, installation), volumes.rotate(sealing, installation)
    spooled, later = spool / "1.spool", datetime.now(UTC) + timedelta(days=124)
    spooled.write_text(older)
    for now, refusal in ((datetime.now(UTC), KeyCarried), (later, KeySpooled)):
        with pytest.raises(refusal):
            volumes.retire(sealing, older, now)
    spooled.unlink()
    volumes.retire(sealing, older, later)
    assert [file.stem for file in (sealing / "private").glob("*.key")] == [newer]


def test_every_key_has_one_owner() -> None:
    names = [name for keys in volumes.OWN_KEYS.values() for name in keys]
    assert sorted(names) == sorted(KEYS)
    assert set(volumes.OWN_KEYS) == set(volumes.OWN_PASSWORDS) == set(SERVICES)


def test_keys_are_rotated_and_retired_where_the_services_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    container = composed()["services"]["keys"]
    for name, value in container["environment"].items():
        if str(value).startswith(("/secrets/", "/installation/")):
            monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("DAYAR_EXERCISE", "false")
    assert keys_command.folders() == volumes.KEY_FOLDERS
    assert keys_command.record_folders() == volumes.RECORD_KEYS
    written = {mount.partition(":")[2] for mount in container["volumes"] if not mount.endswith(":ro")}
    assert {f"/secrets/{service}" for service in SERVICES} | {"/installation"} <= written
