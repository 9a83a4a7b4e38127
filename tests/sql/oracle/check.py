"""One query held against both witnesses."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sql.oracle.execution import Bench, Rows, Unrunnable, changes, copied, showing
from sql.oracle.probes import Probe, random_probe
from sql.oracle.pruning import columns_read
from sql.oracle.reduction import has_unread_cte, reduced
from sql.oracle.reported import Claims, unsuffixed
from sql.oracle.tables import Leaf, random_tables, redrawn

from lineage_nb.sql.lineage import sql_lineage
from lineage_nb.sql.result import SqlLineage

__all__ = ["Check", "Failure", "Tally", "check_seed", "small"]

Schema = dict[str, dict[str, str | None]]
REDRAWS = 4
_ALIASES = re.compile(r'\bAS "?(\w+)')
TOKEN_RUNS = 2


@dataclass(frozen=True)
class Failure:
    """A claim that a witness contradicts."""

    law: str
    probe: Probe
    schema: Schema
    detail: str
    seed: int = -1

    def __str__(self) -> str:
        return f"{self.law} (seed {self.seed}): {self.detail}\n  {self.probe.text}\n  schema: {self.schema}"


@dataclass
class Tally:
    """What was checked, and what came of it."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(f"{count} {what}" for what, count in sorted(self.counts.items()))


def small(bench: Bench, failure: Failure) -> Failure:
    """The same failure of a statement as small as can be found."""
    tables = random_tables(random.Random(failure.seed))
    bench.load(tables)
    found = [failure]

    def fails(text: str) -> bool:
        probe = failure.probe.instead(text)
        if has_unread_cte(text):
            return False  # The engine never looks into those.
        try:
            names, rows = bench.run(probe)
        except Unrunnable:
            return False
        tally = Tally()
        Check(bench, probe, names, rows, random.Random(1), tally, failure.seed).under(failure.schema)
        same = [each for each in tally.failures if each.law == failure.law]
        found.extend(same[:1])
        return bool(same)

    text = reduced(failure.probe.text, fails) if failure.probe.single else failure.probe.text
    return next((each for each in reversed(found) if each.probe.text == text), failure)


def check_seed(bench: Bench, seed: int, tally: Tally) -> None:
    """Draw tables and a query, and check its lineage under a full, a partial and no schema."""
    rng = random.Random(seed)
    tables = random_tables(rng)
    probe = random_probe(rng, tables)
    tally.counts["queries drawn"] += 1
    try:
        bench.load(tables)
        names, rows = bench.run(probe)
    except Unrunnable as reason:
        tally.counts["queries discarded"] += 1
        tally.reasons[str(reason)[:60]] += 1
        return
    tally.counts["queries"] += 1
    tally.counts[f"with {probe.text.split(maxsplit=1)[0].strip('(').upper()}"] += bool(probe.steps)
    full = {table.name: table.schema() for table in tables}
    partial = {name: columns for name, columns in full.items() if rng.random() < 0.5}
    check = Check(bench, probe, names, rows, rng, tally, seed)
    for schema in (full, partial, {}):
        check.under(schema)


