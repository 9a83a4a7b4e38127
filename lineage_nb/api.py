"""What users hold: `Snapshot` and `Result`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from lineage_nb.analyses.classify.classifier import classify as _classify
from lineage_nb.analyses.classify.tags import tagged as _tagged
from lineage_nb.analyses.cost.attribution import cost as _cost
from lineage_nb.analyses.cost.bill import Days
from lineage_nb.analyses.cost.change import cost_change as _cost_change
from lineage_nb.analyses.cost.loaded import loaded_cost as _loaded_cost
from lineage_nb.analyses.cost.prices import priced as _priced
from lineage_nb.analyses.cost.rates import converted_costs as _converted
from lineage_nb.analyses.cost.trend import cost_trend as _cost_trend
from lineage_nb.analyses.impact import impact as _impact
from lineage_nb.analyses.name_offers import NameOffers
from lineage_nb.analyses.pii.propagation import pii as _pii
from lineage_nb.analyses.scope import scope as _scope
from lineage_nb.analyses.search import search as _search
from lineage_nb.analyses.unused.judge import unused as _unused
from lineage_nb.analyses.what_if.removal import what_if as _what_if
from lineage_nb.errors import LineageError, UnknownNameError, no_attribute
from lineage_nb.graph.lineage import Lineage
from lineage_nb.model.merge import merge
from lineage_nb.model.report import LoadReport
from lineage_nb.model.schema import FRAMES
from lineage_nb.model.storage import save
from lineage_nb.node import NodeView
from lineage_nb.result import CostResult, PiiResult, Result, UnusedResult, result_of
from lineage_nb.result.binding import QUESTIONS, bound, shown
from lineage_nb.sources.openlineage.writer import write as write_openlineage

if TYPE_CHECKING:

    from lineage_nb.widgets.controls import Explorer
    from lineage_nb.widgets.panels import Panel
    from lineage_nb.widgets.tabs import App

__all__ = ["Result", "Snapshot"]

AnyPath = str | PathLike[str]


class Snapshot(Lineage):
    """What some systems recorded about which data feeds which; immutable.

    Made by `read`, `from_frames`, `from_edges` or `sample`. Its frames are properties; `describe` (in
    `lineage_nb.model.schema`) lists their columns.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_edges([("raw.users", "mart.users"), ("mart.users", "report")])
    >>> snap.impact("raw.users").frame["node"].to_list()
    ['mart.users', 'report']
    """

    impact = bound(_impact, Result)
    cost = bound(_cost, CostResult)
    cost_trend = bound(_cost_trend, Result)
    cost_change = bound(_cost_change, Result)
    loaded_cost = bound(_loaded_cost, Result)
    pii = bound(_pii, PiiResult)
    classify = bound(_classify, Result)
    unused = bound(_unused, UnusedResult)
    what_if = bound(_what_if, Result)
    search = shown(_search)

    # -- frames ----------------------------------------------------------------------------------------------

    @property
    def nodes(self) -> pl.DataFrame:
        """Everything that lineage relates, one row a node, sorted by id."""
        return self.frames["nodes"].clone()

    @property
    def edges(self) -> pl.DataFrame:
        """What flows where, as the sources state it: one row a statement."""
        return self.frames["edges"].clone()

    @property
    def runs(self) -> pl.DataFrame:
        """Executions of jobs."""
        return self.frames["runs"].clone()

    @property
    def io(self) -> pl.DataFrame:
        """What runs read and wrote."""
        return self.frames["io"].clone()

    @property
    def usage(self) -> pl.DataFrame:
        """Who read what, per day; query logs add which columns: `named_columns`, and `other_columns` read beside those."""
        return self.frames["usage"].clone()

    @property
    def costs(self) -> pl.DataFrame:
        """What was billed, in micro-units, and what drove it."""
        return self.frames["costs"].clone()

    @property
    def grants(self) -> pl.DataFrame:
        """Who may do what."""
        return self.frames["grants"].clone()

    @property
    def aliases(self) -> pl.DataFrame:
        """Other names of nodes."""
        return self.frames["aliases"].clone()

    @property
    def coverage(self) -> pl.DataFrame:
        """What the records can and cannot show."""
        return self.frames["coverage"].clone()

    @property
    def report(self) -> LoadReport:
        """What was read, accepted and rejected, file by file."""
        return self.data.report

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Name the nearest attribute."""
            if hasattr(type(self), name):
                # A property failed: its own error is the one to show.
                return object.__getattribute__(self, name)
            raise no_attribute(self, name)

    # -- identity --------------------------------------------------------------------------------------------

    @property
    def content_hash(self) -> str:
        """Hash of the content: equal for equal evidence, wherever and whenever it was read."""
        return self.data.content_hash

    def __eq__(self, other: object) -> bool:
        """Compare by content."""
        return isinstance(other, Snapshot) and self.data == other.data

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.data)

    def __len__(self) -> int:
        """Count the nodes."""
        return self.frames["nodes"].height

    # -- nodes -----------------------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> NodeView:
        """Look at one node: what is known of it, and the questions one asks about it.

        Parameters
        ----------
        name : str
            An id or a unique suffix of one.

        Raises
        ------
        UnknownNameError, AmbiguousNameError
            With the nearest candidates.

        Examples
        --------
        >>> import lineage_nb as ln
        >>> ln.from_edges([("raw.users", "mart.users")])["mart.users"].upstream()["node"].to_list()
        ['raw.users']
        """
        return NodeView(self, self.names.resolve(name))

    def __contains__(self, name: object) -> bool:
        """Whether `name` stands for a node; an error where it fits several."""
        try:
            self.names.resolve(name)  # type: ignore[arg-type]
        except UnknownNameError:
            return False
        return True

    __iter__ = None
    """A snapshot is no sequence: `nodes` lists what is in it."""

    @cached_property
    def name_offers(self) -> NameOffers:
        """What to offer while a name is typed (see `lineage_nb.analyses.name_offers`)."""
        return NameOffers(self)

    def _ipython_key_completions_(self) -> list[str]:
        return self.name_offers.most_read()

    # -- new snapshots, files --------------------------------------------------------------------------------

    def merge(self, *others: Snapshot) -> Snapshot:
        """Unite with other snapshots; order and duplicates do not matter."""
        return Snapshot(merge(self.data, *(o.data for o in others)))

    def in_currency(self, currency: str, rates: object) -> Snapshot:
        """Convert all costs, so that every question answers in one currency.

        Parameters
        ----------
        currency : str
            The target, ISO 4217.
        rates : mapping, frame or path
            Units of `currency` per unit: ``{"EUR": 1.08}``, or a table with currency, rate, from, to (days).

        Examples
        --------
        >>> import lineage_nb as ln
        >>> costs = {"node": ["t"], "day": ["2025-01-01"], "amount": ["2.00"], "currency": ["EUR"]}
        >>> ln.from_frames(costs=costs).in_currency("USD", {"EUR": "1.08"}).costs["amount"].to_list()
        [2160000]
        """
        return Snapshot(_converted(self, currency, rates))

    def priced(self, prices: object, period: Days | None = None) -> Snapshot:
        """Add the storage of datasets that nothing bills, by their bytes and a price.

        Parameters
        ----------
        prices : mapping, frame or path
            What a unit costs; `lineage_nb.analyses.cost.prices.storage_costs` tells the columns. The storage class of a
            dataset is the extra column ``storage_tier`` of nodes (null: standard).
        period : (date, date), optional
            The days to price; by default those of the cost record.

        Returns
        -------
        Snapshot
            With billed rows of component ``storage``; asked twice, they count once.
        """
        return Snapshot(_priced(self, prices, period))

    def tagged(self, result: Result, *, min_confidence: float | None = None, disagreeing: bool = False) -> Snapshot:
        """Add what `classify` suggested as tags ``pii:<label>``, for `pii` to follow.

        Parameters
        ----------
        result : Result
            Of `classify`.
        min_confidence : float, optional
            Suggestions from this confidence on (0 to 1) count; None: only what a decision confirmed.
        disagreeing : bool
            Whether names that their lineage contradicts count too, by the same confidence.

        Returns
        -------
        Snapshot
            With the tag ``suggested:<label>`` beside each that no person confirmed; this one stays as it is.

        Raises
        ------
        LineageError
            For the result of another analysis or of another snapshot, or a confidence that is not between 0 and 1.
        """
        return Snapshot(_tagged(self, _asked(result, "classify")._answer, min_confidence=min_confidence, disagreeing=disagreeing))

    def scan_plan(self, result: Result | None = None, *, sources: Literal["clean", "unknown"] = "clean") -> Result:
        """Plan which columns to look into, the fewest, so that it becomes known of every column whether personal data is in it.

        Parameters
        ----------
        result : Result, optional
            Of `pii`; by default of all labels.
        sources : {"clean", "unknown"}
            What to call untagged columns that no writer is known of; see `lineage_nb.analyses.pii.scan_plan.scan_plan`,
            which also tells the columns.

        Raises
        ------
        LineageError
            For the result of another analysis or of another snapshot.
        """
        from lineage_nb.analyses.pii.scan_plan import scan_plan

        return result_of(scan_plan(self, None if result is None else _asked(result, "pii")._answer, sources=sources))

    def filter(
        self,
        *,
        namespace: str | Iterable[str] | None = None,
        name: str | Iterable[str] | None = None,
        tag: str | Iterable[str] | None = None,
        owner: str | Iterable[str] | None = None,
        kind: str | Iterable[str] | None = None,
    ) -> Snapshot:
        """Keep the part that fits all conditions (see `lineage_nb.analyses.scope.scope`)."""
        return Snapshot(_scope(self, namespace=namespace, name=name, tag=tag, owner=owner, kind=kind))

    def save(self, folder: AnyPath, *, index: bool = True) -> Path:
        """Write to a folder that `read` opens again, with an index that spares it the work; replaces what is there."""
        return save(self.data, Path(folder), arrays=self.index_arrays() if index else {})

    def to_openlineage(self, path: AnyPath, *, at: datetime | None = None) -> Path:
        """Write as OpenLineage events, which `read` reads again; `lineage_nb.sources.openlineage.writer` tells their limits."""
        return write_openlineage(self.data, path, at=at)

    def sql(self, query: str) -> pl.DataFrame:
        """Run a SELECT over the frames, by their names.

        Raises
        ------
        LineageError
            For a query that does not run.

        Examples
        --------
        >>> import lineage_nb as ln
        >>> ln.from_edges([("a", "b")]).sql("SELECT count(*) AS n FROM nodes").item()
        2
        """
        with pl.SQLContext(frames={n: f.lazy() for n, f in self.frames.items()}) as context:
            try:
                return context.execute(query, eager=True)
            except (pl.exceptions.PolarsError, OSError, ValueError) as error:
                raise LineageError(f"the query does not run: {error}. Tables: {', '.join(FRAMES)}.") from error

    def explore(self, focus: str | None = None, **options: Any) -> Explorer:
        """Open the explorer: the graph around a node, to click through.

        Parameters
        ----------
        focus : str, optional
            The node to start from; an id or a unique suffix of one.
        **options
            ``view`` ("around", "ends", "path"), ``overlay`` ("owner", "tier", "freshness", "cost", "pii", "unused"), ``level``,
            ``hops``, ``upstream``, ``downstream``, ``kinds``, ``max_marks``, ``height`` (pixels).

        Raises
        ------
        TypeError
            For an unknown option.
        """
        from lineage_nb.widgets.controls import explore

        return explore(self, focus=focus, **options)

    def panel(self, question: str, **arguments: Any) -> Panel:
        """Open the panel of an analysis: its controls above its answer.

        Parameters
        ----------
        question : str
            Which analysis: ``impact``, ``cost``, ``pii``, ``unused``, ``what_if`` … (any that gives a `Result`).
        **arguments
            First values of the controls, as the analysis takes them; what has no control stays as given.
        """
        from lineage_nb.widgets.panels import Panel

        return Panel(self, question, wrap=result_of, questions=QUESTIONS, **arguments)

    def app(self) -> App:
        """Open everything in tabs: the explorer, and a panel for each question."""
        from lineage_nb.widgets.tabs import App

        return App(self, wrap=result_of, questions=QUESTIONS)

    # -- display ---------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        """Tell at a glance what is in it, how fresh it is and what was rejected."""
        from lineage_nb.views.text import snapshot_text

        return snapshot_text(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        from lineage_nb.views.html import snapshot_bundle

        return snapshot_bundle(self)


impact = Snapshot.impact
cost = Snapshot.cost
cost_trend = Snapshot.cost_trend
cost_change = Snapshot.cost_change
loaded_cost = Snapshot.loaded_cost
pii = Snapshot.pii
unused = Snapshot.unused
what_if = Snapshot.what_if
classify = Snapshot.classify
app = Snapshot.app


def _asked(result: object, analysis: str) -> Result:
    """The result of an earlier question, which must be one."""
    if not isinstance(result, Result):
        raise LineageError(f"{result!r} is no result; give that of snap.{analysis}()")
    return result
