"""Creates the tables of hazards, households, alerts, receivers, deliveries and attempts."""

from alembic import op

from shared.messaging.tables import create_consumer_tables

revision = "alerts_0001"
down_revision = None

HAZARDS = """
CREATE TABLE hazards (
    hazard_id uuid NOT NULL,
    revision bigint NOT NULL,
    status text NOT NULL,
    areas text[] NOT NULL,
    ends_at timestamptz NOT NULL,
    is_cancelled boolean NOT NULL,
    report text NOT NULL,
    CONSTRAINT pk_hazards PRIMARY KEY (hazard_id)
)
"""

HOUSEHOLDS = """
CREATE TABLE households (
    household_id uuid NOT NULL,
    sequence integer NOT NULL,
    status text NOT NULL,
    mobility text NOT NULL,
    occurred_on date NOT NULL,
    is_day boolean NOT NULL,
    origin_area text,
    destination_area text,
    hazard_id uuid,
    CONSTRAINT pk_households PRIMARY KEY (household_id)
)
"""

ALERTS = """
CREATE TABLE alerts (
    alert_id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    area text NOT NULL,
    situation text NOT NULL,
    sequence integer NOT NULL,
    rule text NOT NULL,
    reason text NOT NULL,
    severity text NOT NULL,
    onset timestamptz NOT NULL,
    raised_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    nature text NOT NULL,
    is_suppressed boolean NOT NULL,
    is_lapsed boolean NOT NULL,
    step integer NOT NULL,
    level integer NOT NULL,
    escalates_at timestamptz,
    figures text NOT NULL,
    hazard_type text,
    hazard_id uuid,
    pcodes text[] NOT NULL,
    households integer,
    expires timestamptz,
    report_id uuid,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    acknowledged_name text,
    acknowledged_note text,
    resolved_at timestamptz,
    resolved_by uuid,
    resolved_name text,
    resolved_note text,
    verdict text,
    CONSTRAINT pk_alerts PRIMARY KEY (alert_id),
    CONSTRAINT uq_alerts_situation UNIQUE (kind, status, area, situation)
)
"""

RECEIVERS = """
CREATE TABLE receivers (
    label text NOT NULL,
    channel text NOT NULL,
    address text NOT NULL,
    language text NOT NULL,
    statuses text[] NOT NULL,
    step integer NOT NULL,
    areas text[] NOT NULL,
    floor text NOT NULL,
    secret bytea,
    former_secret bytea,
    CONSTRAINT pk_receivers PRIMARY KEY (label),
    CONSTRAINT ck_receivers_step CHECK (step >= 0)
)
"""

# If a worker was frozen until the end of its `lease`, it cannot record its attempt any more.
DELIVERIES = """
CREATE TABLE deliveries (
    delivery_id uuid NOT NULL,
    alert_id uuid NOT NULL,
    step integer NOT NULL,
    recipient text NOT NULL,
    channel text NOT NULL,
    cause text NOT NULL,
    content text NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    lease uuid,
    attempts integer NOT NULL DEFAULT 0,
    settled_at timestamptz,
    is_delivered boolean,
    reason text,
    CONSTRAINT pk_deliveries PRIMARY KEY (delivery_id),
    CONSTRAINT uq_deliveries_once UNIQUE (alert_id, step, recipient, channel)
) WITH (fillfactor = 70)
"""

ATTEMPTS = """
CREATE TABLE attempts (
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL,
    reason text NOT NULL,
    CONSTRAINT pk_attempts PRIMARY KEY (delivery_id, number)
)
"""

INDEXES = (
    "CREATE INDEX ix_hazards_areas ON hazards USING gin (areas) WHERE NOT is_cancelled",
    "CREATE INDEX ix_households_origin ON households (origin_area, occurred_on) WHERE is_day",
    "CREATE INDEX ix_households_destination ON households (destination_area)",
    "CREATE INDEX ix_alerts_raised_at ON alerts (raised_at, alert_id)",
    "CREATE INDEX ix_alerts_hazard_id ON alerts (hazard_id)",
    "CREATE INDEX ix_alerts_area ON alerts (area) WHERE kind = 'displacement'",
    "CREATE INDEX ix_alerts_escalates_at ON alerts (escalates_at) WHERE escalates_at IS NOT NULL",
    "CREATE INDEX ix_deliveries_due ON deliveries (recipient, due_at) WHERE settled_at IS NULL",
    "CREATE INDEX ix_deliveries_created_at ON deliveries (created_at)",
)

# PostgreSQL sends NOTIFY at commit, so the listening process starts the deliveries at once.
WAKE = """
CREATE FUNCTION wake_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_TABLE_SCHEMA || '_deliveries', '');
    RETURN NULL;
END $$
"""
TRIGGER = (
    "CREATE TRIGGER wake_deliveries AFTER INSERT ON deliveries FOR EACH STATEMENT EXECUTE FUNCTION wake_deliveries()"
)


def upgrade() -> None:
    create_consumer_tables(op)
    for statement in (HAZARDS, HOUSEHOLDS, ALERTS, RECEIVERS, DELIVERIES, ATTEMPTS, *INDEXES, WAKE, TRIGGER):
        op.execute(statement)
