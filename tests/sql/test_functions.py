"""What functions do to values: a table of expected effects, the arguments that only steer, and names of users."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from lineage_nb.errors import LineageError
from lineage_nb.sql import function_names, function_tables
from lineage_nb.sql.functions import CARRIES, CONFIGURES, Effect, FunctionTable, table
from lineage_nb.sql.words import (
    AGGREGATED,
    AGGREGATION,
    DERIVED,
    PLAIN,
    PSEUDONYMISED,
    REDACTED,
    SUBTYPES,
    TRANSFORMATION,
    UNKNOWN,
    VERDICTS,
)

WRAPPERS = ("Paren", "SafeFunc", "NetFunc", "WithinGroup", "Window", "IgnoreNulls")
DIALECTS = (
    *("bigquery", "snowflake", "databricks", "spark", "hive", "redshift", "postgres", "duckdb"),
    *("trino", "athena", "clickhouse", "tsql", "oracle", "mysql"),
)


def call(dialect: str | None, expression: str) -> exp.Expression:
    """The function or operator of a SELECT's only column, without what merely wraps it."""
    node = sqlglot.parse_one(f"SELECT {expression} FROM t", read=dialect).selects[0].unalias()
    while type(node).__name__ in WRAPPERS:
        node = node.this
    return node


def rows() -> list[list[str]]:
    text = Path(__file__).with_name("functions.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return list(
        csv.reader(
            (line for line in text if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE
        )
    )


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row[0]} {row[1]}")
def test_effect(row: list[str]) -> None:
    dialect, expression, *expected = row
    for one in (
        [dialect] if dialect != "*" else [None, "bigquery", "snowflake", "databricks", "postgres", "duckdb"]
    ):
        effect = table(one).of(call(one, expression))
        found = [SUBTYPES[effect.subtype], VERDICTS[effect.verdict], "yes" if effect.masking else "no"]
        assert found == expected, one


def test_the_table_is_broad() -> None:
    assert len(rows()) >= 150
    assert {row[0] for row in rows()} >= set(DIALECTS)


def verdicts(dialect: str | None, expression: str) -> dict[str, str]:
    """Column → verdict, as a walker would ask: by argument name first, then by position."""
    node = call(dialect, expression)
    functions = table(dialect)
    effect = functions.of(node)
    if isinstance(node, exp.Dot):
        node = node.expression
    roles = functions.configures.get(type(node), {})
    found = {}
    for key, value in node.args.items():
        positions = isinstance(value, list) and effect.carries is not None
        for position, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, exp.Column):
                hidden = positions and position not in effect.carries
                found[item.name] = VERDICTS[roles.get(key, effect.others if hidden else effect.verdict)]
    return found


