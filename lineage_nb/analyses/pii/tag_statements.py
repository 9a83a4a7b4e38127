"""Tags to write back to the warehouse: statements to review. Every name is hostile; nothing is executed.

What a label became is kept apart, so that reading the tags back does not make more of them: the tag ``pii`` is for plain
values only, ``pii_pseudonymised`` for hashes and tokens, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from lineage_nb.analyses.pii.tag_rows import Tagging, taggings
from lineage_nb.analyses.pii.trace import VERDICTS
from lineage_nb.analyses.plan.sql import DIALECTS, quoted, remark
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.errors import LineageError, unknown_word

__all__ = ["TAG_DIALECTS", "tag_sql"]

_TAG_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*){0,2}")
_VALUE = re.compile(r"[\w .,@/+-]{1,256}")
_BIGQUERY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_BY_HAND_MARK: Final = "--    by hand: "
_TABLES: Final = ("table", "view")
_BY_HAND: Final = ("topic", "file", "folder", "path", "stream", "model", "feature", "share", "function", "index", "external")
_LIKE_TABLES: Final = ("dataset", "incremental", "seed", "snapshot", "base", "delta", "iceberg", "hive", "managed")
_PATH: Final = re.compile(r"^[@/~]|://")


def tag_sql(answer: Answer, dialect: str, *, tag: str = "pii", possible: bool = False, namespace: str | None = None) -> str:
    """Write the statements that tag what personal data was proved to reach.

    Parameters
    ----------
    answer : Answer
        Of `pii`.
    dialect : {"snowflake", "bigquery", "unity"}
        ``databricks`` is the same as ``unity``.
    tag : str
        Name of the tag for plain values; in Snowflake ``database.schema.tag`` says where it lives. Of other verdicts
        the tag is this name, ``_`` and the verdict. Letters, digits and ``_``.
    possible : bool
        Add what is only possible, and what begins at a suggestion that nobody confirmed, as comments.
    namespace : str, optional
        Write for the tables of this namespace alone, whatever engine it names. By default for all tables whose
        namespace is of the dialect, or of no engine that is known.

    Returns
    -------
    str
        A script, by column. Columns that a source tagged so already are left out; what no statement can be written
        for is a comment with the reason. BigQuery's SQL sets labels on tables, none on columns: these are comments.

    Raises
    ------
    LineageError
        For the answer of another analysis, an unknown dialect, a tag or a namespace that cannot be.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["db.raw.t#mail", "db.mart.u#mail"], "kind": ["column"] * 2, "tags": ["pii:email", None]},
    ...     edges={"source": ["db.raw.t#mail"], "target": ["db.mart.u#mail"]},
    ... )
    >>> print(tag_sql(snap.pii()._answer, "unity").splitlines()[-1])
    ALTER TABLE `db`.`mart`.`u` ALTER COLUMN `mail` SET TAGS ('pii' = 'email');
    """
    if dialect not in TAG_DIALECTS:
        raise LineageError(unknown_word("dialect", dialect, TAG_DIALECTS))
    if not (isinstance(tag, str) and _TAG_NAME.fullmatch(tag) and (dialect == "snowflake" or "." not in tag)):
        raise LineageError(f"tag is {tag!r}; give letters, digits and _{', in Snowflake up to three parts with dots' if dialect == 'snowflake' else ''}")
    if dialect == "bigquery" and not _BIGQUERY.fullmatch(tag.lower()):
        raise LineageError(f"tag is {tag!r}; BigQuery's labels begin with a letter")
    found, others = taggings(answer)
    whole = len(found)
    found = [t for t in found if _is_table(t)]
    strangers, elsewhere = whole - len(found), 0
    if namespace is not None:
        known = answer.lineage.frames["nodes"]["namespace"].drop_nulls().unique()
        if not isinstance(namespace, str) or namespace not in known:
            raise LineageError(unknown_word("namespace", str(namespace), known.sort().to_list()))
        elsewhere = sum(t.facts["namespace"] != namespace for t in found)
        found = [t for t in found if t.facts["namespace"] == namespace]
    engine = "databricks" if dialect == "unity" else dialect
    body = TAG_DIALECTS[dialect](found, tag, engine, namespace is not None)
    wanted, by_hand = sum(bool(t.new) for t in found), sum(line.startswith(_BY_HAND_MARK) for line in body)
    unsure = [t for t in found if t.new_maybe]
    head = [f"To review. Nothing of this has been executed. {plural(wanted, 'column')} to tag, {by_hand:,} of them by hand, dialect {dialect}, policy {answer.settings.get('policy')}."]
    head.append("Names are quoted as they were recorded. Columns that a source tags so already are left out.")
    if others:
        head.append(f"{plural(others, 'place')} reached are no columns (reports, datasets of unknown columns): not here.")
    if strangers:
        head.append(f"{plural(strangers, 'column')} of what is no table or view (reports, stages, files, exports, shares, topics): not here.")
    if elsewhere:
        head.append(f"{plural(elsewhere, 'column')} of other namespaces: not here.")
    if unsure and not possible:
        head.append(f"{plural(len(unsure), 'column')} where personal data is only possible: not here, unless asked for with possible=True.")
    lines = [*map(remark, head), "", *body]
    if possible and unsure:
        lines += ["", remark("Possible only. To look into, not to tag:"), *(_maybe(t) for t in unsure)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _is_table(tagging: Tagging) -> bool:
    """Whether its dataset is a table or a view, or nothing else is known of it."""
    kind, name = (tagging.facts["type"] or "").lower(), tagging.facts["name"] or tagging.dataset
    if tagging.facts["kind"] != "dataset" or (not kind and _PATH.search(name)):
        return False
    return not kind or (any(t in kind for t in _TABLES) and not any(t in kind for t in _BY_HAND)) or kind in _LIKE_TABLES


def _maybe(tagging: Tagging) -> str:
    said = ", ".join(f"{k} ({v})" for k, v in sorted(tagging.maybe.items()) if k in tagging.new_maybe)
    return remark(f"{tagging.column}: {said}")


# -- what engines share ---------------------------------------------------------------------------------------


def _table(tagging: Tagging, engine: str, named: bool) -> str:
    """The quoted name of a column's table; raises where no statement can be written.

    `named`: the caller said that the namespace is this engine.
    """
    dialect = DIALECTS[engine]
    namespace = tagging.facts["namespace"] or ""
    scheme = re.match(r"[A-Za-z][A-Za-z0-9+.-]*", namespace)
    word = scheme.group().lower() if scheme else ""
    known = {s for d in DIALECTS.values() for s in d.schemes}
    if not named and word not in dialect.schemes and (word in known or "://" in namespace):
        raise LineageError(f"it is in {namespace}")
    kind = (tagging.facts["type"] or "").lower()
    if any(t in kind for t in _BY_HAND):
        raise LineageError(f"it is a {kind}")
    parts = (tagging.facts["name"] or tagging.dataset).split(".")
    if len(parts) > dialect.parts:
        raise LineageError(f"its name has {len(parts)} components, and {dialect.parts} are known here")
    return ".".join(_component(engine, p) for p in parts)


def _component(engine: str, name: str) -> str:
    most = DIALECTS[engine].length
    if len(name.encode("utf-8", "replace")) > most:
        raise LineageError(f"its name is longer than the {most} bytes that {engine} knows")
    return quoted(engine, name)


def _column(tagging: Tagging, engine: str) -> str:
    if "." in tagging.name:
        raise LineageError("its name holds a dot: a field within a struct, or a column called so")
    return _component(engine, tagging.name)


def _values(tagging: Tagging, tag: str) -> dict[str, str]:
    """Tag → labels, for the verdicts with something new."""
    found: dict[str, str] = {}
    for verdict in VERDICTS:
        labels = sorted(k for k, v in tagging.labels.items() if v == verdict)
        if not any(label in tagging.new for label in labels):
            continue
        value = ",".join(labels)
        if not _VALUE.fullmatch(value):
            raise LineageError("a label holds characters that no tag can hold safely, or is too long")
        found[tag if verdict == "plain" else f"{tag}_{verdict}"] = value
    return found


def _told(tagging: Tagging, error: LineageError) -> str:
    return remark(f"{_BY_HAND_MARK[3:]}{tagging.column}: {error}")


def _each(found: list[Tagging], write: Callable[[Tagging], str]) -> list[str]:
    lines, left = [], []
    for tagging in found:
        if not tagging.new:
            continue
        try:
            lines.append(write(tagging))
        except LineageError as error:
            left.append(_told(tagging, error))
    return [*lines, *([""] if lines and left else []), *left]


# -- the engines ----------------------------------------------------------------------------------------------


def _snowflake(found: list[Tagging], tag: str, engine: str, named: bool) -> list[str]:
    def write(tagging: Tagging) -> str:
        kind = (tagging.facts["type"] or "").lower()
        if "material" in kind:
            raise LineageError("it is a materialized view")
        view = "VIEW" if "view" in kind else "TABLE"
        table, column = _table(tagging, engine, named), _column(tagging, engine)
        pairs = ", ".join(f"{name} = '{value}'" for name, value in _values(tagging, tag).items())
        return f"ALTER {view} {table} MODIFY COLUMN {column} SET TAG {pairs};"

    lines = _each(found, write)
    used = [t for t in (tag, *(f"{tag}_{v}" for v in VERDICTS[1:])) if any(re.search(rf" {re.escape(t)} = '", line) for line in lines)]
    return [*(f"CREATE TAG IF NOT EXISTS {t};" for t in used), *([""] if used else []), *lines]


def _unity(found: list[Tagging], tag: str, engine: str, named: bool) -> list[str]:
    def write(tagging: Tagging) -> str:
        table, column, values = _table(tagging, engine, named), _column(tagging, engine), _values(tagging, tag)
        if "view" in (tagging.facts["type"] or "").lower():
            return "\n".join(f"SET TAG ON COLUMN {table}.{column} `{name}` = `{value}`;" for name, value in values.items())
        pairs = ", ".join(f"'{name}' = '{value}'" for name, value in values.items())
        return f"ALTER TABLE {table} ALTER COLUMN {column} SET TAGS ({pairs});"

    return _each(found, write)


def _bigquery(found: list[Tagging], tag: str, engine: str, named: bool) -> list[str]:
    """Labels a table; SQL cannot give a policy tag to a column."""
    by_table: dict[str, list[Tagging]] = {}
    left = []
    for tagging in (t for t in found if t.new):
        try:
            by_table.setdefault(_table(tagging, engine, named), []).append(tagging)
        except LineageError as error:
            left.append(_told(tagging, error))
    lines = [
        remark("In BigQuery SQL gives labels to tables and views, none to columns. SET OPTIONS replaces all labels that a table has:"),
        remark("look first, in INFORMATION_SCHEMA.TABLE_OPTIONS, and add those to keep. Policy tags of columns: bq, Terraform or dbt (tag_yaml)."),
    ]
    for table, mine in by_table.items():
        labels: dict[str, str] = {}
        for tagging in mine:
            lines.append(remark(f"{tagging.column}: " + ", ".join(f"{k} ({v})" for k, v in sorted(tagging.labels.items()))))
            for label, verdict in tagging.labels.items():
                key = f"{tag}_{label}".lower()
                if not _BIGQUERY.fullmatch(key):
                    left.append(_told(tagging, LineageError(f"label {label!r} is none that BigQuery takes")))
                elif VERDICTS.index(verdict) <= VERDICTS.index(labels.get(key, VERDICTS[-1])):
                    labels[key] = verdict
        kind = {(t.facts["type"] or "").lower() for t in mine}
        word = "MATERIALIZED VIEW" if any("material" in k for k in kind) else "VIEW" if any("view" in k for k in kind) else "TABLE"
        if labels:
            pairs = ", ".join(f"('{key}', '{labels[key]}')" for key in sorted(labels))
            lines.append(f"ALTER {word} {table} SET OPTIONS (labels = [{pairs}]);")
    return [*lines, *([""] if left else []), *left]


TAG_DIALECTS: Mapping[str, Callable[[list[Tagging], str, str, bool], list[str]]] = {
    "snowflake": _snowflake,
    "bigquery": _bigquery,
    "unity": _unity,
    "databricks": _unity,
}
"""The engines that tags can be written for."""
