"""Folds texts into words, so that Cyrillic text finds Latin text and vice versa. PostgreSQL compares the words.

No I/O.
"""

from collections.abc import Iterable

from shared.names import words

LONGEST = 60  # letters; longer words are cut
INFLECTED = 6  # a word with this many letters or more also matches without its last vowel, so "Баткене" finds "Баткен"
VOWELS = "aeiou"


def words_of(texts: Iterable[str | None]) -> str:
    """Makes the text of a `tsvector`. A folded word has only letters and digits."""
    spellings = {spelling[:LONGEST] for text in texts if text for word in words(text) for spelling in word}
    return " ".join(sorted(spellings))


def query_of(text: str) -> str | None:
    """Makes a `tsquery` for all words of the text. A word also finds longer words that begin with it.

    Returns None if the text has no words. If the text has longer words, single letters are left out, such as "в" in
    "сель в Баткене".
    """
    wanted = [sorted({_beginning(spelling) for spelling in word}) for word in words(text) if word]
    longer = [spellings for spellings in wanted if any(len(spelling) > 1 for spelling in spellings)]
    terms = (" | ".join(f"{spelling}:*" for spelling in spellings) for spellings in longer or wanted)
    return " & ".join(f"({alternatives})" for alternatives in terms) or None


def _beginning(spelling: str) -> str:
    is_inflected = len(spelling) >= INFLECTED and spelling[-1] in VOWELS
    return spelling[:-1][:LONGEST] if is_inflected else spelling[:LONGEST]
