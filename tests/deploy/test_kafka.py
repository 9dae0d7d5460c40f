"""Kafka's folder, wherever it lies."""

from pathlib import Path

import pytest

from deploy.local import homes
from deploy.local.kafka import Kafka
from deploy.local.part import Folders


def test_kafka_lives_in_a_folder_with_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Java would take its file names from the terminal's language."""
    monkeypatch.setenv("LC_ALL", "C")
    folders = Folders(state=tmp_path / "кырсык бөлмөсү", cache=homes.cache()).make()
    (folders.secrets / "kafka-admin").write_text("secret")
    kafka = Kafka(folders, port=29092, controller_port=29093, password_file=folders.secrets / "kafka-admin")
    kafka.prepare()
    assert (kafka.folder / "data" / "meta.properties").exists()
