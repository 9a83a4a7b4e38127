"""Cost: where the bill goes, exact to the micro-unit.

Billed rows are placed on datasets (a job's on what it writes, a warehouse hour's on the jobs that ran in it)
and flow from there along the lineage to whoever consumes in the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property, partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lineage_nb.analyses.consumers import BY, consumer_keys, readers
from lineage_nb.analyses.placement import Placement, place
from lineage_nb.analyses.result import Answer, as_list, money, plural
from lineage_nb.analyses.usage_log import resolve_consumers
from lineage_nb.errors import LineageError
from lineage_nb.graph.csr import Ints
from lineage_nb.graph.flow import Flow
from lineage_nb.graph.lineage import Lineage
from lineage_nb.graph.propagate import push_max
from lineage_nb.model.names import spoken_name

__all__ = ["LINES", "METHODS", "cost"]

METHODS = ("usage", "even")
LINES = ("other", "unconsumed", "unallocated", "idle")
"""Keys that are no consumer: readers the grouping does not cover; what reaches nobody; what has no node;
warehouse time in which nothing ran."""


def cost(
    lineage: Lineage,
    *,
    by: str = "owner",
    method: str = "usage",
    period: tuple[date | str, date | str] | None = None,
    of: str | Iterable[str] | None = None,
    monitors: str | Iterable[str] = (),
) -> Answer:
    """Attribute the bill.

    Parameters
    ----------
    lineage : Lineage
        A snapshot with `costs`.
    by : {"owner", "team", "report", "consumer", "dataset"}
        What the keys are. ``dataset`` stops where the money is spent; all others follow it to the reports and
        people that consume in the end. ``consumer`` keeps reports and people apart; ``report`` puts people
        who read tables themselves under ``other``; ``owner`` takes the owners of a report and a reader
        himself; ``team`` the teams of both. Several owners share evenly.
    method : {"usage", "even"}
        How a table's cost is split between those that read it: by bytes scanned, if known for all of them,
        else by number of reads, else evenly; or always evenly. A reader that leads to no consumer gets
        nothing. A cycle is treated as one table.
    period : (date, date), optional
        First and last day, inclusive; all recorded costs by default.
    of : str or iterable of str, optional
        Attribute only the cost of these nodes.
    monitors : str or iterable of str
        Consumers that do not count: scanners, profilers.

    Returns
    -------
    Answer
        Frame: key, amount (micro-units), share (of the sum), exclusive (of resources that this key alone
        depends on), shared (amount − exclusive), line (consumer, or one of `LINES`). Largest first, lines
        last. The amounts add up to what was billed, to the micro-unit.

    Raises
    ------
    LineageError
        For an unknown `by` or `method`, several currencies, or a snapshot without costs.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> snap = ln.from_frames(
    ...     nodes={"id": ["t", "r1", "r2"], "kind": ["dataset", "report", "report"]},
    ...     edges={"source": ["t", "t"], "target": ["r1", "r2"]},
    ...     costs={"node": ["t"], "day": ["2025-01-01"], "amount": ["10.00"]},
    ... )
    >>> snap.cost(by="report").frame.select("key", "amount").rows()
    [('r1', 5000000), ('r2', 5000000)]
    """
    if by not in BY:
        raise LineageError(f"unknown by={by!r}. Known: {', '.join(BY)}.")
    if method not in METHODS:
        raise LineageError(f"unknown method {method!r}. Known: {', '.join(METHODS)}.")
    spent = _spent(lineage, period, of)
    currency = _currency(spent)
    placed = place(lineage, spent)
    flows = _Attribution(lineage, placed, by, method, resolve_consumers(lineage, monitors))
    frame = flows.frame()
    summary = _summary(frame, spent, currency, by, method)
    return Answer(
        "cost",
        frame,
        _headline(summary),
        summary,
        _trust(summary, placed, flows),
        lineage,
        partial(_explain, flows),
        settings={"by": by, "method": method, "period": period},
    )


def _spent(lineage: Lineage, period: tuple[date | str, date | str] | None, of: Iterable[str] | None) -> pl.DataFrame:
    costs = lineage.frames["costs"].filter(pl.col("role") == "billed")
    if lineage.frames["costs"].is_empty():
        raise LineageError("the snapshot holds no costs; add a frame with node, day, component, amount, currency")
    if period is not None:
        first, last = _days(period)
        inside = costs.filter(pl.col("day").is_between(first, last))
        if inside.is_empty():
            recorded = [str(d) for d in costs.select(pl.col("day").min(), last=pl.col("day").max()).row(0)]
            raise LineageError(f"no costs from {first} to {last}; recorded are {' to '.join(recorded)}")
        costs = inside
    if of is not None:
        costs = costs.filter(pl.col("node").is_in([lineage.names.resolve(n) for n in as_list(of)]))
    if costs.select(pl.col("amount").cast(pl.Float64).abs().sum()).item() >= 2.0**62:
        raise LineageError("the costs add up to more than 4.6 trillion currency units; amounts are micro-units")
    return costs


def _days(period: tuple[date | str, date | str]) -> tuple[date, date]:
    """Two days, as dates or ``YYYY-MM-DD``."""
    try:
        first, last = (date.fromisoformat(d) if isinstance(d, str) else d for d in period)
    except (TypeError, ValueError) as error:  # a string has more than two letters
        raise LineageError(f"period is {period!r}; give two days, such as ('2026-01-01', '2026-01-31')") from error
    first, last = (d.date() if isinstance(d, datetime) else d for d in (first, last))
    if not (isinstance(first, date) and isinstance(last, date) and first <= last):
        raise LineageError(f"period is {period!r}; give two days, the first before the last")
    return first, last


def _currency(spent: pl.DataFrame) -> str:
    found = spent["currency"].unique().sort().to_list()
    if len(found) > 1:
        raise LineageError(f"costs in several currencies ({', '.join(found)}): convert them to one before loading")
    return str(found[0]) if found else ""


@dataclass
class _Attribution:
    """Money on datasets → money on keys.

    Nodes of the flow: the datasets and reports of the graph, then people who read, then keys.
    """

    lineage: Lineage
    placed: Placement
    by: str
    method: str
    monitors: list[str]
    measured: dict[str, int] = field(default_factory=dict)

    @cached_property
    def _edges(self) -> pl.DataFrame:
        """source, target, bytes, reads: who reads what."""
        return readers(self.lineage, self.monitors)

    @cached_property
    def _keys(self) -> pl.DataFrame:
        """terminal, key: what each consumer counts as."""
        people = self._edges["target"].unique()
        return consumer_keys(self.lineage, self.by, people)

    @cached_property
    def names(self) -> list[str]:
        """Names of the flow's nodes; keys come last and may repeat a node's name."""
        return [*self._people_and_data, *self._key_names]

    @cached_property
    def _people_and_data(self) -> list[str]:
        graph = self.lineage.graph("dataset").ids
        seen = set(graph)
        more = {*self._edges["target"], *self._keys["terminal"], *self.placed.amounts["node"]} - seen
        return [*graph, *sorted(more)]

    @cached_property
    def _key_names(self) -> list[str]:
        return sorted(self._keys["key"].unique())

    @cached_property
    def flow(self) -> Flow:
        """The graph the money flows through, limited to readers that lead to a consumer."""
        place_of = {n: i for i, n in enumerate(self._people_and_data)}
        offset = len(place_of)
        key_of = {k: offset + i for i, k in enumerate(self._key_names)}
        n = offset + len(key_of)
        source = np.array([place_of[s] for s in self._edges["source"]], dtype=np.int64)
        target = np.array([place_of[t] for t in self._edges["target"]], dtype=np.int64)
        terminal = np.array([place_of[t] for t in self._keys["terminal"]], dtype=np.int64)
        keys = np.array([key_of[k] for k in self._keys["key"]], dtype=np.int64)
        ends = set(terminal.tolist())
        onward = np.array([s not in ends for s in source.tolist()], dtype=bool) if len(source) else np.zeros(0, dtype=bool)
        live = push_max(n, np.r_[source[onward], terminal], np.r_[target[onward], keys], (np.arange(n) >= offset).astype(np.int64)) > 0
        kept = onward & live[target]
        weight = self._weights(n, source[kept], target[kept], self._edges.filter(pl.Series(kept)))
        return Flow(n, np.r_[source[kept], terminal], np.r_[target[kept], keys], np.r_[weight, np.ones(len(terminal))])

    def _weights(self, n: int, source: Ints, target: Ints, edges: pl.DataFrame) -> NDArray[np.float64]:
        """Bytes if known for all readers of a table (or cycle), else reads, else 1; counts them in `measured`."""
        component = Flow(n, source, target, np.ones(len(source))).parts.component
        at, weight = component[source], np.ones(len(source))
        outer = at != component[target]
        left = np.unique(at[outer])
        for unit in ("bytes", "reads") if self.method == "usage" else ():
            values = edges[unit].fill_null(0).to_numpy().astype(np.float64)
            usable = np.setdiff1d(left, at[outer & (values <= 0)])
            chosen = outer & np.isin(at, usable)
            weight[chosen] = values[chosen]
            self.measured[unit] = len(usable)
            left = np.setdiff1d(left, usable)
        self.measured["evenly"] = len(left)
        return weight

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Money at each node of the flow before it flows."""
        place_of = {n: i for i, n in enumerate(self._people_and_data)}
        amount = np.zeros(self.flow.n, dtype=np.int64)
        for node, micro in self.placed.amounts.select("node", "amount").iter_rows():
            amount[place_of[node]] += micro
        return amount

    def _one_key(self) -> NDArray[np.bool_]:
        """Nodes that exactly one key depends on."""
        flow, first = self.flow, len(self._people_and_data)
        own = np.arange(flow.n)
        most = push_max(flow.n, flow.source, flow.target, np.where(own >= first, own, -1))
        least = -push_max(flow.n, flow.source, flow.target, np.where(own >= first, -own, -flow.n * 2))
        result: NDArray[np.bool_] = (most == least) & (most >= 0)
        return result

    def frame(self) -> pl.DataFrame:
        """The answer's frame."""
        alone = self._one_key()
        exclusive = self.flow.push(np.where(alone, self.start, 0))
        shared = self.flow.push(np.where(alone, 0, self.start))
        first = len(self._people_and_data)
        rows = [
            (key, int(exclusive[first + i] + shared[first + i]), int(exclusive[first + i]))
            for i, key in enumerate(self._key_names)
        ]
        left = int((exclusive[:first] + shared[:first]).sum())
        lines = {"unconsumed": left, "unallocated": self.placed.unallocated, "idle": self.placed.idle}
        frame = pl.DataFrame(rows, schema={"key": pl.String, "amount": pl.Int64, "exclusive": pl.Int64}, orient="row")
        consumer = pl.when(pl.col("key") == "other").then(pl.lit("other")).otherwise(pl.lit("consumer")).alias("line")
        extra = pl.DataFrame(
            [(k, v, v, k) for k, v in lines.items() if v],
            schema={"key": pl.String, "amount": pl.Int64, "exclusive": pl.Int64, "line": pl.String},
            orient="row",
        )
        frame = pl.concat([frame.with_columns(consumer).filter(pl.col("amount") != 0), extra])
        total = frame["amount"].sum()
        share = pl.col("amount") / total if total else pl.lit(0.0)
        last = pl.col("line").replace_strict({"consumer": 0, **{k: i + 1 for i, k in enumerate(LINES)}})
        return (
            frame.sort(last, -pl.col("amount"), "key")
            .select("key", "amount", share.alias("share"), "exclusive", (pl.col("amount") - pl.col("exclusive")).alias("shared"), "line")
        )


