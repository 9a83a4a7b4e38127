"""From numbers to the frames of the model: ids, names and times spelled out, once all events are in."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

import numpy as np
import polars as pl

from lineage_nb.model.claims import CLAIM
from lineage_nb.model.ids import column_id, node_id
from lineage_nb.model.schema import FRAMES, STRINGS
from lineage_nb.sources.openlineage.events import ENTRY, IN, JOB_ENTRY, OUT, STATES, Collector
from lineage_nb.sources.openlineage.ledger import NO_JOB, distinct, numbers_of, proven_by, ragged, spans
from lineage_nb.sources.openlineage.statements import OWN_JOB
from lineage_nb.sources.openlineage.tables import Columns, Entities
from lineage_nb.sources.openlineage.words import Arrow

__all__ = ["Speller"]

_UNSAFE: Final = r"[%#\x00-\x1f\x7f]"
_FIELD_BITS: Final = 32
_FIELDS: Final = 1 << _FIELD_BITS
_COUNTS: Final = ("bytes", "ordinal")
_READ: Final = (Arrow("READ", None, None, None, False), "openlineage:inputs")
_WRITE: Final = (Arrow("WRITE", None, None, None, False), "openlineage:outputs")
_OVERWRITE: Final = (Arrow("WRITE", "OVERWRITE", None, None, False), "openlineage:outputs")
_COMPLETE: Final = STATES.index("COMPLETE")


def _known(name: str) -> pl.Expr:
    """Turn -1 into null."""
    return pl.when(pl.col(name) >= 0).then(pl.col(name)).alias(name)


def _quoted(texts: pl.Series) -> pl.Series:
    """Percent-encode what would be ambiguous in an id, as `lineage_nb.model.ids` does."""
    odd = texts.filter(texts.str.contains(_UNSAFE)).drop_nulls().unique().to_list()
    return texts.replace(odd, [column_id("", t)[1:] for t in odd]) if odd else texts


def _ids(kind: str, entities: Entities) -> pl.DataFrame:
    """Id, namespace and name of every entity, in order."""
    spaces = pl.Series("namespace", entities.spaces, dtype=pl.String)
    starts = pl.Series([node_id(kind, namespace, "") for namespace in entities.spaces], dtype=pl.String)
    name = pl.Series("name", entities.names, dtype=pl.String)
    place = pl.Series(entities.space_of, dtype=pl.UInt32)
    return pl.DataFrame([spaces.gather(place), name, (starts.gather(place) + _quoted(name)).alias("id")])


def _at(values: pl.Series, numbers: pl.Series) -> pl.Series:
    """Values by number; null for negative numbers."""
    if not values.len():
        return pl.Series(numbers.name, [None] * numbers.len(), dtype=values.dtype)
    found = values.gather(numbers.clip(lower_bound=0).cast(pl.UInt32))
    return pl.select(pl.when(numbers >= 0).then(found)).to_series() if (numbers < 0).any() else found


def _end(code: pl.Expr, word: pl.Expr | int) -> pl.Expr:
    """Pack a dataset or job and a field into one number."""
    return code.cast(pl.Int64) * _FIELDS + word


class Speller:
    """Numbers → texts.

    Parameters
    ----------
    source : Collector
        Whose numbers they are; nothing may be absorbed any more.
    """

    def __init__(self, source: Collector) -> None:
        self._from = source
        said = source.statements
        self._read, self._write = said.arrows[_READ], said.arrows[_WRITE]
        self._overwrite = said.arrows[_OVERWRITE] if said.emptied else self._write
        self._datasets, self._jobs = _ids("dataset", said.datasets), _ids("job", said.jobs)
        self._ends = pl.concat([self._datasets["id"], self._jobs["id"]])
        self._lists = pl.Series([list(t) or None for t in said.lists], dtype=STRINGS)
        self._words, self._names = (pl.Series(list(t), dtype=pl.String) for t in (said.words, said.names))
        self._fields = ("#" + _quoted(self._names)).fill_null("")

    def frames(self, posted: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
        """Spell out what a ledger holds.

        Parameters
        ----------
        posted : Mapping of str to polars.DataFrame
            See `Ledger.posted`.

        Returns
        -------
        dict of str to polars.DataFrame
            nodes, edges, runs, io (with two more columns: `claim`, and `told`, of outputs: whether the event says what
            columns they are made of) and aliases where they have rows, each row once.
        """
        if "support" not in posted:
            return {}
        said = self._said(posted["support"])
        flows = self._flows(said)
        keys = self._claim_keys(flows)
        frames = {
            "nodes": self._nodes(said, flows, posted),
            "edges": self._edges(flows, keys),
            "aliases": self._aliases(said),
        }
        if "runs" in posted:
            frames["runs"] = self._run_rows(posted["runs"])
        if "io" in posted:
            frames["io"] = self._io_rows(posted["io"], keys)
        return {name: frame for name, frame in frames.items() if frame.height}

    def _said(self, support: pl.DataFrame) -> pl.DataFrame:
        """Which statements were made, by which job, in which role, proven or not, from when to when."""
        source = self._from
        content = support["content"].to_numpy()
        fact = numbers_of(source.content_fact)[content]
        row, item = ragged(numbers_of(source.item_start), content)
        role = numbers_of(source.item_role)[item]
        rows, size = numbers_of(source.item_rows)[item], numbers_of(source.item_bytes)[item]
        state = support["state"].to_numpy()[row]
        said = pl.DataFrame(
            {
                "statement": numbers_of(source.item_statement)[item],
                "role": role,
                "job": source.jobs.jobs_of(fact)[row],
                "proven": proven_by(role, state, rows, size, source.jobs.is_endless(fact)[row]),
                "first": support["first"].gather(row),
                "last": support["last"].gather(row),
            }
        )
        if source.statements.emptied:  # a run that has come to its end left nothing of what was there before
            over = pl.Series(list(source.statements.emptied), dtype=said.schema["statement"])
            done = pl.Series(state == _COMPLETE) & (pl.col("role") == OUT)
            said = said.with_columns(over=done & pl.col("statement").is_in(over.implode()))
        else:
            said = said.with_columns(over=pl.lit(value=False))
        said = spans(said)
        return said.with_columns(target=numbers_of(source.statements.target)[said["statement"].to_numpy()])

    def _joined(self, said: pl.DataFrame, table: Columns) -> pl.DataFrame:
        """Join a table on `statement`; without a search, for it has the rows of each statement in a row, in order."""
        rows = table.frame()
        counts = np.bincount(rows["statement"].to_numpy(), minlength=len(self._from.statements.target))
        place, found = ragged(np.append(0, np.cumsum(counts)), said["statement"].to_numpy())
        return said[place].hstack(rows.drop("statement")[found])

    def _flows(self, said: pl.DataFrame) -> pl.DataFrame:
        """Every edge as numbers: origin and target (see `_end`), arrow, job, claim (statement, -1: proven)."""
        role, job, target, into = pl.col("role"), pl.col("job"), pl.col("target"), pl.col("into")
        own_job = pl.when(job >= 0).then(-2 - job).otherwise(OWN_JOB)
        said = said.with_columns(claim=pl.when("proven").then(-1).otherwise(pl.col("statement")).cast(pl.Int32))
        ties = said.filter(role.is_in([IN, OUT])).select(
            _end(pl.when(role == IN).then(target).otherwise(own_job), 0).alias("origin"),
            _end(pl.when(role == IN).then(own_job).otherwise(target), 0).alias("target"),
            pl.when(role == IN)
            .then(self._read)
            .when("over")
            .then(self._overwrite)
            .otherwise(self._write)
            .cast(pl.Int32)
            .alias("arrow"),
            "job",
            "claim",
            "first",
            "last",
        )
        stated = said.with_columns(pl.when(role.is_in([OUT, ENTRY, JOB_ENTRY])).then(job).otherwise(NO_JOB).alias("job"))
        stated = self._joined(stated, self._from.statements.flows)
        to_dataset = np.array([a.to_dataset for a, _ in self._from.statements.arrows])
        stated = stated.with_columns(whole=to_dataset[stated["arrow"].to_numpy()])
        origin, target = (pl.when(e == OWN_JOB).then(own_job).otherwise(e) for e in (pl.col("origin"), target))
        stated = stated.filter((origin != OWN_JOB) & (target != OWN_JOB)).select(
            _end(origin, pl.col("field")).alias("origin"),
            _end(target, pl.when("whole").then(0).otherwise(into)).alias("target"),
            "arrow",
            "job",
            "claim",
            "first",
            "last",
        )
        return spans(pl.concat([ties, stated]))

    def _spell_end(self, end: pl.Series) -> pl.Series:
        """Spell packed ends (see `_end`): jobs come after the datasets in one list of ids."""
        packed = end.to_numpy()
        code, field = packed >> _FIELD_BITS, packed & (_FIELDS - 1)
        place = np.where(code < 0, self._datasets.height - 2 - code, code).astype(np.uint32)
        columns = np.flatnonzero(field)
        ids = self._ends.gather(place[columns]) + self._fields.gather(field[columns])
        place[columns] = self._ends.len() + np.arange(columns.size, dtype=np.uint32)
        return pl.concat([self._ends, ids], rechunk=True).gather(place)

    def _touched(self, flows: pl.DataFrame) -> pl.DataFrame:
        """First and last time at which a dataset or job (its `code`) was at an end of an edge."""
        lowest = -1 - self._jobs.height
        first = np.full(self._datasets.height - lowest, np.iinfo(np.int64).max)
        last = np.full_like(first, np.iinfo(np.int64).min)
        for end in ("origin", "target"):
            place = (flows[end].to_numpy() >> _FIELD_BITS) - lowest
            np.minimum.at(first, place, flows["first"].to_numpy())
            np.maximum.at(last, place, flows["last"].to_numpy())
        found = np.flatnonzero(first <= last)
        return pl.DataFrame({"code": found + lowest, "first": first[found], "last": last[found]})

    def _claim_keys(self, flows: pl.DataFrame) -> pl.DataFrame:
        """Name every claim after the edges it makes, so that equal claims are equal wherever they are read."""
        claims = flows.filter(pl.col("claim") >= 0)
        arrows = [f"{a.type}\x1f{a.subtype}\x1f{a.masking}\x1f{_folded(a)}{e}" for a, e in self._from.statements.arrows]
        origin, target = self._spell_end(claims["origin"]), self._spell_end(claims["target"])
        text = origin + "\x1e" + target + "\x1e" + _at(pl.Series(arrows, dtype=pl.String), claims["arrow"])
        texts = claims.select("job", "claim", text.alias("text")).group_by("job", "claim").agg(pl.col("text").sort())
        keys = [blake2b("\x1d".join(t).encode(), digest_size=8).hexdigest() for t in texts["text"]]
        return texts.select("job", "claim", pl.Series("key", keys, dtype=pl.String))

    def _edges(self, flows: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
        arrows, evidence = zip(*self._from.statements.arrows, strict=True)
        number = flows["arrow"]
        columns = {
            "source": self._spell_end(flows["origin"]),
            "target": self._spell_end(flows["target"]),
            "type": _at(pl.Series([a.type for a in arrows], dtype=pl.String), number),
            "subtype": _at(pl.Series([a.subtype for a in arrows], dtype=pl.String), number),
            "verdict": _at(pl.Series([a.verdict for a in arrows], dtype=pl.String), number),
            "masking": _at(pl.Series([a.masking for a in arrows], dtype=pl.Boolean), number),
            "job": _at(self._jobs["id"], flows["job"]),
            "evidence": _at(pl.Series(evidence, dtype=pl.String), number),
            "first": flows["first"],
            "last": flows["last"],
        }
        frame = pl.DataFrame(columns)
        if not keys.height:
            return _fitted("edges", frame)
        key = flows.join(keys, on=["job", "claim"], how="left", maintain_order="left")["key"]
        claimed = pl.when(key.is_not_null())
        frame = frame.with_columns(
            claimed.then(pl.col("evidence") + CLAIM + key).otherwise(pl.col("evidence")).alias("evidence"),
            claimed.then(0.0).alias("confidence"),
        )
        return _fitted("edges", spans(frame))  # statements that differ otherwise may claim the same edges

    def _nodes(self, said: pl.DataFrame, flows: pl.DataFrame, posted: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
        statements = self._from.statements
        seen = ("first", "last")
        about = said.filter(pl.col("target") >= 0).select("statement", pl.col("target").alias("dataset"), *seen)
        # columns that are only mentioned get no row: their ids say all there is
        touched = self._touched(flows)
        code = pl.col("code").cast(pl.Int32)
        datasets = [
            about.join(statements.facts.frame(), on="statement", how="left").drop("statement"),
            touched.filter(code >= 0).select(code.alias("dataset"), *seen),
        ]
        if "stored" in posted:
            datasets.append(posted["stored"].rename({"stored": "bytes"}))
        if "drops" in posted:
            when = [pl.col("time").alias(name) for name in ("deleted_at", *seen)]
            datasets.append(posted["drops"].select("dataset", *when))
        columns = self._joined(about, statements.fields).drop("statement")
        jobs = [self._job_rows(posted["support"]), touched.filter(code < OWN_JOB).select((-2 - code).alias("job"), *seen)]
        if "parents" in posted:
            parents = posted["parents"]
            jobs += [parents, parents.select(pl.col("parent").alias("job"), *seen)]
        return pl.concat(
            [
                self._entities("dataset", self._datasets, _gathered("dataset", datasets)),
                self._columns(spans(columns)),
                self._entities("job", self._jobs, _gathered("job", jobs)),
            ]
        )

    def _job_rows(self, support: pl.DataFrame) -> pl.DataFrame:
        fact = numbers_of(self._from.content_fact)[support["content"].to_numpy()]
        facts = spans(support.select("first", "last").with_columns(fact=fact).filter(pl.col("fact") >= 0))
        numbers = facts["fact"].to_numpy()
        return self._from.jobs.rows_of(numbers).with_columns(facts["first"], facts["last"])

    def _entities(self, kind: str, ids: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
        named = [_at(ids[c], rows[kind]).alias(c) for c in ("id", "namespace", "name")]
        parent = [_at(self._jobs["id"], rows["parent"])] if "parent" in rows.columns else []
        return self._node_rows(rows.with_columns(*named, *(p.alias("parent") for p in parent), kind=pl.lit(kind)))

    def _columns(self, rows: pl.DataFrame) -> pl.DataFrame:
        parent, field = _at(self._datasets["id"], rows["dataset"]), rows["field"].cast(pl.UInt32)
        return self._node_rows(
            rows.with_columns(
                id=parent + self._fields.gather(field),
                parent=parent,
                kind=pl.lit("column"),
                namespace=_at(self._datasets["namespace"], rows["dataset"]),
                name=self._names.gather(field),
                data_type=_at(self._words, rows["data_type"]),
            )
        )

    def _node_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        texts = {"type": self._words, "description": self._words, "owners": self._lists, "tags": self._lists}
        spelled = [_at(v, rows[c]).alias(c) for c, v in texts.items() if c in rows.columns]
        return _fitted("nodes", rows.with_columns(*spelled, *(_known(c) for c in _COUNTS if c in rows.columns)))

    def _aliases(self, said: pl.DataFrame) -> pl.DataFrame:
        aliases = said.select("statement", "target", "proven").join(
            self._from.statements.aliases.frame(), on="statement"
        )
        aliases = aliases.filter(pl.col("proven") | pl.col("lasting"))
        evidence = pl.when("lasting").then(pl.lit("openlineage:symlinks")).otherwise(pl.lit("openlineage:rename"))
        aliases = aliases.with_columns(evidence.alias("evidence"), node=_at(self._datasets["id"], aliases["target"]))
        return pl.concat([_fitted("aliases", aliases).unique(), self._dbt_names()])

    def _dbt_names(self) -> pl.DataFrame:
        """Jobs that build a dbt node, by its unique id: what ties them to dbt's own artifacts."""
        schema = {"job": pl.Int64, "name": pl.String}
        pairs = pl.DataFrame(sorted(self._from.jobs.dbt_nodes), schema=schema, orient="row")
        node = _at(self._jobs["id"], pairs["job"])
        return _fitted("aliases", pairs.with_columns(node=node, evidence=pl.lit("openlineage:dbt_node")))

    def _run_rows(self, runs: pl.DataFrame) -> pl.DataFrame:
        states = pl.Series([None if s == "OTHER" else s for s in STATES], dtype=pl.String)
        job, state = _at(self._jobs["id"], runs["job"]), _at(states, runs["state"])
        return _fitted("runs", runs.with_columns(job=job, state=state, nominal_time=pl.col("nominal")))

    def _io_rows(self, io: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
        io = io.join(keys, on=["job", "claim"], how="left", maintain_order="left")
        direction = pl.when("out").then(pl.lit("out")).otherwise(pl.lit("in"))
        dataset = _at(self._datasets["id"], io["dataset"])
        rows = io.with_columns(_known("rows"), _known("bytes"), dataset=dataset, direction=direction)
        return distinct(_fitted("io", rows, pl.col("key").alias("claim"), pl.col("told")))


def _folded(arrow: Arrow) -> str:
    """What the description of an aggregation says of it, and nothing else does."""
    return f"{arrow.verdict}\x1f" if arrow.subtype == "AGGREGATION" and arrow.verdict in ("aggregated", "plain") else ""


def _gathered(kind: str, parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Unite rows about one kind of thing as spans; what a part is silent about is 0 (a text) or -1 (a count)."""
    rows = pl.concat(parts, how="diagonal_relaxed")
    content = [c for c in rows.columns if c not in (kind, "first", "last")]
    silent = {c: -1 if c in _COUNTS or c == "parent" else 0 for c in content if c != "deleted_at"}
    rows = rows.with_columns(pl.col(c).fill_null(value) for c, value in silent.items())
    is_silent = pl.all_horizontal(pl.col(c).eq_missing(silent.get(c)) for c in content)
    # most rows say nothing but that there is such a thing: these are found by its number alone
    mentions = spans(rows.filter(is_silent).select(kind, "first", "last"))
    return pl.concat([spans(rows.filter(~is_silent)), mentions], how="diagonal").with_columns(
        pl.col(c).fill_null(value) for c, value in silent.items()
    )


def _fitted(name: str, rows: pl.DataFrame, *extra: pl.Expr) -> pl.DataFrame:
    """Select the model's columns, with nulls where there is nothing to say; times from microseconds."""
    rows = rows.rename({c: s for c, s in (("first", "first_seen"), ("last", "last_seen")) if c in rows.columns})
    return rows.select(
        *(
            (pl.col(c) if c in rows.columns else pl.lit(None)).cast(dtype).alias(c)
            for c, dtype in FRAMES[name].schema.items()
        ),
        *extra,
    )
