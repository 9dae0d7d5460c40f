"""The words people say for a hazard on the telephone, beside its name, in the three languages."""

from collections.abc import Mapping

from shared.events.vocabulary import HazardType as H

SYNONYMS: Mapping[H, tuple[str, ...]] = {
    H.EARTHQUAKE: ("толчки", "подземный толчок", "жер титирөө", "tremor", "quake"),
    H.MUDFLOW: ("селевой поток", "сель", "грязевой поток", "сел", "debris flow"),
    H.LANDSLIDE: ("оползень", "жер көчкү", "сползание грунта"),
    H.ROCKFALL: ("обвал", "камнепад", "обрушение породы", "таш кулоо", "урама", "rock fall"),
    H.RIVER_FLOOD: (
        "наводнение",
        "паводок",
        "разлив реки",
        "затопление",
        "подтопление",
        "суу ташкыны",
        "суу каптоо",
        "flood",
    ),
    H.FLASH_FLOOD: ("ливневый паводок", "внезапное наводнение", "наводнение", "кыян", "flood"),
    H.GLOF: ("прорыв озера", "прорыв горного озера", "көл жарылуу", "lake outburst"),
    H.DAM_RELEASE: ("прорыв плотины", "прорыв дамбы", "сброс воды", "дамба бузулуу", "dam break"),
    H.AVALANCHE: ("снежная лавина", "сход лавины", "кар көчкү"),
    H.HEAVY_RAIN: ("ливень", "дождь", "осадки", "нөшөр", "жамгыр", "жаан", "downpour", "rain"),
    H.STRONG_WIND: ("ураган", "буря", "шквал", "ветер", "бороон", "шамал", "storm"),
    H.SNOWSTORM: ("метель", "снегопад", "буран", "вьюга", "кар", "бороон", "snow", "blizzard"),
    H.HEAT_WAVE: ("жара", "зной", "ысык", "аптап", "heat"),
    H.COLD_WAVE: ("мороз", "холод", "стужа", "суук", "cold"),
    H.FROST: ("заморозки", "үшүк"),
    H.WILDFIRE: ("лесной пожар", "степной пожар", "пожар", "токой өртү", "өрт", "fire"),
    H.STRUCTURE_FIRE: ("пожар", "возгорание", "горит дом", "өрт", "үй күйдү", "fire"),
    H.EXPLOSION: ("взрыв газа", "взрыв", "газ", "жарылуу", "gas explosion", "gas"),
    H.CHEMICAL_RELEASE: ("газ", "утечка газа", "хлор", "аммиак", "ртуть", "отравление", "gas leak", "gas"),
    H.TAILINGS_RELEASE: ("хвостохранилище", "калдык сактагыч"),
    H.BUILDING_COLLAPSE: ("обрушение", "обвал здания", "рухнул дом", "үй урады", "collapse"),
    H.TRANSPORT_ACCIDENT: ("ДТП", "авария на дороге", "автоавария", "жол кырсыгы", "кырсык", "road accident", "crash"),
    H.UTILITY_FAILURE: (
        "авария на сетях",
        "нет света",
        "нет газа",
        "газ",
        "отключение электричества",
        "свет өчтү",
        "газ жок",
        "power cut",
    ),
    H.EPIDEMIC: ("вспышка болезни", "инфекция", "жугуштуу оору", "outbreak"),
    H.EPIZOOTIC: ("падёж скота", "ящур", "сибирская язва", "мал оорусу"),
    H.ARMED_INCIDENT: ("стрельба", "перестрелка", "обстрел", "атышуу", "shooting"),
}
