"""Stores the receipts that the gateway pushes, and counts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.ext.asyncio import AsyncSession

from services.alerts.queries import sms_receipts as receipt_queries
from services.alerts.queries.sms_receipts import ReceiptResult
from services.alerts.sms.calls import NotReadable
from services.alerts.sms.gateway import SmsReceiptState, bounded_id, state_of, value_at, written
from services.alerts.sms.profiles import GatewayProfile, GatewayReceipts, PushedReceipts

NOT_FINAL, UNREADABLE = "not_final", "unreadable"
MOST_RECEIPTS = 500  # A body has at most 1,000 values, and each receipt needs at least two.


@dataclass(frozen=True, slots=True)
class PushedReceipt:
    """`state` is None as long as the gateway is trying to deliver the SMS.

    `part` is None if the receipt is about the whole SMS.
    """

    message_id: str
    state: SmsReceiptState | None
    part: str | None = None


class SmsReceipts:
    """A repeated receipt is only counted.

    A receipt of an unknown SMS is counted, and kept for an hour, because the SMS may be stored after its receipt.
    """

    def __init__(self, profile: GatewayReceipts, pushed: PushedReceipts, registry: CollectorRegistry) -> None:
        self._profile, self.pushed = profile, pushed
        self._taken = Counter("alerts_sms_receipts", "Receipts that the gateway pushed.", ["result"], registry=registry)
        for result in (*SmsReceiptState, ReceiptResult.REPEATED, ReceiptResult.UNKNOWN, NOT_FINAL, UNREADABLE):
            self._taken.labels(result)

    @classmethod
    def of_installation(cls, profile: GatewayProfile | None, registry: CollectorRegistry) -> Self | None:
        """Returns None if the gateway does not push receipts."""
        receipts = profile and profile.receipts
        return cls(receipts, receipts.pushed, registry) if receipts and receipts.pushed else None

    @property
    def expected(self) -> str:
        place = f" in each member of the list {self.pushed.each}" if self.pushed.each is not None else ""
        return f"A {self.pushed.body} body is expected, with {self.pushed.id} and {self._profile.field}{place}."

    def receipts_of(self, fields: Any) -> list[PushedReceipt]:
        """Raises NotReadable if none of the receipts is readable.

        If only some receipts are readable, the others are only counted. After an error, the gateway would repeat all
        receipts.
        """
        listed = value_at(fields, self.pushed.each) if self.pushed.each is not None else [fields]
        items = listed[:MOST_RECEIPTS] if isinstance(listed, list) else []
        receipts = [receipt for item in items if (receipt := self._receipt_of(item)) is not None]
        if not receipts:
            raise NotReadable
        self._taken.labels(UNREADABLE).inc(len(listed) - len(receipts))
        # All transactions lock messages in the order of their ids.
        return sorted(receipts, key=lambda receipt: receipt.message_id)

    def _receipt_of(self, fields: Any) -> PushedReceipt | None:
        message_id = bounded_id(value_at(fields, self.pushed.id))
        if message_id is None or written(value_at(fields, self._profile.field)) is None:
            return None
        part = None if self.pushed.part is None else bounded_id(value_at(fields, self.pushed.part))
        return PushedReceipt(message_id, state_of(fields, self._profile), part)

    async def take(self, session: AsyncSession, receipts: Sequence[PushedReceipt], now: datetime) -> None:
        for receipt in receipts:
            await self._take(session, receipt, now)

    async def _take(self, session: AsyncSession, receipt: PushedReceipt, now: datetime) -> None:
        if receipt.state is None:
            self._taken.labels(NOT_FINAL).inc()
            return
        result = await receipt_queries.take(session, receipt.message_id, receipt.state, now, part=receipt.part)
        self._taken.labels(receipt.state if result is ReceiptResult.STORED else result).inc()
