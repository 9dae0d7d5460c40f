"""The deliveries in a combined SMS can share one code. Stores which state of the alert our answering SMS has shown.

A delivery whose attempts were combined in different ways has several codes. The previous release of Dayar accepts each
code of a delivery, and draws codes under the same lock, so no telephone number gets a code twice. For a reply to a
combined message, the previous release of Dayar acknowledges only one of the alerts.
"""

from alembic import op

revision = "alerts_0065"
down_revision = "alerts_0064"


def upgrade() -> None:
    op.execute("ALTER TABLE sms_codes ADD COLUMN is_combined boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE sms_codes ADD COLUMN shown_sequence integer")
    op.execute("ALTER TABLE sms_codes DROP CONSTRAINT uq_sms_codes_number_code")
    op.execute("ALTER TABLE sms_codes DROP CONSTRAINT pk_sms_codes")
    op.execute("ALTER TABLE sms_codes ADD CONSTRAINT pk_sms_codes PRIMARY KEY (delivery_id, number, code)")
    op.execute("CREATE INDEX ix_sms_codes_number_code ON sms_codes (number, code)")
