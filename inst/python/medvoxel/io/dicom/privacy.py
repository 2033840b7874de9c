"""Take what names a person out of a free text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import permutations

__all__ = ["REMOVED", "scrub"]

REMOVED = "[removed]"

# Titles end a name (Mr), and these two letters are in every other description.
_NEVER = frozenset(("ct", "mr", "pt", "mm"))
_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe"}
)
# Letters that Unicode does not take apart into a plain letter and an accent.
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"})
_BACK = (("ae", "ä"), ("oe", "ö"), ("ue", "ü"), ("ss", "ß"))
# Scripts that are written without spaces between words: Thai to Burmese, Khmer, kana,
# bopomofo, Han with its extensions, and Hangul, where particles follow a name.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3100-\u312f\u3400-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
# An underscore divides words in descriptions, so \b will not do.
_BEFORE, _AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_MARKS = "[-.'\u2019`\u00b4]?"
_MONTHS = (
    "jan", "feb|fév", "mar|mär|mrz", "apr|avr", "may|mai", "jun|juin", "jul|juil", "aug|aoû",
    "sep", "oct|okt", "nov", "dec|dez|déc",
)  # fmt: skip


def scrub(text: str, *, names: tuple[str, ...], identifiers: tuple[str, ...], birth: str) -> str:
    """Replace parts of a text that come from the patient's name, identifier or birth date.

    Parameters
    ----------
    text : str
        A description that somebody typed.
    names : tuple of str
        DICOM person names. Each part of two letters or more is removed where it stands as
        a word, also joined with another part, without accents, with ae for ä and without
        punctuation; parts in scripts without spaces are removed anywhere. A single letter
        is left: it is a word in too many texts.
    identifiers : tuple of str
        Identifiers, removed as a whole.
    birth : str
        Birth date as ``YYYYMMDD``, removed in its usual spellings; may be empty.

    Returns
    -------
    str
        The text with ``[removed]`` in their place.
    """
    pattern = _pattern(names, identifiers, birth)
    return text if pattern is None else pattern.sub(REMOVED, text)


@lru_cache(maxsize=16)
def _pattern(
    names: tuple[str, ...], identifiers: tuple[str, ...], birth: str
) -> re.Pattern[str] | None:
    words = {word for name in names for group in name.split("=") for word in _words(group)}
    exact = {i.strip() for i in identifiers if len(i.strip()) >= 2}
    exact |= {plain for i in exact if len(plain := re.sub(r"[\W_]+", "", i)) >= 3}
    patterns = {_spelled(w): len(w) for w in words}
    patterns |= {f"{_BEFORE}{re.escape(w)}{_AFTER}": len(w) for w in exact}
    ordered = sorted(patterns, key=lambda p: (-patterns[p], p))
    ordered = [f"{_BEFORE}(?:{date}){_AFTER}" for date in _dates(birth)] + ordered
    return re.compile("|".join(ordered), re.IGNORECASE) if ordered else None


def _words(name: str) -> set[str]:
    """Give everything of one name that is to be removed, in all its forms."""
    components = [c.strip() for c in unicodedata.normalize("NFC", name).split("^")]
    parts: dict[str, None] = {}
    for i, component in enumerate(components):
        # Both the whole part (Smith-Jones) and its pieces (Smith, Jones).
        found = re.split(r"[\s,]+", component) + re.split(r"[\W_]+", component)
        # Behind family, given and middle name are titles: there, two letters are no name.
        least = 1 if i < 3 else 3
        parts.update(dict.fromkeys(p for p in found if len(p) >= least))
    named = [p for p in parts if _is_name(p)]
    # The order of typing is anybody's; of a name with many parts the first are enough.
    joined = {a + b for a, b in permutations(named[:6], 2)}
    joined |= {_bare(name), "".join(_bare(c) for c in reversed(components))}
    for part in named:
        if len(part) >= 4:  # MuellerH, HMueller
            letters = {other[0].lower() for other in parts if other != part}
            joined |= {part + x for x in letters} | {x + part for x in letters}
    forms = {form for word in (*named, *joined) for form in _forms(word)}
    return {form for form in forms if _is_name(form)}


def _is_name(word: str) -> bool:
    least = 1 if _UNSPACED.search(word) else 2
    return len(_bare(word)) >= least and word.lower() not in _NEVER


def _bare(word: str) -> str:
    return re.sub(r"[\W_]+", "", word)


def _forms(word: str) -> Iterator[str]:
    """Give the ways in which one word is typed; upper and lower case do not matter."""
    word = word.lower()
    apart = unicodedata.normalize("NFD", word)
    plain = "".join(c for c in apart if not unicodedata.combining(c)).translate(_PLAIN)
    back = word
    for two, one in _BACK:
        back = back.replace(two, one)
    # Scripts with marks that are no accents keep them.
    spellings = (word, word.translate(_UMLAUTS), plain, back) if _LATIN.search(word) else (word,)
    for spelling in spellings:
        yield from (spelling, _bare(spelling))
    yield apart


def _spelled(word: str) -> str:
    """Give the expression that finds one word."""
    if _UNSPACED.search(word):
        return re.escape(word)
    if not _LATIN.search(word) and len(word) >= 3:
        return re.escape(word)  # Cyrillic and others: names take endings
    if word.isalpha() and 4 <= len(word) <= 12:
        return f"{_BEFORE}{_MARKS.join(word)}{_AFTER}"  # O'Neil for ONeil
    return f"{_BEFORE}{re.escape(word)}{_AFTER}"


def _dates(birth: str) -> Sequence[str]:
    """Give expressions for the spellings of a date, the longest first."""
    digits = re.sub(r"\D", "", birth)
    if len(digits) != 8 or not 1 <= int(digits[4:6]) <= 12:
        return ()
    year, month, day = digits[:4], digits[4:6], digits[6:]
    m, d = (f"0?{part.lstrip('0')}" for part in (month, day))
    word = f"(?:{_MONTHS[int(month) - 1]})[^\\W\\d_]*"
    found = []
    for y in (year, year[2:]):
        orders = ((y, m, d), (d, m, y), (m, d, y), (d, word, y), (word, d, y), (y, word, d))
        found += [r"[-./_, ]{1,2}".join(order) for order in orders]
        found += [f"{d}{word}{y}"]
    found += ["".join(order) for order in ((year, m, d), (d, m, year), (m, d, year))]
    short = year[2:]
    return [*found, short + month + day, day + month + short, month + day + short]
