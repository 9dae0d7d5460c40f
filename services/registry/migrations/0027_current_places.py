"""Adds a household's present place, the version of its search keys, and an index of the codes of reports.

A row of the previous release of Dayar has no present place. The worker adds the present place when it computes the
search keys of the row.
"""

from alembic import op

revision = "registry_0027"
down_revision = "registry_0026"


def upgrade() -> None:
    op.execute("ALTER TABLE households ADD COLUMN current_pcode text, ADD COLUMN current_country text")
    op.execute("ALTER TABLE households ADD COLUMN search_folding smallint NOT NULL DEFAULT 1")
    op.execute(
        "CREATE INDEX ix_households_search_root_id_search_folding ON households (search_root_id, search_folding)"
    )
    op.execute("DROP INDEX ix_households_search_root_id")
    op.execute("CREATE INDEX ix_reports_code ON reports (right(report_id::text, 4))")
