"""The answer to one question and the lineage of a statement, as users hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from lineage_nb.analyses.plan import plan as plan_data
from lineage_nb.analyses.result import Answer
from lineage_nb.errors import LineageError, no_attribute
from lineage_nb.graph.lineage import Lineage
from lineage_nb.sql import result as sql_result

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from IPython.display import HTML
    from matplotlib.figure import Figure

    from lineage_nb.sql.catalog import Catalog
    from lineage_nb.views.rows import Rows
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

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Name the nearest attribute."""
            if hasattr(type(self), name):
                # A property failed: its own error is the one to show.
                return object.__getattribute__(self, name)
            raise no_attribute(self, name)

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

    def show(self, *conditions: pl.Expr, rows: int = 20) -> Rows:
        """Show the rows that fit, as the answer itself shows its first ones.

        Parameters
        ----------
        *conditions : polars.Expr
            Over the columns of `frame`; all have to hold.
        rows : int
            At most so many.

        Examples
        --------
        >>> import lineage_nb as ln
        >>> import polars as pl
        >>> ln.from_edges([("a", "b"), ("b", "c")]).impact("a").show(pl.col("hops") > 1)
        node  kind     hops  via  value  certainty
         c     dataset  2     b    yes    proved
        Empty in these rows: owners, last_read.
        """
        from lineage_nb.views.rows import Rows

        return Rows(replace(self._answer, frame=self._answer.frame.filter(*conditions)), rows)

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
            `lineage_nb.analyses.plan.plan.plan`).

        Raises
        ------
        LineageError
            For the answer of another analysis.
        """
        from lineage_nb.analyses.plan.plan import plan

        if self._answer.analysis != "unused":
            raise LineageError(f"a plan is made of what is unused: snap.unused().plan(); this answers {self._answer.analysis!r}")
        made = plan(self._answer, **options)
        return Plan(**{f.name: getattr(made, f.name) for f in fields(made)})

    def reconcile(self, invoice: object = None) -> Result:
        """Compare costs with an invoice, line by line and step by step.

        Parameters
        ----------
        invoice : path, frame or number, optional
            FOCUS, CUR or plain CSV, TSV, NDJSON, Parquet; a frame; the total in currency units. By default the one
            that `cost` was asked with. `lineage_nb.analyses.cost.reconcile.reconcile` tells the columns.

        Raises
        ------
        LineageError
            For the answer of another analysis, and for an invoice that cannot be read.
        """
        from lineage_nb.analyses.cost.reconcile import reconcile_answer

        return Result(reconcile_answer(self._answer, invoice))

    def exposures(self, **options: Any) -> Result:
        """Tell who can see the personal data that `pii` found: reports, exports, shares, feature sets, borders, people.

        Parameters
        ----------
        **options
            ``by`` (recipient, person, region, column), ``policy``, ``decisions`` (accepted exposures), ``days``; see
            `lineage_nb.analyses.pii.exposures.exposures`, which also tells the columns.

        Raises
        ------
        LineageError
            For the answer of another analysis.
        """
        from lineage_nb.analyses.pii.exposures import exposures

        return Result(exposures(self._answer, **options))

    def cure(self, column: str, **options: Any) -> Result:
        """Find the fewest edges to mask or cut so that no personal data reaches a column, and what else each changes.

        Parameters
        ----------
        column : str
            A column, dataset or report; an id or a unique suffix of one.
        **options
            ``labels``, ``at_source``; see `lineage_nb.analyses.pii.cure.cure`, which also tells the columns.

        Raises
        ------
        LineageError
            For the answer of another analysis than `pii`, or a column that no label reaches.
        """
        from lineage_nb.analyses.pii.cure import cure

        return Result(cure(self._answer, column, **options))

    def subject_tables(self, **options: Any) -> Result:
        """List every table with data of or about persons, and by which keys to find one: for access and erasure requests.

        Parameters
        ----------
        **options
            ``label`` (what is known of the person); see `lineage_nb.analyses.pii.subject_tables.subject_tables`, which
            also tells the columns.

        Raises
        ------
        LineageError
            For the answer of another analysis than `pii`.
        """
        from lineage_nb.analyses.pii.subject_tables import subject_tables

        return Result(subject_tables(self._answer, **options))

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The part of the lineage that the answer speaks of, as an independent `networkx.DiGraph`."""
        from lineage_nb.views.picture import part_of

        return part_of(self._answer).to_networkx()

    def plot(self, kind: str | None = None) -> Figure:
        """Draw the summary as a matplotlib figure.

        Parameters
        ----------
        kind : str, optional
            Which picture, where there are several: ``bars``, ``waterfall``, ``treemap`` or ``layers`` of a cost,
            ``waterfall`` or ``bars`` of a change, ``bars`` or ``treemap`` of a loaded cost, ``heat`` (labels by layers)
            or ``bars`` of personal data. By default the first.

        Raises
        ------
        LineageError
            For a kind that the answer does not have; it lists those it has.
        """
        from lineage_nb.views.plot import plot

        return plot(self._answer, kind)

    def table(self) -> HTML:
        """Show all rows as a table to sort, search and page through; works offline, up to 100,000 rows."""
        from lineage_nb.views.table import interactive_table

        return interactive_table(self._answer)

    def explore(self, **options: Any) -> Explorer:
        """Open the explorer on the answer, boxes and edges coloured by it where it has something to say of them."""
        from lineage_nb.views.overlays import focus_and_overlay
        from lineage_nb.widgets.controls import explore

        focus, overlay = focus_and_overlay(self._answer)
        return explore(self._answer.lineage, focus=options.pop("focus", focus), **({"overlay": overlay} | options))

    def to_html(self, path: AnyPath) -> Path:
        """Write a page that stands alone and works offline: the picture, the figures and the rows."""
        from lineage_nb.views.html import result_page

        target = Path(path)
        target.write_text(result_page(self._answer), encoding="utf-8")
        return target

    def report(self, path: AnyPath, **options: Any) -> Path:
        """Write what was found about personal data as an audit report: one HTML file, offline, to read or to print.

        Parameters
        ----------
        path : path-like
            The file to write.
        **options
            ``title``, ``dated`` (day to print on it), ``decisions`` (with accepted exposures and their expiry), ``rows``
            (most exposures of a kind); see `lineage_nb.views.pii_report.pii_report`.

        Raises
        ------
        LineageError
            For the answer of another analysis.
        """
        from lineage_nb.views.pii_report import pii_report

        target = Path(path)
        target.write_text(pii_report(self._answer, **options), encoding="utf-8", errors="replace")
        return target

    def tag_sql(self, dialect: str, **options: Any) -> str:
        """Write statements that tag what personal data was proved to reach, to review; nothing is executed.

        Parameters
        ----------
        dialect : {"snowflake", "bigquery", "unity"}
            Whose SQL.
        **options
            ``tag`` (its name), ``possible`` (add what is only possible, as comments), ``namespace`` (write for this
            one alone); see `lineage_nb.analyses.pii.tag_statements.tag_sql`.

        Raises
        ------
        LineageError
            For the answer of another analysis, or an unknown dialect.
        """
        from lineage_nb.analyses.pii.tag_statements import tag_sql

        return tag_sql(self._answer, dialect, **options)

    def tag_yaml(self, *, possible: bool = False, config: bool = True) -> str:
        """Write what personal data was proved to reach as properties for a dbt project, to review.

        Parameters
        ----------
        possible : bool
            Add what is only possible, as comments.
        config : bool
            Write tags under ``config``, as dbt wants it from 1.10 on.

        Raises
        ------
        LineageError
            For the answer of another analysis.
        """
        from lineage_nb.analyses.pii.tag_yaml import tag_yaml

        return tag_yaml(self._answer, possible=possible, config=config)

    def save_picture(self, path: AnyPath) -> Path:
        """Write the picture to a file, in the format that its suffix names.

        Parameters
        ----------
        path : path-like
            ``.svg``, ``.png``: the picture; ``.html``: a page to drag and zoom; ``.mmd``, ``.dot``, ``.graphml``,
            ``.gexf``: the part of the lineage that the answer speaks of, for Mermaid, Graphviz, yEd and Gephi.

        Raises
        ------
        LineageError
            For another suffix, or an answer with nothing to draw.
        """
        from lineage_nb.views.export import save_picture

        return save_picture(self._answer, path)

    def to_mermaid(self) -> str:
        """Write the part of the lineage that the answer speaks of as a Mermaid flowchart, at most 150 boxes.

        Raises
        ------
        LineageError
            For an answer that speaks of no nodes.
        """
        from lineage_nb.views.export import scene_of_answer
        from lineage_nb.views.mermaid import mermaid

        return mermaid(scene_of_answer(self._answer), title=self.headline)

    def to_dot(self) -> str:
        """Write the part of the lineage that the answer speaks of in Graphviz's DOT language; otherwise as `to_mermaid`."""
        from lineage_nb.views.dot import dot
        from lineage_nb.views.export import scene_of_answer

        return dot(scene_of_answer(self._answer), title=self.headline)

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
