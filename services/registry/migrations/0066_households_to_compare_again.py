"""Compares households again if their persons have no birth year in clear: the rules for duplicates have changed.

Since then, contact persons and stated ages are compared, too. The previous release compares them by its own rules.
"""

from alembic import op

revision = "registry_0066"
down_revision = "registry_0065"


def upgrade() -> None:
    op.execute("""
        INSERT INTO uncompared_households
        SELECT household_id FROM households AS household
        WHERE NOT EXISTS (SELECT FROM members WHERE household_id = household.household_id AND birth_year IS NOT NULL)
    """)
