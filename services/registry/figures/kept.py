"""Keeps figures in memory until a displacement changes, so that a repeated query is answered at once."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any, TypeVar

from sqlalchemy import Text, cast, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.figures.figure_values import Figure
from services.registry.figures.queries import FigureQuery, Kind
from services.registry.figures.statistics import figures
from services.registry.models import DataVersion
from shared.places import Places
from shared.postgres import snapshots

MOST_FIGURES = 120_000  # about 50 MB
QUESTION_WEIGHT = 20  # a stored query takes as much memory as 20 figures
FIGURE_BYTES = 400  # an encoded answer of this many bytes counts as one figure

T = TypeVar("T")
Answer = list[Any] | bytes
# One query can have several encoded answers: for each language and each page of rows.
Question = tuple[str, FigureQuery, *tuple[Hashable, ...]]


class KeptFigures:
    """All kept answers are of one version of the data.

    A question contains the caller's areas: two callers share an answer only if they may see the same areas.
    """

    def __init__(self, most_figures: int = MOST_FIGURES) -> None:
        self._most = most_figures
        self._version: str | None = None
        self._answers: dict[Question, Any] = {}
        self._weight = 0

    async def answer(self, session: AsyncSession, kind: Kind, query: FigureQuery, places: Places) -> list[Figure]:
        """The caller must not change the returned list."""
        return await self.kept(session, (kind, query), lambda: figures(session, kind, query, places))

    async def kept(
        self, session: AsyncSession, question: Question, compute: Callable[[], Awaitable[list[T]]]
    ) -> list[T]:
        """The caller must not change the returned list."""
        version = await data_version(session)
        kept_answer: list[T] | None = self._kept(version, question)
        if kept_answer is not None:
            return kept_answer
        answer = await compute()
        # If the data changed while the figures were computed, the figures are returned, but not kept.
        if await data_version(session) == version:
            self._keep(version, question, answer)
        return answer

    async def encoded(
        self, session: AsyncSession, question: Question, encode: Callable[[str], Awaitable[bytes]]
    ) -> bytes:
        """`encode` is called with the version of the data.

        One snapshot is used for the version and the figures. The session must be new: no statement may have been
        executed.
        """
        await snapshots.start(session)
        version = await data_version(session)
        kept_answer: bytes | None = self._kept(version, question)
        if kept_answer is not None:
            return kept_answer
        answer = await encode(version)
        self._keep(version, question, answer)
        return answer

    def _kept(self, version: str, question: Question) -> Any:
        """The answer becomes the most recently used answer."""
        if version != self._version:
            self._version, self._answers, self._weight = version, {}, 0
        if (answer := self._answers.pop(question, None)) is not None:
            self._answers[question] = answer
        return answer

    def _keep(self, version: str, question: Question, answer: Answer) -> None:
        """If the memory is full, the answers that nobody has used for the longest time are removed.

        An answer of an earlier version is not kept if another request has read a later version meanwhile. An answer
        that needs more than half of the memory is not kept, because it would displace too many answers.
        """
        if version != self._version or weight(answer) > self._most // 2:
            return
        self._forget(question)  # a concurrent request may have stored the same answer
        self._answers[question] = answer
        self._weight += weight(answer)
        while self._weight > self._most:
            self._forget(next(iter(self._answers)))

    def _forget(self, question: Question) -> None:
        if (answer := self._answers.pop(question, None)) is not None:
            self._weight -= weight(answer)


def weight(answer: Answer) -> int:
    return QUESTION_WEIGHT + len(answer) // (FIGURE_BYTES if isinstance(answer, bytes) else 1)


async def data_version(session: AsyncSession) -> str:
    """A digest of the table `data_versions`.

    Each change of the data writes a random version into one row of the table. If two digests are equal, the data are
    equal.
    """
    versions = func.string_agg(cast(DataVersion.version, Text), aggregate_order_by(literal(""), DataVersion.slot))
    digest: str = (await session.execute(select(func.md5(versions)))).scalar_one()
    return digest
