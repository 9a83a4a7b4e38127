"""Finding files, native frames, and bad input of every kind: a clear error or a counted rejection."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import lineage_nb as ln
from lineage_nb.graph.stored import is_current
from lineage_nb.model.storage import save


def test_formats_are_listed() -> None:
    frame = ln.formats()
    assert frame["format"].to_list() == ["saved", "dbt", "openlineage", "focus", "cur", "query_log", "frames", "sql"]
    assert frame["missing"].is_null().all()


def test_edges_from_everything(tmp_path: Path) -> None:
    data = {"source": ["a", "b"], "target": ["b", "c"]}
    (tmp_path / "plain.csv").write_text("source,target\na,b\nb,c\n")
    pl.DataFrame(data).write_parquet(tmp_path / "some.parquet")
    with gzip.open(tmp_path / "edges.csv.gz", "wt") as file:
        file.write("source,target\na,b\nb,c\n")
    (tmp_path / "edges.ndjson").write_text('{"source":"a","target":"b"}\n{"source":"b","target":"c"}\n')
    (tmp_path / "edges.tsv").write_text("source\ttarget\na\tb\nb\tc\n")
    forms = [data, pl.DataFrame(data), pl.DataFrame(data).lazy(), pd.DataFrame(data), pa.table(data), [("a", "b"), ("b", "c")]]
    snaps = [ln.from_edges(f) for f in forms] + [ln.read(p) for p in sorted(tmp_path.iterdir())]
    assert len({s.content_hash for s in snaps}) == 1
    assert ln.read(tmp_path) == snaps[0], "one snapshot however often it is said"


def test_a_folder_is_read_whole_and_the_rest_listed(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "edges.csv").write_text("source,target\na,b\n")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.json").write_text("")
    snap = ln.read(tmp_path)
    assert snap.edges.height == 1
    assert [Path(p).name for p in snap.report.ignored] == ["empty.json", "notes.txt"]
    notes = dict(snap.report.files.select("file", "note").iter_rows())
    assert notes[str(tmp_path / "empty.json")] == "empty or unreadable"


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"hello", "x.txt", "no known lineage format. Known: saved, dbt, openlineage, focus, cur, query_log, frames, sql"),
        (b"{not json", "x.json", "no known lineage format"),
        (b"", "x.json", "no known lineage format"),
        (b"\x1f\x8b\x08\x00broken", "x.json.gz", "no known lineage format"),
    ],
)
def test_unknown_files_raise(tmp_path: Path, content: bytes, name: str, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ln.FormatError, match=message) as error:
        ln.read(path)
    assert name in str(error.value)


def test_missing_paths_and_empty_folders_raise(tmp_path: Path) -> None:
    with pytest.raises(ln.FormatError, match="does not exist"):
        ln.read(tmp_path / "nowhere")
    with pytest.raises(ln.FormatError, match="no known lineage format"):
        ln.read(tmp_path)
    with pytest.raises(ln.FormatError, match="no path given"):
        ln.read([])
    with pytest.raises(ln.FormatError, match="unknown format 'csv'. Known: saved, dbt"):
        ln.read(tmp_path, format="csv")


def test_unknown_options_raise(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("source,target\na,b\n")
    with pytest.raises(ln.FormatError, match="unknown option sep for frames. Known: frame"):
        ln.read(tmp_path, sep=";")


def test_missing_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("from,to\na,b\nc,d\n")
    snap = ln.read(tmp_path)
    assert (snap.report.read, snap.report.accepted, snap.report.rejected) == (2, 0, 2)
    assert "column 'source' is missing (found: from, to)" in snap.report.rejections["value"][0]
    with pytest.raises(ln.SchemaError, match="column 'target' is missing"):
        ln.from_frames(edges={"source": ["a"]})
    with pytest.raises(ln.SchemaError, match="unknown frame 'edge'; known: nodes, edges"):
        ln.from_frames(edge={"source": ["a"]})


def test_bad_rows_are_rejected_with_position(tmp_path: Path) -> None:
    (tmp_path / "costs.csv").write_text(
        "node,day,amount,currency,role\nt,2025-01-01,4.00,USD,billed\nt,yesterday,4.00,USD,billed\n"
        "t,2025-01-01,lots,USD,billed\nt,2025-01-01,NaN,USD,billed\nt,2025-01-01,,USD,billed\nt,2025-01-01,1,USD,paid\n"
    )
    snap = ln.read(tmp_path)
    assert snap.costs["amount"].to_list() == [4_000_000]
    reasons = dict(snap.report.rejections.select("position", "reason").iter_rows())
    assert reasons == {
        "row 2": "day is not a date",
        "row 3": "amount is not a money amount",
        "row 4": "amount is not a money amount",
        "row 5": "amount is empty",
        "row 6": "role is none of billed, driver",
    }


def test_ragged_and_broken_files(tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_text("node,day\nt,2025-01-01\nt,2025-01-02,extra,more\nt\n")
    (tmp_path / "edges.parquet").write_bytes(b"PAR1 nothing")
    (tmp_path / "nodes.ndjson").write_text('{"id": "a"}\n{"id": \n{"id": "b"}\n')
    snap = ln.read(tmp_path)
    files = {Path(r["file"]).name: r for r in snap.report.files.iter_rows(named=True)}
    assert all(r["read"] == r["accepted"] + r["rejected"] for r in files.values())
    assert files["edges.parquet"]["rejected"] == 1
    assert snap.usage.height == 1 and files["usage.csv"]["rejected"] == 2
    assert set(snap.nodes["id"]) >= {"a", "b"} and files["nodes.ndjson"]["rejected"] == 1


def test_duplicate_ids_are_one_node_and_records_must_agree() -> None:
    snap = ln.from_frames(nodes=[{"id": "a", "type": "table"}, {"id": "a", "type": "view"}, {"id": "a", "type": "table"}])
    assert snap.nodes.select("id", "type").rows() == [("a", "view")]
    usage = [{"node": "a", "day": "2025-01-01", "record": "r1"}] * 2 + [{"node": "b", "day": "2025-01-01", "record": "r1"}]
    snap = ln.from_frames(usage=usage)
    assert snap.usage.height == 1 and snap.report.reasons() == {"record repeats an earlier row's with other content": 1}


def test_edges_to_unknown_nodes_are_kept_and_counted() -> None:
    snap = ln.from_frames(nodes={"id": ["a"]}, edges={"source": ["a"], "target": ["ghost"]})
    assert snap.impact("a").frame["node"].to_list() == ["ghost"]
    assert snap.conformed.mentioned == 1 and "1 node that no source describes" in repr(snap)


def test_wrong_types_are_refused_in_words() -> None:
    with pytest.raises(ln.SchemaError, match="is a int; give a polars or pandas frame"):
        ln.from_frames(nodes=3)
    with pytest.raises(ln.LineageError, match=r"an edge is a pair \(source, target\)"):
        ln.from_edges([("a", "b", "c")])
    snap = ln.from_frames(nodes={"id": [1, 2], "bytes": [1.0, 2.5]})
    assert snap.nodes["id"].to_list() == ["1"] and snap.report.reasons() == {"bytes is not a whole number": 1}


def test_money_is_exact() -> None:
    def amounts(values: object) -> list[int]:
        return ln.from_frames(costs={"node": ["t"], "day": ["2025-01-01"], "amount": values}).costs["amount"].to_list()

    assert amounts(["0.1"]) == amounts([0.1]) == [100_000]
    assert amounts(["-3.999999"]) == [-3_999_999]
    assert amounts([7]) == [7], "whole numbers are micro-units already"


def test_absurd_sizes_are_rejected() -> None:
    snap = ln.from_frames(nodes={"id": ["x" * 200_000, "ok"]})
    assert snap.nodes["id"].to_list() == ["ok"]
    assert len(snap.report.rejections["value"][0]) <= 200


def saved(tmp_path: Path) -> tuple[ln.Snapshot, Path]:
    snap = ln.from_frames(nodes={"id": ["t", "t#a", "u#b"], "kind": ["dataset", "column", "column"]}, edges={"source": ["t#a", "t"], "target": ["u#b", "u"]})
    return snap, snap.save(tmp_path / "s")


def entry(folder: Path, part: str, name: str) -> Path:
    manifest = json.loads((folder / "snapshot.json").read_text())
    return (folder / "index" if part == "arrays" else folder) / manifest[part][name]["file"]


def test_saved_snapshots_that_are_cut(tmp_path: Path) -> None:
    _, folder = saved(tmp_path)
    target = entry(folder, "frames", "edges")
    target.write_bytes(target.read_bytes()[:100])
    with pytest.raises(ln.FormatError, match=r"edges-.*parquet: missing or damaged \(100 bytes instead of"):
        ln.read(folder)
    (tmp_path / "more.csv").write_text("source,target\na,b\n")
    both = ln.read([folder, tmp_path / "more.csv"])
    assert both.report.rejected == 1 and "missing or damaged" in both.report.rejections["value"][0]
    (folder / "snapshot.json").write_text("{")
    with pytest.raises(ln.FormatError):
        ln.read(folder)


def test_a_changed_byte_is_found_when_the_frame_is_read(tmp_path: Path) -> None:
    _, folder = saved(tmp_path)
    target = entry(folder, "frames", "edges")
    content = bytearray(target.read_bytes())
    content[len(content) // 2] ^= 1
    target.write_bytes(content)
    snap = ln.read(folder)
    with pytest.raises(ln.FormatError, match="does not hold what was written"):
        _ = snap.edges


@pytest.mark.parametrize("damage", ["change", "cut", "remove", "swap"])
def test_a_damaged_index_is_made_again(tmp_path: Path, damage: str) -> None:
    snap, folder = saved(tmp_path)
    target = entry(folder, "arrays", "column.edges.forward.indices")
    content = bytearray(target.read_bytes())
    content[-1] ^= 1
    if damage == "remove":
        target.unlink()
    else:
        other = entry(folder, "arrays", "column.edges.backward.indptr").read_bytes()
        target.write_bytes({"change": content, "cut": content[:-2], "swap": other}[damage])
    again = ln.read(folder)
    with pytest.warns(UserWarning, match="saved index cannot be used and is made again: .*missing or damaged|is damaged"):
        found = again.graph("column").downstream("t")
    assert found.equals(snap.graph("column").downstream("t"))


@pytest.mark.parametrize("frame", ["conformed.nodes", "coded.edges"])
def test_a_damaged_frame_of_the_index_is_made_again(tmp_path: Path, frame: str) -> None:
    snap, folder = saved(tmp_path)
    target = entry(folder, "arrays", frame)
    target.write_bytes(target.read_bytes()[:-1] + b"?")
    again = ln.read(folder)
    with pytest.warns(UserWarning, match="saved index cannot be used and is made again: .*is damaged"):
        found = again.coded.edges
    assert found.equals(snap.coded.edges) and again.nodes.equals(snap.nodes)


def test_an_index_of_other_rules_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lineage_nb.graph.stored._rules", lambda: "yesterday's")
    snap = ln.from_edges([("t#a", "u#b")])
    folder = snap.save(tmp_path / "snap")
    assert is_current(ln.read(folder).data.arrays, snap.content_hash)
    monkeypatch.undo()
    assert not is_current(ln.read(folder).data.arrays, snap.content_hash)
    assert ln.read(folder).frames["nodes"].equals(snap.frames["nodes"])


def test_an_index_of_another_snapshot_is_not_used(tmp_path: Path) -> None:
    snap, _ = saved(tmp_path)
    other = ln.from_edges([("t#a", "z#b")])
    data = snap.data
    save(data, tmp_path / "wrong", arrays=other.index_arrays())
    found = ln.read(tmp_path / "wrong").graph("column")
    assert found.ids == snap.graph("column").ids
    assert found.downstream("t").equals(snap.graph("column").downstream("t"))


def test_a_changed_manifest_is_refused(tmp_path: Path) -> None:
    _, folder = saved(tmp_path)
    manifest = folder / "snapshot.json"
    manifest.write_text(manifest.read_text().replace('"content": "', '"content": "0'))
    with pytest.raises(ln.FormatError, match="was changed after it was written"):
        ln.read(folder)


def test_killed_while_saving_leaves_the_old_snapshot(tmp_path: Path) -> None:
    snap, folder = saved(tmp_path)
    code = (
        "import os, lineage_nb as ln, lineage_nb.model.storage as s\n"
        "write = s.write_array\n"
        "def killed(folder, name, array):\n"
        "    if name.endswith('indices'): os._exit(9)\n"
        "    return write(folder, name, array)\n"
        "s.write_array = killed\n"
        f"ln.from_edges([('x', 'y')]).save({str(folder)!r})\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert ln.read(folder) == snap and ln.read(folder).graph("column").downstream("t")["node"].to_list() == ["u#b"]
    ln.from_edges([("x", "y")]).save(folder)
    assert not list(folder.rglob(".*.tmp")), "what the killed process left is cleared away"


def test_opening_reads_no_frame_for_a_question_to_the_graph(tmp_path: Path) -> None:
    snap, folder = saved(tmp_path)
    again = ln.read(folder)
    for name in ("edges", "nodes"):
        entry(folder, "frames", name).unlink()
    for level in ("column", "dataset"):
        assert again.graph(level).downstream("t").equals(snap.graph(level).downstream("t"))
        assert again.graph(level).upstream("u").equals(snap.graph(level).upstream("u"))
    assert again.graph("column").edges.equals(snap.graph("column").edges)


def test_saving_replaces_and_never_mixes(tmp_path: Path) -> None:
    one, two = ln.from_edges([("a", "b")]), ln.from_edges([("c", "d")])
    folder = one.save(tmp_path / "s")
    (folder / "mine.txt").write_text("keep")
    two.save(folder)
    assert ln.read(folder) == two and (folder / "mine.txt").exists()
    assert len(list(folder.glob("edges-*.parquet"))) == 1


def test_a_manifest_cannot_point_outside(tmp_path: Path) -> None:
    folder = ln.from_edges([("a", "b")]).save(tmp_path / "s")
    manifest = json.loads((folder / "snapshot.json").read_text())
    manifest["frames"]["edges"]["file"] = "../../etc/passwd"
    (folder / "snapshot.json").write_text(json.dumps(manifest))
    with pytest.raises(ln.FormatError, match="no usable file name"):
        ln.read(folder)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_unreadable_files_are_listed(tmp_path: Path) -> None:
    (tmp_path / "edges.csv").write_text("source,target\na,b\n")
    (tmp_path / "costs.csv").write_text("x")
    (tmp_path / "costs.csv").chmod(0)
    assert ln.read(tmp_path).report.rejected == 1
