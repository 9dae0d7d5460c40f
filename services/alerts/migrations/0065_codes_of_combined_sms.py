"""Lets the deliveries of a combined short message share one code, and stores which state our answering SMS has shown.

A delivery has several codes if its attempts were combined with different deliveries. The previous release of Dayar
accepts any code of a delivery, and draws codes under the same lock, so a telephone number never gets a code twice. If a
person replies with the code of a combined message, the previous release of Dayar acknowledges only one of the alerts.
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
