"""The page of the alert rules shows the rules in force with their thresholds, in three languages."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

from services.alerts.ruleset import PRODUCT, Ruleset
from shared.auth.tokens import Role
from tests.alerts.desk import Desk
from tests.alerts.factories import KADAMJAI

pytestmark = pytest.mark.anyio
THRESHOLD = {"en": "leave one district within 24 h", "ru": "за 24 ч один район покинули", "ky": "24 саат ичинде бир"}


async def test_the_rules_in_force_are_readable_with_the_thresholds_of_single_districts(
    desk: Desk, tmp_path: Path
) -> None:
    own = tmp_path / "rules.toml"
    without_exposure = PRODUCT.read_text(encoding="utf-8").replace("[exposure]", f"{OWN}\n[exposure]")
    own.write_text(re.sub(r"\[exposure\].*?(?=\n\[)", "", without_exposure, flags=re.DOTALL), encoding="utf-8")
    app: Any = desk.transport.app
    product, app.state.rules = app.state.rules, Ruleset.load(own)
    async with desk.caller(Role.OPERATOR) as caller:
        pages = {language: (await caller.get("/rules", params={"lang": language})).text for language in THRESHOLD}
    async with desk.caller(Role.VIEWER) as caller:
        assert (await caller.get("/rules")).status_code == 403
    app.state.rules = product
    assert [language for language, sentence in THRESHOLD.items() if sentence not in pages[language]] == []
    english = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.unescape(pages["en"])))
    assert "Every other district 50 10 200, 500, 1,000, 3,000" in english
    assert "Kadamjai rayon 30 10 200, 500, 1,000, 3,000" in english
    assert "from intensity 7: Extreme" in english and "Hazard where displaced people live off" in english


OWN = f"[displacement.areas.{KADAMJAI}]\npersons = 30\n"
