"""Folds texts into words, so that a search finds a text in either script. PostgreSQL compares the words. No I/O."""

from collections.abc import Iterable

from shared.names import words

LONGEST = 60  # a longer word is cut to this number of letters
INFLECTED = 6  # a word of at least this many letters is also found without its last vowel, as in "в Баткене"
VOWELS = "aeiou"


def words_of(texts: Iterable[str | None]) -> str:
    """Makes the text of a `tsvector`. A folded word has only letters and digits."""
    spellings = {spelling[:LONGEST] for text in texts if text for word in words(text) for spelling in word}
    return " ".join(sorted(spellings))


def query_of(text: str) -> str | None:
    """Makes the `tsquery` that finds all words of the text, also as beginnings of longer words.

    Returns None if the text has no words. A single letter, such as the preposition in "сель в Баткене", is left out if
    there are longer words.
    """
    wanted = [sorted({_beginning(spelling) for spelling in word}) for word in words(text) if word]
    longer = [spellings for spellings in wanted if any(len(spelling) > 1 for spelling in spellings)]
    terms = (" | ".join(f"{spelling}:*" for spelling in spellings) for spellings in longer or wanted)
    return " & ".join(f"({alternatives})" for alternatives in terms) or None


def _beginning(spelling: str) -> str:
    is_inflected = len(spelling) >= INFLECTED and spelling[-1] in VOWELS
    return spelling[:-1][:LONGEST] if is_inflected else spelling[:LONGEST]
