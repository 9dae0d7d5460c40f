"""Each path for reports has the same size limit of a body at the gateway and in intake."""

import re

from deploy.local.paths import ROOT
from services.intake import sheet_routes
from services.intake.channels.paths import FORMATS
from shared.sheets.reading import BYTES

LIMIT = re.compile(r"\n\t\t(not )?path (/intake/\S.*)\n\t\texpression `.* > (\d+)`")


def test_the_gateway_lets_bodies_pass_that_intake_accepts() -> None:
    limits: dict[str, int] = {}
    others: set[str] = set()
    for is_negated, paths, limit in LIMIT.findall((ROOT / "deploy/gateway/Caddyfile").read_text(encoding="utf-8")):
        if is_negated:
            others |= set(paths.split())
        else:
            limits |= dict.fromkeys(paths.split(), int(limit))
    sheets = {f"/intake{route.path}": BYTES for route in sheet_routes.ROUTES}
    assert limits == {f"/intake{path}": format.body_bytes for path, format in FORMATS.items()} | sheets
    assert others == limits.keys()
