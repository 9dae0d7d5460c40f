"""Finds a code of the contract by its name in Kyrgyz, Russian or English, as people write it into sheets."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from shared.events.vocabulary import Need, Relationship, Sex, Shelter
from shared.pages.catalogs import translations
from shared.pages.languages import LANGUAGES
from shared.pages.synonyms import SYNONYMS
from shared.pages.terms import TERMS
from shared.places.localities import folded

SEXES = {Sex.MALE: ("м", "муж", "мужчина", "эркек", "э", "m"), Sex.FEMALE: ("ж", "жен", "женщина", "аял", "а", "f")}

OTHER_WORDS: Mapping[str, Mapping[Any, tuple[str, ...]]] = {
    "hazard": SYNONYMS,
    "sex": SEXES,
    "relationship": {
        Relationship.HEAD: ("глава", "глава семьи", "глава домохозяйства", "хозяин", "башчы", "үй башчысы", "head"),
        Relationship.SPOUSE: ("жена", "муж", "супруг", "супруга", "аялы", "күйөөсү", "жубайы", "wife", "husband"),
        Relationship.CHILD: ("сын", "дочь", "ребенок", "дети", "уулу", "кызы", "баласы", "son", "daughter"),
        Relationship.PARENT: ("мать", "отец", "мама", "папа", "апасы", "атасы", "энеси", "mother", "father"),
        Relationship.SIBLING: ("брат", "сестра", "иниси", "байкеси", "агасы", "эжеси", "сиңдиси", "brother", "sister"),
        Relationship.GRANDCHILD: ("внук", "внучка", "небереси", "grandson", "granddaughter"),
        Relationship.GRANDPARENT: ("дед", "дедушка", "бабушка", "чоң атасы", "чоң энеси", "grandfather", "grandmother"),
        Relationship.OTHER_RELATIVE: (
            "сноха",
            "невестка",
            "зять",
            "свекровь",
            "теща",
            "келини",
            "күйөө баласы",
            "племянник",
        ),
    },
    "duty_service": {
        "rescue": ("мчс", "өкм", "спасательный отряд", "служба спасения", "гражданская защита", "112"),
        "ayil_okmotu": ("айыл окмоту", "а/о", "ао", "сельская управа", "айыл башчысы", "village administration"),
        "rayon": ("район", "рга", "райгосадминистрация", "акимиат", "аким", "мэрия", "шаар", "mayor"),
        "oblast": ("область", "облус", "полпред", "полномочный представитель президента"),
        "fire": ("пожарные", "пожарная часть", "пч", "өрт", "101", "fire brigade"),
        "police": ("ровд", "гом", "милиция", "ички иштер", "102", "militia"),
        "ambulance": ("скорая", "скорая помощь", "103"),
        "hospital": ("црб", "цсм", "тцм", "фап", "гсв", "роддом", "clinic"),
        "sanitary": ("сэс", "цгсэн", "госсанэпиднадзор", "санэпид"),
        "veterinary": ("ветеринар", "ветеринария", "мал доктур", "veterinarian"),
        "power": ("рэс", "электросети", "электр", "свет", "жарык", "нэск", "electricity"),
        "roads": ("дэу", "пад", "дорожники", "дорожная служба", "жол", "road"),
        "water": ("водоканал", "руводхоз", "рувх", "суу", "вода", "сооппв"),
        "hydromet": ("кыргызгидромет", "гидромет", "метео", "hydromet"),
        "education": ("школа", "мектеп", "районо", "school"),
        "social": ("соцзащита", "социальная защита", "соцразвитие"),
    },
    "need": {
        Need.WATER: ("вода", "питьевая вода", "суу", "water"),
        Need.FOOD: ("еда", "продукты", "продукты питания", "азык-түлүк", "азык"),
        Need.SHELTER: ("жилище", "палатка", "палатки", "чатыр", "үй"),
        Need.HEALTH: ("медпомощь", "лекарства", "врач", "дары", "дары-дармек", "medicine"),
        Need.NON_FOOD_ITEMS: ("одежда", "постель", "посуда", "одеяла", "кийим", "кийим-кече", "төшөк", "nfi"),
        Need.DOCUMENTS: ("паспорт", "документы", "паспорта"),
    },
    "shelter": {
        Shelter.HOST_RELATIVES: ("родственники", "родные", "у родных", "туугандар", "relatives"),
        Shelter.RENTED: ("аренда", "съемная квартира", "ижара"),
        Shelter.COLLECTIVE_CENTRE: ("пвр", "лагерь"),
        Shelter.SCHOOL: ("в школе", "мектепте"),
        Shelter.MOSQUE: ("в мечети", "мечитте"),
        Shelter.TENT: ("палатки", "в палатке", "чатыр"),
        Shelter.PASTURE_CAMP: ("юрта", "в юрте", "боз үй"),
    },
}


class CodeNames:
    def __init__(self, kind: str) -> None:
        self._codes: dict[str, set[str]] = defaultdict(set)
        for code, words in OTHER_WORDS.get(kind, {}).items():
            for word in words:
                self._codes[folded(word)].add(code)
        # the name of a code means only this code, even if another code has the same word
        for word, code in names(kind):
            self._codes[folded(word)] = {code}

    def find(self, text: str) -> str | None:
        """Returns the code with this name or word. Returns None if no code has it, or several codes have it."""
        codes = self._codes.get(folded(text), ())
        return next(iter(codes)) if len(codes) == 1 else None


def names(kind: str) -> Iterator[tuple[str, str]]:
    for code, text in TERMS[kind].items():
        yield code, code
        for language in LANGUAGES:
            yield translations(language).ugettext(text), code
