"""The tables of every consuming service: offsets, inbox, ledger, dead letters and decisions about them, outbox."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, CheckConstraint, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from shared.postgres.models import Base, table


class ConsumerOffset(Base):
    """`stopped` is the reason why the service stopped at `next_offset`, or None."""

    __tablename__ = "consumer_offsets"
    __table_args__ = (
        CheckConstraint("first_offset <= next_offset", name="order"),
        {"postgresql_with": {"fillfactor": 50}},
    )

    topic: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True)
    first_offset: Mapped[int] = mapped_column(BigInteger)
    next_offset: Mapped[int] = mapped_column(BigInteger)
    advanced_at: Mapped[datetime] = mapped_column(server_default=func.now())
    stopped: Mapped[str | None]


class InboxEvent(Base):
    __tablename__ = "inbox"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes]


class LedgerCount(Base):
    __tablename__ = "ledger"
    __table_args__ = {"postgresql_with": {"fillfactor": 50}}  # noqa: RUF012 - as SQLAlchemy reads it

    topic: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class DeadLetterRow(Base):
    """The row has no content. The record itself is in the Kafka topic of dead letters."""

    __tablename__ = "dead_letters"

    topic: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[UUID | None]
    reason: Mapped[str]
    pointer: Mapped[str]
    set_aside_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # A restore onto another Kafka log changes `offset`. The restore keeps the original offset here.
    written_offset: Mapped[int | None] = mapped_column(BigInteger)

    @property
    def is_restored(self) -> bool:
        return self.written_offset is not None

    @property
    def written(self) -> int:
        """The offset that the headers of the dead letter state.

        After a restore, this offset belongs to the old Kafka log.
        """
        return self.offset if self.written_offset is None else self.written_offset


class Decision:
    """`result` is the outcome after the decision, or the code of the reason why nothing changed."""

    decision_id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    account: Mapped[UUID]
    reason: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    carried_out_at: Mapped[datetime | None]
    result: Mapped[str | None]


class OfLetter:
    """The topic, partition and offset of the original record."""

    topic: Mapped[str]
    partition: Mapped[int]
    offset: Mapped[int] = mapped_column(BigInteger)


class Redrive(Decision, OfLetter, Base):
    """A decision to handle a dead letter, or to refuse the dead letter.

    `refusal` is the code of the refusal's reason, which the report's author reads.
    """

    __tablename__ = "redrives"

    refusal: Mapped[str | None]


class LetterOpening(Decision, OfLetter, Base):
    """A person's request to read a dead letter.

    The worker reads the content from Kafka. `sealed` is the content, encrypted with its own key. `wrapped` is this key,
    encrypted with the key `kek_id`. The row is deleted when the person has read the content, or after ten minutes.
    """

    __tablename__ = "letter_openings"

    kek_id: Mapped[str | None]
    wrapped: Mapped[bytes | None]
    sealed: Mapped[bytes | None]


class OutboxEvent(Base):
    """The relay sends events in the order of `id`."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    topic: Mapped[str]
    key: Mapped[bytes | None]
    value: Mapped[bytes]
    headers: Mapped[bytes]


OUTBOX = table(OutboxEvent)
CONSUMER_TABLES = (
    *map(table, (ConsumerOffset, InboxEvent, LedgerCount, DeadLetterRow, Redrive, LetterOpening)),
    OUTBOX,
)
