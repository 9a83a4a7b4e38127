"""Golden cases: SQL text and the complete lineage it must give, in readable files under ``golden/``.

A file holds cases that end with a line ``===``. A case is a header, the SQL, a line ``;;;`` and the expectation::

    -- case: short title, unique in its file
    -- dialect: snowflake
    -- schema: orders(id, customer_id, amount); raw.users(id, email)
    -- problems: 1
    SELECT ...
    ;;;
    mart.users.id <- raw.users.id IDENTITY plain
    mart.users <- raw.users.active FILTER
    ===

Header, one key a line, all but `case` and `dialect` optional: `schema` (tables with their columns, ``;`` between tables;
a column may have a type, ``user STRUCT<email STRING>``; a line for each table works too), `default` (``catalog.schema`` or
``schema``), `functions` (``my_hash=pseudonymised, …``), `problems` (how many are expected, default 0), `known` (why the
case fails today; it must then fail). The header ends with the first other line; later comments belong to the SQL.

Expectation, one edge a line, together the complete set: ``output <- input SUBTYPE verdict @path``.

- output: ``table.column``, ``.column`` for a bare query; for FILTER, JOIN, GROUP_BY and SORT, which concern the whole
  output, ``table`` or, for a bare query, ``*``
- input: ``table.column``; ``.column`` where its table could not be resolved
- verdict: for IDENTITY, TRANSFORMATION and AGGREGATION only
- ``@path``: the part of a JSON value, where one is taken

Besides edges, and only compared where they stand: ``inputs: a, b``, ``outputs: a``, ``columns: a, b`` (of the bare query
or the only output), ``columns t: a, b`` (of table t), ``kinds: INSERT, MERGE`` (of the statements), ``events: drop a; swap
a b`` (of all statements). ``-`` stands for none. Names are compared without regard to case, paths with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lineage_nb.sql.lineage import sql_lineage
from lineage_nb.sql.result import SqlLineage
from lineage_nb.sql.words import SUBTYPES, VERDICTS

FOLDER = Path(__file__).parent / "golden"
HEADER = re.compile(r"-- (case|dialect|schema|default|functions|problems|known):\s*(.*)")
LISTED = re.compile(r"(inputs|outputs|columns|kinds|events)(?: ([^:]+))?: (.*)")
EDGE = re.compile(
    rf"(?P<output>\S.*?) <- (?P<input>\S.*?) (?P<subtype>{'|'.join(SUBTYPES)})"
    rf"(?: (?P<verdict>{'|'.join(VERDICTS)}))?(?: @(?P<path>.+))?"
)
MARKED = re.compile(rf"(.* (?:{'|'.join((*SUBTYPES, *VERDICTS))})) @(.+)")
DIRECT = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
WHOLE = ("FILTER", "JOIN", "GROUP_BY", "SORT")


@dataclass
class Case:
    """One golden case."""

    where: str
    header: dict[str, str] = field(default_factory=dict)
    schema: dict[str, dict[str, str | None]] = field(default_factory=dict)
    sql: str = ""
    edges: set[str] = field(default_factory=set)
    lists: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"{self.where}:{self.header.get('case', '?')}"


def _split(text: str, separator: str = ",") -> list[str]:
    """Parts of a text, separators within brackets aside."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "(<[") - (character in ")>]")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [p.strip() for p in parts if p.strip() and p.strip() != "-"]


def _schema(text: str) -> dict[str, dict[str, str | None]]:
    tables: dict[str, dict[str, str | None]] = {}
    for entry in _split(text, ";"):
        name, _, columns = entry.partition("(")
        assert columns.endswith(")"), entry
        pairs = [c.partition(" ") for c in _split(columns[:-1])]
        tables[name.strip()] = {column: declared.strip() or None for column, _, declared in pairs}
    return tables


def _folded(line: str) -> str:
    marked = MARKED.fullmatch(line)
    return f"{marked[1].lower()} @{marked[2]}" if marked else line.lower()


def _expect(case: Case, line: str) -> None:
    listed = LISTED.fullmatch(line)
    if listed:
        what, of, text = listed.groups()
        separator = ";" if what == "events" else ","
        case.lists[what, (of or "").lower()] = [p.lower() for p in _split(text, separator)]
        return
    found = EDGE.fullmatch(line)
    assert found, f"{case.title}: cannot read {line!r}"
    direct = found["subtype"] in DIRECT
    assert (found["verdict"] is not None) == direct, (
        f"{case.title}: a verdict belongs to direct edges: {line!r}"
    )
    assert _folded(line) not in case.edges, f"{case.title}: twice: {line!r}"
    case.edges.add(_folded(line))


