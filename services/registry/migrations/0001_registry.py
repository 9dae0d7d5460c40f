"""Creates tables of households, members, episodes, groups, reports, keys, search keys, and reads of personal data."""

from alembic import op

from shared.messaging.tables import create_consumer_tables

revision = "registry_0001"
down_revision = None

# There are no foreign keys, because only one writer changes the rows of a household, and checks of rows cost time.
PLACES = """
    origin_pcode text,
    origin_country text,
    destination_pcode text,
    destination_country text,
"""

HOUSEHOLDS = f"""
CREATE TABLE households (
    household_id uuid NOT NULL,
    status text NOT NULL,
    author uuid NOT NULL,
    team uuid,
    report_id uuid NOT NULL,
    version integer NOT NULL,
    sequence integer NOT NULL,
    row_version integer NOT NULL,
    {PLACES}
    persons integer NOT NULL,
    registered_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT pk_households PRIMARY KEY (household_id)
)
"""

KEYS = """
CREATE TABLE {table} (
    {subject} uuid NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    CONSTRAINT pk_{table} PRIMARY KEY ({subject})
)
"""

MEMBERS = """
CREATE TABLE members (
    household_id uuid NOT NULL,
    member_id uuid NOT NULL,
    position smallint NOT NULL,
    row_version integer NOT NULL,
    sex text NOT NULL,
    birth_year smallint,
    relationship text NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT pk_members PRIMARY KEY (household_id, member_id)
)
"""

# The primary key lets a report_id begin only one displacement, even with concurrent workers.
EPISODES = f"""
CREATE TABLE episodes (
    report_id uuid NOT NULL,
    household_id uuid NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    occurred_at timestamptz NOT NULL,
    occurred_at_precision text NOT NULL,
    reported_at timestamptz NOT NULL,
    mobility text NOT NULL,
    {PLACES}
    persons integer NOT NULL,
    displaced integer NOT NULL,
    sex_age integer[] NOT NULL,
    reasons text[] NOT NULL,
    hazard_type text,
    hazard_id uuid,
    CONSTRAINT pk_episodes PRIMARY KEY (report_id)
)
"""

GROUPS = """
CREATE TABLE groups (
    group_id uuid NOT NULL,
    status text NOT NULL,
    author uuid NOT NULL,
    team uuid,
    report_id uuid NOT NULL,
    version integer NOT NULL,
    sequence integer NOT NULL,
    row_version integer NOT NULL,
    registered_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT pk_groups PRIMARY KEY (group_id)
)
"""

COUNTS = f"""
CREATE TABLE counts (
    report_id uuid NOT NULL,
    group_id uuid NOT NULL,
    version integer NOT NULL,
    status text NOT NULL,
    occurred_at timestamptz NOT NULL,
    occurred_at_precision text NOT NULL,
    reported_at timestamptz NOT NULL,
    mobility text NOT NULL,
    {PLACES}
    measure text NOT NULL,
    quantifier text NOT NULL,
    persons integer NOT NULL,
    sex_age integer[] NOT NULL,
    reasons text[] NOT NULL,
    hazard_type text,
    hazard_id uuid,
    CONSTRAINT pk_counts PRIMARY KEY (report_id)
)
"""

REPORTS = """
CREATE TABLE reports (
    report_id uuid NOT NULL,
    version integer NOT NULL,
    author uuid NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    team uuid,
    road text NOT NULL,
    received_at timestamptz NOT NULL,
    places_version text,
    flags text[] NOT NULL,
    status text NOT NULL,
    digest bytea NOT NULL,
    outcome text NOT NULL,
    reason text,
    outcome_id uuid NOT NULL,
    clear text NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT pk_reports PRIMARY KEY (report_id, version, author, kind)
)
"""

SEARCH_KEYS = """
CREATE TABLE search_keys (
    field text NOT NULL,
    key_id text NOT NULL,
    key bytea NOT NULL,
    household_id uuid NOT NULL,
    member_id uuid
)
"""

READS = """
CREATE TABLE reads (
    id bigint GENERATED ALWAYS AS IDENTITY,
    read_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    account uuid NOT NULL,
    token uuid NOT NULL,
    what text NOT NULL,
    household_ids uuid[] NOT NULL,
    CONSTRAINT pk_reads PRIMARY KEY (id)
)
"""

INDEXES = (
    "CREATE INDEX ix_households_changed_at ON households (changed_at, household_id)",
    "CREATE INDEX ix_reports_subject_id ON reports (subject_id)",
    "CREATE INDEX ix_episodes_household_id ON episodes (household_id)",
    "CREATE INDEX ix_counts_group_id ON counts (group_id)",
    "CREATE INDEX ix_search_keys_field_key ON search_keys (field, key)",
    "CREATE INDEX ix_search_keys_household_id ON search_keys (household_id)",
)


def upgrade() -> None:
    create_consumer_tables(op)
    keys = [
        KEYS.format(table="household_keys", subject="household_id"),
        KEYS.format(table="group_keys", subject="group_id"),
    ]
    for statement in (
        HOUSEHOLDS,
        MEMBERS,
        EPISODES,
        GROUPS,
        COUNTS,
        REPORTS,
        SEARCH_KEYS,
        READS,
        *keys,
        *INDEXES,
    ):
        op.execute(statement)
