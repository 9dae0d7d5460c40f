"""Households whose persons have no unencrypted birth year are compared again, because the rules have changed.

The new rules compare contact persons and stated ages, too.
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
