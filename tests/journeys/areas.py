"""States for each route whether the caller's areas limit the answer, and which text shows access."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from services.console.stream import vectors
from shared.auth.tokens import Role


@dataclass(frozen=True)
class ReportedEvents:
    """The ids of events in Kadamjai: a household of 987 persons, a hazard's report that raises an alert, and a site."""

    household: UUID = field(default_factory=uuid4)
    hazard_report: UUID = field(default_factory=uuid4)
    site: UUID = field(default_factory=uuid4)
    author: UUID = field(default_factory=uuid4)
    team: UUID = field(default_factory=uuid4)
    alert: str = ""


@dataclass(frozen=True)
class VisibleContent:
    """A path, and a text in the answer that only callers with access get. All other callers get 404."""

    path: str
    seen: str = ""
    body: dict[str, Any] | None = None


SEVERAL: dict[str, Any] = {"alert_ids": []}  # `shows` puts the alert's id into this list
EVER: dict[str, Any] = {"since": "2000-01-01"}
HOUSEHOLD = "GET /registry/v1/households/{household_id}"
NOW = "id: "  # the line that a stream writes after the past events
BY_AREA = {
    "GET /registry/v1/households": VisibleContent("/registry/v1/households", "{household}"),
    HOUSEHOLD: VisibleContent("/registry/v1/households/{household}", "{household}"),
    f"{HOUSEHOLD}/duplicates": VisibleContent("/registry/v1/households/{household}/duplicates", "duplicates"),
    f"{HOUSEHOLD}/history": VisibleContent("/registry/v1/households/{household}/history", "{household}"),
    "POST /registry/v1/households:search": VisibleContent("/registry/v1/households:search", "{household}", EVER),
    "POST /registry/search": VisibleContent("/registry/search", "{household}", EVER),
    "GET /registry/households/{household_id}": VisibleContent("/registry/households/{household}", "{household}"),
    "GET /registry/sites/{site_id}": VisibleContent("/registry/sites/{site}", "{site}"),
    "GET /registry/v1/sites/{site_id}/history": VisibleContent("/registry/v1/sites/{site}/history", "{site}"),
    "GET /registry/v1/occupancies": VisibleContent("/registry/v1/occupancies", "{site}"),
    "GET /registry/v1/sites/{site_id}/person-in-charge": VisibleContent(
        "/registry/v1/sites/{site}/person-in-charge", "Head of the school"
    ),
    "GET /registry/v1/statistics/stock": VisibleContent("/registry/v1/statistics/stock", "987"),
    "GET /registry/v1/statistics/flows": VisibleContent("/registry/v1/statistics/flows", "987"),
    "GET /registry/v1/statistics/duration": VisibleContent("/registry/v1/statistics/duration", "987"),
    "GET /registry/v1/statistics/needs": VisibleContent("/registry/v1/statistics/needs", "987"),
    "GET /registry/figures": VisibleContent("/registry/figures?lang=en", "987"),
    "GET /registry/figures/history": VisibleContent("/registry/figures/history?lang=en", "987"),
    "GET /alerts/v1/alerts": VisibleContent("/alerts/v1/alerts", "{alert}"),
    "GET /alerts/v1/alerts/{alert_id}": VisibleContent("/alerts/v1/alerts/{alert}", "{alert}"),
    "GET /alerts/v1/escalations": VisibleContent("/alerts/v1/escalations", "{alert}"),
    "GET /alerts/v1/deliveries": VisibleContent("/alerts/v1/deliveries", "{alert}"),
    "GET /alerts/deliveries": VisibleContent("/alerts/deliveries", "{alert}"),
    "GET /alerts/{alert_id:uuid}": VisibleContent("/alerts/{alert}", "{alert}"),
    "GET /": VisibleContent("/", "{alert}"),
    "GET /wall": VisibleContent("/wall", "{alert}"),
    "GET /board/{panel}": VisibleContent("/board/alerts", "{alert}"),
    "GET /areas/{pcode}": VisibleContent("/areas/KG05258000000", "{alert}"),
    # the next two routes must be requested before the alert is acknowledged
    "GET /console/v1/map/{layer}": VisibleContent("/console/v1/map/alerts", "{alert}"),
    "GET /v1/ringing": VisibleContent("/v1/ringing", "{alert}"),
    "GET /stream": VisibleContent(
        f"/stream?topics=alerts&from={vectors.encoded({('alerts', 0): 0}, ['alerts'])}", "{alert}"
    ),
    "GET /v1/callers/{report_id}": VisibleContent("/v1/callers/{hazard_report}", "A caller"),
    "PUT /alerts/v1/alerts/{alert_id}/acknowledgement": VisibleContent("/alerts/v1/alerts/{alert}/acknowledgement"),
    "DELETE /alerts/v1/alerts/{alert_id}/acknowledgement": VisibleContent("/alerts/v1/alerts/{alert}/acknowledgement"),
    "PUT /alerts/v1/alerts/{alert_id}/confirmation": VisibleContent("/alerts/v1/alerts/{alert}/confirmation"),
    "PUT /alerts/v1/alerts/{alert_id}/progress": VisibleContent("/alerts/v1/alerts/{alert}/progress"),
    "POST /alerts/v1/alerts/{alert_id}/comments": VisibleContent(
        "/alerts/v1/alerts/{alert}/comments", body={"text": "seen"}
    ),
    "PUT /alerts/v1/alerts/{alert_id}/steps/{step}": VisibleContent("/alerts/v1/alerts/{alert}/steps/report_up"),
    "DELETE /alerts/v1/alerts/{alert_id}/steps/{step}": VisibleContent("/alerts/v1/alerts/{alert}/steps/report_up"),
    "POST /alerts/v1/alerts/{alert_id}/calls": VisibleContent(
        "/alerts/v1/alerts/{alert}/calls", body={"post": "duty officer", "result": "reached"}
    ),
    "PUT /alerts/v1/alerts/{alert_id}/snooze": VisibleContent(
        "/alerts/v1/alerts/{alert}/snooze", body={"minutes": 1, "reason": "waiting"}
    ),
    "PUT /alerts/v1/alerts/{alert_id}/takeover": VisibleContent("/alerts/v1/alerts/{alert}/takeover"),
    "GET /alerts/v1/alerts/{alert_id}/assignees": VisibleContent("/alerts/v1/alerts/{alert}/assignees", "assignees"),
    "PUT /alerts/v1/alerts/{alert_id}/assignment": VisibleContent(
        "/alerts/v1/alerts/{alert}/assignment", body={"account_id": str(uuid4())}
    ),
    "PUT /alerts/v1/alerts/{alert_id}/resolution": VisibleContent(
        "/alerts/v1/alerts/{alert}/resolution", body={"verdict": "confirmed"}
    ),
    "PUT /alerts/v1/alerts/{alert_id}/reopening": VisibleContent("/alerts/v1/alerts/{alert}/reopening"),
    "POST /alerts/v1/alerts:acknowledge": VisibleContent("/alerts/v1/alerts:acknowledge", body=SEVERAL),
    "POST /alerts/v1/alerts:take-back": VisibleContent("/alerts/v1/alerts:take-back", body=SEVERAL),
    "POST /alerts/v1/alerts:snooze": VisibleContent(
        "/alerts/v1/alerts:snooze", body=SEVERAL | {"minutes": 1, "reason": "waiting"}
    ),
    "POST /alerts/v1/alerts:takeover": VisibleContent("/alerts/v1/alerts:takeover", body=SEVERAL),
    "POST /alerts/v1/alerts:assignees": VisibleContent("/alerts/v1/alerts:assignees", "assignees", body=SEVERAL),
    "POST /alerts/v1/alerts:assign": VisibleContent(
        "/alerts/v1/alerts:assign", body=SEVERAL | {"account_id": str(uuid4())}
    ),
    "POST /alerts/v1/alerts:resolve": VisibleContent(
        "/alerts/v1/alerts:resolve", body=SEVERAL | {"verdict": "confirmed"}
    ),
}
OF_NO_AREA = {
    "POST /intake/v1/hazards",
    "POST /intake/v1/displacements",
    "POST /intake/v1/displacements:sealed",
    "POST /intake/v1/movements",
    "POST /intake/v1/movements:sealed",
    "POST /intake/v1/hazards:sealed",
    "POST /intake/v1/reports:batch",  # intake accepts reports from outside the area, and flags them
    "GET /registry/v1/statistics/movements",  # tests/registry/test_movement_figures.py tests the limit to areas
    "GET /registry/figures/movements",  # the same tests
    "POST /intake/v1/household-sheets:check",
    "POST /intake/v1/household-sheets:send",
    "POST /intake/v1/household-sheets:refused",
    "GET /intake/v1/receipts",  # tests/intake/test_own_reports.py tests that an author sees only own reports
    "GET /intake/v1/receipts/{report_id}",  # authors read the receipts of their own reports in any area
    "POST /intake/v1/receipts",
    "POST /intake/v1/hazards:proposals-of-many",
    "POST /intake/v1/hazards:proposals",  # tests/intake/test_hazard_proposals.py tests the limit to areas
    "GET /registry/occupied-sites",  # tests/registry/test_occupancies.py tests the limit to areas
    "GET /registry/v1/counts:differing",  # tests/registry/test_waiting.py tests the limit to areas
    "POST /registry/v1/dead-letters:open",  # tests/registry/test_letters.py and tests/shared/test_letter_routes.py
    "GET /registry/v1/dead-letters/openings/{opening_id}",
    "POST /intake/v1/dead-letters:open",
    "GET /intake/v1/dead-letters/openings/{opening_id}",
    "POST /alerts/v1/dead-letters:open",
    "GET /alerts/v1/dead-letters/openings/{opening_id}",
    "POST /console/v1/dead-letters:open",
    "GET /console/v1/dead-letters/openings/{opening_id}",
    "POST /registry/v1/counts:choose",  # tests/registry/test_differing_counts.py tests the limit to areas
    "POST /registry/v1/counts:reverse",
    "POST /registry/v1/counts:assign",
    "GET /registry/v1/events:unanswered",  # tests/registry/test_event_answers.py tests the limit to areas
    "POST /registry/v1/events:answer",
    "POST /registry/v1/events:reverse",
    "POST /registry/v1/events:assign",
    "GET /registry/hazards/{hazard_id}/households",  # tests/registry/test_search_places.py tests the areas
    "GET /registry/hazards/{hazard_id}/groups",  # tests/registry/test_record_pages.py tests the areas of `readable`
    "GET /registry/groups/{group_id}",  # tests/registry/test_record_pages.py tests the limit to areas
    "GET /registry/v1/groups/{group_id}/history",  # the same test
    "GET /registry/v1/places:proposed",  # tests/registry/test_place_deciders.py tests the limit to areas
    "GET /registry/v1/places:decided",
    "POST /registry/v1/places:decide",
    "POST /registry/v1/places:reverse",
    "POST /registry/v1/places:assign",
    "GET /registry/v1/held:adopted",  # tests/registry/test_reversed_acceptances.py tests the limit to areas
    "POST /registry/v1/held:reverse",
    "GET /registry/v1/held",
    "GET /registry/v1/held:persons",
    "GET /registry/v1/held/{outcome_id}",
    "POST /registry/v1/held:decide",
    "POST /registry/v1/held:assign",
    "GET /waiting",
    "GET /manual",
    "GET /manual/pictures/{language}/{name}",
    "POST /intake/v1/dead-letters:redrive",
    "POST /intake/v1/dead-letters:refuse",
    "POST /registry/v1/dead-letters:redrive",
    "POST /registry/v1/dead-letters:refuse",
    "POST /alerts/v1/dead-letters:redrive",
    "POST /alerts/v1/dead-letters:refuse",
    "POST /console/v1/dead-letters:redrive",
    "POST /console/v1/dead-letters:refuse",
    "GET /intake/v1/ledger",
    "GET /intake/v1/set-aside",
    "GET /v1/letters:assignments",
    "PUT /v1/letters:assignments",
    "POST /v1/accounts:names",  # the answer has only names of accounts whose ids the caller already knows
    "GET /intake/v1/ledger/consumer",
    "GET /registry/v1/ledger",
    "GET /alerts/v1/ledger",
    "GET /console/v1/ledger",
    "GET /ledger",
    "GET /status",
    "GET /status/now",
    "GET /intake/v1/feeds",
    "GET /intake/feeds",
    "GET /alerts/rules",
    "GET /intake/v1/audit",
    "GET /registry/v1/audit",
    "GET /alerts/v1/audit",
    "GET /console/v1/audit",
    "PUT /alerts/v1/presence",
    "GET /alerts/v1/sources/{source}/withheld",
    "PUT /alerts/v1/sources/{source}/lift",
    "GET /alerts/v1/hazards/{hazard_id}/outcome",  # the tests of the alerts service cover the areas
    "GET /alerts/receivers",  # tests/alerts/test_receiver_pages.py tests the areas of the recipients
    "POST /alerts/receivers",
    "GET /alerts/receivers/new",
    "GET /alerts/receivers/{receiver_id}",
    "POST /alerts/receivers/{receiver_id}",
    "POST /alerts/receivers/{receiver_id}/secret",
    "POST /alerts/receivers/{receiver_id}/removal",
    "GET /alerts/receivers/{receiver_id}/test",
    "POST /alerts/receivers/{receiver_id}/test",
    "GET /alerts/rosters",
    "POST /alerts/rosters",
    "GET /alerts/rosters/new",
    "GET /alerts/rosters/{roster_id}",
    "GET /alerts/rosters/{roster_id}/layers",
    "POST /alerts/rosters/{roster_id}/layers",
    "POST /alerts/rosters/{roster_id}/removal",
    "POST /alerts/rosters/{roster_id}/overrides",
    "POST /alerts/rosters/{roster_id}/overrides/{override_id}/removal",
    "GET /alerts/rosters/{roster_id}/calendar",
    "POST /alerts/rosters/{roster_id}/calendar",
    "GET /alerts/policies",
    "POST /alerts/policies",
    "GET /alerts/policies/new",
    "GET /alerts/policies/{policy_id}",
    "POST /alerts/policies/{policy_id}",
    "POST /alerts/policies/{policy_id}/removal",
    "GET /alerts/statistics",  # tests/alerts/test_statistics.py tests the limit to areas
    "GET /alerts/statistics/export",
    "GET /alerts/silences",  # tests/alerts/test_silences.py tests whose areas are silenced
    "GET /alerts/silences/{silence_id}",
    "POST /alerts/silences",
    "POST /alerts/silences/{silence_id}/end",
    "GET /alerts/shift-handover",  # tests/alerts/test_shift_handovers.py tests the limit to areas
    "POST /alerts/shift-handover",
    "GET /alerts/templates",
    "POST /alerts/templates",
    "POST /alerts/templates/preview",
    "GET /alerts/duty-numbers",  # the areas of duty numbers are tested in tests/alerts/test_whom_to_call.py
    "POST /alerts/duty-numbers",
    "POST /alerts/duty-numbers/{pcode}/removal",
    "GET /alerts/duty-numbers/new",
    "POST /alerts/duty-numbers/new",
    "GET /alerts/duty-numbers/{number_id}",
    "POST /alerts/duty-numbers/{number_id}",
    "GET /registry/search",
    "POST /registry/v1/households/{household_id}/short-code",  # tests/registry/test_search_places.py tests the areas
    "GET /registry/v1/duplicates:waiting",
    "POST /registry/v1/duplicates:answer",
    "POST /registry/v1/duplicates:assign",
    "GET /registry/v1/duplicates",  # tests/registry/test_duplicates.py tests the limit to areas
    "GET /registry/v1/sites",  # a report may name any site, wherever its author works
    "GET /registry/v1/sites/{site_id}",
    "POST /registry/v1/sites:import",
    "POST /registry/v1/sites:refused",
    "PUT /registry/v1/sites/{site_id}",  # the tests of the registry cover this route
    "GET /search",  # tests/console/test_search.py tests the limit to areas
    "GET /search/export",
    "GET /hazards/{hazard_id}",  # the same tests
    "GET /alerts/hazards/{hazard_id}/course",  # tests/console/pages/test_text_search.py
    "PUT /v1/filters",
    "DELETE /v1/filters/{filter_id}",
    "GET /map",
    "GET /map/background.pmtiles",  # the background has no data of the installation
    "GET /sites",
    "GET /sheets",
    "GET /my-reports",
    "GET /v1/restricted-hazards",  # tests/console/test_stream_visibility.py tests the granted areas
    "GET /password",
    "POST /sign-out",
    "POST /v1/session",
    "POST /v1/session/device",
    "GET /audit",
    "GET /notices",
    "GET /security",
    "GET /registry/notices",
    "GET /alerts/notices",
    "GET /intake/notices/letters",
    "GET /registry/notices/letters",
    "GET /alerts/notices/letters",
    "GET /console/notices/letters",
    "GET /alerts/duty",
    "GET /alerts/telegram",
    "POST /alerts/telegram",
    "POST /alerts/telegram/end",
    "POST /alerts/telegram/sms",
    "GET /sign-ins",
    "POST /sign-ins/{jti}/end",
    "GET /accounts",
    "POST /accounts",
    "GET /accounts/new",
    "GET /accounts/{account_id}",
    "POST /accounts/{account_id}",
    "POST /accounts/{account_id}/disabling",
    "POST /accounts/{account_id}/enabling",
    "POST /accounts/{account_id}/link",
    "POST /accounts/{account_id}/sign-ins/{jti}/end",
    "GET /second-factor",
    "POST /second-factor",
    "POST /second-factor/removal",
    "GET /registry/v1/teams/{team}/held",
    "POST /registry/v1/teams/{team}/held:accept",  # the tests of the registry cover this route
    "GET /purpose",
    "POST /purpose",
    "GET /readmission",
    "POST /readmission",
    "GET /new-event",
    "GET /release",
    "GET /new-count",
    "GET /new-household",
    "GET /new-movement",
    "PUT /v1/callers/{report_id}",
}
# In every area, a field team reads only its own reports. An integration reads only public hazards.
WITHOUT_SIGHT = {Role.FIELD, Role.INTEGRATION}
