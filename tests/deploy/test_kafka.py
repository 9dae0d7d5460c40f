"""Kafka's folder and ports, before it starts."""

import os
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from deploy.local import paths
from deploy.local.component import Folders
from deploy.local.kafka import FolderUnsayable, Kafka
from deploy.local.messages import FolderClosed, PortInUse


def test_kafka_lives_in_a_folder_with_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Java would take its file names from the terminal's language, and read its settings as Latin-1."""
    monkeypatch.setenv("LC_ALL", "C")
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o711)  # as root, Kafka's user has its folder below
        kafka = kafka_in(place / "кырсык бөлмөсү", port=29092)
        kafka.prepare()
        assert (kafka.folder / "data" / "meta.properties").exists()
        assert [each.name for each in place.iterdir()] == ["кырсык бөлмөсү"]


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root runs Kafka as himself")
def test_a_folder_that_kafkas_user_cannot_enter_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(FolderClosed):
        kafka_in(tmp_path / "state", port=29092).prepare()


@pytest.mark.parametrize("name", ["Osh, Alai", 'the "new" one', "back\\slash"])
def test_a_folder_that_kafka_would_take_for_another_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderUnsayable):
        kafka_in(tmp_path / name, port=29092).prepare()


def test_a_port_that_is_taken_is_named_as_it_is_chosen(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"KAFKA_PORT={port}"):
            kafka_in(tmp_path, port=port).spawn()


def kafka_in(state: Path, *, port: int) -> Kafka:
    folders = Folders(state=state, cache=paths.cache()).make()
    (folders.secrets / "kafka-admin").write_text("secret")
    return Kafka(folders, port=port, controller_port=29093, password_file=folders.secrets / "kafka-admin")
