"""The settlements of the gazetteer as one file. Browsers search in the file; the phones' service worker caches it."""

import gzip
import json
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from shared.pages.languages import LANGUAGES
from shared.places import Places
from shared.places.gazetteer import Locality

YEAR_S = 365 * 86_400


class SettlementsFile:
    """The settlements that exist on the day `today`. The file's name has its `version`, so the file never changes."""

    def __init__(self, places: Places, today: date) -> None:
        settlements = list(offered(places, today))
        aymaks = {row["aymak"] for row in settlements if "aymak" in row}
        content = {
            "aymaks": {pcode: _names(known) for pcode in sorted(aymaks) if (known := places.gazetteer.get(pcode))},
            "settlements": settlements,
        }
        self._plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        # compressed here, because the gateway compresses only `/static`
        self._packed = gzip.compress(self._plain, mtime=0)
        self.version = sha256(self._plain).hexdigest()[:16]

    async def answer(self, request: Request) -> Response:
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        # A page that another process rendered may request another version of the list. The answer then has this
        # process's list, and must not be cached under the requested version.
        is_own = request.path_params.get("version", self.version) == self.version
        cached = f"public, max-age={YEAR_S}, immutable" if is_own else "no-store"
        headers = {"cache-control": cached, "vary": "Accept-Encoding"}
        if is_packed:
            headers["content-encoding"] = "gzip"
        return Response(self._packed if is_packed else self._plain, headers=headers, media_type="application/json")


def offered(places: Places, today: date) -> Iterator[dict[str, Any]]:
    """Each settlement with its district, its names in `LANGUAGES`, and its other names, also from before a merger."""
    former = places.gazetteer.predecessors
    for settlement in sorted(places.gazetteer.settlements(), key=lambda known: known.pcode):
        if not settlement.is_valid(today):
            continue
        terms = {term for known in (settlement, *former.get(settlement.pcode, ())) for term in known.terms()}
        aymak = places.gazetteer.get(settlement.parent)
        yield {
            "pcode": settlement.pcode,
            "district": places.district(settlement.pcode),
            **({"aymak": aymak.pcode} if aymak else {}),
            "names": _names(settlement),
            "terms": sorted(terms - {*settlement.names.values()}),
        }


def _names(locality: Locality) -> list[str]:
    return [locality.names[language] for language in LANGUAGES]
