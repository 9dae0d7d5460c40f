"""What the containers refuse, and what they never change."""

import subprocess
from pathlib import Path

import pytest

from deploy.containers import health, start, volumes
from deploy.containers.start import BadSecret
from deploy.containers.volumes import NeitherYesNorNo, OtherMark
from deploy.local import homes
from deploy.provision.secrets import KEYS, PASSWORDS
from shared.events.topics import SERVICES


def drawn(file: Path) -> dict[str, str]:
    subprocess.run(["sh", "deploy/containers/env.sh", str(file)], check=True, cwd=homes.ROOT)
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_every_password_is_drawn_for_its_owner_alone(tmp_path: Path) -> None:
    found = drawn(tmp_path / ".env")
    assert set(found) == {volumes.variable(name) for name in PASSWORDS}
    assert len(set(found.values())) == len(PASSWORDS)
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    start.check(found)


def test_what_was_drawn_is_kept_and_what_is_missing_added(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SITE=dayar.test\nVALKEY_PASSWORD=mine")
    assert drawn(file)["VALKEY_PASSWORD"] == "mine"
    assert drawn(file) == drawn(file)
    assert drawn(file)["SITE"] == "dayar.test"


@pytest.mark.parametrize(
    "bad", ["", " ", "short", "a" * 64, "change-me-change-me-change-me", "example-example-example-9"]
)
def test_what_is_no_secret_is_refused_by_its_name(bad: str, tmp_path: Path) -> None:
    with pytest.raises(BadSecret, match=r"^KAFKA_INTAKE_PASSWORD: .*make env"):
        start.check({"KAFKA_INTAKE_PASSWORD": bad})
    file = tmp_path / "kafka"
    file.write_text(bad)
    with pytest.raises(BadSecret):
        start.check_files([file])


def test_a_service_looks_at_the_secrets_that_its_settings_name(tmp_path: Path) -> None:
    (tmp_path / "kafka-intake").touch()
    (tmp_path / "kafka-registry").touch()
    settings = {"KAFKA_PASSWORD_FILE": f"{tmp_path}/kafka-{{service}}", "REDIS_PASSWORD_FILE": f"{tmp_path}/none"}
    assert start.secret_files(settings, "intake") == [tmp_path / "kafka-intake"]


def test_every_key_has_one_owner() -> None:
    names = [name for keys in volumes.OWN_KEYS.values() for name in keys]
    assert sorted(names) == sorted(KEYS)
    assert set(volumes.OWN_KEYS) == set(volumes.OWN_PASSWORDS) == set(SERVICES)


def test_the_mark_is_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "exercise"
    volumes.mark(file, "1")
    for same in ("", "1", "true"):
        volumes.mark(file, same)
    with pytest.raises(OtherMark):
        volumes.mark(file, "0")
    assert file.read_text() == "true"


def test_without_a_word_an_installation_is_real(tmp_path: Path) -> None:
    file = tmp_path / "exercise"
    with pytest.raises(NeitherYesNorNo):
        volumes.mark(file, "perhaps")
    volumes.mark(file, "")
    with pytest.raises(OtherMark):
        volumes.mark(file, "1")


def test_a_worker_without_its_parts_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "kafka:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://dayar_{service}@postgres:2/dayar")
    assert not health.is_connected()
