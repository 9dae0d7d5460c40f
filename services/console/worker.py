"""Wires the console's worker: the consumer that fills the board, the outbox relay, and the periodic tasks."""

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from services.console import clock, figure_history
from services.console.administration.telephones import Telephones
from services.console.config import ConsoleSettings
from services.console.handlers import BOARD
from services.console.hazards.callers import Callers
from services.console.paper import Paper
from services.console.queries import callers, sealed_texts
from services.console.search.entries import SearchWords
from services.console.search.indexing import SearchIndex
from services.console.sign_in.sealed_texts import SealedTexts
from services.console.sign_in.totp import TotpSecrets
from services.console.state import console_pages
from shared import wiring
from shared.crypto.envelope_encryption import EnvelopeEncryption
from shared.crypto.rotation import keep_newest
from shared.messaging.consumer import Consumer
from shared.messaging.redrives import Redrives
from shared.places import Places
from shared.postgres import database

BOARD_EVERY_MS = 20  # longer pauses make larger batches and save work, but people would notice a longer pause


async def run(settings: ConsoleSettings) -> None:
    async with database.opened(settings) as engine:
        sessions = database.sessions(engine)
        consumer = Consumer("console", BOARD, settings=settings, sessions=sessions, every_ms=BOARD_EVERY_MS)
        keys, pages = settings.callers_key_file, console_pages(settings)
        sealed_callers, boxes = Callers(keys), (TotpSecrets(keys), Telephones(keys))
        index = SearchIndex(sessions, SearchWords(pages, Places.load(settings.places_path)))
        tasks = [
            consumer.run(),
            index.run(),
            keep_newest("callers", lambda: reseal(sessions, sealed_callers, *boxes)),
            figure_history.run(sessions, settings.counted_status),
        ]
        if settings.ntp_server:
            tasks.append(clock.watch(settings.ntp_server, sessions))
        if settings.paper_folder:
            tasks.append(Paper(settings, sessions, pages).run(settings.paper_folder))
        redrives = Redrives("console", [consumer], settings=settings)
        encryption = EnvelopeEncryption(settings.callers_key_file)
        await wiring.work(settings, engine, *tasks, redrives=redrives, encryption=encryption)


async def reseal(sessions: async_sessionmaker[AsyncSession], sealed_callers: Callers, *boxes: SealedTexts) -> int:
    async with sessions.begin() as session:
        count = await callers.reseal(session, sealed_callers)
        return count + sum([await sealed_texts.reseal(session, box) for box in boxes])