class Check:
    """One query, its result, and what was found of it so far."""

    def __init__(
        self,
        bench: Bench,
        probe: Probe,
        names: Sequence[str],
        rows: Rows,
        rng: random.Random,
        tally: Tally,
        seed: int = -1,
    ) -> None:
        self.bench, self.probe, self.names, self.rows = bench, probe, tuple(names), rows
        self.rng, self.tally, self.seed = rng, tally, seed
        low = " ".join((probe.text, probe.look)).lower()
        self.tables = [table for table in bench.tables if table.name.lower() in low]
        self.every = self.leaves = [leaf for table in self.tables for leaf in table.leaves()]
        self.cleared: dict[int, set[Leaf]] = {}
        self.schema: Schema = {}

    def fail(self, law: str, detail: str) -> None:
        self.tally.failures.append(Failure(law, self.probe, self.schema, detail, self.seed))

    def under(self, schema: Schema) -> None:
        """Check what is claimed under one schema; the full one first."""
        self.against(sql_lineage(self.probe.text, dialect="duckdb", schema=schema), schema)

    def against(self, lineage: SqlLineage, schema: Schema) -> None:
        """Hold lineage that was read under `schema` against the witnesses."""
        self.schema = schema
        full = len(schema) == len(self.bench.tables)
        # Of a table that is not known, a name may be its column or an alias of SELECT; the alias is taken.
        aliases = {name.lower() for name in _ALIASES.findall(self.probe.text)}
        self.leaves = [x for x in self.every if x.table in schema or x.column.lower() not in aliases]
        if self.probe.positional and self.probe.output not in schema:
            return
        if not full and "whole_row" in self.probe.text:
            return  # Whether a relation's name is a column of an unknown table cannot be told.
        if any(statement.kind == "UNPARSED" for statement in lineage.statements):
            self.tally.counts["not parsed"] += 1
            return
        claims = Claims(lineage, self.names, self.probe.output, self.probe.kept)
        if full:
            self.resolved(claims)
            for position, value in copied(claims, self.probe.text, self.tables, self.rows):
                self.fail("copies", f"{self.names[position]} holds {value!r}")
        failed = len(self.tally.failures)
        self.changes(claims)
        self.shows(claims)
        if full:
            if failed == len(self.tally.failures) and not self.probe.steps:
                self.prunes(claims)
            if self.rows and self.rng.random() < 0.25:
                self.observe(claims)

    def resolved(self, claims: Claims) -> None:
        """With a full schema nothing is unresolved, and columns have the engine's names and order."""
        if claims.lineage.problems:
            self.fail("resolved", "; ".join(map(str, claims.lineage.problems)))
        if self.probe.kept:
            return
        if not claims.positional:
            self.tally.counts["open stars under a full schema"] += 1
        elif len(claims.reported) != len(self.names) or _misnamed(claims):
            self.fail("columns", f"{claims.reported} for {self.names}")

    # Laws -----------------------------------------------------------------------------------------------------------
    def changes(self, claims: Claims) -> None:
        """Inputs that are not claimed for an output column never change it, alone or together."""
        untouched = {leaf: claims.untouched(leaf) for leaf in self.leaves}
        groups: dict[tuple[Leaf, ...], list[int]] = {}
        for position in range(len(self.names)):
            free = [leaf for leaf in self.leaves if position in untouched[leaf]]
            if not self.cleared.setdefault(position, set()).issuperset(free):
                self.cleared[position].update(free)
                self.tally.counts["pairs of input and output"] += len(free)
                groups.setdefault(tuple(free), []).append(position)
        for group, positions in groups.items():
            for _ in range(REDRAWS):
                if self.broken(positions, group):
                    return
        unused = [leaf for leaf in self.leaves if len(untouched[leaf]) == len(self.names)]
        if unused and len(self.names) > 1:
            self.broken(range(len(self.names)), unused)

    def broken(self, positions: Sequence[int], free: Sequence[Leaf]) -> bool:
        """Redraw some leaves; when the columns change, find one leaf that is enough."""
        changed = {
            table.name: redrawn(self.rng, table, [leaf for leaf in free if leaf.table == table.name])
            for table in self.tables
            if any(leaf.table == table.name for leaf in free)
        }
        after = self.bench.rows(self.probe, changed)
        self.tally.counts["changes"] += 1
        if after is None or not changes(self.rows, after, positions):
            return False
        if not self.bench.steady(self.probe, self.rng, {}) or not self.bench.steady(
            self.probe, self.rng, changed
        ):
            self.tally.counts["unsteady"] += 1
            return False
        moved = [self.names[at] for at in positions if changes(self.rows, after, [at])]
        self.fail("changes", f"{self.guilty(positions, free)} changes {moved or 'rows'}")
        return True

    def guilty(self, positions: Sequence[int], free: Sequence[Leaf]) -> str:
        for leaf in free:
            table = next(table for table in self.tables if table.name == leaf.table)
            for _ in range(10):
                after = self.bench.rows(self.probe, {table.name: redrawn(self.rng, table, [leaf])})
                if after is not None and changes(self.rows, after, positions):
                    return str(leaf)
        return " with ".join(map(str, free))

    def shows(self, claims: Claims) -> None:
        """Where a value can be read, the column carries it openly."""
        numbers = {leaf: number for number, leaf in enumerate(self.every)}
        for _ in range(TOKEN_RUNS):
            changed = {
                table.name: redrawn(self.rng, table, list(table.leaves()), numbers) for table in self.tables
            }
            after = self.bench.rows(self.probe, changed)
            self.tally.counts["changes"] += 1
            for position, seen in showing(after or [], len(self.names)).items():
                self.tally.counts["values seen through"] += len(seen)
                for number in seen:
                    leaf = self.every[number] if number < len(self.every) else None
                    if leaf in self.leaves and not claims.shows(position, leaf):
                        self.fail("shows", f"{leaf} can be read in {self.names[position]}")
                        return

    def prunes(self, claims: Claims) -> None:
        """Columns that the engine's optimised plan reads are inputs; fields of structs built in place it reads in vain."""
        try:
            plan = self.bench.plan(self.probe.look)
        except Unrunnable:
            return
        read, throughout = columns_read(plan, self.tables)
        self.tally.counts["columns read by plans"] += len(read)
        used = {(leaf.table, leaf.column) for leaf in self.leaves if claims.reads(leaf)}
        missing = sorted(
            {f"{leaf.table}.{leaf.column}" for leaf in read if (leaf.table, leaf.column) not in used}
        )
        built = "{" in self.probe.look or "STRUCT_PACK" in self.probe.look
        if missing and throughout and not built:
            self.fail("pruning", f"{missing} are read")
        elif missing:
            self.tally.counts["unpruned columns that are not reported"] += len(missing)

    def observe(self, claims: Claims) -> None:
        """Count how many of the claimed edges a change of their input makes visible."""
        seen: dict[Leaf, set[int]] = {}
        for table in self.tables:
            for leaf in table.leaves():
                moved = seen.setdefault(leaf, set())
                for _ in range(8):
                    after = self.bench.rows(self.probe, {table.name: redrawn(self.rng, table, [leaf])})
                    everything = range(len(self.names))
                    moved |= {
                        at for at in everything if after is not None and changes(self.rows, after, [at])
                    }
        for position, leaves in claims.own(self.tables):
            self.tally.counts["edges tried"] += 1
            self.tally.counts["edges observed"] += any(position in seen.get(leaf, ()) for leaf in leaves)


def _misnamed(claims: Claims) -> list[str]:
    """Reported names that differ from the engine's, expressions without a name and doubled names left out."""
    return [
        ours
        for ours, theirs in zip(claims.reported, claims.names, strict=True)
        if theirs.replace("_", "").replace(" ", "").isalnum()
        and ours.lower() != theirs.lower()
        and unsuffixed(ours.lower()) not in (theirs.lower(), unsuffixed(theirs.lower()))
    ]
