"""Groups of roles that may do the same things."""

from shared.auth.tokens import Role

R = Role
STAFF = frozenset({R.OPERATOR, R.DUTY_HEAD, R.REGISTRAR, R.ANALYST, R.ADMINISTRATOR, R.VIEWER})
EVERYONE = frozenset(Role)
CMC = frozenset({R.OPERATOR, R.DUTY_HEAD})
LEDGER = frozenset({R.OPERATOR, R.DUTY_HEAD, R.ADMINISTRATOR})
REPORTERS = frozenset({R.FIELD, R.OPERATOR, R.DUTY_HEAD, R.REGISTRAR, R.INTEGRATION})
# an analyst is not among these roles, because an analyst may read only figures
HOUSEHOLD_READERS = frozenset({R.OPERATOR, R.DUTY_HEAD, R.REGISTRAR, R.FIELD})
SECURITY = frozenset({R.ADMINISTRATOR, R.AUDITOR})
NOTICED = SECURITY | {R.DUTY_HEAD}
AUDITOR = frozenset({R.AUDITOR})
COUNTERS = frozenset({R.OPERATOR, R.DUTY_HEAD, R.REGISTRAR})
DECIDERS = frozenset({R.DUTY_HEAD, R.REGISTRAR})  # these roles decide about held reports
REDRIVERS = frozenset({R.DUTY_HEAD, R.ADMINISTRATOR})  # these roles redrive and refuse dead letters
RECEIVER_KEEPERS = frozenset({R.DUTY_HEAD, R.ADMINISTRATOR})
SITE_READERS = COUNTERS | {R.FIELD, R.ANALYST, R.ADMINISTRATOR}
ADMINISTRATOR = frozenset({R.ADMINISTRATOR})
FIGURES = frozenset({R.OPERATOR, R.DUTY_HEAD, R.REGISTRAR, R.ANALYST, R.ADMINISTRATOR})
