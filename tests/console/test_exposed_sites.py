"""The board names the sites that a hazard reaches, to readers who may see localities."""

from uuid import uuid4

from deploy.local.process import wait_until
from shared.auth.tokens import Role
from tests.console.conftest import Served
from tests.console.factories import LEILEK, alert, site


def test_operators_read_the_names_of_the_exposed_sites_and_wall_screens_do_not(served: Served) -> None:
    names = ("Клуб", "Мечеть", "Школа № 1", "Школа № 2")
    sites = [site(name_ky=None, name_ru=name) for name in names]
    listed = [str(known.site_id) for known in sites] + [str(uuid4())]
    figures = {"households": 0, "pcode": LEILEK, "sites": listed}
    known = alert(rule="exposure", reason="displaced_in_hazard_area", pcodes=[LEILEK], figures=figures)
    served.publish(*sites, known)
    operator, screen = (served.signed_in(role) for role in (Role.OPERATOR, Role.VIEWER))

    def panel() -> str:
        return operator.get("/board/alerts?lang=en").text

    assert wait_until(lambda: "Sites: Клуб, Мечеть, Школа № 1 and 2 more" in panel(), timeout=60), panel()
    shown = screen.get("/board/alerts?lang=en").text
    assert f'id="alert-{known.alert_id}"' in shown
    assert "Мечеть" not in shown
