"""What users hold: snapshots, results, their faces and files."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path

import networkx as nx
import polars as pl
import pytest

import lineage_nb as ln
from lineage_nb.cli import main

HOSTILE = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def small() -> ln.Snapshot:
    return ln.from_frames(
        nodes=[
            {"id": "db/raw.users", "namespace": "db", "name": "raw.users", "owners": "platform", "tags": "gold"},
            {"id": "db/raw.users#email", "kind": "column", "parent": "db/raw.users", "tags": "pii:email"},
            {"id": "db/mart.users", "namespace": "db", "name": "mart.users", "owners": "growth"},
            {"id": "db/mart.users#email", "kind": "column", "parent": "db/mart.users"},
            {"id": "report:bi/board", "kind": "report", "owners": "growth;sales", "namespace": "bi", "name": "board"},
            {"id": "job:x/load", "kind": "job"},
        ],
        edges=[
            {"source": "db/raw.users", "target": "job:x/load", "type": "READ"},
            {"source": "job:x/load", "target": "db/mart.users", "type": "WRITE"},
            {"source": "db/raw.users#email", "target": "db/mart.users#email", "job": "job:x/load", "subtype": "IDENTITY"},
            {"source": "db/mart.users", "target": "report:bi/board"},
        ],
        usage=[{"node": "report:bi/board", "consumer": "ana", "day": "2025-06-30", "reads": 3}],
        costs=[{"node": "db/raw.users", "day": "2025-06-01", "amount": "9.01"}],
    )


def test_impact_of_a_column(small: ln.Snapshot) -> None:
    frame = small.impact("raw.users.email").frame
    assert frame.columns == ["node", "kind", "hops", "via", "value", "certainty", "owners", "last_read"]
    rows = {r["node"]: (r["hops"], r["certainty"]) for r in frame.iter_rows(named=True)}
    assert rows == {
        "db/mart.users#email": (1, "proved"),
        "db/mart.users": (1, "proved"),
        "job:x/load": (1, "proved"),
        "report:bi/board": (2, "possible"),
    }
    assert frame.filter(pl.col("node") == "report:bi/board")["last_read"].item() == date(2025, 6, 30)


def test_impact_of_table_job_and_report(small: ln.Snapshot) -> None:
    table = small.impact("raw.users", kinds=["report", "dataset"]).frame
    assert table.select("node", "certainty").rows() == [("db/mart.users", "proved"), ("report:bi/board", "proved")]
    job = small.impact("job:x/load", kinds="dataset").frame
    assert job.select("node", "hops", "via").rows() == [("db/mart.users", 1, "job:x/load")]
    assert small.impact("board").frame.is_empty()
    assert small.impact("raw.users", max_hops=1).frame["hops"].max() == 1
    with pytest.raises(ln.LineageError, match="unknown kind 'tabel'. In this snapshot: column, dataset, job"):
        small.impact("raw.users", kinds=["tabel"])


def test_impact_on_cycles_self_updates_and_diamonds() -> None:
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "b"), ("d", "d"), ("d", "e")]
    frame = ln.from_edges(edges).impact("a").frame
    assert frame.select("node", "hops", "via").rows() == [("b", 1, "a"), ("c", 1, "a"), ("d", 2, "b"), ("e", 3, "d")]
    loop = ln.from_edges([("a", "b"), ("b", "a")])
    assert loop.impact("a").frame["node"].to_list() == ["b"], "the start is not in its own result"


def test_filters_are_influence_not_value() -> None:
    columns = [{"id": i, "kind": "column", "parent": i.partition("#")[0]} for i in ("a#x", "b#y", "b#z")]
    snap = ln.from_frames(
        nodes=[{"id": "a"}, {"id": "b"}, *columns],
        edges=[{"source": "a#x", "target": "b", "type": "INDIRECT", "subtype": "FILTER"}],
    )
    frame = snap.impact("a#x").frame
    assert set(frame["node"]) == {"b", "b#y", "b#z"} and not frame["value"].any()
    assert snap.impact("a#x", indirect=False).frame.is_empty()
    assert snap.impact("a#x").explain("b#z")["subtype"].to_list() == ["FILTER"]


def test_explain_names_job_and_evidence(small: ln.Snapshot) -> None:
    path = small.impact("raw.users.email").explain("report:bi/board")
    assert path["target"].to_list() == ["db/mart.users#email", "report:bi/board"]
    assert path["jobs"].to_list()[0] == ["job:x/load"]
    assert path["certainty"].to_list() == ["proved", "possible"]


def test_cost_groupings(small: ln.Snapshot) -> None:
    def amounts(by: str) -> dict[str, int]:
        return dict(small.cost(by=by).frame.select("key", "amount").iter_rows())

    assert amounts("dataset") == {"db/raw.users": 9_010_000}
    assert amounts("report") == {"report:bi/board": 9_010_000}
    assert amounts("owner") == {"growth": 4_505_000, "sales": 4_505_000}
    with pytest.raises(ln.LineageError, match="unknown by='x'. Known: owner, team"):
        small.cost(by="x")
    with pytest.raises(ln.LineageError, match="several currencies"):
        ln.from_frames(costs=[{"node": "a", "day": "2025-01-01", "amount": "1.0", "currency": c} for c in ("EUR", "USD")]).cost()
    with pytest.raises(ln.LineageError, match="holds no costs"):
        ln.from_edges([("a", "b")]).cost()


def test_every_line_of_a_bill_is_explained(stream: ln.Snapshot) -> None:
    result = stream.cost(by="team", monitors="svc-scanner")
    for key, amount in result.frame.select("key", "amount").iter_rows():
        assert result.explain(key)["amount"].sum() == amount, key
    assert result.explain("team-growth").height
    with pytest.raises(ln.LineageError, match="no key 'nobody' in this result"):
        result.explain("nobody")


def test_cost_driver_rows_never_add_and_credits_count() -> None:
    rows = [("10.00", "billed"), ("10.00", "driver"), ("-2.50", "billed")]
    snap = ln.from_frames(costs=[{"node": "t", "day": "2025-01-01", "amount": a, "role": r} for a, r in rows])
    assert snap.cost(by="dataset").frame["amount"].to_list() == [7_500_000]


def test_unused_without_a_log_calls_nothing_unused() -> None:
    result = ln.from_edges([("a", "b")]).unused()
    assert set(result.frame["verdict"]) == {"unknown"}
    assert "no usage log" in result.headline


def test_unused_protects_by_name_and_tag(small: ln.Snapshot) -> None:
    frame = small.unused(days=10, protect=["gold", "mart.users"]).frame
    verdicts = dict(frame.select("node", "verdict").iter_rows())
    assert verdicts["db/raw.users"] == verdicts["db/mart.users"] == "protected"
    with pytest.raises(ln.UnknownNameError):
        small.unused(protect=["nothing_like_it"])
    with pytest.raises(ln.LineageError, match="days is 0"):
        small.unused(days=0)


def test_pii_names_unknown_labels(small: ln.Snapshot) -> None:
    assert small.pii(labels=["pii:email"]).frame["node"].to_list()[:2] == ["db/raw.users#email", "db/mart.users#email"]
    with pytest.raises(ln.LineageError, match="no node is tagged pii:phone. Labels here: email"):
        small.pii(labels=["phone"])


def test_search_filter_sql(small: ln.Snapshot) -> None:
    assert small.search("EMAIL")["found_in"].to_list() == ["name", "name"]
    assert small.search("growth", kind="report")["node"].to_list() == ["report:bi/board"]
    part = small.filter(owner="growth")
    assert set(part.nodes["id"]) >= {"db/mart.users", "db/mart.users#email", "report:bi/board"}
    assert "db/raw.users" not in part.nodes["id"]
    assert small.filter(name="raw.*").nodes.filter(pl.col("kind") == "dataset")["id"].to_list() == ["db/raw.users"]
    assert small.sql("SELECT kind, count(*) AS n FROM nodes GROUP BY kind ORDER BY kind").height == 5
    for bad in (lambda: small.filter(), lambda: small.filter(tag="nope"), lambda: small.sql("SELECT * FROM nope")):
        with pytest.raises(ln.LineageError):
            bad()


def test_nothing_can_be_set(small: ln.Snapshot) -> None:
    for thing in (small, small.pii()):
        with pytest.raises(AttributeError, match="never changes"):
            thing.frame = 1  # type: ignore[misc,union-attr]


def test_frames_cannot_be_changed_from_outside(small: ln.Snapshot) -> None:
    before = small.content_hash
    small.nodes.insert_column(0, pl.Series("mine", [1] * len(small)))
    result = small.impact("raw.users")
    result.frame.insert_column(0, pl.Series("mine", [1] * result.frame.height))
    assert small.content_hash == before and "mine" not in small.nodes.columns and "mine" not in result.frame.columns


@pytest.mark.parametrize("question", ["impact", "cost", "pii", "unused"])
def test_every_face_of_a_result(small: ln.Snapshot, question: str, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    import openpyxl

    result = getattr(small, question)(*(["raw.users"] if question == "impact" else []))
    free = getattr(ln, question)(small, *(["raw.users"] if question == "impact" else []))
    assert free.frame.equals(result.frame)
    bundle = result._repr_mimebundle_()
    assert bundle["text/plain"] == repr(result) and result.headline in repr(result)
    assert "<svg" in bundle["text/html"] and "<script" not in bundle["text/html"]
    assert isinstance(result.graph, nx.DiGraph) and (result.graph.number_of_nodes() or question == "unused")
    assert result.to_pandas().shape == result.frame.shape
    figure = result.plot()
    assert figure.get_suptitle()
    assert pl.read_csv(result.to_csv(tmp_path / "r.csv")).height == result.frame.height
    assert pl.read_parquet(result.to_parquet(tmp_path / "r.parquet")).equals(result.frame)
    sheet = openpyxl.load_workbook(result.to_excel(tmp_path / "r.xlsx")).active
    assert sheet.max_row == result.frame.height + 1
    assert result.headline.split("<")[0] in result.table().data
    page = result.to_html(tmp_path / "r.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>") or page.lower().startswith("<html") or "<html" in page.lower()[:500]


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    names = [HOSTILE, "=HYPERLINK(\"http://x\")", "a\u202eb", "x" * 10_000, "href", "$\\frac{1}{0}$"]
    nodes = [{"id": n, "tags": "pii:email", "owners": n, "description": n} for n in names]
    edges = [{"source": a, "target": b} for a, b in itertools.pairwise(names)]
    snap = ln.from_frames(nodes=nodes, edges=edges, costs=[{"node": HOSTILE, "day": "2025-01-01", "amount": "1.00"}])
    for result in (snap.impact(HOSTILE), snap.pii(), snap.cost(by="dataset"), snap.unused()):
        html = result._repr_mimebundle_()["text/html"]
        assert "<script" not in html.lower() and len(html) < 200_000
        page = result.to_html(tmp_path / "p.html").read_text(encoding="utf-8")
        assert HOSTILE not in page
        assert "\n=" not in result.to_csv(tmp_path / "p.csv").read_text(encoding="utf-8")
        result.plot().savefig(tmp_path / "p.png")
        assert HOSTILE not in result.table().data
    assert "<script" not in snap._repr_mimebundle_()["text/html"]


def test_snapshot_says_what_is_in_it(stream: ln.Snapshot) -> None:
    text = repr(stream)
    assert "datasets" in text and "last seen" in text and "2026-06-30" in text and "0 rejected" in text
    assert "duckdb://stream.duckdb" in stream._repr_mimebundle_()["text/html"]


def test_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "edges.json"
    path.write_text(json.dumps({"nothing": 1}))
    assert main(["report", str(path)]) == 1
    assert "no known lineage format" in capsys.readouterr().err
    (tmp_path / "edges.csv").write_text("source,target\na,b\n")
    assert main(["report", str(tmp_path / "edges.csv")]) == 0
    said = capsys.readouterr().out
    assert "Changing a hits 1 dataset" in said and "not answered: the snapshot holds no costs" in said


def test_panels_call_the_same_functions(small: ln.Snapshot) -> None:
    panel = small.panel("impact", node="raw.users")
    assert panel.result.frame.equals(small.impact("raw.users").frame)
    panel.controls["max_hops"].value = 1
    assert panel.code == "snap.impact(node='raw.users', max_hops=1)"
    assert panel.result.frame.equals(small.impact("raw.users", max_hops=1).frame)
    panel.controls["node"].value = "nothing"
    assert panel.result is None and "no node named" in panel.children[2].value
    cost = small.panel("cost")
    cost.controls["by"].value = "report"
    assert cost.result.frame.equals(small.cost(by="report").frame)
    assert small.panel("unused", days=10).result.frame.equals(small.unused(days=10).frame)
    assert small.panel("pii").result.frame.equals(small.pii().frame)
    with pytest.raises(TypeError, match="unknown argument 'nope'"):
        small.panel("pii", nope=1)
    with pytest.raises(ln.LineageError, match="unknown question"):
        small.panel("nope")


def test_impact_of_a_person_is_refused() -> None:
    snap = ln.from_frames(edges={"source": ["t"], "target": ["u"]}, usage={"node": ["t"], "consumer": ["ana"], "day": ["2025-01-01"]})
    with pytest.raises(ln.LineageError, match="'ana' is a principal, from which no data flows"):
        snap.impact("ana")
