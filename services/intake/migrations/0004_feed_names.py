"""Adds source and kind to the names of feeds, because several sources may have a feed with the same address.

The previous release identifies a feed by its address alone. After a rollback, the previous release finds none of the
renamed rows, and reads each document again. If the migration runs again after a rollback, the rows that the previous
release wrote are not renamed. `GET /intake/v1/feeds` lists these rows too.
"""

from alembic import op

revision = "intake_0004"
down_revision = "intake_0003"

TABLES = {
    "feed_counts": "feed",
    "feed_set_aside": "feed",
    "feeds": "name",
}  # `feeds` is last, because the statements for the other tables read the old names in `feeds`
RENAME = """
UPDATE {table} AS renamed SET {column} =
    CASE WHEN feeds.source = 'usgs' THEN 'usgs=' ELSE 'usgs:' || feeds.source || '=' END || feeds.name
FROM feeds WHERE feeds.name = renamed.{column}
"""  # All feeds of the previous release have the kind `usgs`.


def upgrade() -> None:
    for table, column in TABLES.items():
        op.execute(RENAME.format(table=table, column=column))
