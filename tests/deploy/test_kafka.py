"""Kafka's folder and ports are checked and prepared before Kafka starts."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from deploy.local import jars, paths
from deploy.local.component import Folders
from deploy.local.kafka import VERSION, CacheClosed, FolderUnsayable, Kafka
from deploy.local.messages import FolderClosed, PortInUse, PortPrivileged
from deploy.local.users import own

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root runs Kafka as himself")


def test_kafka_runs_in_a_folder_with_any_name(passable: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder's name may have letters that Java cannot decode by Latin-1 or by the locale's encoding."""
    monkeypatch.setenv("LC_ALL", "C")
    kafka = kafka_in(passable / "кырсык бөлмөсү", port=29092)
    kafka.prepare()
    assert (kafka.folder / "data" / "meta.properties").exists()
    assert [each.name for each in passable.iterdir()] == ["кырсык бөлмөсү"]


@needs_root
def test_a_folder_that_kafkas_user_cannot_enter_is_reported(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(FolderClosed):
        kafka_in(tmp_path / "state", port=29092).prepare()


@needs_root
def test_kafkas_user_cannot_make_root_open_a_file_by_a_link_in_its_folder(tmp_path: Path) -> None:
    kafka = kafka_in(tmp_path, port=29092, cache=tmp_path / "cache")
    file = written_by(kafka)
    secret = kafka.folders.secrets / "kafka-admin"
    secret.chmod(0o600)
    file.symlink_to(secret)
    kafka.stop()
    assert secret.stat().st_mode & 0o777 == 0o600
    assert not [*kafka.folders.cache.rglob("kafka.aot*")]


@needs_root
def test_a_hard_link_to_a_file_of_root_is_not_given_to_kafkas_user(tmp_path: Path) -> None:
    kafka = kafka_in(tmp_path, port=29092, cache=tmp_path / "cache")
    written_by(kafka).hardlink_to(kafka.folders.secrets / "kafka-admin")
    kafka.stop()
    assert not [*kafka.folders.cache.rglob("kafka.aot*")]


def test_classes_that_kafka_linked_are_kept_for_the_next_start_by_any_user(tmp_path: Path) -> None:
    kafka = kafka_in(tmp_path, port=29092, cache=tmp_path / "cache")
    file = written_by(kafka)
    file.write_bytes(b"classes")
    file.chmod(0o600)
    if user := kafka.user():
        own(file.parent, user)
    kafka.stop()
    (kept,) = kafka.folders.cache.rglob("kafka.aot*")
    assert (kept.name, kept.read_bytes(), kept.stat().st_mode & 0o777) == ("kafka.aot", b"classes", 0o644)


def written_by(kafka: Kafka) -> Path:
    (kafka.folders.cache / f"kafka-{VERSION}").mkdir(parents=True)
    (kafka.folder / "written").mkdir(parents=True)
    (option,) = (word for word in kafka.command() if word.startswith("-XX:AOTCacheOutput="))
    return Path(option.partition("=")[2])


@needs_root
def test_jars_that_kafkas_user_cannot_read_are_reported(tmp_path: Path, passable: Path) -> None:
    """Kafka's user cannot read jars in pytest's folders.

    Jars in a home folder are equally unreadable for Kafka's user.
    """
    shutil.copytree(paths.cache(), tmp_path / "cache")
    with pytest.raises(CacheClosed, match=str(tmp_path / "cache")):
        kafka_in(passable / "state", port=29092, cache=tmp_path / "cache").prepare()


def test_intact_jars_of_an_earlier_release_are_reused(tmp_path: Path) -> None:
    earlier, cache = tmp_path / "earlier", tmp_path / "cache"
    shutil.copytree(jars.ensure(paths.cache() / f"kafka-{VERSION}")[0].parent, earlier)
    fetched: list[int] = []
    jar_folder = jars.ensure(cache, lambda done, _total: fetched.append(done), earlier=earlier)
    assert fetched == []
    assert all(file.parent == cache and file.stat().st_mode & 0o777 == 0o644 for file in jar_folder)
    jar_folder[0].unlink()
    (earlier / jar_folder[0].name).write_bytes(b"altered")
    jars.ensure(cache, lambda done, _total: fetched.append(done), earlier=earlier)
    assert fetched  # the altered jar was downloaded again


@pytest.mark.parametrize("name", ["Osh, Alai", 'the "new" one', "back\\slash"])
def test_a_folder_that_kafka_would_misread_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderUnsayable):
        kafka_in(tmp_path / name, port=29092).prepare()


def test_a_port_in_use_is_named_by_its_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"KAFKA_PORT={port}"):
            kafka_in(tmp_path, port=port).spawn()


@pytest.mark.skipif(paths.lowest_unprivileged_port() <= 1, reason="every port is everybody's here")
def test_a_port_that_only_root_may_open_is_refused(tmp_path: Path) -> None:
    port = paths.lowest_unprivileged_port() - 1
    with pytest.raises(PortPrivileged, match=f"KAFKA_PORT={port}"):
        kafka_in(tmp_path, port=port).spawn()


def kafka_in(state: Path, *, port: int, cache: Path | None = None) -> Kafka:
    folders = Folders(state=state, cache=cache or paths.cache()).make()
    (folders.secrets / "kafka-admin").write_text("secret")
    return Kafka(folders, port=port, controller_port=29093, password_file=folders.secrets / "kafka-admin")
