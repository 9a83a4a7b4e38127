"""The drop plan: safe at every step, adding up, escaped, and compared with what came of it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import DAY, costly, frames, loosened, snapshot

import lineage_nb as ln
from lineage_nb.analyses.plan.ledger import Ledger
from lineage_nb.analyses.plan.plan import Plan, plan
from lineage_nb.analyses.plan.sql import DIALECTS, quoted, remark
from lineage_nb.analyses.plan.text import escaped
from lineage_nb.analyses.unused.judge import DROPPABLE, unused
from lineage_nb.errors import FormatError, LineageError, SchemaError
from lineage_nb.views.plan import plan_bundle

Parts = dict[str, list[dict[str, Any]]]
HOSTILE = 'x"]`\'; DROP TABLE users; --\n<script>alert(1)</script>|[a](http://evil)\u2028& $(rm) ${y}'
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30) | st.just(HOSTILE)


def covered(parts: Parts) -> Parts:
    """With a log over all, so that much is unused."""
    names = sorted({r["id"] for r in parts["nodes"]})
    old = {"node": "t0", "consumer": "ana", "day": DAY - timedelta(days=300)}
    last = {"node": "elsewhere", "consumer": "ana", "day": DAY}
    stated = [{"scope": t, "what": "usage", "from": DAY - timedelta(days=400), "to": DAY} for t in names]
    return {**parts, "usage": [*parts["usage"], old, last], "coverage": stated}


def asked(parts: Parts, **options: Any) -> tuple[ln.Snapshot, Any, Plan]:
    snap = snapshot(covered(parts))
    answer = unused(snap, days=30)
    return snap, answer, plan(answer, **options)


def records(snap: ln.Snapshot) -> tuple[nx.DiGraph, set[tuple[str, str]], set[tuple[str, str]]]:
    """Everything that flows, jobs as nodes; what jobs write and read: from plain rows."""
    home = {r["id"]: r["parent"] if r["kind"] == "column" else r["id"] for r in snap.nodes.iter_rows(named=True)}
    flow, writes, reads = nx.DiGraph(), set(), set()
    for e in snap.edges.iter_rows(named=True):
        a, b = home[e["source"]], home[e["target"]]
        flow.add_edge(a, b)
        if e["type"] == "WRITE":
            writes.add((a, b))
        elif e["type"] == "READ":
            reads.add((a, b))
        elif e["job"]:
            writes.add((e["job"], b))
            reads.add((a, e["job"]))
    for u in snap.usage.iter_rows(named=True):
        if str(u["consumer"]).startswith("r"):
            flow.add_edge(u["node"], u["consumer"])
    return flow, writes, reads


def live_ends(snap: ln.Snapshot, parts: Parts, days: int = 30) -> set[str]:
    first = DAY - timedelta(days=days - 1)
    alive = {u["node"] for u in parts["usage"] if not str(u["consumer"]).startswith("r") and u["day"] >= first}
    writers = {e["source"] for e in parts["edges"] if e.get("type") == "WRITE"}
    exports = {e["source"] for e in parts["edges"] if e.get("type") == "READ" and e["target"] not in writers and e["last_seen"].date() >= first}
    return (alive | exports) & set(snap.nodes["id"])


@costly()
@given(frames())
def test_every_prefix_is_safe_and_money_adds_up(parts: Parts) -> None:
    snap, answer, made = asked(parts)
    dead = answer.frame.filter(pl.col("verdict").is_in(DROPPABLE))
    assert made.left_out.is_empty() and made.frame["freed"].sum() == dead["freed"].sum()
    assert made.frame["bytes"].sum() == dead["bytes"].sum()
    steps = made.frame.rows(named=True)
    assert {s["node"] for s in steps if s["action"] in ("drop", "retire report")} == set(dead["node"])
    assert [s["step"] for s in steps] == list(range(1, len(steps) + 1))
    flow, writes, reads = records(snap)
    before = {end: nx.ancestors(flow, end) | {end} for end in live_ends(snap, parts) if end in flow}
    running = {j for j, _ in writes} | {j for _, j in reads}
    gone: set[str] = set()
    for step in steps:
        assert all(0 < other < step["step"] for other in step["depends_on"])
        node = step["node"]
        if step["action"] == "stop job":
            running.discard(node)
            assert all(t in set(dead["node"]) for j, t in writes if j == node)
        elif step["action"] == "change job":
            (table,) = [t for t in set(dead["node"]) if re.search(rf"\b{t}\b", step["why"].split(";")[0])]
            writes -= {(node, table)}
            reads -= {(table, node)}
        else:
            assert step["action"] != "drop" or node in gone
            gone.add(node)
            below = set(nx.descendants(flow, node)) & set(dead["node"]) if node in flow else set()
            assert all(b in gone or node in nx.descendants(flow, b) for b in below), "consumers come first"
        assert not any(j in running and t in gone for j, t in writes), "a job would make it again"
        assert not any(j in running and t in gone for t, j in reads), "a job would miss it"
        for report in (r["id"] for r in parts["nodes"] if r["kind"] == "report"):
            fed = set(flow.predecessors(report)) if report in flow else set()
            missed = {f for f in fed & gone if report not in nx.ancestors(flow, f)}
            assert report in gone or not missed, "a report would miss it"
        for end, upstream in before.items():
            left = flow.subgraph(set(flow) - gone - {j for j, _ in writes if j not in running})
            assert end in left and nx.ancestors(left, end) | {end} == upstream


@costly()
@given(frames(), st.data())
def test_kept_tables_and_what_they_are_made_from_stay(parts: Parts, data: st.DataObject) -> None:
    snap, answer, made = asked(parts)
    dead = answer.frame.filter(pl.col("verdict").is_in(DROPPABLE))["node"].to_list()
    kept = data.draw(st.lists(st.sampled_from(dead), unique=True)) if dead else []
    ledger = Ledger()
    for node in kept:
        ledger = ledger.decide(node, "kept", by="ana")
    after = plan(answer, ledger=ledger)
    flow, writes, _ = records(snap)
    stays = set(kept).union(*(nx.ancestors(flow, k) for k in kept if k in flow)) & set(dead)
    assert set(after.left_out["node"]) == stays
    assert not stays & set(after.frame["node"])
    stopped = set(after.frame.filter(pl.col("action") == "stop job")["node"])
    assert not any(j in stopped and t in stays for j, t in writes)
    rest = after.summary["freed"] + after.summary["freed_left_out"]
    assert rest == made.summary["freed"] == after.frame["freed"].sum() + after.summary["freed_left_out"]


def chain(**more: Any) -> ln.Snapshot:
    """Raw → job → two tables; one is read. A cycle of two tables and their jobs. Reports, views, owners."""
    def edge(a: str, b: str) -> dict[str, str]:
        return {"source": a, "target": b, "type": "WRITE" if a.startswith("j") else "READ" if b.startswith("j") else "DIRECT"}

    pairs = ["raw j", "j live", "j dead", "z1 j1", "j1 z2", "z2 j2", "j2 z1", "z1 view", "view rep", "raw j3", "j3 p", "p j4", "j4 q"]
    nodes = [
        *({"id": j, "kind": "job", "owners": o} for j, o in [("j", ["jo"]), ("j1", []), ("j2", []), ("j3", []), ("j4", [])]),
        {"id": "rep", "kind": "report", "owners": ["boss"]},
        {"id": "view", "type": "view"},
        {"id": "z1", "bytes": 7, "tier": "gold"},
        {"id": "dead", "bytes": 5},
        {"id": "q", "tags": ["hold"]},
    ]
    usage = [
        {"node": "live", "consumer": "ana", "day": DAY},
        {"node": "rep", "consumer": "ana", "day": DAY - timedelta(days=300)},
        {"node": "z1", "consumer": "ana", "day": DAY - timedelta(days=399)},
    ]
    costs = [{"node": n, "day": DAY, "amount": a * 10**6} for n, a in [("j", 10), ("dead", 2), ("j1", 4), ("j2", 5), ("z1", 1), ("rep", 3)]]
    return ln.from_frames(nodes=nodes, edges=[edge(*p.split()) for p in pairs], usage=usage, costs=costs, **more)


def made_of(snap: ln.Snapshot, **options: Any) -> Plan:
    return plan(unused(snap, days=30, protect=["hold"]), **options)


def test_the_order_of_a_plan() -> None:
    made = made_of(chain(), grace={"gold": 60})
    rows = {(a, n): s for s, a, n in made.frame.select("step", "action", "node").iter_rows()}
    order = [("retire report", "rep"), ("rename", "view"), ("stop job", "j1"), ("rename", "z1"), ("drop", "view"), ("drop", "z1")]
    assert [rows[o] for o in order] == sorted(rows[o] for o in order)
    assert rows["change job", "j"] < rows["rename", "dead"] and ("stop job", "j") not in rows
    groups = made.frame.filter(pl.col("node").is_in(["z1", "z2", "j1", "j2"]))["group"]
    assert groups.n_unique() == 1
    assert not {("drop", "q"), ("drop", "p")} & set(rows) and made.left_out.is_empty()
    step = {s["node"]: s for s in made.frame.filter(pl.col("action") == "drop").iter_rows(named=True)}
    assert step["z1"]["grace"] == 60 and step["dead"]["grace"] == 30 and step["z1"]["restore"].startswith("from a backup or time travel, or run j2")
    assert "view again" in step["view"]["restore"]
    assert step["dead"]["owners"] == ["jo"] and step["z1"]["owners"] == ["boss"] == step["z2"]["owners"]
    freed = {(s["action"], s["node"]): s["freed"] for s in made.frame.iter_rows(named=True) if s["freed"]}
    assert freed == {("stop job", "j1"): 4_000_000, ("stop job", "j2"): 5_000_000, ("drop", "z1"): 1_000_000, ("drop", "dead"): 2_000_000, ("retire report", "rep"): 3_000_000}
    assert made.frame["freed_cumulated"][-1] == made.summary["freed"] == 15_000_000
    assert made.frame["bytes_cumulated"][-1] == 12
    assert made.frame.filter(pl.col("checked").is_null())["action"].to_list() == ["change job"]


def test_the_sample(stream: ln.Snapshot, truths: dict[str, Any]) -> None:
    answer = unused(stream, days=truths["window_days"], monitors=truths["monitors"])
    made = plan(answer)
    assert made.summary["freed"] == answer.summary["freed"] and made.left_out.is_empty()
    zombies = made.frame.filter(pl.col("node").str.contains("recs_v1"))
    assert zombies["group"].n_unique() == 1 and zombies.height == 9
    told = made.frame.filter(pl.col("node").str.contains("thumbnail"))
    assert told["action"].to_list() == ["change job", "rename", "drop"]
    assert told["freed"].to_list() == [0, 0, 2_000_000]
    names = [stream.spoken(n) for n in made.frame.filter(pl.col("action").is_in(["drop", "retire report"]))["node"]]
    assert sorted(names) == sorted(n for n, v in truths["not_live"].items() if v in DROPPABLE)
    assert 'ALTER TABLE "stream"."legacy"."recs_v1_scores" RENAME TO "recs_v1_scores_to_be_dropped_20260730";' in made.sql("duckdb")
    assert list(made.packets()) == ["principal:stream/team-content"]
    assert "recs_v1_scores" in made.to_markdown() and "<table" in plan_bundle(made)["text/html"]


def test_nothing_to_drop_and_wrong_questions() -> None:
    empty = plan(unused(ln.from_edges([("a", "b")])))
    assert len(empty) == 0 and empty.headline == "There is nothing to drop." and empty.packets() == {}
    assert empty.frame.columns[:3] == ["step", "group", "action"] and "To review" in empty.sql("mysql")
    assert plan_bundle(empty)["text/plain"].startswith("There is nothing")
    with pytest.raises(LineageError, match="unused"):
        plan(ln.from_edges([("a", "b")]).impact("a")._answer)
    with pytest.raises(LineageError, match="grace of tier 'gold' is -1"):
        made_of(chain(), grace={"gold": -1})
    with pytest.raises(LineageError, match="dialect 'sybase'.*bigquery"):
        empty.sql("sybase")


def test_several_currencies_have_no_sum() -> None:
    snap = chain()
    costs = snap.costs.with_columns(currency=pl.Series(["EUR", *["USD"] * (snap.costs.height - 1)]))
    made = made_of(ln.from_frames(nodes=snap.nodes, edges=snap.edges, usage=snap.usage, costs=costs))
    assert made.summary["freed"] is None and made.frame["freed"].null_count() == len(made) > 0
    assert made.to_markdown() and plan_bundle(made)["text/plain"]


# -- text and SQL -------------------------------------------------------------------------------------------------


def hostile(name: str) -> Plan:
    nodes = [{"id": name, "kind": "dataset", "owners": [name]}, {"id": "seen", "kind": "dataset"}]
    usage = [{"node": "seen", "consumer": "ana", "day": d} for d in (DAY, DAY - timedelta(days=400))]
    return plan(unused(ln.from_frames(nodes=nodes, usage=usage), days=30))


@costly()
@given(NAMES, st.sampled_from(sorted(DIALECTS)))
def test_no_name_breaks_out_of_a_script(name: str, dialect: str) -> None:
    made = hostile(name)
    text = made.sql(dialect) + made.sql(dialect, drop=True)
    assert text.isascii() or all(c.isprintable() for c in text if c != "\n")
    for line in text.split("\n"):
        if line.startswith("--") or not line:
            continue
        bare = re.sub({'"': r'"(?:[^"]|"")+"', "`": r"`(?:[^`\\]|``|\\`)+`", "[": r"\[(?:[^\]]|\]\])+\]"}[DIALECTS[dialect].quotes[0]], "ID", line)
        bare = re.sub(r"N'(?:[^']|'')+'", "ID", re.sub(r"N'(?:[^']|'')+'", "ID", line) if dialect == "tsql" and "sp_rename" in line else bare)
        assert re.fullmatch(r"(ALTER TABLE|RENAME TABLE) ID(\.ID)* (RENAME )?TO ID(\.ID)*;|DROP TABLE ID(\.ID)*;|EXEC sp_rename ID, ID, ID;", bare), line
        assert line.count(";") == 1


@costly()
@given(NAMES)
def test_no_name_becomes_markup(name: str) -> None:
    made = hostile(name)
    for page in (escaped(name), *(line for t in [made.to_markdown(), *made.packets().values()] for line in t.split("\n"))):
        code = re.sub(r"`[^`]*`", "", page)
        assert not re.search(r"<|\]\(|https?:|javascript:.*\)", re.sub(r"&#\d+;", "", code)) and page.isprintable()
    table = [line for line in made.to_markdown().split("\n") if line.startswith("| 1 ")]
    assert all(line.count("|") == 12 for line in table)
    assert "<script" not in plan_bundle(made)["text/html"]


def test_plain_names_are_code_in_prose() -> None:
    made = hostile("s.daily_users")
    pages = [made.to_markdown(), *made.packets().values()]
    assert all("`s.daily_users`" in page for page in pages)
    nodes = [{"id": "a"}, {"id": "b"}, {"id": "load_b_daily", "kind": "job"}, {"id": "seen"}]
    edges = [{"source": "a", "target": "load_b_daily", "type": "READ"}, {"source": "load_b_daily", "target": "b", "type": "WRITE"}]
    usage = [{"node": "seen", "consumer": "ana", "day": d} for d in (DAY, DAY - timedelta(days=400))]
    page = plan(unused(ln.from_frames(nodes=nodes, edges=edges, usage=usage), days=30)).packets()[""]
    assert "`load_b_daily`" in page and "&#95;" not in page


@costly()
@given(loosened())
def test_the_second_check_finds_nothing_that_the_first_missed(parts: Parts) -> None:
    _, answer, made = asked(parts)
    dead = answer.frame.filter(pl.col("verdict").is_in(DROPPABLE))
    assert made.left_out.is_empty() and made.frame["freed"].sum() == dead["freed"].sum()
    assert set(made.frame.filter(pl.col("action").is_in(["drop", "retire report"]))["node"]) == set(dead["node"])
    active = {e["source"] for e in answer.lineage.coded.active().select("type", "source").iter_rows(named=True) if e["type"] == "WRITE"}
    stopped = set(made.frame.filter(pl.col("action") == "stop job")["node"])
    reads = {(e["source"], e["target"]) for e in parts["edges"] if e.get("type") == "READ"}
    exporting = {j for _, j in reads} - set(answer.lineage.coded.ids.gather(sorted(active)))
    assert all(a in set(dead["node"]) for a, j in reads if j in stopped & exporting), "an exporting job is stopped only with all that it reads"


def test_quoting_and_remarks() -> None:
    assert quoted("bigquery", "a`b") == "`a\\`b`" and quoted("snowflake", 'a"b') == '"a""b"'
    for bad in ("", "a\nb", "a;b", "a\\b", "&x", "${x}", "a\u202eb"):
        with pytest.raises(LineageError):
            quoted("postgres", bad)
    assert remark("a\nDROP") == "-- a%0ADROP"


def test_statements_of_each_engine() -> None:
    def first(dialect: str, kind: str = "table", name: str = "s.t", namespace: str | None = None) -> list[str]:
        nodes = [{"id": "x", "kind": "dataset", "name": name, "type": kind, "namespace": namespace}, {"id": "seen", "namespace": namespace}]
        usage = [{"node": "seen", "consumer": "ana", "day": d} for d in (DAY, DAY - timedelta(days=400))]
        made = plan(unused(ln.from_frames(nodes=nodes, usage=usage), days=30))
        return [line for line in made.sql(dialect).split("\n") + made.sql(dialect, drop=True).split("\n") if line and not line.startswith("--")]

    new = "t_to_be_dropped_20250730"
    assert first("postgres") == [f'ALTER TABLE "s"."t" RENAME TO "{new}";', f'DROP TABLE "s"."{new}";']
    assert first("snowflake", "view") == [f'ALTER VIEW "s"."t" RENAME TO "s"."{new}";', f'DROP VIEW "s"."{new}";']
    assert first("tsql", name="d.s.t") == [f"EXEC [d].sys.sp_rename N'[s].[t]', N'{new}', N'OBJECT';", f"DROP TABLE [d].[s].[{new}];"]
    assert first("clickhouse") == [f"RENAME TABLE `s`.`t` TO `s`.`{new}`;", f"DROP TABLE `s`.`{new}`;"]
    assert first("bigquery", "view") == ["DROP VIEW `s`.`t`;"]
    assert first("mysql", name="a.s.t") == [] == first("postgres", "topic") == first("postgres", namespace="s3://bucket")
    assert first("postgres", namespace="snowflake://x") == []
    long = first("postgres", name="s." + "ä" * 40)[0].split('"')[-2]
    assert len(long.encode()) <= 63 and long.endswith("_to_be_dropped_20250730")


# -- decisions and what came of them --------------------------------------------------------------------------------


def test_decisions_hold_until_their_day(tmp_path: Path) -> None:
    made = made_of(chain())
    ledger = made.decide("dead", "postponed", by="ana", until=DAY).decide("z1", "kept", until=DAY - timedelta(days=1))
    path = ledger.write(tmp_path / "ledger.csv")
    with pytest.raises(LineageError, match="j1 is a job"):
        made.decide("j1", "kept")
    after = made_of(chain(), ledger=path)
    assert after.left_out.filter(pl.col("node") == "dead").select("reason", "until").rows() == [("postponed by ana", DAY)]
    assert "z1" in after.frame["node"].to_list() and "dead" not in after.frame["node"].to_list()
    dropped = made_of(chain(), ledger=made.decide("dead", "dropped", by="ana"))
    assert "dead" not in dropped.frame["node"] and dropped.left_out["reason"].to_list() == ["decided: dropped by ana, by this same log"]
    snap = chain()
    more = pl.concat([snap.usage, snap.usage.filter(pl.col("node") == "live").with_columns(day=pl.lit(DAY + timedelta(days=1)), record=pl.lit("later"))])
    later = made_of(ln.from_frames(nodes=snap.nodes, edges=snap.edges, usage=more), ledger=made.decide("dead", "dropped", by="ana"))
    why = later.frame.filter(pl.col("node") == "dead")["why"]
    assert len(why) == 2 and why.str.ends_with("decided: dropped by ana, and it is still there").all()
    assert any("1 table that the ledger calls dropped is still there" in note for note in later.trust)
    assert made_of(chain(), ledger=ledger.decide("gone", "kept")).trust[-5:] and "1 node that" in " ".join(made_of(chain(), ledger=Ledger().decide("gone", "kept")).trust)


@settings(max_examples=15)
@given(st.lists(st.tuples(NAMES, st.sampled_from(["kept", "dropped"]), st.none() | NAMES, st.none() | st.dates()), max_size=4), st.sampled_from(["csv", "yaml"]))
def test_a_ledger_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, rows: list[Any], ending: str) -> None:
    ledger = Ledger()
    for node, decision, note, until in rows:
        ledger = ledger.decide(node, decision, note=note, until=until, by="=cmd()", reviewed=date(2025, 1, 2))
    path = ledger.write(tmp_path_factory.mktemp("ledger") / f"a.{ending}")
    assert Ledger.read(path).frame.equals(ledger.frame)
    assert not re.search(r"(^|,)[=@]", path.read_text(encoding="utf-8")) or ending == "yaml"


def test_a_bad_ledger_names_all_faults(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text("node,decision,until,who\n,kept,,\nx,maybe,soon,me\ny,postponed,,\n", encoding="utf-8")
    with pytest.raises(SchemaError, match=r"row 1: node is missing; row 2: unknown column 'who'.*'maybe'.*until is 'soon'.*row 3: postponed"):
        Ledger.read(path)
    with pytest.raises(FormatError, match=r"\.csv or \.yaml"):
        Ledger.read(tmp_path / "l.txt")
    with pytest.raises(FormatError):
        Ledger.read(tmp_path / "absent.csv")
    (tmp_path / "l.yaml").write_text("!!python/object/apply:os.system [echo]", encoding="utf-8")
    with pytest.raises(FormatError):
        Ledger.read(tmp_path / "l.yaml")


def test_promised_and_realised() -> None:
    days = [DAY - timedelta(days=d) for d in range(10)]
    costs = [{"node": n, "day": d, "amount": a * 10**6} for d in days for n, a in [("dead", 2), ("j1", 4), ("z1", 1)]]
    snap = chain()
    made = made_of(ln.from_frames(nodes=snap.nodes, edges=snap.edges, usage=snap.usage, costs=costs))
    after = [DAY + timedelta(days=d) for d in range(1, 6)]
    rows = [{"node": n, "day": d, "amount": a * 10**6} for d in after for n, a in [("j1", 1), ("z1", 1), ("dead", 2)] if n != "dead" or d == after[0]]
    nodes = snap.nodes.filter(~pl.col("id").is_in(["view"])).with_columns(
        deleted_at=pl.when(pl.col("id") == "dead").then(pl.lit(after[1]).cast(pl.Datetime("us", "UTC")))
    )
    later = ln.from_frames(nodes=nodes, edges=snap.edges.filter((pl.col("source") != "view") & (pl.col("target") != "view")), costs=costs + rows)
    answer = made.realised(later)
    told = {(r["action"], r["node"]): r for r in answer.frame.iter_rows(named=True)}
    assert answer.summary["days"] == 5 and answer.summary["before"] == (DAY - timedelta(days=4), DAY)
    got = {k: (v["gone"], v["promised"] // 10**6, v["after"] // 10**6, v["realised"] // 10**6) for k, v in told.items()}
    assert got["drop", "dead"] == (True, 10, 2, 8) and got["stop job", "j1"] == (False, 20, 5, 15)
    assert got["drop", "z1"] == (False, 5, 5, 0) and got["drop", "view"] == (True, 0, 0, 0)
    assert answer.summary["realised"] == 23 * 10**6 and answer.headline.endswith("23.00 of 35.00 USD saved in 5 days.".replace("23.00", "23.00 USD"))
    assert answer.explain("dead").height == 6
    same = made.realised(made.lineage)
    assert same.frame["realised"].null_count() == same.frame.height and same.headline.endswith("cannot be told.")


def month_ends(**days: list[str]) -> ln.Snapshot:
    """A dead table that is billed on some days."""
    nodes = [{"id": n} for n in ("dead", "seen")]
    usage = [{"node": "seen", "consumer": "ana", "day": d} for d in ("2024-01-01", "2025-06-30")]
    return ln.from_frames(nodes=nodes, usage=usage, costs=[{"node": n, "day": d, "amount": "10"} for n, ds in days.items() for d in ds])


@pytest.mark.parametrize(
    ("dead", "seen", "told"),
    [
        (["2025-05-31", "2025-06-30", "2025-07-31"], ["2025-06-30"], (10, 10, 0)),
        (["2025-07-31"], [], (10, 10, 0)),
        (["2025-05-31", "2025-06-30"], ["2025-07-31"], (10, 0, 10)),
        (["2025-05-31", "2025-06-30", "2025-07-31", "2025-08-31"], [], (20, 20, 0)),
        (["2025-05-31", "2025-06-30", "2025-07-31"], ["2025-09-30"], (30, 10, 20)),
        (["2025-05-31", "2025-06-30"], ["2025-07-10"], None),
    ],
)
def test_month_end_bills_are_compared_by_whole_months(dead: list[str], seen: list[str], told: tuple[int, int, int] | None) -> None:
    made = plan(unused(month_ends(dead=["2025-05-31", "2025-06-30"])))
    answer = made.realised(month_ends(dead=dead, seen=seen))
    row = answer.frame.filter(pl.col("action") == "drop").select("promised", "after", "realised").row(0)
    assert row == ((None,) * 3 if told is None else tuple(a * 10**6 for a in told))
    assert answer.headline.endswith("cannot be told." if told is None else "whole months of monthly bills.")
    assert told is None or any("compared is 2025-06" in note for note in answer.trust)