def read_case(where: str, text: str) -> Case:
    """Read one case of a file."""
    case = Case(where)
    head, _, expected = text.partition("\n;;;\n")
    lines = head.strip("\n").split("\n")
    while lines and (found := HEADER.fullmatch(lines[0].strip())):
        key, value = found[1], found[2].strip()
        if key == "schema":
            case.schema |= _schema(value)
        else:
            case.header[key] = value
        lines.pop(0)
    case.sql = "\n".join(lines)
    for line in expected.split("\n"):
        if line.strip():
            _expect(case, line.strip())
    return case


def read_cases(path: Path) -> Iterator[Case]:
    """Read all cases of a file."""
    for text in re.split(r"^===[ \t]*$", path.read_text(encoding="utf-8"), flags=re.MULTILINE):
        if text.strip():
            yield read_case(path.name, text)


def lineage_of(case: Case) -> SqlLineage:
    """What the package says of a case."""
    *catalog, schema = case.header.get("default", "").split(".")
    functions = dict(f.split("=") for f in _split(case.header.get("functions", "")))
    return sql_lineage(
        case.sql,
        dialect=case.header["dialect"],
        schema=case.schema or None,
        default_catalog=catalog[0] if catalog else None,
        default_schema=schema or None,
        functions=functions or None,
    )


def shown_edges(lineage: SqlLineage) -> set[str]:
    """Edges as the files write them."""
    lines = set()
    for row in lineage.edges.iter_rows(named=True):
        subtype = row["subtype"]
        assert (row["output_column"] is None) == (subtype in WHOLE), row
        output = (
            f"{row['output_table']}.{row['output_column']}"
            if row["output_column"] is not None
            else row["output_table"]
        )
        line = f"{output or '*'} <- {row['input_table']}.{row['input_column']} {subtype}"
        if subtype in DIRECT:
            assert row["verdict"] is not None, row
            line += f" {row['verdict']}"
        lines.add(line.lower() + (f" @{row['path']}" if row["path"] is not None else ""))
    return lines


def shown_list(lineage: SqlLineage, what: str, of: str) -> list[str]:
    """Inputs, outputs, columns, kinds or events, in lower case."""
    if what == "columns":
        found = {table.lower(): columns for table, columns in lineage.columns.items()}
        assert of or len(found) < 2, f"columns of which table? {sorted(found)}"
        listed = found.get(of, ()) if of else next(iter(found.values()), ())
    elif what == "kinds":
        listed = [s.kind for s in lineage.statements]
    elif what == "events":
        listed = [" ".join(part for part in event if part) for s in lineage.statements for event in s.events]
    else:
        listed = sorted(lineage.inputs if what == "inputs" else lineage.outputs)
    return [x.lower() for x in listed]


def differences(case: Case) -> list[str]:
    """What the package says otherwise than a case expects."""
    lineage = lineage_of(case)
    shown = shown_edges(lineage)
    found = [f"missing   {line}" for line in sorted(case.edges - shown)]
    found += [f"surplus   {line}" for line in sorted(shown - case.edges)]
    for (what, of), expected in case.lists.items():
        if what in ("inputs", "outputs"):
            expected = sorted(expected)
        listed = shown_list(lineage, what, of)
        if listed != expected:
            found.append(f"{what} {of}".strip() + f": expected {expected}, got {listed}")
    problems = [str(p) for p in lineage.problems]
    if len(problems) != int(case.header.get("problems", 0)):
        found.append(f"problems: expected {case.header.get('problems', 0)}, got {problems}")
    return found


CASES = [case for path in sorted(FOLDER.glob("*.sql")) for case in read_cases(path)]


@pytest.mark.parametrize("case", [pytest.param(c, id=c.title) for c in CASES])
def test_golden(case: Case) -> None:
    found = differences(case)
    if "known" in case.header:
        assert found, "passes by now: remove its `known` line"
        pytest.xfail(case.header["known"])
    assert not found, "\n".join(["", *found, "", case.sql])


def test_titles_are_unique_and_headers_complete() -> None:
    titles = [case.title for case in CASES]
    assert len(titles) == len(set(titles)), sorted({t for t in titles if titles.count(t) > 1})
    assert [c.title for c in CASES if not {"case", "dialect"} <= c.header.keys() or not c.sql.strip()] == []


def test_a_wrong_expectation_is_seen() -> None:
    text = "-- case: x\n-- dialect: duckdb\nSELECT a AS b FROM t WHERE c\n;;;\n.b <- t.a IDENTITY plain\n"
    whole = text + "* <- t.c FILTER\ncolumns: b\ninputs: t\noutputs: -\n"
    assert differences(read_case("x", whole)) == []
    assert differences(read_case("x", text)) == ["surplus   * <- t.c filter"]
    assert differences(read_case("x", whole + ".b <- t.d CONDITIONAL\n")) == [
        "missing   .b <- t.d conditional"
    ]
    assert differences(read_case("x", whole.replace("columns: b", "columns: a")))
    assert differences(read_case("x", whole.replace("-- dialect", "-- problems: 1\n-- dialect")))
