"""Makes lists of ayil aymaks and settlements for `dayar places import`.

A seed decides the names. Some names occur twice.
"""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random

from cli import gazetteers
from cli.gazetteers import LocalityList
from shared.places import Places, bundle
from shared.places.gazetteer import Locality, LocalityKind
from shared.places.units import seed

KADAMJAI, AYMAK, DOBO = "KG05258000000", "KG05258811000", "KG05258811010"
WITH_POINT = "KG05258811020"
NAMES = {"ky": "Чоко-Дөбө", "ru": "Чоко-Добо", "en": "Choko-Dobo"}
FIRST = {"Кызыл": "Kyzyl", "Кара": "Kara", "Ак": "Ak", "Жаңы": "Jangy", "Чоң": "Chong", "Көк": "Kok", "Ой": "Oy"}
SECOND = {"Суу": "Suu", "Добо": "Dobo", "Таш": "Tash", "Булак": "Bulak", "Өзөн": "Ozon", "Жар": "Jar", "Талаа": "Talaa"}
THIRD = {"": "", "чук": "chuk", "лар": "lar", "бай": "bai", "күл": "kul"}
RUSSIAN = str.maketrans("өүңӨҮҢ", "оунОУН")

Row = Mapping[str, object]


def drawn(number: int, seed: int = 7) -> list[Row]:
    draw, districts = Random(seed), [unit.pcode for unit in Places.load().units(2)]
    rows: list[Row] = []
    for position in range(0, number, 10):
        district = districts[position // 10 % len(districts)]
        aymak = f"{district[:7]}{100 + position // 10}000"
        rows.append(row(aymak, district, level=3, **named(draw)))
        rows += [
            row(
                f"{aymak[:10]}{place + 1:03}",
                aymak,
                lat=round(draw.uniform(39.5, 42.5), 4),
                lon=round(draw.uniform(70, 79), 4),
                **named(draw),
            )
            for place in range(min(10, number - position))
        ]
    return rows


def named(draw: Random) -> dict[str, str]:
    (first, first_en), (second, second_en) = draw.choice([*FIRST.items()]), draw.choice([*SECOND.items()])
    third, third_en = draw.choice([*THIRD.items()])
    ky = f"{first}-{second}{third}"
    return {"ky": ky, "ru": ky.translate(RUSSIAN), "en": f"{first_en}-{second_en}{third_en}"}


def row(pcode: str, parent: str, level: object = 4, **columns: object) -> Row:
    return {"pcode": pcode, "parent": parent, "level": level, **columns}


def write(file: Path, rows: Iterable[Row]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as target:
        sheet = csv.DictWriter(target, gazetteers.COLUMNS)
        sheet.writeheader()
        sheet.writerows(rows)
    return file


def with_dobo() -> Places:
    aymak = Locality(AYMAK, KADAMJAI, LocalityKind.AYMAK, dict.fromkeys(NAMES, "Maidan"))
    return Places(seed(), "1", localities=[aymak, Locality(DOBO, AYMAK, LocalityKind.VILLAGE, NAMES)])


def imported(folder: Path, number: int = 2500) -> Path:
    own = [
        row(AYMAK, KADAMJAI, level=3, en="Maidan"),
        row(DOBO, AYMAK, **NAMES),
        row(WITH_POINT, AYMAK, lat=40.14, lon=71.87, ky="Үч-Арал", ru="Уч-Арал", en="Uch-Aral"),
    ]
    units = seed()
    listed = LocalityList({unit.pcode: unit for unit in units})
    file = write(folder / "settlements.csv", [*drawn(number), *own])
    listed.add(file, gazetteers.read(file) or [])
    target = folder / "places.geojson"
    target.write_bytes(bundle.dump(units, {}, listed.localities.values()))
    return target
