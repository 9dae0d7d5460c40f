"""Writes the reason for an alert as a sentence in the reader's language, from the code and figures of the reason."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from babel.support import NullTranslations

from shared.pages.formats import filters
from shared.pages.headcounts import displaced, displaced_in_parts
from shared.pages.terms import N_, term
from shared.places import Places

TEXTS: Mapping[str, str] = {
    "quake_magnitude": N_("Earthquake of magnitude {magnitude} at a depth of {depth_km} km"),
    "quake_intensity": N_("Earthquake of magnitude {magnitude} at a depth of {depth_km} km"),
    "quake_by_source": N_("Too deep for a computed intensity"),
    "quake_unjudged": N_("Severity to be judged"),
    "source_severity": N_("Reported by {source}: {urgency}, {certainty}"),
    "severity_unjudged": N_("Severity to be judged. Reported by {source}: {urgency}, {certainty}"),
    "households_displaced": N_("Displaced from {place} within {hours} hours ({dates}): {displaced}"),
    "displaced_in_hazard_area": N_("Displaced households that now live in the hazard's area, {place}: {households}"),
    "too_old": N_("Reported too late: nobody was notified"),
    "source_unusual": N_(
        "Source {source} reports unusually much: over {budget} alerts in an hour, the rest is withheld"
    ),
    "test_message": N_("This message tests whether alerts reach you. Nothing has happened"),
    "over_budget": N_("Withheld: its source reports unusually much"),
    "cancelled": N_("Cancelled by its source"),
    "nothing_found": N_("A field team looked and found nothing"),
    "expired": N_("Expired"),
    "below_threshold": N_("Downgraded: no longer meets an alert rule"),
    "moved_away": N_("Revised: the hazard no longer lies there"),
    "out_of_area": N_("Revised: now outside the watched area"),
    "status_not_alerted": N_("Revised: now a test of the system or a draft"),
    "status_changed": N_("Revised: changed from an exercise to actual, or back"),
    "no_rule": N_("No longer meets an alert rule"),
}
# Why a hazard that never had an alert raises no alert.
NOT_ALERTED: Mapping[str, str] = {
    "over_budget": N_("withheld, its source reports unusually much"),
    "too_old": N_("reported too late to act on"),
    "cancelled": N_("it was cancelled"),
    "nothing_found": N_("a field team looked and found nothing"),
    "below_threshold": N_("below what an alert rule asks for"),
    "out_of_area": N_("outside the watched area"),
    "status_not_alerted": N_("a system test or a draft"),
    "resolved": N_("its alert is closed already"),
}
# Short texts for rows that already show the place and the total, and have no room for a long text.
BRIEF = {"households_displaced": N_("{displaced}. Within {hours} hours")}
BRIEF_OF_UNKNOWN_ORIGIN = N_("Origin not known. {displaced}. Within {hours} hours")
# In these texts, the place is the present place of the people, not their origin.
OF_UNKNOWN_ORIGIN = N_(
    "Displaced people who are now in {place}, origin not known, within {hours} hours ({dates}): {displaced}"
)
OF_UNKNOWN_PLACES = N_(
    "Displaced people, origin not known, now abroad or at an unknown place, within {hours} hours ({dates}): {displaced}"
)
WITHOUT_DEPTH = N_("Earthquake of magnitude {magnitude}")
INTENSITY = N_("Expected intensity (computed): up to {intensity} on MSK-64, {place}")
INTENSITY_AT_EPICENTRE = N_("Expected intensity (computed): up to {intensity} on MSK-64 at the epicentre")
FELT = N_("Districts and cities with 4 or more: {felt}")
MMI = N_("Intensity stated by the source: up to {mmi} on MMI")
IMPACT = N_("Expected impact stated by the source (PAGER): {impact}")
RUPTURE = N_("Rupture not modelled")
LABELLED = frozenset({"quake_by_source", "quake_unjudged"})
OF_QUAKES = LABELLED | {"quake_magnitude", "quake_intensity"}
SITES = N_("Sites with displaced people in the hazard's area, {place}: {sites}")
GROUPS = N_("People in counted groups without a site in the hazard's area, {place}: {group_persons}")
DISPLACED = N_("Households displaced by it that are now in its area: {displaced}")


def sentence(
    reason: str,
    figures: Mapping[str, Any],
    language: str,
    known: NullTranslations,
    places: Places,
    *,
    is_brief: bool = False,
) -> str:
    """Writes the sentence. For an unknown reason, returns its code.

    A brief sentence begins with the numbers of people, and omits the total and the place.
    """
    words = Words(_shown(figures, language, known.gettext, places))
    text = BRIEF.get(reason) if is_brief else None
    if reason == "households_displaced":
        in_words = displaced_in_parts if is_brief else displaced
        words["displaced"] = in_words(figures, filters(language)["number"], known)
        if figures.get("is_origin_unknown"):
            whole = OF_UNKNOWN_ORIGIN if "pcode" in figures else OF_UNKNOWN_PLACES
            text = BRIEF_OF_UNKNOWN_ORIGIN if is_brief else whole
    texts = _of_quake(reason, figures) if reason in OF_QUAKES else [text or TEXTS.get(reason, reason)]
    if present := [text for name, text in (("sites", SITES), ("group_persons", GROUPS)) if figures.get(name)]:
        texts = [*texts, *present] if figures.get("households") else present
    sentences = [*texts, DISPLACED] if figures.get("displaced") else texts
    return ". ".join(known.gettext(text).format_map(words) for text in sentences)


def _of_quake(reason: str, figures: Mapping[str, Any]) -> list[str]:
    """Returns the parts of the sentence.

    Each part names its scale, because magnitude and intensity have different scales.
    """
    texts = [TEXTS[reason]] if reason in LABELLED else []
    texts.append(TEXTS["quake_magnitude"] if "depth_km" in figures else WITHOUT_DEPTH)
    if "intensity" in figures:
        texts.append(INTENSITY if "pcode" in figures else INTENSITY_AT_EPICENTRE)
    if figures.get("felt"):
        texts.append(FELT)
    if "mmi" in figures:
        texts.append(MMI)
    if "impact" in figures:
        texts.append(IMPACT)
    return [*texts, RUPTURE] if figures.get("is_rupture") else texts


class Words(dict[str, str]):
    """The words in a sentence. Figures that an older alert lacks are shown as a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def _shown(figures: Mapping[str, Any], language: str, gettext: Callable[[str], str], places: Places) -> dict[str, str]:
    number, day = filters(language)["number"], filters(language)["day"]
    shown = {name: number(value) if type(value) in (int, float) else str(value) for name, value in figures.items()}
    for scale, digits in (("magnitude", 1), ("intensity", 1), ("mmi", 1), ("depth_km", 0)):
        if scale in figures:
            shown[scale] = number(figures[scale], digits)
    for listed in ("felt", "sites"):
        if listed in figures:
            shown[listed] = number(len(figures[listed]))
    for kind in ("urgency", "certainty", "impact"):
        if kind in figures:
            shown[kind] = term(kind, figures[kind], gettext).lower()
    if "source" in figures:
        shown["source"] = term("source", figures["source"], gettext)
    if "pcode" in figures:
        shown["place"] = places.name(figures["pcode"], language)
    if "first" in figures:
        last = figures.get("newest", figures["last"])
        dates = dict.fromkeys(day(date.fromisoformat(written)) for written in (figures["first"], last))
        shown["dates"] = "–".join(dates)
    return shown
