"""The answer to one question and the lineage of a statement, as users hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses import plan as plan_data
from lineage_nb.analyses.result import Answer
from lineage_nb.errors import LineageError
from lineage_nb.graph.lineage import Lineage
from lineage_nb.sql import result as sql_result

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from IPython.display import HTML
    from matplotlib.figure import Figure

    from lineage_nb.sql.catalog import Catalog
    from lineage_nb.widgets.controls import Explorer

__all__ = ["Plan", "Result", "SqlLineage", "sql_lineage"]

AnyPath = str | PathLike[str]


class Result:
    """The answer to one question, ready to be read, drawn, explained and taken along.

    Made by the methods of `Snapshot`; immutable. In a cell it shows a headline, the first rows and a picture.
    """

    _answer: Answer

    def __init__(self, answer: Answer) -> None:
        vars(self)["_answer"] = answer

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: an answer never changes."""
        raise AttributeError(f"a Result never changes; {name!r} cannot be set")

    @property
    def frame(self) -> pl.DataFrame:
        """The answer; its columns are documented by the method that made it."""
        return self._answer.frame.clone()

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        return self._answer.headline

    @property
    def summary(self) -> dict[str, Any]:
        """The figures of the headline and more, by name."""
        return dict(self._answer.summary)

    @property
    def trust(self) -> tuple[str, ...]:
        """What the answer rests on and what it cannot know, a sentence each."""
        return self._answer.trust

    def to_pandas(self) -> pd.DataFrame:
        """Copy the frame to pandas."""
        return self._answer.frame.to_pandas()

    def explain(self, node: str, **options: Any) -> pl.DataFrame:
        """Show why a node is in the answer.

        Parameters
        ----------
        node : str
            A node (or key, for costs) of the frame; an id or a unique suffix of one.
        **options
            ``label`` for PII.

        Returns
        -------
        polars.DataFrame
            The witness path hop by hop: source, target, type, subtype, verdict, certainty, jobs, evidence.
            For costs: the resources that the amount comes from.
        """
        from lineage_nb.views.hops import Explanation

        return Explanation(self._answer.explain(node, **options))

    def plan(self, **options: Any) -> Plan:
        """Make a plan of what `unused` calls unused: in which order to drop it, whom to ask, what it saves.

        Parameters
        ----------
        **options
            ``grace`` (days to wait, or days by tier), ``ledger`` (decisions taken before; see
            `lineage_nb.analyses.plan.plan`).

        Raises
        ------
        LineageError
            For the answer of another analysis.
        """
        from lineage_nb.analyses.plan import plan

        if self._answer.analysis != "unused":
            raise LineageError(f"a plan is made of what is unused: snap.unused().plan(); this answers {self._answer.analysis!r}")
        made = plan(self._answer, **options)
        return Plan(**{f.name: getattr(made, f.name) for f in fields(made)})

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The part of the lineage that the answer speaks of, as an independent `networkx.DiGraph`."""
        from lineage_nb.views.picture import part_of

        return part_of(self._answer).to_networkx()

    def plot(self) -> Figure:
        """Draw the summary as a matplotlib figure."""
        from lineage_nb.views.plot import plot

        return plot(self._answer)

    def table(self) -> HTML:
        """Show all rows as a table to sort, search and page through; works offline, up to 100,000 rows."""
        from lineage_nb.views.table import interactive_table

        return interactive_table(self._answer)

    def explore(self, **options: Any) -> Explorer:
        """Open the explorer on the answer."""
        from lineage_nb.views.picture import focus_of
        from lineage_nb.widgets.controls import explore

        return explore(self._answer.lineage, focus=focus_of(self._answer), **options)

    def to_html(self, path: AnyPath) -> Path:
        """Write a page that stands alone and works offline: the picture, the figures and the rows."""
        from lineage_nb.views.html import result_page

        target = Path(path)
        target.write_text(result_page(self._answer), encoding="utf-8")
        return target

    def to_csv(self, path: AnyPath) -> Path:
        """Write the frame as CSV: money in currency units, lists joined by ``;``, formulas made harmless."""
        from lineage_nb.views.export import write_csv

        return write_csv(self._answer, path)

    def to_excel(self, path: AnyPath) -> Path:
        """Write the frame as an Excel file, money in currency units (needs the extra ``lineage-nb[excel]``)."""
        from lineage_nb.views.export import write_excel

        return write_excel(self._answer, path)

    def to_parquet(self, path: AnyPath) -> Path:
        """Write the frame as Parquet."""
        target = Path(path)
        self._answer.frame.write_parquet(target)
        return target

    def __repr__(self) -> str:
        """Show headline and first rows as text."""
        from lineage_nb.views.text import result_text

        return result_text(self._answer)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from lineage_nb.views.html import result_bundle

        return result_bundle(self._answer)


class Plan(plan_data.Plan):
    """What to drop, step by step, ready to be read, handed out and carried on.

    Made by `Result.plan`; immutable. In a cell it shows its first steps and what they save.
    """

    def realised(self, later: Lineage) -> Result:  # type: ignore[override]
        """Compare what was promised with what a later snapshot shows; the bill over equal spans."""
        return Result(super().realised(later))

    def __repr__(self) -> str:
        """Show headline and first steps as text."""
        from lineage_nb.views.plan import plan_text

        return plan_text(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from lineage_nb.views.plan import plan_bundle

        return plan_bundle(self)


class SqlLineage(sql_result.SqlLineage):
    """The lineage of a statement or of a whole script, ready to be read, drawn and taken along.

    Made by `sql_lineage`; immutable. In a cell it shows the text with its lineage drawn below it.
    """

    def to_html(self, path: AnyPath) -> Path:
        """Write a page that stands alone and works offline: the text, the picture and the columns."""
        from lineage_nb.views.statement import statement_page

        target = Path(path)
        target.write_text(statement_page(self), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        """Show the columns and what each is made of, as text."""
        from lineage_nb.views.statement import statement_text

        return statement_text(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from lineage_nb.views.statement import statement_bundle

        return statement_bundle(self)


def sql_lineage(
    sql: str,
    *,
    dialect: str | None = None,
    schema: Mapping[str, Sequence[str] | Mapping[str, str | None]] | Catalog | None = None,
    default_catalog: str | None = None,
    default_schema: str | None = None,
    functions: Mapping[str, str] | None = None,
    this: str | None = None,
) -> SqlLineage:
    """Read the typed column lineage of a statement or a whole script.

    Parameters
    ----------
    sql : str
        Any text: one statement, a script with temporary tables and control flow, a dbt model with its templates.
        It is read, never run.
    dialect : str, optional
        ``bigquery``, ``snowflake``, ``databricks``, ``redshift``, ``postgres``, ``duckdb``, ``trino``, ``clickhouse``,
        ``tsql``, ``oracle``, ``mysql``, ``hive`` …; None reads what most of them share.
    schema : mapping, optional
        Dotted table name → its columns, or column → type. May be partial.
    default_catalog, default_schema : str, optional
        Complete table names that leave them out.
    functions : mapping, optional
        Your own functions → what they do to a value: ``plain``, ``pseudonymised``, ``derived``, ``aggregated`` or
        ``redacted``.
    this : str, optional
        Dotted name of what the text makes, for a template that says ``{{ this }}``.

    Returns
    -------
    SqlLineage
        ``edges`` (a frame), ``inputs``, ``outputs``, ``columns``, ``statements`` and ``problems``; shown in a cell, the
        statement with its lineage drawn. Text that cannot be read is a problem, never an error.

    Raises
    ------
    LineageError
        For an unknown dialect or verdict.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> ln.sql_lineage("INSERT INTO mart.users SELECT md5(email) AS mail FROM raw.users").edges.select(
    ...     "output_column", "input_column", "verdict"
    ... ).rows()
    [('mail', 'email', 'pseudonymised')]
    """
    from lineage_nb.sql.lineage import sql_lineage as read

    found = read(
        sql,
        dialect=dialect,
        schema=schema,
        default_catalog=default_catalog,
        default_schema=default_schema,
        functions=functions,
        this=this,
    )
    return SqlLineage(**{f.name: getattr(found, f.name) for f in fields(found)})
