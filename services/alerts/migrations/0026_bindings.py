"""Adds three tables for people who act on alerts by messages: bindings, codes and wrong codes."""

from alembic import op

revision = "alerts_0026"
down_revision = "alerts_0025"

BINDINGS = """
CREATE TABLE bindings (
    channel text NOT NULL,
    identity text NOT NULL,
    account_id uuid NOT NULL,
    name text NOT NULL,
    roles text[] NOT NULL,
    areas text[] NOT NULL,
    issued_at timestamptz NOT NULL,
    bound_at timestamptz NOT NULL,
    CONSTRAINT pk_bindings PRIMARY KEY (channel, identity),
    CONSTRAINT uq_bindings_channel_account_id UNIQUE (channel, account_id)
)
"""
CODES = """
CREATE TABLE binding_codes (
    channel text NOT NULL,
    account_id uuid NOT NULL,
    digest bytea NOT NULL,
    name text NOT NULL,
    roles text[] NOT NULL,
    areas text[] NOT NULL,
    issued_at timestamptz NOT NULL,
    CONSTRAINT pk_binding_codes PRIMARY KEY (channel, account_id),
    CONSTRAINT uq_binding_codes_digest UNIQUE (digest)
)
"""
TRIES = """
CREATE TABLE binding_tries (
    channel text NOT NULL,
    identity text NOT NULL,
    began_at timestamptz NOT NULL,
    failures integer NOT NULL,
    CONSTRAINT pk_binding_tries PRIMARY KEY (channel, identity)
)
"""


def upgrade() -> None:
    for statement in (BINDINGS, CODES, TRIES):
        op.execute(statement)
