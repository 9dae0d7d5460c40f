"""Adds the words of the search, and triggers that note each changed row of the board.

The previous release of Dayar makes no words, so triggers also note the rows that the previous release writes. After the
migration, the worker also makes the words of all stored rows.
"""

from alembic import op

revision = "console_0034"
down_revision = "console_0033"

TABLES = {
    "alerts": ("board_alerts", "alert_id"),
    "hazards": ("board_hazards", "hazard_id"),
    "groups": ("board_groups", "report_id"),
    "sites": ("board_sites", "site_id"),
}
ENTRIES = """
CREATE TABLE search_entries (
    kind text NOT NULL,
    id uuid NOT NULL,
    words tsvector NOT NULL,
    version text NOT NULL,
    CONSTRAINT pk_search_entries PRIMARY KEY (kind, id)
)
"""
CHANGES = """
CREATE TABLE search_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    id uuid NOT NULL,
    CONSTRAINT pk_search_changes PRIMARY KEY (change_id)
)
"""
FUNCTION = """
CREATE FUNCTION note_search_change_of_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO search_changes (kind, id) VALUES ('{kind}', NEW.{id});
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE TRIGGER note_search_change AFTER INSERT OR UPDATE ON {table}
FOR EACH ROW EXECUTE FUNCTION note_search_change_of_{kind}()
"""


def upgrade() -> None:
    op.execute("ALTER TABLE board_groups ADD COLUMN group_id uuid")  # a result of the search links to its group
    op.execute(ENTRIES)
    op.execute("CREATE INDEX ix_search_entries_words ON search_entries USING gin (words)")
    op.execute(CHANGES)
    op.execute("CREATE INDEX ix_board_alerts_raised_at_alert_id ON board_alerts (raised_at, alert_id)")
    for kind, (table, id) in TABLES.items():
        op.execute(FUNCTION.format(kind=kind, id=id))
        op.execute(TRIGGER.format(table=table, kind=kind))
        op.execute(f"INSERT INTO search_changes (kind, id) SELECT '{kind}', {id} FROM {table}")  # noqa: S608
