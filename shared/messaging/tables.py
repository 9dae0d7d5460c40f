"""SQL that creates the tables of every consuming service: offsets, inbox, ledger, dead letters, redrives, outbox."""

# raw SQL throughout: the first migrations must create the same tables as before, even if the models change

from typing import Any

OFFSETS = """
CREATE TABLE consumer_offsets (
    topic text NOT NULL,
    partition integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    advanced_at timestamptz NOT NULL DEFAULT now(),
    stopped text,
    CONSTRAINT pk_consumer_offsets PRIMARY KEY (topic, partition),
    CONSTRAINT ck_consumer_offsets_order CHECK (first_offset <= next_offset)
) WITH (fillfactor = 50)
"""

INBOX = """
CREATE TABLE inbox (
    event_id uuid NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT pk_inbox PRIMARY KEY (event_id)
)
"""

LEDGER = """
CREATE TABLE ledger (
    topic text NOT NULL,
    partition integer NOT NULL,
    kind text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT pk_ledger PRIMARY KEY (topic, partition, kind)
) WITH (fillfactor = 50)
"""

DEAD_LETTERS = """
CREATE TABLE dead_letters (
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    event_id uuid,
    reason text NOT NULL,
    pointer text NOT NULL,
    set_aside_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_dead_letters PRIMARY KEY (topic, partition, "offset")
)
"""

# The offset in the headers of the dead letter. After a restore onto another Kafka log, `offset` has another value.
WRITTEN_OFFSET = "ALTER TABLE dead_letters ADD COLUMN written_offset bigint"

REDRIVES = """
CREATE TABLE redrives (
    decision_id uuid NOT NULL,
    account uuid NOT NULL,
    reason text NOT NULL,
    decided_at timestamptz NOT NULL,
    carried_out_at timestamptz,
    result text,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    CONSTRAINT pk_redrives PRIMARY KEY (decision_id)
)
"""

# The code of the reason why a person refused the dead letter.
REFUSAL = "ALTER TABLE redrives ADD COLUMN refusal text"

LETTER_OPENINGS = """
CREATE TABLE letter_openings (
    decision_id uuid NOT NULL,
    account uuid NOT NULL,
    reason text NOT NULL,
    decided_at timestamptz NOT NULL,
    carried_out_at timestamptz,
    result text,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    kek_id text,
    wrapped bytea,
    sealed bytea,
    CONSTRAINT pk_letter_openings PRIMARY KEY (decision_id)
)
"""

OUTBOX = """
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY,
    topic text NOT NULL,
    key bytea,
    value bytea NOT NULL,
    headers bytea NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id)
)
"""

# Wakes the relay after an INSERT or a COPY. PostgreSQL sends one NOTIFY for each transaction, when the transaction
# commits.
WAKE = """
CREATE FUNCTION wake_relay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA || '_outbox', '');
    RETURN NULL;
END $$
"""
TRIGGER = "CREATE TRIGGER wake_relay AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION wake_relay()"


def create_consumer_tables(op: Any) -> None:
    """A service's first migration calls this function."""
    for statement in (OFFSETS, INBOX, LEDGER, DEAD_LETTERS, OUTBOX, WAKE, TRIGGER):
        op.execute(statement)


def create_reader_tables(op: Any) -> None:
    """For a service that had only an outbox, and now begins to consume topics."""
    for statement in (OFFSETS, INBOX, LEDGER, DEAD_LETTERS, WRITTEN_OFFSET, REDRIVES):
        op.execute(statement)


def create_redrives(op: Any) -> None:
    op.execute(REDRIVES)


def create_letter_openings(op: Any) -> None:
    op.execute(LETTER_OPENINGS)


def add_refusal(op: Any) -> None:
    op.execute(REFUSAL)


def add_written_offset(op: Any) -> None:
    op.execute(WRITTEN_OFFSET)