def _summary(frame: pl.DataFrame, spent: pl.DataFrame, currency: str, by: str, method: str) -> dict[str, object]:
    amounts = dict(frame.select("key", "amount").iter_rows())
    return {
        "billed": int(spent["amount"].sum()),
        "attributed": int(frame.filter(pl.col("line") == "consumer")["amount"].sum()),
        **{line: int(frame.filter(pl.col("line") == line)["amount"].sum()) for line in LINES},
        "currency": currency,
        "keys": int((frame["line"] == "consumer").sum()),
        "largest": next(iter(amounts), None),
        "by": by,
        "method": method,
        "first": spent["day"].min(),
        "last": spent["day"].max(),
    }


def _headline(summary: dict[str, object]) -> str:
    def cash(name: str) -> str:
        return money(int(str(summary[name])), str(summary["currency"]))

    text = f"{cash('billed')} were billed from {summary['first']} to {summary['last']}; {cash('attributed')} reach {plural(int(str(summary['keys'])), str(summary['by']))}"
    rest = [f"{line} {cash(line)}" for line in LINES if summary[line]]
    return text + ("; " + ", ".join(rest) if rest else "") + "."


def _trust(summary: dict[str, object], placed: Placement, flows: _Attribution) -> tuple[str, ...]:
    parts = [placed.note] if placed.note else []
    measured = flows.measured
    if measured and flows.by != "dataset" and flows.method == "usage":
        parts.append(
            f"Tables were split by bytes scanned ({measured['bytes']:,}), by reads where bytes are not known for all "
            f"readers ({measured['reads']:,}), evenly where neither is ({measured['evenly']:,})."
        )
    total = sum(int(str(summary[k])) for k in ("attributed", *LINES))
    parts.append(f"The lines add up to the bill: {money(total, str(summary['currency']))}.")
    return tuple(parts)


