"""Shows the alert rules in force, with their thresholds. To change a rule, change the rules file."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.alerts.ruleset import Ruleset
from shared.events.vocabulary import Severity
from shared.pages import Pages
from shared.places.watched import STRONG_MAGNITUDE, STRONG_QUAKE_KM
from shared.quakes.intensity import DEEPEST_KM, RUPTURE_MAGNITUDE
from shared.quakes.shaking import DAMAGE

router = APIRouter(include_in_schema=False)
SEVERITIES = (Severity.EXTREME, Severity.SEVERE, Severity.MODERATE, Severity.MINOR, Severity.UNKNOWN)


@router.get("/rules")
async def rules_page(request: Request) -> Response:
    pages: Pages = request.app.state.pages
    rules: Ruleset = request.app.state.rules
    return pages.render(
        request,
        "rules.html",
        rules=rules,
        places=request.app.state.places,
        severities=SEVERITIES,
        damage=DAMAGE,
        deepest_km=DEEPEST_KM,
        strong=(STRONG_MAGNITUDE, RUPTURE_MAGNITUDE),
        strong_km=STRONG_QUAKE_KM,
        is_own_file=request.app.state.settings.alerts_rules is not None,
    )