@pytest.mark.parametrize(
    ("dialect", "expression", "expected"),
    [
        ("bigquery", "AEAD.ENCRYPT(k, a, '')", {"k": "redacted", "a": "pseudonymised"}),
        ("bigquery", "AEAD.DECRYPT_STRING(k, a, '')", {"k": "redacted", "a": "plain"}),
        ("bigquery", "DETERMINISTIC_ENCRYPT(k, a, '')", {"k": "redacted", "a": "pseudonymised"}),
        ("databricks", "aes_encrypt(a, k)", {"k": "redacted", "a": "pseudonymised"}),
        ("snowflake", "encrypt(a, k)", {"k": "redacted", "a": "pseudonymised"}),
        ("snowflake", "decrypt(a, k)", {"k": "redacted", "a": "plain"}),
        ("clickhouse", "encrypt('aes-256-gcm', a, k)", {"k": "redacted", "a": "plain"}),  # beside what encrypting does
        ("clickhouse", "decrypt('aes-256-gcm', a, k)", {"k": "redacted", "a": "plain"}),
        ("tsql", "ENCRYPTBYKEY(k, a)", {"k": "redacted", "a": "pseudonymised"}),
        ("tsql", "HASHBYTES(m, a)", {"m": "derived", "a": "pseudonymised"}),
        ("postgres", "hmac(a, k, 'sha256')", {"k": "redacted", "a": "pseudonymised"}),
        ("postgres", "pgp_sym_decrypt(a, k)", {"k": "redacted", "a": "plain"}),
        ("postgres", "substring(a, b, c)", {"a": "plain", "b": "derived", "c": "derived"}),
        ("postgres", "replace(a, b, c)", {"a": "plain", "b": "derived", "c": "plain"}),
        ("postgres", "lpad(a, b, c)", {"a": "plain", "b": "derived", "c": "plain"}),
        ("postgres", "split_part(a, b, c)", {"a": "plain", "b": "derived", "c": "derived"}),
        ("postgres", "lag(a, b, c) OVER ()", {"a": "plain", "b": "derived", "c": "plain"}),
        ("postgres", "to_char(a, b)", {"a": "plain", "b": "derived"}),
        ("postgres", "a = b", {"a": "derived", "b": "derived"}),
        ("snowflake", "sha2(a, b)", {"a": "pseudonymised", "b": "derived"}),
        ("databricks", "max_by(a, b)", {"a": "plain", "b": "derived"}),
        *(
            [("mysql", "elt(a, b, c)", {"a": "derived", "b": "plain", "c": "plain"})]
            if hasattr(exp, "Elt")
            else []
        ),
        ("clickhouse", "sumIf(a, b)", {"a": "aggregated", "b": "aggregated"}),
        ("clickhouse", "anyIf(a, b)", {"a": "plain", "b": "derived"}),
        ("clickhouse", "argMaxIf(a, b, c)", {"a": "plain", "b": "derived", "c": "derived"}),
    ],
)
def test_arguments_that_steer(dialect: str, expression: str, expected: dict[str, str]) -> None:
    assert verdicts(dialect, expression) == expected


@pytest.mark.parametrize(
    ("dialect", "expression"),
    [
        ("snowflake", "decrypt(a, k)"),
        ("databricks", "aes_decrypt(a, k)"),
        ("bigquery", "AEAD.DECRYPT_BYTES(k, a, '')"),
        ("postgres", "pgp_sym_decrypt(a, k)"),
        ("mysql", "AES_DECRYPT(a, k)"),
        ("oracle", "DBMS_CRYPTO.DECRYPT(a, 1, k)"),
    ],
)
def test_decryption_restores(dialect: str, expression: str) -> None:
    assert table(dialect).of(call(dialect, expression)).restores
    encryption = expression.upper().replace("DECRYPT_BYTES", "ENCRYPT").replace("DECRYPT", "ENCRYPT")
    assert not table(dialect).of(call(dialect, encryption)).restores


def test_users_functions() -> None:
    functions = table("postgres", {"My_Hash": "pseudonymised", "crm.score": "aggregated", "md5": "redacted"})
    assert functions.named("MY_HASH") == Effect(TRANSFORMATION, PSEUDONYMISED, True)
    assert functions.of(call("postgres", "warehouse.crm.my_hash(a)")).verdict == PSEUDONYMISED
    assert functions.of(call("postgres", "db.crm.score(a)"))[:2] == (AGGREGATION, AGGREGATED)
    assert functions.of(call("postgres", "score(a)")).verdict == UNKNOWN
    assert functions.of(call("postgres", "md5(a)")).verdict == REDACTED
    assert table("postgres").of(call("postgres", "md5(a)")).verdict == PSEUDONYMISED
    for word in VERDICTS:
        assert VERDICTS[table(None, {"f": word}).named("f").verdict] == word


@pytest.mark.parametrize("word", ["pseudonymized", "", "PLAIN", None, ["plain"], 2])
def test_unknown_verdict_words(word: object) -> None:
    with pytest.raises(LineageError, match=r"'f'.*Known: plain, unknown, pseudonymised, derived"):
        table("duckdb", {"f": word})  # type: ignore[dict-item]


