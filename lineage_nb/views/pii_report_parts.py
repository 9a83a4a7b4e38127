"""What stands in an audit report: plain words and numbers, each list capped and the rest counted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import polars as pl

from lineage_nb.analyses.classify.classifier import classify
from lineage_nb.analyses.pii.bare_tables import bare_tables
from lineage_nb.analyses.pii.decisions import Decisions
from lineage_nb.analyses.pii.labels import is_special
from lineage_nb.analyses.pii.person import about_person
from lineage_nb.analyses.pii.propagation import PiiAnswer
from lineage_nb.analyses.pii.status import STATUSES, classified, coverage
from lineage_nb.analyses.pii.trace import CERTAINTIES, VERDICTS
from lineage_nb.analyses.result import Answer, plural
from lineage_nb.graph.lineage import Lineage
from lineage_nb.views.heat_map import layers

__all__ = ["STATUS_WORDS", "capped", "decision_rows", "exposure_part", "glossary", "label_rows", "person_rows", "unknown_columns", "unread", "untagged_rows", "zone_rows"]

STATUS_WORDS: Final = (
    ("proved", "a label is certainly in it"),
    ("possible", "a label may be in it"),
    ("suspected", "something was taken out of it that somebody tagged"),
    ("clean", "no label reaches it, and every writer upstream says what it writes"),
    ("name-disagrees", "clean by its lineage, though its name surely says that it is personal data: to be looked into"),
    ("unknown", "no label reaches it, but some writer upstream does not say what it writes"),
    ("dropped", "its table is gone"),
)
_DID: Final = {
    "plain": "Copied to",
    "pseudonymised": "Hashed, encrypted or replaced by a token in",
    "derived": "Made into something derived in",
    "aggregated": "Aggregated in",
    "redacted": "Masked in",
}
_MEANINGS: Final = (
    ("plain", "The value itself, or all that is in it."),
    ("pseudonymised", "Hashed, encrypted or replaced by a token: still personal data."),
    ("derived", "Something that follows from the value: its length, its domain, a year of birth."),
    ("aggregated", "Of a group of persons; k is the number in the smallest group, at least, where it is known."),
    ("redacted", "Masked, cut or replaced by a constant."),
    ("proved", "Every hop is stated by a source."),
    ("possible", "Some hop goes through a job or reader that does not say which column it takes: it cannot be excluded."),
    ("suspected", "Something was taken out of this blob, or out of what it is a copy of, and that was tagged."),
)
_WHY: Final = {
    "key": "its key",
    "lineage": "made of a key of persons",
    "join": "joined with a key of persons",
    "name": "called as keys of persons are",
    "together": "together they tell who it is",
}
_PLACES, _WAYS, _ALL_WAYS, _HOPS, _STATEMENT, _KEYS, _COLUMNS = 30, 2, 40, 12, 300, 4, 12
"""Places and ways a label, ways in all, hops a way, characters of a statement, keys and columns a table: at most."""
Rows = dict[str, Any]


def capped(rows: Iterable[Rows], most: int) -> Rows:
    """The first rows, and how many are left."""
    every = list(rows)
    return {"rows": every[:most], "left": max(0, len(every) - most)}


def glossary() -> tuple[tuple[str, str], ...]:
    """Verdicts and certainties, explained."""
    return _MEANINGS


def zone_rows(answer: Answer, most: int = 40) -> Rows:
    """Layers with what is known of their columns; those with most personal data first."""
    told = coverage(answer).with_columns(zone=pl.col("zone").fill_null("(no schema)"))
    told = told.sort(pl.col("proved") + pl.col("possible") + pl.col("suspected"), pl.col("zone"), descending=[True, False])
    rows = []
    for r in told.head(most).iter_rows(named=True):
        shares = [(s, f"{100 * r[s] / r['columns']:.2f}") for s in STATUSES if r[s]] or [("unknown", "100.00")]
        named = {"clean": f" ({r['named']:,} with a telling name)"} if r["named"] else {}
        rows.append(r | {"shares": shares, "said": ", ".join([f"{r[s]:,} {s}{named.get(s, '')}" for s in STATUSES if r[s]] + [plural(r["bare"], "table") + " without known columns"] * (r["bare"] > 0))})
    return {"rows": rows, "left": max(0, told.height - most)}


def exposure_part(title: str, answer: Answer, most: int) -> Rows:
    """One answer of `exposures` as a table, worst first."""
    spoken = answer.lineage.spoken
    rows = []
    for r in answer.frame.head(most).iter_rows(named=True):
        how = r["how"] + (" (what it is for)" if r["normal"] else "")
        use = f"{r['last_read']}" if r["last_read"] else ""
        use += {"stale": " granted, not read" if not use else " (long ago)", "unknown": " not known"}.get(r["use"] or "", "")
        rows.append(
            {
                **{c: r[c] for c in ("kind", "label", "verdict", "certainty", "condition", "special", "status", "until")},
                "key": " → ".join(spoken(part) for part in r["key"].split(" → ")),
                "how": how,
                "node": spoken(r["node"]) if r["node"] else "",
                "places": f"{r['places']:,}" if r["places"] is not None else "",
                "people": f"{r['people']:,}" if r["people"] is not None else "",
                "use": use.strip(),
            }
        )
    return {"title": title, "headline": answer.headline, "rows": rows, "left": max(0, answer.frame.height - most), "trust": answer.trust}


def label_rows(answer: PiiAnswer, most: int = 40) -> Rows:
    """Labels, special categories first: where each is, and how it got to the worst places of different layers."""
    lineage = answer.lineage
    kinds = lineage.frames["nodes"].select(node="id", kind="kind")
    rank = [pl.col(c).replace_strict({v: i for i, v in enumerate(words)}, return_dtype=pl.Int64) for c, words in (("certainty", CERTAINTIES), ("verdict", VERDICTS))]
    frame = answer.frame.join(kinds, on="node", how="left", maintain_order="left").with_columns(
        rank[0].alias("sure"), rank[1].alias("strong"), end=pl.col("kind") == "report", layer=layers(lineage, answer.frame["node"])
    )
    frame = frame.sort("suspected", "sure", "strong", "end", "hops", "node", descending=[False, False, False, True, True, False])
    labels = sorted(answer.frame["label"].unique(), key=lambda x: (not is_special(x), x))
    rows, ways = [], _ALL_WAYS
    for label in labels[:most]:
        mine = frame.filter(pl.col("label") == label)
        told = [_place(lineage, r) for r in mine.head(_PLACES).iter_rows(named=True)]
        worst = mine.filter(pl.col("hops") > 0).unique("layer", keep="first", maintain_order=True).head(min(_WAYS, ways))
        ways -= worst.height
        rows.append(
            {
                "label": label,
                "special": is_special(label),
                "said": _label_said(mine),
                "places": told,
                "left": max(0, mine.height - _PLACES),
                "ways": [_way(answer, r) for r in worst.iter_rows(named=True)],
            }
        )
    return {"rows": rows, "left": max(0, len(labels) - most)}


def _place(lineage: Lineage, row: Rows) -> Rows:
    certainty = "suspected" if row["suspected"] else row["certainty"]
    return {**{c: row[c] for c in ("verdict", "k", "hops")}, "certainty": certainty, "node": lineage.spoken(row["node"]), "origin": lineage.spoken(row["origin"])}


def _label_said(mine: pl.DataFrame) -> str:
    sure = mine.filter(pl.col("certainty") == "proved")
    maybe = mine.filter((pl.col("certainty") != "proved") & ~pl.col("node").is_in(sure["node"].implode()))
    verdicts = dict(sure.group_by("verdict").agg(pl.col("node").n_unique()).iter_rows())
    parts = ", ".join(f"{verdicts[v]:,} {v}" for v in VERDICTS if v in verdicts)
    suspected = maybe.filter("suspected")["node"].n_unique()
    text = f"It begins at {plural(mine.filter((pl.col('hops') == 0) & ~pl.col('suspected'))['node'].n_unique(), 'place')} and is certainly in {sure['node'].n_unique():,} in all"
    text += f" ({parts})" if parts else ""
    possible = maybe["node"].n_unique()
    if possible:
        text += f"; {possible:,} more cannot be excluded" + (f", {suspected:,} of them suspected" if suspected else "")
    return text + "."


def _way(answer: PiiAnswer, row: Rows) -> Rows:
    """The strongest path to a place, in words."""
    spoken = answer.lineage.spoken
    certainty = "suspected" if row["suspected"] else row["certainty"]
    hops = answer.explain(row["node"], label=row["label"], certainty=certainty) if not row["suspected"] else pl.DataFrame()
    told: list[Rows] = []
    for h in hops.head(_HOPS).iter_rows(named=True):
        did = _done(h["verdict"] or "plain", h["so_far"], told[-1]["so_far"] if told else "plain")
        jobs, statement = h["jobs"] or [], h["statement"]
        told.append(
            {
                "did": did if h["certainty"] == "proved" else f"Possibly {did[0].lower()}{did[1:]}",
                "target": spoken(h["target"]),
                "job": ", ".join(spoken(j) for j in jobs[:2]) + (f" and {len(jobs) - 2:,} more" if len(jobs) > 2 else ""),
                "so_far": h["so_far"],
                "evidence": ", ".join((h["evidence"] or [])[:2]),
                "statement": statement if statement is None or len(statement) <= _STATEMENT else statement[: _STATEMENT - 1] + "…",
            }
        )
    return {"node": spoken(row["node"]), "origin": spoken(row["origin"]), "hops": told, "left": max(0, hops.height - _HOPS)}


def _done(verdict: str, so_far: str, before: str) -> str:
    """What a hop does, in words; `so_far` and `before`: the verdicts behind and ahead of it."""
    if VERDICTS.index(so_far) < VERDICTS.index(before):
        return "Turned back into the value in"
    if verdict == "derived" and VERDICTS.index(so_far) < VERDICTS.index(verdict):
        return "Tested, and the answer still tells it (a special category), in"
    if verdict == "aggregated" and VERDICTS.index(so_far) < VERDICTS.index(verdict):
        return "Summed up, but for each person, in"
    return _DID.get(verdict, "Copied to")


def _own_names(lineage: Lineage, columns: pl.Series) -> list[str]:
    """Names of columns without their tables."""
    nodes = lineage.frames["nodes"]
    return nodes["name"].fill_null(nodes["id"]).gather(lineage.coded.numbers(columns)).to_list()


def person_rows(answer: Answer, most: int = 40) -> Rows:
    """Tables that are about persons by a key of theirs, or by several facts together; those without any label first."""
    found = about_person(answer)
    told = found.filter(pl.col("how") != "label").unique(["node", "how", "key"], keep="first", maintain_order=True)
    labelled = found.filter(pl.col("how") == "label")["node"].unique()
    tables = told.group_by("node", "how", maintain_order=True).agg(keys=pl.col("key").head(_KEYS), count=pl.len(), sure=(pl.col("certainty") == "proved").all())
    shown = tables.with_columns(labelled=pl.col("node").is_in(labelled.implode())).sort("labelled", maintain_order=True).head(most)
    lineage = answer.lineage
    names = dict(zip(keys := shown["keys"].explode().drop_nulls(), _own_names(lineage, keys), strict=True))
    rows = [
        {
            "node": lineage.spoken(r["node"]),
            "key": ", ".join(names[k] for k in r["keys"]) + (f" and {r['count'] - _KEYS:,} more" if r["count"] > _KEYS else ""),
            "why": _WHY[r["how"]],
            "certainty": "proved" if r["sure"] else "possible",
            "labelled": "yes" if r["labelled"] else "",
        }
        for r in shown.iter_rows(named=True)
    ]
    return {"rows": rows, "left": tables.height - len(rows)}


def untagged_rows(answer: PiiAnswer, book: Decisions, most: int = 40) -> Rows:
    """Columns whose names say personal data that no tag, decision or lineage speaks of; the surest first.

    Decisions are judged by the day by which all of the report is.
    """
    if book.latest.is_empty():
        told, spelling = classified(answer.trace)
    else:
        asked = classify(answer.lineage, decisions=book)
        told, spelling = asked.frame, dict(asked.settings["spelling"])
    found = told.filter(pl.col("status") == "suggested").with_columns(label=pl.col("label").replace(spelling))
    found = found.join(answer.frame.select("node", "label").unique(), on=["node", "label"], how="anti")
    special = pl.col("label").is_in([x for x in found["label"].unique() if is_special(x)])
    found = found.with_columns(special=special).sort(~pl.col("special"), -pl.col("confidence"), "node", "label")
    labels = found.group_by("label").len().sort("len", "label", descending=[True, False])
    said = f"{plural(found['node'].n_unique(), 'column')} look like personal data, and nobody tagged or decided them: " if found.height else ""
    said += ", ".join(f"{n:,} {label}" for label, n in labels.iter_rows()) + "." if found.height else "No untagged name looks like personal data."
    rows = ({**{c: r[c] for c in ("label", "special", "evidence")}, "node": answer.lineage.spoken(r["node"]), "confidence": f"{r['confidence']:.2f}"} for r in found.head(most).iter_rows(named=True))
    return {"rows": list(rows), "left": max(0, found.height - most), "said": said}


def decision_rows(answer: PiiAnswer, book: Decisions, day: date | None, most: int = 100) -> Rows:
    """Decisions with their state on the day that the log ends; else those that the answer was asked with."""
    spoken = answer.lineage.spoken
    rows = []
    for r in book.latest.iter_rows(named=True):
        over = day is not None and r["until"] is not None and r["until"] < day
        kind = "expired" if over else "accepted"
        about = [spoken(r["node"])] if r["node"] else []
        about += [f"seen by {spoken(r['recipient'])}"] if r["recipient"] else []
        rows.append(
            {
                "about": ", ".join(about),
                "decision": r["decision"].replace("_", " "),
                "until": str(r["until"]) if r["until"] else "for good",
                "state": "expired" if over else "in force",
                "kind": kind,
                **{c: r[c] or "" for c in ("label", "by", "why")},
            }
        )
    if not rows:
        rows = [
            {"about": spoken(n), "label": x, "decision": d.replace("_", " "), "by": "", "why": "", "until": "", "state": "in force", "kind": "accepted"}
            for n, x, d in answer.overruled.select("node", "label", "decision").iter_rows()
        ]
    return capped(sorted(rows, key=lambda r: r["state"] != "expired"), most) | {"none": "No decision was given to this audit, and no exposure is accepted."}


def unread(lineage: Lineage, most: int = 30) -> Rows:
    """Records that were rejected, files that were left aside, and what readers noted."""
    report = lineage.data.report
    said = "Nobody recorded how this snapshot was read."
    if report.read:
        said = f"{report.accepted:,} records were accepted and {report.rejected:,} rejected."
        if report.ignored:
            said += f" {plural(len(report.ignored), 'file')} of a format that is not known were left aside."
    notes = report.files.filter(pl.col("note").fill_null("") != "").select("file", "note").head(most).to_dicts()
    rows = capped(report.rejections.head(most).iter_rows(named=True), most)
    return rows | {"said": said, "notes": notes, "left": max(0, report.rejected - len(rows["rows"]))}


def unknown_columns(answer: Answer, known: pl.DataFrame, most: int = 40) -> Rows:
    """Tables with columns that are neither labelled nor clean; `known`: the status of every column."""
    lineage = answer.lineage
    told = known.filter(pl.col("status") == "unknown")
    tables = told.group_by("dataset", maintain_order=True).agg(which=pl.col("node").head(_COLUMNS), count=pl.len())
    shown = tables.head(most)
    names = dict(zip(columns := shown["which"].explode().drop_nulls(), _own_names(lineage, columns), strict=True))
    rows = [
        {
            "table": lineage.spoken(r["dataset"]),
            "count": f"{r['count']:,}",
            "which": ", ".join(names[c] for c in r["which"]) + (f" and {r['count'] - _COLUMNS:,} more" if r["count"] > _COLUMNS else ""),
        }
        for r in shown.iter_rows(named=True)
    ]
    bare, said = len(bare_tables(lineage)), "Every column is either labelled, or every writer upstream of it says what it writes."
    if bare:
        said = "Every column that is known is either labelled, or every writer upstream of it says what it writes."
    if told.height:
        said = f"No label reaches {plural(told.height, 'column')}, but a writer upstream of each does not say what it writes, so they are not called clean."
    if bare:
        said += f" Of {plural(bare, 'table')} no source lists the columns: nothing is known of what is in {'it' if bare == 1 else 'them'}."
    return {"rows": rows, "left": tables.height - len(rows), "said": said}
