"""Equal statement shapes of a query log, recognised without parsing.

A literal is taken out only where it is compared, listed, added, limited or selected under a name, since there it
cannot decide which column feeds which, nor of whom a group is made: a limit of one row stays. Every other literal stays:
JSON paths, files, function arguments, positions after ORDER BY and GROUP BY, string aliases. So a shape may be finer than need be, but never unites two lineages.

Each step is one regular expression over a whole polars series. The lexical rules come from sqlglot's tokenizers;
statements whose lexical reading is not certain (raw strings, dollar quotes, nested comments) keep their exact text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import polars as pl
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy

__all__ = ["fingerprint", "normalise", "shapes"]

_BLANK = r"[ \t\n\r\f\v]"
_NUMBER = r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\b"
_NAMING = r":=|=>|->>?|#>>?"  # a literal after one of these names a field, an option or a variable
_WORDS = "like|ilike|rlike|regexp|between|and|or|when|then|else"
_TYPES = "date|timestamp|time|interval"
_COUNTS = "limit|offset|top|first|next"
_CALLS = "cast|try_cast|safe_cast|date|timestamp|to_date|to_timestamp"
_MEMBERS = (
    rf"[.@:$#] ?(?i-u:{_WORDS}|{_TYPES}|{_COUNTS}|{_CALLS}|in|select|values)\b"  # a name, not the word itself
)
_STRING_ALIASES = ("TSQL", "Fabric", "SQLite", "Tableau")  # there, DATE 'x' is a column and its alias
_MARK = "? "  # stands for a literal; also follows each kept token until the last step
_MARK_PATTERN = r"\? "

# Unknown to the patterns below: raw strings with a backslash before a quote, q'' strings, dollar quotes, executable
# and nested comments, names that begin with a digit or go on with $, comments that may end at a carriage return.
_ODD = (
    r"\$\w*\$",
    r"/\*!",
    r"/\*(?:[^*]|\*+[^*/])*/\*",
    r"[0-9]\$",
    r"(?:^|[\s=<>(,*])[+-]?[0-9]+\.[A-Za-z_]",
    r"--[^\n]*\r[^\n]",
    r"\x00",
)

# Here even a compared or listed literal may name a table, a file, a column or a statement.
_SENSITIVE = "(?is)" + "|".join(
    (
        r"^ ?(?:set|use|declare|let|call|do|begin|alter|show|describe|attach|put|list)\b",
        r"\b(?:pivot|unpivot|copy|unload|load|exec|execute|immediate|prepare|sp_executesql|bulk|export|import)\b",
        r"_table_suffix|regclass|://|@[^ ,;()]*/",
        r"\b(?:options|external\w*|\w+properties|\w*file_format|engine|infer_schema)\b",
        r"\b(?:openrowset|opendatasource|openquery|openjson)\b",
        r"\bwith ?\([^)]*=",
        r"\bhaving\b.*\bcount ?\( ?distinct\b",  # how many persons stand behind a row
        r"\bhaving\b.*(?:\bcount ?\([^()]*\) ?(?:<=?|=) ?[12]\b|\b[12] ?(?:>=?|=) ?count ?\()",  # or one row
        r"^ ?(?:insert|create|merge|replace)\b.*\bi?like '[^%_']*'",  # one value passes, no other
    )
)
_INSERT_ROWS = r"(?is)^ ?(?:insert|replace|upsert)\b.*\bvalues\b"
_EQUAL_ROWS = r"(\(\? (?:, ?\? )*\))(?: ?, ?\(\? (?:, ?\? )*\))+"


@dataclass(frozen=True)
class _Lexicon:
    """The patterns of one dialect; those named `…ing` have the replacement beside them."""

    odd: str
    spaced: str
    spacing: str
    blanking: tuple[str, str]
    blanking_rows: tuple[str, str]
    kept: str
    closed: str
    foldable: str
    folds: bool


def _quoted(start: str, end: str, *, backslash: bool, doubled: bool = True, ends: str = "") -> str:
    """Match a quoted token, or one that ends with `ends` instead of its quote."""
    opening, closing = re.escape(start), re.escape(end)
    inner = [rf"[^{closing}\\]", r"\\."] if backslash else [f"[^{closing}]"]
    tail = f"(?:{closing}|{ends})" if ends else closing
    return f"{opening}(?:{'|'.join([*inner, closing * 2] if doubled else inner)})*{tail}"


def _well_formed(
    pairs: list[tuple[str, str]], *, backslash: bool, inside: str = "", outside: str = ""
) -> str:
    """Match a text whose quotes are all closed, without the characters `inside` them and `outside`."""
    marks = [(re.escape(start), re.escape(end)) for start, end in pairs]
    slash, escaped = (r"\\", rf"|\\[^{inside}]" if inside else r"|\\.") if backslash else ("", "")
    pieces = [f"{start}(?:[^{end}{slash}{inside}]{escaped})*{end}" for start, end in marks]
    return rf"(?s)\A(?:[^{outside}{''.join(start for start, _ in marks)}]|{'|'.join(pieces)})*\z"


def _pairs(marks: Iterable[Any]) -> list[tuple[str, str]]:
    pairs = [(mark, mark) if isinstance(mark, str) else (mark[0], mark[1]) for mark in marks]
    return [pair for pair in pairs if len(pair[0]) == 1]


def _find(dialect: str | None) -> Dialect:
    try:
        return Dialect.get_or_raise(dialect or "")
    except ValueError:
        return Dialect()


def _odd_pattern(tokenizer: Any, marks: set[str], *, backslash: bool) -> str:
    odd = [*_ODD, *(rf"\\{re.escape(start)}" for start, _ in _pairs(tokenizer.IDENTIFIERS))]
    if backslash:
        odd.append(r"(?s:(?:^|[^0-9A-Za-z_])(?:[rR][bB]?|[bB][rR])['\"].*\\['\"])")
    else:
        odd += [r"\\['\"`]", r"(?:^|[^0-9A-Za-z_])[nN]?[qQ]'[^ ,)\]]"]
    if any(len(start) > 1 for start in tokenizer.QUOTES):
        odd.append("'''|\"\"\"")
    if "#" in tokenizer.COMMENTS:
        odd.append(r"--(?:[^ \t\n\r]|\z)|[^ \t\n,;]#")  # 5--1 is a sum in MySQL; a#b is a name to some
        if tokenizer.HEREDOC_STRINGS:
            odd.append(r"\$")
    odd.extend(mark for mark in '"`' if mark not in marks)
    return "|".join(odd)


def _blanking(kept: str, strings: str, *, typed: bool, rows: bool) -> tuple[str, str]:
    """The pattern of kept tokens and of literals in harmless places, and the replacement for both."""
    literal = f"(?:[nN]?(?:{strings})|{_NUMBER})"
    listed = f"{literal}(?: ?, ?{literal})*"
    words = f"{_WORDS}|{_TYPES}" if typed else _WORDS
    place = rf"[<>=] ?|\b(?i-u:{words}) |\b(?i-u:{_CALLS}) ?\( ?|\* ?| [+-] "
    places = [
        rf"({place}{'|[(,] ?' if rows else ''}){literal}",
        rf"(\b(?i-u:in) ?\( ?){listed}",
        rf"(\b(?i-u:{_COUNTS}) )(?:[02-9][0-9]*|1[0-9]+)\b",
        rf"(\b(?i-u:select) |, ?){literal} ((?i-u:as) )",
    ]
    if rows:
        row = rf"\( ?{listed} ?\)"
        places.insert(0, rf"(\) ?(?i-u:values) ?){row}(?: ?, ?{row})*")
    before = "".join(f"${{{number}}}" for number in range(1, len(places) + 2))
    return f"(?s)(?:({kept})|{'|'.join(places)}) ?", f"{before}{_MARK}${{{len(places) + 2}}}"


@lru_cache(maxsize=64)
def _lexicon(name: str) -> _Lexicon:
    dialect = _find(name)
    tokenizer: Any = dialect.tokenizer_class
    backslash = "\\" in tokenizer.STRING_ESCAPES and name != "athena"
    named = _pairs(tokenizer.IDENTIFIERS)
    texts = [pair for pair in _pairs(tokenizer.QUOTES) if pair not in named]
    names = [_quoted(*pair, backslash="\\" in tokenizer.IDENTIFIER_ESCAPES) for pair in named]
    doubled = "'" in tokenizer.STRING_ESCAPES
    strings = "|".join(_quoted(*pair, backslash=backslash, doubled=doubled) for pair in texts)
    quoted = "|".join([*names, strings])
    open_too = "|".join(_quoted(*pair, backslash=backslash, ends=r"\\?\z") for pair in [*named, *texts])
    kept = f"{quoted}|{_NAMING}|{_MEMBERS}"
    typed = type(dialect).__name__ not in _STRING_ALIASES
    lines = "|".join(mark for mark in tokenizer.COMMENTS if mark in ("--", "#", "//"))
    gap = rf"(?:(?:{lines})[^\n]*|/\*(?:[^*]|\*+[^*/])*\*+/){_BLANK}*"
    return _Lexicon(
        odd=_odd_pattern(tokenizer, {pair[0] for pair in [*named, *texts]}, backslash=backslash),
        spaced=rf"[\t\n\r\f\v]|  |/\*|{lines}",
        spacing=rf"(?s)({open_too}){_BLANK}*(?:{gap})*|{_BLANK}*(?:{gap})+|{_BLANK}{_BLANK}+|[\t\n\r\f\v]",
        blanking=_blanking(kept, strings, typed=typed, rows=False),
        blanking_rows=_blanking(kept, strings, typed=typed, rows=True),
        kept=f"(?s){kept}",
        closed=_well_formed([*named, *texts], backslash=backslash),
        # Beyond ASCII, engines do not agree on the lower case of a letter.
        foldable=_well_formed(
            [*named, *texts], backslash=backslash, inside="A-Z", outside=r"\x80-\x{10ffff}"
        ),
        folds=name != "bigquery"
        and dialect.normalization_strategy is not NormalizationStrategy.CASE_SENSITIVE,
    )


def _rewrite(texts: pl.Series, chosen: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Change the chosen texts, leave the others."""
    if not chosen.any():
        return texts
    if chosen.all():
        return change(texts)
    mask = chosen.to_numpy()
    order = np.concatenate([np.flatnonzero(~mask), np.flatnonzero(mask)])
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return pl.concat([texts.filter(~chosen), change(texts.filter(chosen))]).gather(back)


