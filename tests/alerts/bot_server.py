"""A real HTTP server with the methods of Telegram's Bot API that the alerts service calls."""

import asyncio
import itertools
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from tests.waiting import wait_for

TOKEN = "7001:AAtest-token"
GROUP, DESK = -100200, 42


class Refused(Exception):
    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class BotServer:
    """The bot's chats with their messages, and the updates that the bot has not fetched.

    `refusals` has a list for each method of the Bot API. Each entry stands for one call: a refusal makes the call fail,
    and None lets the call succeed.
    """

    token: str = TOKEN
    messages: dict[int, dict[int, dict[str, Any]]] = field(default_factory=lambda: {GROUP: {}, DESK: {}})
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    refusals: dict[str, list[Refused | None]] = field(default_factory=lambda: defaultdict(list))
    updates: list[dict[str, Any]] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)  # chats whose messages are never answered
    port: int = 0
    can_send: asyncio.Event = field(default_factory=asyncio.Event)  # no message is answered before this event is set
    has_updates: asyncio.Event = field(default_factory=asyncio.Event)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(100))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sent(self, chat: int = GROUP) -> list[dict[str, Any]]:
        return list(self.messages[chat].values())

    def called(self, method: str) -> list[dict[str, Any]]:
        return [fields for name, fields in self.calls if name == method]

    async def message(self, count: int = 1, chat: int = GROUP) -> dict[str, Any]:
        async def newest() -> dict[str, Any] | None:
            sent = self.sent(chat)
            return sent[-1] if len(sent) >= count else None

        return await wait_for(newest)

    def update(self, **content: Any) -> int:
        id = next(self._ids)
        self.updates.append({"update_id": id, **content})
        self.has_updates.set()
        return id

    def presses(self, message: dict[str, Any], button: int, user: int = DESK) -> None:
        row = message["reply_markup"]["inline_keyboard"][0]
        self.sends_data(row[button]["callback_data"], message, user)

    def sends_data(self, data: str, message: dict[str, Any], user: int = DESK) -> None:
        pressed = {"id": str(next(self._ids)), "from": {"id": user}, "data": data, "message": place(message)}
        self.update(callback_query=pressed)

    def says(self, text: str, user: int = DESK, chat: int = DESK, answers: dict[str, Any] | None = None) -> None:
        sender = {"id": user, "language_code": "ru"}
        message = {"message_id": next(self._ids), "from": sender, "text": text}
        kind = "private" if chat > 0 else "supergroup"
        more = {"reply_to_message": place(answers)} if answers else {}
        self.update(message={**message, "chat": {"id": chat, "type": kind}, **more})

    async def answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        fields = json.loads(await request.read() or b"{}")
        self.calls.append((method, fields))
        try:
            self._admit(request.match_info["token"], method)
            result = await getattr(self, f"do_{method}")(**fields)
        except Refused as refused:
            if refused.description.startswith("<"):  # a proxy answers with an HTML page instead of JSON
                return web.Response(text=refused.description, status=refused.code, content_type="text/html")
            more = {"parameters": refused.parameters} if refused.parameters else {}
            body = {"ok": False, "error_code": refused.code, "description": refused.description, **more}
            return web.json_response(body, status=refused.code)
        return web.json_response({"ok": True, "result": result})

    def _admit(self, token: str, method: str) -> None:
        if token != self.token:
            raise Refused(401, "Unauthorized")
        if self.refusals[method] and (refused := self.refusals[method].pop(0)) is not None:
            raise refused

    async def do_sendMessage(self, chat_id: int, text: str, **fields: Any) -> dict[str, Any]:  # noqa: N802
        await self.can_send.wait()
        if chat_id in self.silent:
            await asyncio.Event().wait()
        chat = self._chat(chat_id)
        check(text, fields)
        id = next(self._ids)
        chat[id] = {"message_id": id, "chat": {"id": chat_id}, "text": text, **fields}
        return chat[id]

    async def do_editMessageText(  # noqa: N802
        self, chat_id: int, message_id: int, text: str, **fields: Any
    ) -> dict[str, Any]:
        chat = self._chat(chat_id)
        if message_id not in chat:
            raise Refused(400, "Bad Request: message to edit not found")
        check(text, fields)
        edited = {**chat[message_id], "reply_markup": None, "text": text, **fields}
        if edited == {"reply_markup": None, **chat[message_id]}:
            raise Refused(400, "Bad Request: message is not modified")
        chat[message_id] = edited
        return edited

    async def do_getMe(self) -> dict[str, Any]:  # noqa: N802
        return {"id": 7001, "is_bot": True, "username": "dayar_test_bot"}

    async def do_answerCallbackQuery(self, callback_query_id: str, text: str = "", **_: Any) -> bool:  # noqa: N802
        if len(text) > 200:
            raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
        return bool(callback_query_id)

    async def do_getUpdates(  # noqa: N802
        self, offset: int = 0, timeout: int = 0, limit: int = 100, **_: Any
    ) -> list[dict[str, Any]]:
        self.updates = [update for update in self.updates if update["update_id"] >= offset]
        if not self.updates:
            self.has_updates.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self.has_updates.wait()
            except TimeoutError:
                pass
        return self.updates[:limit]

    def _chat(self, id: int) -> dict[int, dict[str, Any]]:
        if id not in self.messages:
            raise Refused(400, "Bad Request: chat not found")
        return self.messages[id]


def texts_of(message: dict[str, Any]) -> list[str]:
    keyboard = (message["reply_markup"] or {}).get("inline_keyboard", [])
    return [button["text"] for row in keyboard for button in row]


def place(message: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": message["message_id"], "chat": message["chat"], "date": 0}


def check(text: str, fields: dict[str, Any]) -> None:
    if not text or len(text.encode("utf-16-le")) > 2 * 4096:
        raise Refused(400, "Bad Request: message is too long")
    for button in itertools.chain(*(fields.get("reply_markup") or {}).get("inline_keyboard", [])):
        if not 1 <= len(button.get("callback_data", "x").encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        if "url" in button and "." not in (urlsplit(button["url"]).hostname or ""):
            raise Refused(400, "Bad Request: inline keyboard button URL is invalid: Wrong HTTP URL")


@asynccontextmanager
async def serving() -> AsyncIterator[BotServer]:
    server, app = BotServer(), web.Application()
    server.can_send.set()
    app.router.add_post("/bot{token}/{method}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
