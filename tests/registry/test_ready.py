"""`/ready` answers even while PostgreSQL is frozen."""

import asyncio
from pathlib import Path

import httpx
import pytest

from deploy.local import paths
from services.registry.app import create_app
from services.registry.config import RegistrySettings
from shared.auth import signer
from shared.crypto import keyring

pytestmark = pytest.mark.anyio


async def test_a_frozen_postgresql_is_asked_once(tmp_path: Path) -> None:
    """A query of a frozen PostgreSQL takes two seconds. `/ready` must therefore query PostgreSQL only once."""
    signer.generate(tmp_path)
    for name in ("kek", "search-root"):
        keyring.draw_first(tmp_path / name)
    connections: list[asyncio.StreamWriter] = []

    async def accept_and_say_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    async with await asyncio.start_server(accept_and_say_nothing, "127.0.0.1", 0) as frozen:
        app = create_app(settings(tmp_path, port=frozen.sockets[0].getsockname()[1]))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client,
        ):
            answer = await client.get("/ready")
        for connection in connections:
            connection.close()
    assert answer.status_code == 503
    assert {"postgresql": False, "reports_in_time": False}.items() <= answer.json()["dependencies"].items()
    assert len(connections) == 1


def settings(folder: Path, *, port: int) -> RegistrySettings:
    return RegistrySettings(
        database_url=f"postgresql://registry@127.0.0.1:{port}/dayar",
        kafka_bootstrap=f"127.0.0.1:{paths.free_port()}",
        token_public_keys=folder / "public",
        registry_kek_file=folder / "kek",
        search_root_file=folder / "search-root",
        state=folder,
    ).for_service("registry")
