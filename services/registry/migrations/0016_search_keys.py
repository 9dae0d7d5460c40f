"""Stores all search keys of a household in one row, with the id of the root key from which they were derived.

The former table of search keys was never used.
"""

from alembic import op

revision = "registry_0016"
down_revision = "registry_0015"

SEARCH_KEYS = """
CREATE TABLE search_keys (
    household_id uuid NOT NULL,
    keys bytea[] NOT NULL,
    CONSTRAINT pk_search_keys PRIMARY KEY (household_id)
)
"""


def upgrade() -> None:
    op.execute("DROP TABLE search_keys")
    op.execute(SEARCH_KEYS)
    op.execute("CREATE INDEX ix_search_keys_keys ON search_keys USING gin (keys) WITH (gin_pending_list_limit = 256)")
    op.execute("ALTER TABLE households ADD COLUMN search_root_id text NOT NULL DEFAULT ''")
    op.execute("CREATE INDEX ix_households_search_root_id ON households (search_root_id)")
