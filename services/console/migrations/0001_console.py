"""Creates the tables of accounts, the board and callers."""

from alembic import op

from shared.messaging.tables import create_consumer_tables

revision = "console_0001"
down_revision = None

ACCOUNTS = """
CREATE TABLE accounts (
    account_id uuid NOT NULL,
    name text NOT NULL,
    organisation text,
    team uuid,
    roles text[] NOT NULL,
    areas text[] NOT NULL,
    sources text[] NOT NULL,
    password_hash text,
    must_change boolean NOT NULL DEFAULT false,
    password_until timestamptz,
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_accounts PRIMARY KEY (account_id)
)
"""
ACCOUNT_NAME = "CREATE UNIQUE INDEX uq_accounts_name ON accounts (lower(name))"

HAZARDS = """
CREATE TABLE board_hazards (
    hazard_id uuid NOT NULL,
    revision bigint NOT NULL,
    status text NOT NULL,
    msg_type text NOT NULL,
    type text NOT NULL,
    type_text text,
    source text NOT NULL,
    source_id text NOT NULL,
    urgency text NOT NULL,
    severity text NOT NULL,
    certainty text NOT NULL,
    magnitude double precision,
    depth_km double precision,
    pcodes text[] NOT NULL,
    area text,
    lat double precision,
    lon double precision,
    onset timestamptz NOT NULL,
    expires timestamptz,
    received_at timestamptz NOT NULL,
    report_id uuid NOT NULL,
    author uuid NOT NULL,
    road text NOT NULL,
    text jsonb NOT NULL,
    web text,
    CONSTRAINT pk_board_hazards PRIMARY KEY (hazard_id)
)
"""
HAZARDS_BY_TIME = "CREATE INDEX ix_board_hazards_onset ON board_hazards (onset)"

HOUSEHOLDS = """
CREATE TABLE board_households (
    household_id uuid NOT NULL,
    sequence integer NOT NULL,
    status text NOT NULL,
    origin_pcode text,
    origin_country text,
    destination_pcode text,
    destination_country text,
    persons integer NOT NULL,
    mobility text NOT NULL,
    hazard_type text,
    occurred_on date NOT NULL,
    registered_at timestamptz,
    CONSTRAINT pk_board_households PRIMARY KEY (household_id)
)
"""

ALERTS = """
CREATE TABLE board_alerts (
    alert_id uuid NOT NULL,
    sequence integer NOT NULL,
    status text NOT NULL,
    nature text NOT NULL,
    rule text NOT NULL,
    reason text NOT NULL,
    figures jsonb NOT NULL,
    severity text NOT NULL,
    hazard_type text,
    hazard_id uuid,
    pcodes text[] NOT NULL,
    households integer,
    onset timestamptz NOT NULL,
    expires timestamptz,
    raised_at timestamptz NOT NULL,
    level integer NOT NULL,
    is_suppressed boolean NOT NULL,
    acknowledged_at timestamptz,
    acknowledged_by uuid,
    resolved_at timestamptz,
    resolved_by uuid,
    verdict text,
    CONSTRAINT pk_board_alerts PRIMARY KEY (alert_id)
)
"""
OPEN_ALERTS = "CREATE INDEX ix_board_alerts_open ON board_alerts (raised_at) WHERE resolved_at IS NULL"

DELIVERIES = """
CREATE TABLE board_deliveries (
    delivery_id uuid NOT NULL,
    sequence integer NOT NULL,
    alert_id uuid NOT NULL,
    status text NOT NULL,
    step integer NOT NULL,
    recipient text NOT NULL,
    channel text NOT NULL,
    is_delivered boolean NOT NULL,
    attempts integer NOT NULL,
    reason text,
    settled_at timestamptz NOT NULL,
    CONSTRAINT pk_board_deliveries PRIMARY KEY (delivery_id)
)
"""
DELIVERIES_OF_ALERT = "CREATE INDEX ix_board_deliveries_alert_id ON board_deliveries (alert_id)"

OUTCOMES = """
CREATE TABLE board_outcomes (
    outcome_id uuid NOT NULL,
    report_id uuid NOT NULL,
    version integer NOT NULL,
    consumer text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    outcome text NOT NULL,
    reason text,
    settled_at timestamptz NOT NULL,
    CONSTRAINT pk_board_outcomes PRIMARY KEY (outcome_id)
)
"""
OUTCOMES_BY_TIME = "CREATE INDEX ix_board_outcomes_settled_at ON board_outcomes (settled_at)"

CALLERS = """
CREATE TABLE callers (
    report_id uuid NOT NULL,
    author uuid NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    sealed bytea NOT NULL,
    CONSTRAINT pk_callers PRIMARY KEY (report_id)
)
"""
CALLED_REPORTS = """
CREATE TABLE called_reports (
    report_id uuid NOT NULL,
    hazard_id uuid NOT NULL,
    CONSTRAINT pk_called_reports PRIMARY KEY (report_id)
)
"""
CALLED_REPORTS_OF_HAZARD = "CREATE INDEX ix_called_reports_hazard_id ON called_reports (hazard_id)"
CALLER_READINGS = """
CREATE TABLE caller_readings (
    id bigint GENERATED ALWAYS AS IDENTITY,
    report_id uuid NOT NULL,
    account_id uuid NOT NULL,
    read_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_caller_readings PRIMARY KEY (id)
)
"""


def upgrade() -> None:
    create_consumer_tables(op)
    for statement in (
        ACCOUNTS,
        ACCOUNT_NAME,
        HAZARDS,
        HAZARDS_BY_TIME,
        HOUSEHOLDS,
        ALERTS,
        OPEN_ALERTS,
        DELIVERIES,
        DELIVERIES_OF_ALERT,
        OUTCOMES,
        OUTCOMES_BY_TIME,
        CALLERS,
        CALLED_REPORTS,
        CALLED_REPORTS_OF_HAZARD,
        CALLER_READINGS,
    ):
        op.execute(statement)
