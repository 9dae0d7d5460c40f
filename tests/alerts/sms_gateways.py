"""A real HTTP server that plays two SMS gateways: one accepts and answers JSON, the other accepts forms."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

SECRET = "gateway-secret-of-the-tests"
EXAMPLES = Path(__file__).parents[2] / "deploy" / "sms"


@dataclass
class Gateways:
    """The fields of each accepted message.

    `answers` are the gateway's answers to the next messages, in order.
    """

    folder: Path
    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)
    states: list[Any] = field(default_factory=list)
    port: int = 0

    @property
    def secret_file(self) -> Path:
        file = self.folder / "sms-secret"
        file.write_text(f"{SECRET}\n")
        return file

    def profile(self, name: str, **changed: str) -> Path:
        path = {"json": "api/v1/messages", "form": "send"}[name]
        lines = {"url": f"http://127.0.0.1:{self.port}/{path}", **changed}
        text = (EXAMPLES / f"{name}.toml").read_text()
        for key, value in lines.items():
            former = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
            text = text.replace(former, f'{key} = "{value}"')
        file = self.folder / f"{name}.toml"
        file.write_text(text)
        return file

    def whole_profile(self, name: str, **changed: str) -> Path:
        """Returns the example profile of a gateway, including the lines that the example has as comments."""
        file = self.profile(name, **changed)
        text = file.read_text().replace("https://sms.example.kg", f"http://127.0.0.1:{self.port}")
        file.write_text(re.sub(r"^#(?=\S)", "", text, flags=re.MULTILINE))
        return file

    async def take_json(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {SECRET}" or request.content_type != "application/json":
            return web.json_response({"status": "unauthorized"}, status=401)
        self.messages.append(await request.json())
        if self.answers:
            return self.answers.pop(0)
        return web.json_response({"status": "accepted", "message": {"id": f"m-{len(self.messages)}"}}, status=202)

    async def state(self, request: web.Request) -> web.Response:
        """Answers a request for a receipt: the message's state is the next of `states`.

        For a message of several parts, the state is a list of the parts' states.
        """
        assert (await request.json())["id"] == "m-1"
        state = self.states.pop(0)
        if isinstance(state, str):
            return web.json_response({"state": state})
        return web.json_response({"parts": [{"state": each} for each in state]})

    async def take_form(self, request: web.Request) -> web.Response:
        fields = dict(await request.post())
        if fields.pop("password", None) != SECRET:
            return web.Response(text="ERROR 3")
        self.messages.append(fields)
        return self.answers.pop(0) if self.answers else web.Response(text=f"OK {len(self.messages)}\n")


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Gateways]:
    gateways, app = Gateways(folder), web.Application()
    app.router.add_post("/api/v1/messages", gateways.take_json)
    app.router.add_post("/api/v1/states", gateways.state)
    app.router.add_post("/send", gateways.take_form)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    gateways.port = runner.addresses[0][1]
    try:
        yield gateways
    finally:
        await runner.cleanup()