def _explain(flows: _Attribution, key: str) -> pl.DataFrame:
    """Show which resources the amount of a key or line comes from.

    Returns
    -------
    polars.DataFrame
        node, billed (what it costs in all), share (of it that comes here), amount; the amounts add up to that
        of the key. Largest first.
    """
    names, first = flows.names, len(flows._people_and_data)
    if key in flows.placed.lines:
        frame = flows.placed.lines[key].with_columns(pl.col("amount").alias("billed"), pl.lit(1.0).alias("share"))
        return frame.select("node", "billed", "share", "amount").sort("amount", "node", descending=[True, False])
    at = [i for i in range(first, len(names)) if names[i] == key]
    at = at or [i for i in range(first, len(names)) if spoken_name(names[i]) == key or names[i].endswith("/" + key)]
    if key == "unconsumed":
        share = 1.0 - sum((flows.flow.share_of(i) for i in range(first, len(names))), start=np.zeros(flows.flow.n))
    elif len(at) == 1:
        share = flows.flow.share_of(at[0])
    else:
        raise LineageError(f"no key {key!r} in this result. Keys: {', '.join([*flows._key_names[:10], *LINES])}")
    frame = pl.DataFrame({"node": names, "billed": flows.start, "share": share}).head(first)
    frame = frame.filter((pl.col("share") > 1e-12) & (pl.col("billed") != 0))
    total = flows.frame().filter(pl.col("key") == (key if key == "unconsumed" else names[at[0]]))["amount"].sum()
    weight = (frame["billed"].abs() * frame["share"]).to_numpy()
    exact = (frame["billed"] * frame["share"]).round(0).cast(pl.Int64).to_numpy().copy()
    if len(exact):
        exact[int(np.argmax(weight))] += total - int(exact.sum())
    return frame.with_columns(pl.Series("amount", exact, dtype=pl.Int64)).sort("amount", "node", descending=[True, False])
