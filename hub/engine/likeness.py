"""How alike two names are: equal but for spelling, similar, or not. Pure functions."""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

CERTAIN, HIGH, POSSIBLE, TWICE = "certain", "high", "possible", "twice"
LEVELS = (CERTAIN, HIGH, POSSIBLE, TWICE)
SIMILAR = 80
"""Percent from which a name is worth a person's look."""
COMMON = 60
"""A word in more names than this says nothing about a company ("supply", "group")."""
_WORD = re.compile(r"[^\W_]+")
_FORMS = frozenset(
    ["inc", "incorporated", "llc", "ltd", "limited", "corp", "corporation", "co", "company", "gmbh", "ag", "kg", "ohg", "ug", "sa", "sarl", "srl", "spa", "bv", "nv", "plc", "pty", "ab", "as", "oy"]
)  # fmt: skip


def words(name: str) -> tuple[str, ...]:
    """Return a name's words without case, accents, punctuation and the company's legal form."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("&", " and "))
    found = _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))
    kept = tuple(word for word in found if word not in _FORMS)
    return kept or tuple(found)


def same_name(one: str, other: str) -> bool:
    """True for the same name, whatever its case and spacing."""
    return (
        bool(one.strip()) and " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
    )


def likeness(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """Return how alike two names are, in percent; 100 = equal but for spelling."""
    ordered = difflib.SequenceMatcher(None, " ".join(one), " ".join(other), autojunk=False)
    sorted_ = difflib.SequenceMatcher(
        None, " ".join(sorted(one)), " ".join(sorted(other)), autojunk=False
    )
    return round(100 * max(ordered.ratio(), sorted_.ratio()))


class Names:
    """Names of one side, found by the words that few of them share."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        self.words: dict[str, tuple[str, ...]] = {ident: words(name) for ident, name in names}
        counted = Counter(word for each in self.words.values() for word in set(each))
        self._by_word: dict[str, list[str]] = {}
        for ident, each in self.words.items():
            for word in set(each):
                if counted[word] <= COMMON:
                    self._by_word.setdefault(word, []).append(ident)

    def alike(self, name: str) -> Mapping[str, int]:
        """Return who is at least ``SIMILAR``, in percent."""
        own = words(name)
        near = {ident for word in set(own) for ident in self._by_word.get(word, ())}
        found = {ident: likeness(own, self.words[ident]) for ident in near}
        return {ident: share for ident, share in found.items() if share >= SIMILAR}
