"""Values that a user gives, checked for what they are; only shares of them leave this module.

E-mail addresses are judged by email-validator (without asking any server), phone numbers by phonenumbers, card
numbers, IBANs, IMEIs, MAC addresses and numbers of states by python-stdnum; IP addresses and links by the standard
library. What a longer value contains (``Anna <a@b.org>``, a JSON document) is cut out first and judged by the same
libraries; telephone numbers inside need their country (``+49 …``).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from lineage_nb.errors import LineageError

__all__ = ["FEW", "FEWEST", "MOST_VALUES", "Sample", "samples"]

MOST_VALUES = 1_000
"""Distinct values of a column that are checked; of more, as many evenly from their sorted order."""
_LONGEST = 2_000
_LONGEST_INSIDE, _LONGEST_NUMBER, _PLUSES = 500, 24, 3
_DIGITS = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])", re.ASCII)
_MARKS = str.maketrans(dict.fromkeys("\"'`<>()[]{},;|=&?#\\", " "))
FEWEST = 5
"""Distinct values from which shares are trusted; from `FEW` on each of them must pass."""
FEW = 3
_EXTRA = "checking values needs the extra pii: pip install 'lineage-nb[pii]'. Without values=, names, types and comments are looked at."
_NATIONAL = (
    "be.nn", "br.cpf", "ch.ssn", "cn.ric", "de.idnr", "dk.cpr", "es.dni", "es.nie", "fi.hetu", "fr.nir", "gb.nhs", "in_.aadhaar", "in_.pan",
    "it.codicefiscale", "mx.curp", "nl.bsn", "no.fodselsnummer", "pl.pesel", "se.personnummer", "tr.tckimlik",
)  # fmt: skip
_REGIONS = ("DE", "FR", "ES", "IT", "PT", "NL", "GB", "BR", "PL", "TR", "JP")
_CARD_STARTS = ("4", "51", "52", "53", "54", "55", "2", "34", "37", "36", "38", "60", "62", "64", "65", "35")


@dataclass(frozen=True)
class Sample:
    """What the values of one column turned out to be.

    Attributes
    ----------
    count : int
        Distinct values that were checked.
    shares : mapping of str to float
        Check → share of them that pass, 0 to 1; empty where there are fewer than `FEW` values.
    """

    count: int
    shares: Mapping[str, float]


def samples(given: Any, resolve: Callable[[str], str]) -> dict[str, Sample]:
    """Check the values that a user gives.

    Parameters
    ----------
    given : mapping or dataframe
        Column (id or unique suffix of one) → its values; dataset → a dataframe (polars or pandas) of rows; or a
        dataframe with the columns node and value.
    resolve : callable
        Name → id of the node.

    Returns
    -------
    dict
        Column id → `Sample`. No value is kept.

    Raises
    ------
    LineageError
        For values in another shape, or when the extra ``pii`` is not installed.
    UnknownNameError, AmbiguousNameError
        For a name that is no column's.
    """
    columns = {resolve(name): values for name, values in _columns(given)}
    if not columns:
        return {}
    checks = _checks()
    return {node: _sample(values, checks) for node, values in columns.items()}


def _columns(given: Any) -> Iterable[tuple[str, list[str]]]:
    """(name, distinct values as text) of every column given."""
    if hasattr(given, "columns"):
        if not {"node", "value"} <= set(map(str, given.columns)):
            raise LineageError("values is a dataframe without the columns node and value; give those, or {'table': dataframe}")
        texts: dict[str, list[Any]] = {}
        for node, value in zip(_listed(given["node"]), _listed(given["value"]), strict=True):
            texts.setdefault(str(node), []).append(value)
        return [(name, _texts(values)) for name, values in sorted(texts.items())]
    if not isinstance(given, Mapping):
        raise LineageError(f"values is a {type(given).__name__}; give a mapping of column → list of values, or a dataframe with node and value")
    found: list[tuple[str, list[str]]] = []
    for name, values in given.items():
        if hasattr(values, "columns"):
            found += [(f"{name}#{c}" if "#" not in str(name) else f"{name}.{c}", _texts(_listed(values[c]))) for c in values.columns]
        elif isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
            raise LineageError(f"values of {str(name)[:200]!r} is a {type(values).__name__}; give a list of values")
        else:
            found.append((str(name), _texts(_listed(values))))
    return found


def _listed(values: Any) -> list[Any]:
    return list(values.to_list() if isinstance(values, pl.Series) else values.tolist() if hasattr(values, "tolist") else values)


def _texts(values: Iterable[Any]) -> list[str]:
    """Distinct values as text, evenly thinned out."""
    distinct = sorted({str(v).strip()[:_LONGEST] for v in values if v is not None and v == v} - {""})
    if len(distinct) <= MOST_VALUES:
        return distinct
    return [distinct[i * len(distinct) // MOST_VALUES] for i in range(MOST_VALUES)]


def _sample(values: list[str], checks: Mapping[str, Callable[[str], bool]]) -> Sample:
    if len(values) < FEW:
        return Sample(len(values), {})
    shares = {name: sum(map(check, values)) / len(values) for name, check in checks.items()}
    national = [sum(map(check, values)) / len(values) for check in _national()]
    return Sample(len(values), {**shares, "national_id": max(national)})


def _checks() -> dict[str, Callable[[str], bool]]:
    try:
        numbers, mails = import_module("phonenumbers"), import_module("email_validator")
        luhn, iban, imei, mac = (import_module(f"stdnum.{n}") for n in ("luhn", "iban", "imei", "mac"))
    except ImportError as error:
        raise LineageError(_EXTRA) from error
    return {
        "email": partial(_is_email, mails),
        "email_inside": partial(_has_email, mails),
        "phone_inside": partial(_has_phone, numbers),
        "iban_inside": partial(_has_iban, iban),
        "payment_card_inside": partial(_has_card, luhn),
        "phone": partial(_is_phone, numbers),
        "payment_card": partial(_is_card, luhn),
        "iban": partial(_is_valid, iban),
        "imei": partial(_is_imei, imei),
        "mac": partial(_is_mac, mac),
        "ip": _is_ip,
        "url_query": _is_url_with_query,
        "prose": _is_prose,
    }


def _national() -> list[Callable[[str], bool]]:
    """Numbers that states give to people and that carry a check digit; one kind must fit a whole column."""
    return [partial(_is_valid, import_module(f"stdnum.{name}")) for name in _NATIONAL]


def _is_valid(module: Any, text: str) -> bool:
    try:
        return len(text) <= 40 and bool(module.is_valid(text))
    except (ValueError, IndexError, KeyError, OverflowError):
        return False


def _is_email(module: Any, text: str) -> bool:
    if "@" not in text or len(text) > 320:
        return False
    try:
        module.validate_email(text, check_deliverability=False, test_environment=True)
    except ValueError:
        return False
    return True


def _has_email(module: Any, text: str) -> bool:
    """Some word of a text is an address; who logs in to a server (``ssh://me@host``, ``git@host:path``) is none."""
    if "@" not in text:
        return False
    for word in text[:_LONGEST_INSIDE].split():
        place = word.find("://")
        query = word[min([i for i in (word.find("?", place), word.find("#", place)) if i >= 0], default=len(word)) :] if place >= 0 else word
        if any(_is_email(module, part.rpartition(":")[2].strip(".!*")) for part in query.translate(_MARKS).split() if "@" in part):
            return True
    return False


def _has_phone(module: Any, text: str) -> bool:
    """A number in international form begins at one of the first plus signs of a text."""
    parts = text[:_LONGEST_INSIDE].split("+")[1 : 1 + _PLUSES]
    return any(module.PhoneNumberMatcher("+" + part[:_LONGEST_NUMBER], None).has_next() for part in parts if part[:1].isdigit())


def _has_iban(module: Any, text: str) -> bool:
    """Some word begins as an IBAN does, and it and what follows is one, in groups or not."""
    words = text[:_LONGEST_INSIDE].translate(_MARKS).replace(":", " ").split()
    for i, word in enumerate(words):
        if len(word) >= 4 and word[:2].isalpha() and word[:2].isupper() and word[2:4].isdigit():
            joined = "".join(words[i : i + 9])
            if any(_is_valid(module, joined[:n].rstrip(".")) for n in range(15, min(len(joined), 34) + 1)):
                return True
    return False


def _has_card(luhn: Any, text: str) -> bool:
    """Some run of digits, with spaces or dashes between, is the number of a card."""
    return any(_is_card(luhn, run) for run in _DIGITS.findall(text[:_LONGEST_INSIDE]))


def _is_phone(module: Any, text: str) -> bool:
    """International form, or a national one as people write it: with a leading zero or with separators."""
    digits = sum(c.isdigit() for c in text) if len(text) <= 30 else 0
    if not 7 <= digits <= 15 or any(c.isalpha() or c in ":@_," for c in text) or _is_ip(text) or _is_day(text):
        return False
    if text[0] == "+" or text.startswith("00"):
        return _is_number(module, "+" + text[2:] if text[0] == "0" else text, None)
    if text[0] == "0":
        return any(_is_number(module, text, region) for region in _REGIONS)
    return digits == 10 and not text.isdigit() and _is_number(module, text, "US")


def _is_number(module: Any, text: str, region: str | None) -> bool:
    try:
        return bool(module.is_valid_number(module.parse(text, region)))
    except module.NumberParseException:
        return False


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _is_card(luhn: Any, text: str) -> bool:
    digits = text.replace(" ", "").replace("-", "")
    return digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19 and digits.startswith(_CARD_STARTS) and _is_valid(luhn, digits)


def _is_imei(imei: Any, text: str) -> bool:
    return len(text) <= 20 and sum(c.isdigit() for c in text) == 15 and _is_valid(imei, text)


def _is_mac(mac: Any, text: str) -> bool:
    return text.count(":") + text.count("-") == 5 and _is_valid(mac, text)


def _is_ip(text: str) -> bool:
    if "." not in text and ":" not in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_url_with_query(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.query)


def _is_prose(text: str) -> bool:
    return len(text.split()) >= 6