def _lower(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase()


def _blank_rows(texts: pl.Series, lexicon: _Lexicon) -> pl.Series:
    """Take the literals out of INSERT … VALUES, whose rows are all of one length."""
    return texts.str.replace_all(*lexicon.blanking_rows).str.replace_all(_EQUAL_ROWS, "$1")


def _blank(texts: pl.Series, lexicon: _Lexicon) -> pl.Series:
    texts = texts.str.strip_chars_end(" ;")
    rows = texts.str.contains(_INSERT_ROWS) & ~texts.str.contains(r"(?i)\bselect\b")
    texts = _rewrite(texts, ~rows, lambda some: some.str.replace_all(*lexicon.blanking))
    texts = _rewrite(texts, rows, lambda some: _blank_rows(some, lexicon))
    return _rewrite(texts, texts.str.contains(lexicon.foldable), _lower) if lexicon.folds else texts


def _mark(texts: pl.Series, lexicon: _Lexicon) -> pl.Series:
    """Write texts as their shapes, each kept token followed by the mark."""

    def regular(some: pl.Series) -> pl.Series:
        spaced = some.str.contains(lexicon.spaced)
        short = _rewrite(some, spaced, lambda part: part.str.replace_all(lexicon.spacing, "$1 "))
        closed = short.str.contains(lexicon.closed) & ~short.str.contains("/*", literal=True)
        harmless = closed & ~short.str.contains(_SENSITIVE)
        return _rewrite(short.zip_with(closed, some), harmless, lambda part: _blank(part, lexicon))

    return _rewrite(texts, ~texts.str.contains(lexicon.odd), regular).str.strip_chars(" \t\n\r\f\v")


def _distinct(statements: pl.Series, lexicon: _Lexicon) -> pl.DataFrame:
    """Each different statement with the text of its shape."""
    texts = statements.drop_nulls().unique()
    return pl.DataFrame({"statement": texts, "text": _mark(texts, lexicon)})


def normalise(statements: pl.Series, dialect: str | None = None) -> pl.Series:
    r"""Write statements as their shapes: comments and extra blanks dropped, harmless literals as ``?``.

    Parameters
    ----------
    statements : polars.Series of String
        SQL texts; null stays null.
    dialect : str, optional
        sqlglot's name of the dialect; an unknown name is read as none.

    Returns
    -------
    polars.Series of String
        As long as `statements`, equal where the shapes are equal. Unquoted text is lower-cased where the dialect's
        names do not depend on case.

    Examples
    --------
    >>> log = pl.Series(["SELECT a FROM t WHERE b = 1 ORDER BY 1", "select a\nfrom t where b = 23 -- x\norder by 1"])
    >>> normalise(log).to_list()
    ['select a from t where b = ? order by 1', 'select a from t where b = ? order by 1']
    """
    frame = pl.DataFrame({"statement": statements.cast(pl.String)})
    lexicon = _lexicon((dialect or "").lower())
    known = _distinct(frame["statement"], lexicon).with_columns(
        pl.col("text").str.replace_all(f"({lexicon.kept}){_MARK_PATTERN}", "$1 ")
    )
    return frame.join(known, on="statement", how="left", maintain_order="left")["text"].alias(statements.name)


def fingerprint(statements: pl.Series, dialect: str | None = None) -> pl.Series:
    """Digest each statement's shape: 32 hexadecimal digits, the same on every machine and in every run.

    Parameters
    ----------
    statements : polars.Series of String
        SQL texts; null stays null.
    dialect : str, optional
        sqlglot's name of the dialect.

    Returns
    -------
    polars.Series of String
        128-bit BLAKE2b digests of the normalised texts.

    Examples
    --------
    >>> one, other = fingerprint(pl.Series(["SELECT a FROM t WHERE b = 1", "SELECT a FROM t WHERE b = 2"]))
    >>> one == other, len(one)
    (True, 32)
    """
    texts = pl.DataFrame({"text": normalise(statements, dialect)})
    different = texts["text"].drop_nulls().unique()
    digests = [hashlib.blake2b(text.encode(), digest_size=16).hexdigest() for text in different]
    known = pl.DataFrame(
        {"text": different, "digest": digests}, schema={"text": pl.String, "digest": pl.String}
    )
    return texts.join(known, on="text", how="left", maintain_order="left")["digest"].alias(statements.name)


def shapes(statements: pl.Series, dialect: str | None = None) -> pl.DataFrame:
    """Number the shapes of a log, and name one statement that stands for each.

    Parameters
    ----------
    statements : polars.Series of String
        SQL texts.
    dialect : str, optional
        sqlglot's name of the dialect.

    Returns
    -------
    polars.DataFrame
        A row for each statement, in order: `shape` (UInt32, dense from 0 in order of first appearance; null for a
        null statement) and `representative` (String: the smallest statement of that shape, whatever the row order).

    Examples
    --------
    >>> log = pl.Series(["SELECT a FROM t WHERE b = 2", "SELECT c FROM t", "SELECT a FROM t WHERE b = 1"])
    >>> shapes(log).rows()
    [(0, 'SELECT a FROM t WHERE b = 1'), (1, 'SELECT c FROM t'), (0, 'SELECT a FROM t WHERE b = 1')]
    """
    frame = pl.DataFrame({"statement": statements.cast(pl.String)}).with_row_index("row")
    known = _distinct(frame["statement"], _lexicon((dialect or "").lower()))
    rows = frame.join(known, on="statement", how="left", maintain_order="left")
    numbered = (
        rows.filter(pl.col("text").is_not_null())
        .group_by("text")
        .agg(pl.col("row").min(), pl.col("statement").min().alias("representative"))
        .sort("row")
        .with_row_index("shape")
    )
    return rows.join(numbered, on="text", how="left", maintain_order="left").select(
        pl.col("shape").cast(pl.UInt32), "representative"
    )
