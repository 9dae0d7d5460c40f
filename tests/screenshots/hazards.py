"""More hazards of the evening: the minutes since each hazard began, and its fields.

All hazards of the evening are invented.
"""

from typing import Any


def _hazard(
    minutes: int, kind: str, severity: str, ky: str, ru: str, en: str, **fields: Any
) -> tuple[int, dict[str, Any]]:
    text = {"ky": {"headline": ky}, "ru": {"headline": ru}, "en": {"headline": en}}
    usual = {"type": kind, "severity": severity, "urgency": "Immediate", "certainty": "Observed", "text": text}
    return minutes, usual | fields


def _at(pcode: str, lat: float, lon: float) -> dict[str, Any]:
    return {"pcodes": [pcode], "point": {"lat": lat, "lon": lon}}


HAZARDS = (
    _hazard(
        9,
        "avalanche",
        "Extreme",
        "Төө-Ашуу ашуусунда көчкү жүрдү, жолдо унаалар калды",
        "Лавина на перевале Тоо-Ашуу, на дороге остались машины",
        "Avalanche on the Too-Ashuu pass, cars are on the road",
        area=_at("KG08209000000", 42.32, 73.82),
    ),
    _hazard(
        34,
        "landslide",
        "Severe",
        "Өзгөн районунда жер көчкү, 12 үйгө коркунуч бар",
        "Оползень в Узгенском районе, угроза 12 домам",
        "Landslide in Uzgen, 12 houses in danger",
        certainty="Likely",
        area=_at("KG06255000000", 40.83, 73.5),
    ),
    _hazard(
        52,
        "snowstorm",
        "Moderate",
        "Ат-Башы районунда бороон, жолдо көрүү 50 метр",
        "Метель в Ат-Башинском районе, видимость 50 метров",
        "Snowstorm in At-Bashy, visibility 50 metres",
        area={"pcodes": ["KG04220000000"]},
    ),
    _hazard(
        75,
        "strong_wind",
        "Moderate",
        "Балыкчыда катуу шамал, чатырлар учту",
        "Сильный ветер в Балыкчы, сорваны крыши",
        "Strong wind in Balykchy, roofs torn off",
        area=_at("KG02420000010", 42.46, 76.18),
    ),
    _hazard(
        96,
        "river_flood",
        "Moderate",
        "Лейлек районунда Ак-Суу дарыясы ташкындады",
        "Разлив реки Ак-Суу в Лейлекском районе",
        "The river Ak-Suu floods in Leilek",
        certainty="Possible",
        area=_at("KG05236000000", 39.94, 69.53),
    ),
    _hazard(
        110,
        "rockfall",
        "Severe",
        "Токтогул районунда таш кулады, Бишкек — Ош жолу жабык",
        "Камнепад в Токтогульском районе, дорога Бишкек — Ош закрыта",
        "Rockfall in Toktogul, the road Bishkek–Osh is closed",
        area=_at("KG03225000000", 41.87, 72.94),
    ),
    _hazard(
        140,
        "utility_failure",
        "Minor",
        "Нарын шаарында жарык өчтү, 400 үй",
        "Отключение электричества в Нарыне, 400 домов",
        "Power cut in the town of Naryn, 400 houses",
        area={"pcodes": ["KG04400000010"]},
    ),
)
