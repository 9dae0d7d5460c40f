"""The table of routes and the roles that may call them.

If a service has a route that is missing in this table, the service does not start.
"""

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class AccessRule:
    """The roles that may call a route. If `is_page` is true, a browser without a session goes to the sign-in page."""

    roles: frozenset[Role] = frozenset()
    is_public: bool = False
    is_page: bool = False
    takes_expired: bool = False
    takes_readmitted: bool = False  # if the team of an expired token is readmitted, the token is valid on this route
    # while the revoked credentials are unknown, the route accepts a token and leaves the check to a later step
    takes_unchecked: bool = False


PUBLIC = AccessRule(is_public=True)


def to(roles: frozenset[Role]) -> AccessRule:
    return AccessRule(roles)


def page(roles: frozenset[Role]) -> AccessRule:
    return AccessRule(roles, is_page=True)


def report(roles: frozenset[Role]) -> AccessRule:
    return AccessRule(roles, takes_expired=True, takes_readmitted=True, takes_unchecked=True)


def _plumbing(prefix: str) -> dict[str, AccessRule]:
    return {f"GET {prefix}{path}": PUBLIC for path in ("/live", "/ready", "/metrics", "/openapi.json")}


ROUTES: dict[str, AccessRule] = {
    **_plumbing("/intake"),
    **_plumbing("/registry"),
    **_plumbing("/alerts"),
    **_plumbing(""),
    # intake
    # These routes refuse expired tokens, because a hazard can raise an alert at once and cannot be held for a person.
    "POST /intake/v1/hazards": AccessRule(REPORTERS, takes_readmitted=True, takes_unchecked=True),
    "POST /intake/v1/hazards:sealed": AccessRule(REPORTERS, takes_readmitted=True, takes_unchecked=True),
    "POST /intake/v1/displacements": report(REPORTERS),
    "POST /intake/v1/displacements:sealed": report(REPORTERS),
    "POST /intake/v1/movements": report(REPORTERS),
    "POST /intake/v1/movements:sealed": report(REPORTERS),
    "POST /intake/v1/reports:batch": report(REPORTERS),
    "POST /intake/v1/household-sheets:check": to(COUNTERS),
    "POST /intake/v1/household-sheets:send": to(COUNTERS),
    "POST /intake/v1/household-sheets:refused": to(COUNTERS),
    "GET /intake/v1/receipts": to(COUNTERS),
    "GET /intake/v1/receipts/{report_id}": to(REPORTERS),
    "POST /intake/v1/receipts": to(REPORTERS),
    "POST /intake/v1/hazards:proposals": to(COUNTERS | {R.FIELD}),
    "POST /intake/v1/hazards:proposals-of-many": to(COUNTERS),
    "GET /intake/v1/ledger": to(LEDGER),
    "GET /intake/v1/set-aside": to(LEDGER),
    "GET /intake/v1/ledger/consumer": to(LEDGER),
    "POST /intake/v1/dead-letters:redrive": to(REDRIVERS),
    "POST /intake/v1/dead-letters:refuse": to(REDRIVERS),
    "POST /intake/v1/dead-letters:open": to(COUNTERS),
    "GET /intake/v1/dead-letters/openings/{opening_id}": to(COUNTERS),
    "GET /intake/notices/letters": to(SECURITY),
    "GET /intake/v1/audit": to(AUDITOR),
    "GET /intake/v1/feeds": to(LEDGER),
    "GET /intake/feeds": page(LEDGER),
    "GET /intake/field": PUBLIC,
    "GET /intake/field/worker.js": PUBLIC,
    "GET /intake/field/key": PUBLIC,
    "GET /intake/field/app.webmanifest": PUBLIC,
    "GET /intake/field/files/{release}/settlements.json": PUBLIC,
    "GET /intake/field/files": PUBLIC,
    # registry
    "GET /registry/v1/households": to(COUNTERS),
    "POST /registry/v1/households:search": to(COUNTERS),
    "GET /registry/v1/households/{household_id}": to(HOUSEHOLD_READERS),
    "GET /registry/v1/households/{household_id}/duplicates": to(COUNTERS),
    "POST /registry/v1/households/{household_id}/short-code": to(frozenset({R.REGISTRAR})),
    "GET /registry/v1/duplicates": to(COUNTERS),
    "GET /registry/v1/duplicates:waiting": to(COUNTERS),
    "POST /registry/v1/duplicates:answer": to(DECIDERS),
    "POST /registry/v1/duplicates:assign": to(COUNTERS),
    "GET /registry/v1/households/{household_id}/history": to(HOUSEHOLD_READERS),
    "GET /registry/v1/statistics/stock": to(FIGURES),
    "GET /registry/v1/statistics/flows": to(FIGURES),
    "GET /registry/v1/statistics/movements": to(FIGURES),
    "GET /registry/v1/statistics/duration": to(FIGURES),
    "GET /registry/v1/statistics/needs": to(FIGURES),
    "GET /registry/figures": page(FIGURES),
    "GET /registry/figures/history": page(FIGURES),
    "GET /registry/figures/movements": page(FIGURES),
    "GET /registry/search": page(COUNTERS),
    "POST /registry/search": to(COUNTERS),
    "GET /registry/households/{household_id}": page(COUNTERS),
    "GET /registry/groups/{group_id}": page(COUNTERS),
    "GET /registry/sites/{site_id}": page(COUNTERS),
    "GET /registry/hazards/{hazard_id}/groups": to(COUNTERS),
    "GET /registry/hazards/{hazard_id}/households": to(STAFF),
    "GET /registry/v1/groups/{group_id}/history": to(COUNTERS),
    "GET /registry/v1/sites": to(SITE_READERS),
    "POST /registry/v1/sites:import": to(COUNTERS),
    "POST /registry/v1/sites:refused": to(COUNTERS),
    "GET /registry/v1/sites/{site_id}": to(SITE_READERS),
    "PUT /registry/v1/sites/{site_id}": to(COUNTERS),
    "GET /registry/v1/sites/{site_id}/history": to(COUNTERS),
    "GET /registry/v1/sites/{site_id}/person-in-charge": to(COUNTERS),
    "GET /registry/v1/occupancies": to(COUNTERS),
    "GET /registry/occupied-sites": to(COUNTERS),
    "GET /registry/v1/counts:differing": to(COUNTERS),
    "POST /registry/v1/counts:choose": to(DECIDERS),
    "POST /registry/v1/counts:reverse": to(DECIDERS),
    "POST /registry/v1/counts:assign": to(COUNTERS),
    "GET /registry/v1/events:unanswered": to(COUNTERS),
    "POST /registry/v1/events:answer": to(DECIDERS),
    "POST /registry/v1/events:reverse": to(DECIDERS),
    "POST /registry/v1/events:assign": to(COUNTERS),
    "GET /registry/v1/places:proposed": to(COUNTERS),
    "GET /registry/v1/places:decided": to(COUNTERS),
    "POST /registry/v1/places:decide": to(DECIDERS),
    "POST /registry/v1/places:reverse": to(DECIDERS),
    "POST /registry/v1/places:assign": to(COUNTERS),
    "GET /registry/v1/held": to(COUNTERS),
    "GET /registry/v1/held:persons": to(FIGURES),
    "GET /registry/v1/held/{outcome_id}": to(COUNTERS),
    "POST /registry/v1/held:decide": to(DECIDERS),
    "GET /registry/v1/held:adopted": to(COUNTERS),
    "POST /registry/v1/held:reverse": to(DECIDERS),
    "POST /registry/v1/held:assign": to(COUNTERS),
    "GET /registry/v1/teams/{team}/held": to(frozenset({R.DUTY_HEAD})),
    "POST /registry/v1/teams/{team}/held:accept": to(frozenset({R.DUTY_HEAD})),
    "GET /registry/notices": to(SECURITY),
    "GET /registry/v1/ledger": to(LEDGER),
    "POST /registry/v1/dead-letters:redrive": to(REDRIVERS),
    "POST /registry/v1/dead-letters:refuse": to(REDRIVERS),
    "POST /registry/v1/dead-letters:open": to(COUNTERS),
    "GET /registry/v1/dead-letters/openings/{opening_id}": to(COUNTERS),
    "GET /registry/notices/letters": to(SECURITY),
    "GET /registry/v1/audit": to(AUDITOR),
    # alerts
    "GET /alerts/v1/alerts": to(STAFF),
    "GET /alerts/v1/alerts/{alert_id}": to(STAFF),
    "GET /alerts/v1/escalations": to(STAFF),
    "GET /alerts/v1/deliveries": to(LEDGER),
    "GET /alerts/deliveries": page(LEDGER),
    "GET /alerts/receivers": page(RECEIVER_KEEPERS),
    "POST /alerts/receivers": to(RECEIVER_KEEPERS),
    "GET /alerts/receivers/new": page(RECEIVER_KEEPERS),
    "GET /alerts/receivers/{receiver_id}": page(RECEIVER_KEEPERS),
    "POST /alerts/receivers/{receiver_id}": to(RECEIVER_KEEPERS),
    "POST /alerts/receivers/{receiver_id}/secret": to(RECEIVER_KEEPERS),
    "POST /alerts/receivers/{receiver_id}/removal": to(RECEIVER_KEEPERS),
    "GET /alerts/receivers/{receiver_id}/test": page(RECEIVER_KEEPERS),
    "POST /alerts/receivers/{receiver_id}/test": to(RECEIVER_KEEPERS),
    "GET /alerts/rosters": page(RECEIVER_KEEPERS),
    "POST /alerts/rosters": to(RECEIVER_KEEPERS),
    "GET /alerts/rosters/new": page(RECEIVER_KEEPERS),
    "GET /alerts/rosters/{roster_id}": page(RECEIVER_KEEPERS),
    "GET /alerts/rosters/{roster_id}/layers": page(RECEIVER_KEEPERS),
    "POST /alerts/rosters/{roster_id}/layers": to(RECEIVER_KEEPERS),
    "POST /alerts/rosters/{roster_id}/removal": to(RECEIVER_KEEPERS),
    "POST /alerts/rosters/{roster_id}/overrides": to(RECEIVER_KEEPERS),
    "POST /alerts/rosters/{roster_id}/overrides/{override_id}/removal": to(RECEIVER_KEEPERS),
    "GET /alerts/rosters/{roster_id}/calendar": to(RECEIVER_KEEPERS),
    "POST /alerts/rosters/{roster_id}/calendar": to(RECEIVER_KEEPERS),
    "GET /alerts/policies": page(ADMINISTRATOR),
    "POST /alerts/policies": to(ADMINISTRATOR),
    "GET /alerts/policies/new": page(ADMINISTRATOR),
    "GET /alerts/policies/{policy_id}": page(ADMINISTRATOR),
    "POST /alerts/policies/{policy_id}": to(ADMINISTRATOR),
    "POST /alerts/policies/{policy_id}/removal": to(ADMINISTRATOR),
    "GET /alerts/rules": page(LEDGER),
    "GET /alerts/statistics": page(FIGURES),
    "GET /alerts/statistics/export": page(FIGURES),
    "GET /alerts/silences": page(LEDGER),
    "GET /alerts/silences/{silence_id}": page(LEDGER),
    "POST /alerts/silences": to(CMC),
    "POST /alerts/silences/{silence_id}/end": to(CMC),
    "GET /alerts/shift-handover": page(CMC),
    "POST /alerts/shift-handover": to(CMC),
    "GET /alerts/templates": page(RECEIVER_KEEPERS),
    "POST /alerts/templates": to(RECEIVER_KEEPERS),
    "POST /alerts/templates/preview": to(RECEIVER_KEEPERS),
    "GET /alerts/duty-numbers": page(LEDGER),
    "POST /alerts/duty-numbers": to(RECEIVER_KEEPERS),
    "POST /alerts/duty-numbers/{pcode}/removal": to(RECEIVER_KEEPERS),
    "GET /alerts/duty-numbers/new": page(RECEIVER_KEEPERS),
    "POST /alerts/duty-numbers/new": to(RECEIVER_KEEPERS),
    "GET /alerts/duty-numbers/{number_id}": page(RECEIVER_KEEPERS),
    "POST /alerts/duty-numbers/{number_id}": to(RECEIVER_KEEPERS),
    "GET /alerts/notices": to(ADMINISTRATOR),
    "GET /alerts/duty": to(STAFF),
    "GET /alerts/telegram": page(CMC),
    "POST /alerts/telegram": to(CMC),
    "POST /alerts/telegram/end": to(CMC),
    "POST /alerts/telegram/sms": to(CMC),
    "GET /alerts/{alert_id:uuid}": page(STAFF),
    "GET /alerts/hazards/{hazard_id}/course": to(STAFF),
    "PUT /alerts/v1/alerts/{alert_id}/acknowledgement": to(CMC),
    "DELETE /alerts/v1/alerts/{alert_id}/acknowledgement": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/confirmation": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/progress": to(CMC),
    "POST /alerts/v1/alerts/{alert_id}/comments": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/steps/{step}": to(CMC),
    "DELETE /alerts/v1/alerts/{alert_id}/steps/{step}": to(CMC),
    "POST /alerts/v1/alerts/{alert_id}/calls": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/snooze": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/takeover": to(CMC),
    "GET /alerts/v1/alerts/{alert_id}/assignees": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/assignment": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/resolution": to(CMC),
    "PUT /alerts/v1/alerts/{alert_id}/reopening": to(CMC),
    "POST /alerts/v1/alerts:acknowledge": to(CMC),
    "POST /alerts/v1/alerts:snooze": to(CMC),
    "POST /alerts/v1/alerts:takeover": to(CMC),
    "POST /alerts/v1/alerts:assignees": to(CMC),
    "POST /alerts/v1/alerts:assign": to(CMC),
    "POST /alerts/v1/alerts:resolve": to(CMC),
    "PUT /alerts/v1/presence": to(CMC),
    "POST /alerts/v1/sms/inbound": PUBLIC,  # the route itself requires the secret of the SMS gateway's profile
    "POST /alerts/v1/sms/receipts": PUBLIC,  # this route also requires the secret of the profile
    "GET /alerts/answer": PUBLIC,  # the page behind the link of a mail has no content without the token of the link
    "POST /alerts/answer": PUBLIC,  # the route itself requires the token of the link
    "GET /alerts/v1/sources/{source}/withheld": to(CMC),
    "PUT /alerts/v1/sources/{source}/lift": to(CMC),
    "GET /alerts/v1/hazards/{hazard_id}/outcome": to(CMC),
    "GET /alerts/v1/ledger": to(LEDGER),
    "POST /alerts/v1/dead-letters:redrive": to(REDRIVERS),
    "POST /alerts/v1/dead-letters:refuse": to(REDRIVERS),
    "POST /alerts/v1/dead-letters:open": to(COUNTERS),
    "GET /alerts/v1/dead-letters/openings/{opening_id}": to(COUNTERS),
    "GET /alerts/notices/letters": to(SECURITY),
    "GET /alerts/v1/audit": to(AUDITOR),
    # console
    "GET /static": PUBLIC,
    "GET /sign-in": PUBLIC,
    "POST /sign-in": PUBLIC,
    "POST /sign-in/code": PUBLIC,  # the route itself requires the ticket that is issued after a correct password
    "GET /second-factor": page(ADMINISTRATOR),
    "POST /second-factor": to(ADMINISTRATOR),
    "POST /second-factor/removal": to(ADMINISTRATOR),
    "GET /password": page(EVERYONE),
    "POST /password": PUBLIC,  # the route itself requires the old password
    "POST /sign-out": to(EVERYONE),
    "POST /v1/session": AccessRule(EVERYONE, takes_readmitted=True),
    "POST /v1/session/device": to(frozenset({R.FIELD})),
    "POST /v1/tokens": PUBLIC,
    "GET /": page(STAFF | {R.FIELD}),
    "GET /board/{panel}": to(STAFF),
    "PUT /v1/filters": to(STAFF),
    "DELETE /v1/filters/{filter_id}": to(STAFF),
    "GET /map": page(STAFF),
    "GET /wall": page(STAFF),
    "GET /search": page(STAFF),
    "GET /search/export": page(STAFF),
    "GET /hazards/{hazard_id}": page(STAFF),
    "GET /areas/{pcode}": page(STAFF),
    "GET /map/background.pmtiles": to(STAFF),
    "GET /console/v1/map/{layer}": to(STAFF),
    "GET /v1/ringing": to(STAFF),
    "GET /stream": to(STAFF | {R.INTEGRATION}),
    "GET /v1/restricted-hazards": to(frozenset({R.INTEGRATION})),
    "GET /settlements/{version}.json": PUBLIC,
    "GET /new-event": page(CMC),
    "GET /release": page(CMC),
    "GET /new-count": page(COUNTERS),
    "GET /new-household": page(COUNTERS),
    "GET /new-movement": page(COUNTERS),
    "GET /sites": page(COUNTERS),
    "GET /sheets": page(COUNTERS),
    "GET /my-reports": page(COUNTERS),
    "GET /waiting": page(COUNTERS | {R.ADMINISTRATOR}),
    "POST /v1/accounts:names": to(COUNTERS),
    "GET /v1/letters:assignments": to(LEDGER),
    "PUT /v1/letters:assignments": to(LEDGER),
    "GET /v1/callers/{report_id}": to(CMC),
    "PUT /v1/callers/{report_id}": to(CMC),
    "GET /notices": to(NOTICED),
    "GET /security": page(SECURITY),
    "GET /sign-ins": page(EVERYONE),
    "POST /sign-ins/{jti}/end": to(EVERYONE),
    "GET /accounts": page(ADMINISTRATOR),
    "POST /accounts": to(ADMINISTRATOR),
    "GET /accounts/new": page(ADMINISTRATOR),
    "GET /accounts/{account_id}": page(ADMINISTRATOR),
    "POST /accounts/{account_id}": to(ADMINISTRATOR),
    "POST /accounts/{account_id}/disabling": to(ADMINISTRATOR),
    "POST /accounts/{account_id}/enabling": to(ADMINISTRATOR),
    "POST /accounts/{account_id}/link": to(ADMINISTRATOR),
    "POST /accounts/{account_id}/sign-ins/{jti}/end": to(ADMINISTRATOR),
    "GET /enrolment": PUBLIC,
    "POST /enrolment": PUBLIC,  # the route itself requires the token of the link
    "GET /purpose": page(CMC),
    "POST /purpose": to(CMC),
    "GET /readmission": page(frozenset({R.DUTY_HEAD})),
    "POST /readmission": to(frozenset({R.DUTY_HEAD})),
    "GET /field": PUBLIC,
    "GET /ledger": page(LEDGER),
    "GET /status": page(REDRIVERS),
    "GET /status/now": to(REDRIVERS),
    "GET /console/v1/ledger": to(LEDGER),
    "POST /console/v1/dead-letters:redrive": to(REDRIVERS),
    "POST /console/v1/dead-letters:refuse": to(REDRIVERS),
    "POST /console/v1/dead-letters:open": to(COUNTERS),
    "GET /console/v1/dead-letters/openings/{opening_id}": to(COUNTERS),
    "GET /console/notices/letters": to(SECURITY),
    "GET /console/v1/audit": to(AUDITOR),
    "GET /audit": page(AUDITOR),
}
