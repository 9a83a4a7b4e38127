"""Names → words: ``custEmailAddr2`` is customer, email, address.

Strings are cut by polars; Python sees each distinct token once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from lineage_nb.analyses.classify.rules import Ruleset, singulars

__all__ = ["UNKNOWN", "Words", "type_families"]

UNKNOWN = "·"
"""Stands for any word that no rule knows."""
_SHORT = "˙"  # an unknown word of one or two letters: before the others, mostly the table's initials
_LONGEST = 120
_LONGEST_TOKEN = 40
_SHORT_PARTS = frozenset({"id", "nr", "tel", "zip", "key", "ip", "dob", "ssn", "url", "nom", "name", "ort", "mac", "cd", "dt", "nm", "num", "nbr", "nro", "cod"})
_NO_PARTS = frozenset({"age", "alter", "cap", "cep", "pan", "long", "form", "port", "rank", "book", "test", "case", "plan", "list", "post", "page"})
_COUNTING = ("num", "nbr", "nr", "no", "nro", "n", "number", "numero")
_FAMILIES: tuple[tuple[str, str], ...] = (
    (r"array|\[\]|^list|^set<", "array"),
    (r"json|struct|^map|variant|^record|^row|^object(?!id)|^super|hstore", "json"),
    (r"char|text|string|clob|enum|citext|utf|^name$|^sysname$", "text"),
    (r"^bool|^bit$|^bit\(1\)|^logical", "boolean"),
    (r"geo|point|polygon|^st_", "geo"),
    (r"uuid|uniqueidentifier|guid", "uuid"),
    (r"^inet|^cidr|ip_?addr|^ipv", "network"),
    (r"timestamp|datetime|^time", "timestamp"),
    (r"date", "date"),
    (r"int(?!erval)|serial|^long( integer)?$|^number\(\d+(,\s*0)?\)|^decimal\(\d+(,\s*0)?\)|^numeric\(\d+(,\s*0)?\)", "integer"),
    (r"float|double|real|decimal|numeric|number|money", "decimal"),
    (r"binary|bytea|bytes|blob|^raw|image|varbyte", "binary"),
)


def type_families(types: pl.Series) -> pl.Series:
    """Families of data types as sources spell them; null where the type is not known.

    Examples
    --------
    >>> type_families(pl.Series(["VARCHAR(20)", "BIGINT", "decimal(10,2)", "LONGTEXT", None, "odd"])).to_list()
    ['text', 'integer', 'decimal', 'text', None, None]
    """
    distinct = types.drop_nulls().unique()
    found = {t: next((f for p, f in _FAMILIES if re.search(p, t.lower()[:80])), None) for t in distinct.to_list()}
    return types.replace_strict(found, return_dtype=pl.String, default=None) if found else pl.Series([None] * len(types), dtype=pl.String)


@dataclass(frozen=True)
class Words:
    """Reads names with the words that a set of rules knows.

    Attributes
    ----------
    rules : Ruleset
        Where words, abbreviations and classes come from.
    """

    rules: Ruleset
    _seen: dict[str, str] = field(default_factory=dict)

    def of(self, texts: pl.Series) -> pl.Series:
        """Texts as known words, with a space between, each run of unknown ones as one `UNKNOWN`; nulls stay.

        Examples
        --------
        >>> from lineage_nb.analyses.classify.rules import read_rules
        >>> Words(read_rules()).of(pl.Series(["custEmailAddr2", "MAIL_frobnicate", "Straße"])).to_list()
        ['customer email address', 'mail ·', 'strasse']
        """
        distinct = pl.DataFrame({"text": texts}).drop_nulls().unique()
        tokens = distinct.with_columns(_normal(pl.col("text").str.slice(0, _LONGEST)).str.split(" ").alias("token")).explode("token")
        tokens = tokens.with_columns(pl.col("token").fill_null(""))
        new = tokens["token"].unique()
        of_token = {"token": new, "words": [self._words(t) for t in new.to_list()], "several": [self._is_plural(t) for t in new.to_list()]}
        known = pl.DataFrame(of_token, schema={"token": pl.String, "words": pl.String, "several": pl.Boolean})
        tokens = tokens.join(known, on="token", how="left", maintain_order="left").filter(pl.col("words") != "")
        # "num_cards" counts cards, "num_card" is the number of one.
        counts = pl.col("token").is_in(_COUNTING) & pl.col("several").shift(-1).fill_null(value=False) & (pl.col("text") == pl.col("text").shift(-1))
        tokens = tokens.with_columns(pl.when(counts).then(pl.lit("count")).otherwise("words").alias("words"))
        read = tokens.group_by("text", maintain_order=True).agg(pl.col("words").str.join(" "))
        read = read.with_columns(pl.col("words").str.replace(f"^({_SHORT} )+", "").str.replace_all(_SHORT, UNKNOWN).str.replace_all(f"{UNKNOWN}( {UNKNOWN})+", UNKNOWN))
        joined = pl.DataFrame({"text": texts}).join(read, on="text", how="left", maintain_order="left")
        return joined.select(pl.when(pl.col("text").is_not_null()).then(pl.col("words").fill_null("")).alias("words"))["words"]

    def _words(self, token: str) -> str:
        if token not in self._seen:
            self._seen[token] = " ".join(self._read(token[:_LONGEST_TOKEN])) if token else ""
        return self._seen[token]

    def _read(self, token: str) -> tuple[str, ...]:
        whole = self._word(token)
        if whole is not None:
            return whole
        return self._parts(token) or ((UNKNOWN,) if len(token) > 2 else (_SHORT,))

    def _word(self, token: str) -> tuple[str, ...] | None:
        """One token as a word, an abbreviation or the plural of either."""
        for form in singulars(token):
            if form in self.rules.abbreviations or form in self._spelled:
                return self.rules.canonical(self._spelled.get(form, form))
        return None

    def _is_plural(self, token: str) -> bool:
        first, *others = singulars(token)
        known = (self._spelled, self.rules.abbreviations)
        return not any(first in words for words in known) and any(form in words for form in others for words in known)

    @cached_property
    def _spelled(self) -> dict[str, str]:
        """Words by how they may be spelled: ``fuehrer`` also as ``fuhrer``."""
        found = {w: w for w in sorted(self.rules.vocabulary)}
        for word in sorted(self.rules.vocabulary):
            for double, single in (("ae", "a"), ("oe", "o"), ("ue", "u")):
                if double in word and len(word) > 5:
                    found.setdefault(word.replace(double, single), word)
        return found

    @cached_property
    def _pieces(self) -> frozenset[str]:
        long = {w for w in (*self._spelled, *self.rules.abbreviations) if (len(w) >= 4 and w not in _NO_PARTS) or (len(w) >= 2 and _dense(w))}
        return frozenset(long | (_SHORT_PARTS & {*self._spelled, *self.rules.abbreviations}))

    def _parts(self, token: str) -> tuple[str, ...] | None:
        """A token that is nothing but known words, in as few as can be: ``streetaddress``."""
        best: list[tuple[str, ...] | None] = [(), *[None] * len(token)]
        for end in range(2, len(token) + 1):
            for start in range(max(0, end - 20), end - 1):
                before = best[start]
                if before is None or token[start:end] not in self._pieces:
                    continue
                found = (*before, token[start:end])
                now = best[end]
                if now is None or len(found) < len(now):
                    best[end] = found
        parts = best[len(token)]
        if parts is None or all(len(p) < 4 and not _dense(p) for p in parts):
            return None
        return tuple(w for p in parts for w in self._word(p) or ())


def _dense(word: str) -> bool:
    """Whether a word is of a script that needs few signs and no spaces: Chinese or Japanese."""
    return "\u3040" <= word[0] <= "\u9fff"


def _normal(text: pl.Expr) -> pl.Expr:
    """Lower case, no accents, letters alone; words of camel case and runs of letters apart."""
    apart = text.str.replace_all(r"(\p{Ll}|\d)(\p{Lu})", "$1 $2").str.replace_all(r"(\p{Lu}+)(\p{Lu}\p{Ll})", "$1 $2")
    lower = apart.str.normalize("NFKD").str.replace_all(r"\p{M}+", "").str.to_lowercase()
    lower = lower.str.replace_many({"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe"})
    return lower.str.replace_all(r"[^\p{L}]+", " ").str.strip_chars(" ")