def test_tables_are_shared_and_constant() -> None:
    assert table("Snowflake") is table("snowflake")
    assert table("no such dialect") is table() is table("sqlite")
    assert table("snowflake", {"f": "plain"}) is not table("snowflake")
    with pytest.raises(TypeError):
        table().by_type[exp.Upper] = CARRIES  # type: ignore[index]
    with pytest.raises(TypeError):
        CONFIGURES[exp.Substring]["this"] = DERIVED  # type: ignore[index]


def test_generic_table_takes_what_shows_more() -> None:
    generic = table()
    assert generic.named("encrypt").carries is None, "the value is first or second"
    assert generic.named("checksum").verdict == PSEUDONYMISED, "an aggregate for Trino, a hash for SQL Server"
    for dialect in DIALECTS:
        own = table(dialect)
        for name in ("md5", "sum", "length", "hash", "mask", "any", "isnull", "date_sub", "quantile"):
            known = own.named(name).verdict
            assert known == UNKNOWN or generic.named(name).verdict <= known, (dialect, name)


def test_same_name_other_meaning() -> None:
    assert table("duckdb").of(call("duckdb", "date_sub('day', a, b)")).verdict == DERIVED, (
        "whole days between"
    )
    for dialect in (None, "mysql", "bigquery", "duckdb"):
        subtraction = exp.DateSub(this=exp.column("a"), expression=exp.Literal.number(1))
        assert table(dialect).of(subtraction).verdict == PLAIN, dialect


def test_a_dot_chains_in_duckdb() -> None:
    assert table("duckdb").of(call("duckdb", "email.sha1()")).verdict == PSEUDONYMISED
    assert table("duckdb").of(call("duckdb", "email.my_udf()")).verdict == UNKNOWN
    assert table("postgres").of(call("postgres", "crm.sha1(a)")).verdict == UNKNOWN


def test_names_do_not_depend_on_what_sqlglot_knows() -> None:
    """Each class of a plain call, asked by the function's own name, has the same verdict."""
    for dialect, name in [
        *(
            (d, n)
            for d in DIALECTS
            for n in ("MD5", "SHA256", "LENGTH", "SUM", "MAX", "COUNT", "UPPER", "YEAR")
        ),
        ("clickhouse", "cityHash64"),
        ("bigquery", "FARM_FINGERPRINT"),
        ("snowflake", "HASH_AGG"),
        ("snowflake", "SOUNDEX"),
    ]:
        by_class = table(dialect).of(call(dialect, f"{name}(a)"))
        assert table(dialect).named(name)[:3] == by_class[:3], (dialect, name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a.", ".md5", "If" * 5000, "State", "x" * 100_000, "a." * 2000, "É\0"]
)
def test_hostile_names(name: str) -> None:
    for functions in (table(), table("clickhouse"), table("duckdb"), table("postgres", {"f": "plain"})):
        assert functions.named(name).verdict in (PLAIN, UNKNOWN, PSEUDONYMISED)


def test_fields_are_not_functions() -> None:
    functions = table("bigquery")
    assert functions.of(call("bigquery", "f(a).b.c")) == CARRIES
    assert functions.of(exp.Dot(this=exp.to_identifier("s"), expression=exp.to_identifier("md5"))) == CARRIES
    assert functions.of(exp.column("md5")) == CARRIES


def test_every_word_of_the_data_is_well_formed() -> None:
    for level, kinds in function_names.NAMES.items():
        names = [word.partition("/")[0] for words in kinds.values() for word in words.split()]
        assert len(names) == len(set(names)), f"{level}: a name under two kinds"
        assert all(name == name.upper() for name in names)
    classes = [name for kinds in function_tables.TYPES[""].values() for name in kinds.split()]
    assert len(classes) == len(set(classes))
    assert isinstance(table("oracle"), FunctionTable)
    if int(sqlglot.__version__.partition(".")[0]) < 30:
        return
    for argument, names in {**function_tables.STEERS, **function_tables.KEYS}.items():
        for name in names.split():
            assert argument in getattr(exp, name).arg_types, f"{name}.{argument}"
