"""The audit taken along: report, heat map, tags to write back; hostile names come out harmless everywhere."""

from __future__ import annotations

import csv
import re
from collections import Counter
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
import yaml
from hypothesis import given
from strategies import costly, frames, snapshot

import lineage_nb as ln
from lineage_nb.analyses.classify.safe_yaml import loaded
from lineage_nb.views.heat_map import MORE, REPORTS, heat_map
from lineage_nb.views.labels import clean

ROOT = Path(__file__).parents[1]
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE users; --",
    "]]></style><svg onload=alert(1)>",
    '=HYPERLINK("http://evil.example","x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "../../etc/passwd",
    "a\nb",
    "a\r\nb: c",
    "tab\there",
    "right\u202eto\u202cleft",
    "zero\u200bwidth",
    "bell\x07",
    "!!python/object/apply:os.system [ls]",
    "key: value",
    "- item",
    "&anchor",
    "*alias",
    "#comment",
    "null",
    "yes",
    "1e3",
    "2026-01-01",
    "quo\"te'`]",
    "back\\slash",
    "*/ end /*",
    "$$body$$",
    "&sqlplus ${hive} {{ jinja }} {% raw %}",
    "ünïcode 表",
    "x" * 10_000,
)
VOID = {"meta", "br", "link"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "header", "nav", "a", "h1", "h2", "h3", "h4", "p", "div", "span", "b", "i"),
    *("dl", "dt", "dd", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "small", "code", "pre", "br", "footer"),
    *("svg", "g", "rect", "path", "text"),
}


class Page(HTMLParser):
    """Elements and text of a page; complains of what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in VOID and not (self.get_starttag_text() or "").endswith("/>"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not (self.open and self.open[-1] == tag):
            assert tag in ("rect", "path"), (tag, self.open[-3:])
            return
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def lineage(names: tuple[str, ...], *, datasets: bool = False) -> ln.Snapshot:
    """Each name is a column that a tagged one is copied to, and with `datasets` also a table, job, report, file and owner."""
    nodes = [{"id": "db.raw.t#mail", "kind": "column", "name": "mail", "parent": "db.raw.t", "tags": ["pii:email"]}]
    edges, aliases, grants = [], [], []
    for i, name in enumerate(names):
        table = f"n{i}.{name}" if datasets else f"db.mart.u{i}"
        home, column = f"id{i}.{table}", f"id{i}.{table}#{name}"
        nodes.append({"id": home, "kind": "dataset", "name": table, "namespace": None, "description": name, "owners": [name]})
        nodes.append({"id": column, "kind": "column", "name": name, "parent": home, "tags": None})
        edges.append({"source": "db.raw.t#mail", "target": column, "verdict": "plain", "job": name if datasets else "job", "evidence": name})
        aliases.append({"name": f"dbt/model.shop.m{i}", "node": home, "evidence": "dbt:unique_id"})
        grants.append({"principal": name if datasets else f"p{i}", "node": home, "condition": name})
        if datasets:
            nodes.append({"id": f"report:{i}/{name}", "kind": "report", "name": name})
            edges.append({"source": column, "target": f"report:{i}/{name}", "verdict": "plain", "job": None, "evidence": name})
    return ln.from_frames(nodes=nodes, edges=edges, aliases=aliases, grants=grants)


@pytest.fixture(scope="module")
def hostile() -> ln.Result:
    return lineage(HOSTILE).pii()


@pytest.fixture(scope="module")
def sample() -> ln.Result:
    return ln.sample().pii()


# -- the report -----------------------------------------------------------------------------------------------


def test_report_holds_the_figures_and_asks_for_nothing(sample: ln.Result, tmp_path: Path) -> None:
    text = sample.report(tmp_path / "audit.html").read_text(encoding="utf-8")
    page = Page(text)
    words = " ".join(page.words)
    assert set(page.tags) <= ALLOWED and not [a for a in page.attributes if a[0].startswith("on") or a[0] in ("src", "action")]
    assert all(v and v.startswith("#") for a, v in page.attributes if a in ("href", "xlink:href"))
    assert "url(" not in text and "@import" not in text and "2026-06-30" in words and f"{date.today().year}-{date.today():%m-%d}" not in words
    assert sample.headline in words and ln.sample().content_hash in words
    assert all(note in words for note in sample.trust) and all(label in words for label in sample.summary["labels"])
    assert "stream.crm.contact_archive" in words and "k ≥ 10" in words and "Turned back into the value in" in words
    assert text == sample.report(tmp_path / "again.html").read_text(encoding="utf-8")
    anchors = {v for a, v in page.attributes if a == "id"}
    assert {v[1:] for a, v in page.attributes if a == "href" and v} <= anchors


def test_layers_tell_which_clean_columns_have_telling_names(tmp_path: Path) -> None:
    nodes = [{"id": f"db.{t}#{c}", "kind": "column", "name": c, "parent": f"db.{t}", "tags": tag} for t, c, tag in (("raw.t", "mail", "pii:email"), ("raw.t", "phone", None), ("raw.t", "n", None), ("mart.u", "day", None))]
    nodes += [{"id": f"db.{t}", "kind": "dataset", "name": t} for t in ("raw.t", "mart.u")]
    text = ln.from_frames(nodes=nodes).pii().report(tmp_path / "a.html").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if '<td class="name">raw</td>' in line)
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row)
    heads = re.findall(r"<th[^>]*>(.*?)</th>", text[text.index("<th>layer</th>") :])[: len(cells)]
    assert {h: c for h, c in zip(heads, cells, strict=True) if c and h != "share"} == {"layer": "raw", "columns": "3", "proved": "1", "clean": "2", "of them with a telling name": "1"}
    assert "2 clean (1 with a telling name)" in row


def test_a_test_of_a_special_category_is_told_as_one(tmp_path: Path) -> None:
    nodes = [{"id": "t#diagnosis", "kind": "column", "tags": "pii:health"}, {"id": "t#mail", "kind": "column", "tags": "pii:email"}]
    edges = [{"source": f"t#{c}", "target": f"u#is_{c}", "verdict": "derived", "subtype": "PREDICATE"} for c in ("diagnosis", "mail")]
    result = ln.from_frames(nodes=nodes, edges=edges).pii()
    assert ("u#is_diagnosis", "plain") in result.frame.select("node", "verdict").rows()
    text = " ".join(Page(result.report(tmp_path / "a.html").read_text(encoding="utf-8")).words)
    assert re.search(r"Tested, and the answer still tells it \(a special category\), in\s+u\S*is_diagnosis", text)
    assert re.search(r"Made into something derived in\s+u\S*is_mail", text)


def test_report_lists_decisions_with_their_expiry(sample: ln.Result, tmp_path: Path) -> None:
    book = ln.Decisions().accept(node="report:dbt/stream.crm_health", label="email", by="ben <b>", why="desk", until="2026-12-31")
    book = book.accept(recipient="principal:stream/team-growth", label="email", by="ana", why="campaign", until="2026-01-31")
    text = sample.report(tmp_path / "a.html", decisions=book, dated=date(2026, 7, 3), title="<i>Audit</i>").read_text(encoding="utf-8")
    words = " ".join(Page(text).words)
    assert "Dated 2026-07-03" in words and "<i>Audit</i>" in words and "ben <b>" in words
    assert "expired" in words and "in force" in words and "2026-12-31" in words


def test_report_is_capped_and_counts_what_is_left_out(tmp_path: Path) -> None:
    names = tuple(f"c{i}" for i in range(300))
    text = lineage(names).pii().report(tmp_path / "a.html", rows=5).read_text(encoding="utf-8")
    assert len(text) < 150_000 and "271 more places" in text and re.search(r"\d+ more rows", text)


def test_report_of_nothing(tmp_path: Path) -> None:
    text = ln.from_edges({"source": ["a"], "target": ["b"]}).pii().report(tmp_path / "a.html").read_text(encoding="utf-8")
    assert "No label was found" in text and Page(text).tags["svg"] == 0


def test_only_personal_data_is_reported(tmp_path: Path) -> None:
    cost = ln.sample().unused()
    for call in (lambda: cost.report(tmp_path / "x.html"), lambda: cost.tag_sql("snowflake"), lambda: cost.tag_yaml()):
        with pytest.raises(AttributeError, match=re.escape("snap.pii(")):
            call()
    with pytest.raises(ln.LineageError, match="rows is 0"):
        ln.sample().pii().report(tmp_path / "x.html", rows=0)


def test_hostile_names_are_text_in_the_report(tmp_path: Path) -> None:
    for datasets in (False, True):
        text = lineage(HOSTILE, datasets=datasets).pii().report(tmp_path / "a.html", rows=500).read_text(encoding="utf-8")
        page = Page(text)
        assert set(page.tags) <= ALLOWED and not [a for a, _ in page.attributes if a.startswith("on")]
        shown = " ".join(page.words)
        missing = [n for n in HOSTILE[:28] if clean(n, 60).removesuffix("…") not in shown]
        assert missing == []
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", text)
        assert len(text) < 600_000
    names = tuple(f"{i:03}" for i in range(len(HOSTILE)))
    plain = Page(lineage(names).pii().report(tmp_path / "b.html", rows=500).read_text(encoding="utf-8"))
    worst = Page(lineage(HOSTILE).pii().report(tmp_path / "c.html", rows=500).read_text(encoding="utf-8"))
    assert worst.tags == plain.tags


# -- CSV and Excel --------------------------------------------------------------------------------------------


def test_hostile_names_in_csv(hostile: ln.Result, tmp_path: Path) -> None:
    with hostile.to_csv(tmp_path / "a.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    given = hostile.frame
    assert [r["node"].removeprefix("'") for r in rows] == given["node"].to_list()
    assert {r["node"].partition("#")[2] for r in rows} == {"mail", *HOSTILE}
    bare = ln.from_frames(nodes={"id": list(HOSTILE), "kind": ["column"] * len(HOSTILE), "tags": ["pii:email"] * len(HOSTILE)}).pii()
    with bare.to_csv(tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [c for c in cells if c[:1] in ("=", "+", "-", "@", "\t", "\r")]


def test_hostile_names_in_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    bare = ln.from_frames(nodes={"id": list(HOSTILE), "kind": ["column"] * len(HOSTILE), "tags": ["pii:email"] * len(HOSTILE)}).pii()
    book = openpyxl.load_workbook(bare.to_excel(tmp_path / "a.xlsx"))
    cells = [c for row in book.active.iter_rows() for c in row]
    assert not [c for c in cells if c.data_type == "f" or c.hyperlink]
    found = {str(c.value).removeprefix("'") for c in cells if c.column == 1 and c.row > 1}
    readable = {n.removeprefix("'") for n in HOSTILE if n.isprintable()}
    assert readable <= found and len(found) == len(HOSTILE)


# -- tags to write back ---------------------------------------------------------------------------------------


def _columns_of_yaml(text: str) -> dict[str, list[str]]:
    document = yaml.safe_load(text)
    assert loaded(text, "made") == document and document["version"] == 2
    return {m["name"]: [c["name"] for c in m["columns"]] for m in document.get("models", [])}


def test_hostile_names_in_yaml(hostile: ln.Result) -> None:
    text = hostile.tag_yaml(possible=True)
    told = _columns_of_yaml(text)
    expected = {f"m{i}": [n] for i, n in enumerate(HOSTILE) if n.isprintable() and len(n) <= 1000 and "{{" not in n}
    assert told == expected
    tags = [c["config"]["tags"] for m in yaml.safe_load(text)["models"] for c in m["columns"]]
    assert tags == [["pii:email"]] * len(expected)
    left = [line for line in text.splitlines() if line.startswith("# left out, its name")]
    assert len(left) == len(HOSTILE) - len(expected)
    assert all(line.startswith(("#", "version:", "models:", "-", " ")) for line in text.splitlines())
    assert all(c.isprintable() or c == "\n" for c in text)


@pytest.mark.parametrize("dialect", ["snowflake", "unity"])
def test_hostile_names_in_sql(hostile: ln.Result, dialect: str) -> None:
    sqlglot = pytest.importorskip("sqlglot")
    text = hostile.tag_sql(dialect, possible=True)
    tokens = sqlglot.tokenize(text, read="databricks" if dialect == "unity" else dialect)
    kinds = sqlglot.tokens.TokenType
    ends = [t for t in tokens if t.token_type == kinds.SEMICOLON]
    lines = [x for x in text.splitlines() if x and not x.startswith("--")]
    assert len(ends) == len(lines) and all(x.endswith(";") and x.startswith(("ALTER TABLE ", "CREATE TAG IF NOT EXISTS pii")) for x in lines)
    names = {t.text for t in tokens if t.token_type == kinds.IDENTIFIER}
    most = 255
    unsafe = re.compile(r"[;&\\.]|\$[({]|\{[{%]|<%")
    expected = {n for n in HOSTILE if n.isprintable() and len(n.encode()) <= most and not unsafe.search(n)}
    assert {n for n in names if n != "db" and n != "mart" and not re.fullmatch(r"u\d+", n)} == expected
    by_hand = [x for x in text.splitlines() if x.startswith("--    by hand: ")]
    assert len(by_hand) == len(HOSTILE) - len(expected)
    assert all(c.isprintable() or c == "\n" for c in text)


def test_bigquery_labels_tables(hostile: ln.Result) -> None:
    text = hostile.tag_sql("bigquery")
    lines = [x for x in text.splitlines() if x and not x.startswith("--")]
    assert len(lines) == len(HOSTILE)
    assert all(re.fullmatch(r"ALTER TABLE `db`\.`mart`\.`u\d+` SET OPTIONS \(labels = \[\('pii_email', 'plain'\)\]\);", x) for x in lines)
    assert all(c.isprintable() or c == "\n" for c in text)


def test_tables_and_labels_of_hostile_names() -> None:
    result = lineage(HOSTILE, datasets=True).pii()
    for dialect in ("snowflake", "bigquery", "unity"):
        text = result.tag_sql(dialect, possible=True)
        lines = [x for x in text.splitlines() if x and not x.startswith("--")]
        assert all(x.startswith(("ALTER TABLE ", "CREATE TAG IF NOT EXISTS pii")) and x.count(";") == 1 for x in lines)
    labels = {"id": [f"t{i}#c" for i in range(len(HOSTILE))], "kind": ["column"] * len(HOSTILE), "tags": [["pii:" + n] for n in HOSTILE]}
    copies = [f"t{i}#d" for i in range(len(HOSTILE))]
    snap = ln.from_frames(nodes=labels, edges={"source": labels["id"], "target": copies})
    found = snap.pii()
    assert found.frame["node"].n_unique() == 2 * len(HOSTILE)
    for text in (found.tag_sql("snowflake"), found.tag_sql("bigquery")):
        lines = [x for x in text.splitlines() if x and not x.startswith("--")]
        assert all(re.fullmatch(r"[\w \"`.,'=/@+()\[\]-]+;", x) and x.count("'") % 2 == 0 for x in lines)
    assert isinstance(yaml.safe_load(found.tag_yaml()), dict)


def test_only_what_is_proved_and_new_is_tagged(sample: ln.Result) -> None:
    where = "duckdb://stream.duckdb"
    text = sample.tag_sql("snowflake", namespace=where)
    assert 'ALTER TABLE "stream"."secure"."mailing_batch" MODIFY COLUMN "email" SET TAG pii = \'email\';' in text
    assert 'ALTER TABLE "stream"."secure"."contact_vault" MODIFY COLUMN "email_encrypted" SET TAG pii_pseudonymised = \'email\';' in text
    assert "ALTER VIEW" in text and '"raw"' not in text and "campaign_audience" not in text
    maybe = sample.tag_sql("snowflake", namespace=where, possible=True)
    assert "-- duckdb://stream.duckdb/stream.crm.campaign_audience#contact: email (plain)" in maybe
    assert [x for x in maybe.splitlines() if not x.startswith("--")] == [*(x for x in text.splitlines() if not x.startswith("--")), ""]
    assert all(x.startswith("--") or not x or 'contact_archive' in x for x in sample.tag_sql("snowflake").splitlines() if "CREATE" not in x)


def test_dbt_reads_back_what_was_written(sample: ln.Result) -> None:
    document = yaml.safe_load(sample.tag_yaml())
    told = {(m["name"], c["name"]): c["config"]["tags"] for m in document["models"] for c in m["columns"]}
    assert told["contact_points", "contact"] == ["pii:email"] and told["dim_users_hashed", "email_hash"] == ["pii_pseudonymised:email"]
    assert told["salary_by_department", "average_salary"] == ["pii_aggregated:salary"]
    old = yaml.safe_load(sample.tag_yaml(config=False))
    assert old["models"][0]["columns"][0]["tags"] == document["models"][0]["columns"][0]["config"]["tags"]
    proved = sample.frame.filter((pl.col("certainty") == "proved") & pl.col("node").str.contains("#"))["node"]
    assert not set(told) - {(n.rpartition("#")[0].rpartition(".")[2], n.rpartition("#")[2]) for n in proved}


def test_suggestions_are_tagged_once_confirmed() -> None:
    nodes = [{"id": f"db.s.{t}#{c}", "kind": "column"} for t in ("a", "b") for c in ("email",)]
    snap = ln.from_frames(nodes=nodes, edges={"source": ["db.s.a#email"], "target": ["db.s.b#email"]})
    guessed = snap.tagged(snap.classify(), min_confidence=0.5).pii()
    assert "ALTER" not in guessed.tag_sql("unity") and "db.s.a#email: email (plain)" in guessed.tag_sql("unity", possible=True)
    book = ln.Decisions()
    for n in ("a", "b"):
        book = book.decide(f"db.s.{n}#email", "email", "is", by="ana", why="looked")
    sure = snap.tagged(snap.classify(decisions=book)).pii()
    assert sure.tag_sql("unity").count("ALTER TABLE") == 2
    assert snap.pii(decisions=book).tag_sql("unity").count("ALTER TABLE") == 2


def test_what_a_person_rejected_is_not_tagged_again() -> None:
    nodes = [{"id": f"db.s.{t}#m", "kind": "column", "tags": tags} for t, tags in (("a", ["pii:email"]), ("b", ["pii:phone"]))]
    snap = ln.from_frames(nodes=nodes, edges=[{"source": "db.s.a#m", "target": "db.s.b#m"}])
    book = ln.Decisions().decide("db.s.b#m", "phone", "is_not", by="ana", why="letters")
    assert snap.pii().tag_sql("snowflake").splitlines()[-1].endswith("SET TAG pii = 'email,phone';")
    assert snap.pii(decisions=book).tag_sql("snowflake").splitlines()[-1].endswith("SET TAG pii = 'email';")


@pytest.mark.parametrize("dialect", ["snowflake", "bigquery", "unity"])
def test_statements_are_for_tables_and_views_alone(dialect: str) -> None:
    kinds = {"board": ("report", None), "s.stage": ("dataset", "stage"), "s.file": ("dataset", "file"), "s.crm": ("dataset", "reverse_etl"), "/tmp/x": ("dataset", None), "s.t": ("dataset", "table"), "s.v": ("dataset", "VIEW"), "s.n": ("dataset", None)}
    nodes = [{"id": i, "kind": kind, "name": i, "type": t} for i, (kind, t) in kinds.items()]
    nodes += [{"id": f"{i}#m", "kind": "column", "name": "m", "parent": i} for i in kinds] + [{"id": "s.a#m", "kind": "column", "tags": ["pii:email"]}]
    text = ln.from_frames(nodes=nodes, edges=[{"source": "s.a#m", "target": f"{i}#m"} for i in kinds]).pii().tag_sql(dialect, possible=True)
    altered = [line for line in text.splitlines() if line.startswith(("ALTER", "SET TAG"))]
    assert len(altered) == 3 and all(re.search(r"[`\"][tvn][`\"]|s\.[tvn]\b", line) for line in altered)
    assert "5 columns of what is no table or view" in text


def test_several_labels_of_a_column_are_written_together() -> None:
    nodes = {"id": ["a.b.t#x", "a.b.t#y", "a.b.u#z"], "kind": ["column"] * 3, "tags": [["pii:email"], ["pii:name"], ["pii:email"]]}
    snap = ln.from_frames(nodes=nodes, edges={"source": ["a.b.t#x", "a.b.t#y"], "target": ["a.b.u#z"] * 2})
    assert "SET TAG pii = 'email,name';" in snap.pii().tag_sql("snowflake")
    assert snap.pii(labels=["email"]).tag_sql("snowflake").count("ALTER") == 0
    nodes["tags"][2] = ["pii:name"]
    both = ln.from_frames(nodes=nodes, edges={"source": ["a.b.t#x"], "target": ["a.b.u#z"]}).pii(labels=["email"])
    assert "SET TAG pii = 'email,name';" in both.tag_sql("snowflake")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("oracle",), "snowflake"),
        (("snowflake", "a b"), "letters, digits"),
        (("unity", "gov.pii"), "letters, digits"),
        (("snowflake", "pii'; --"), "letters, digits"),
        (("bigquery", "_pii"), "begin with a letter"),
        (("snowflake", "pii", "nowhere"), "nowhere"),
    ],
)
def test_bad_options_are_refused(sample: ln.Result, arguments: tuple[str, ...], words: str) -> None:
    named = dict(zip(("dialect", "tag", "namespace"), arguments, strict=False))
    with pytest.raises(ln.LineageError, match=words):
        sample.tag_sql(named.pop("dialect"), **named)


# -- the heat map ---------------------------------------------------------------------------------------------


def _layer(row: dict[str, str | None], known: dict[str, dict[str, str | None]]) -> str:
    home = known[str(row["parent"])] if row["kind"] == "column" and row["parent"] in known else row
    if home["kind"] == "report":
        return REPORTS
    name = str(home["name"] or "")
    return name.rpartition(".")[0] or str(home["namespace"] or "no layer")


@given(frames())
@costly(20)
def test_heat_map_counts_places(parts: dict[str, list[dict[str, object]]]) -> None:
    snap = snapshot(parts)
    result = snap.pii()
    told = heat_map(result._answer, labels=10_000, layers_shown=10_000)
    known = {r["id"]: r for r in snap.nodes.select("id", "kind", "name", "namespace", "parent").iter_rows(named=True)}
    sure: dict[tuple[str, str], set[str]] = {}
    maybe: dict[tuple[str, str], set[str]] = {}
    for r in result.frame.iter_rows(named=True):
        key = (r["label"], _layer(known[r["node"]], known))
        (sure if r["certainty"] == "proved" else maybe).setdefault(key, set()).add(r["node"])
    only = {k: len(v - sure.get(k, set())) for k, v in maybe.items()}
    assert told.proved == {k: len(v) for k, v in sure.items()}
    assert told.possible == {k: n for k, n in only.items() if n}
    few = heat_map(result._answer, labels=1, layers_shown=1)
    assert sum(few.proved.values()) == sum(told.proved.values()) and len(few.labels) <= 2 and len(few.layers) <= 3


def test_heat_map_of_the_sample(sample: ln.Result) -> None:
    told = heat_map(sample._answer)
    assert told.layers[-1] == REPORTS and told.layers.index("stream.raw") < told.layers.index("stream.core")
    assert told.possible["email", "stream.crm"] == 4 and told.proved["email", "stream.crm"] == 1
    assert told.left_out[0] == 0 and not any(MORE in x for x in told.labels)


def test_heat_map_is_the_picture(sample: ln.Result, tmp_path: Path) -> None:
    html = sample._repr_mimebundle_()["text/html"]
    assert "email in stream.crm: 1 proved, 4 possible" in html
    figure = sample.plot(kind="heat")
    words = {t.get_text() for t in figure.axes[0].texts}
    assert "4?" in words
    sample.plot("bars")
    assert sample.save_picture(tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<svg")
    hostile = lineage(HOSTILE, datasets=True).pii()
    hostile.plot().savefig(tmp_path / "a.png")
    Page(hostile._repr_mimebundle_()["text/html"])


def test_untagged_names_are_told_and_decided_ones_are_not(tmp_path: Path) -> None:
    nodes = [{"id": "s.a#mail", "kind": "column", "tags": ["pii:email"]}, *({"id": f"s.b#{n}", "kind": "column"} for n in ("email", "phone", "religion", "amount"))]
    asked = ln.from_frames(nodes=nodes, edges=[{"source": "s.a#mail", "target": "s.b#email"}]).pii()
    text = asked.report(tmp_path / "a.html").read_text(encoding="utf-8")
    part = text.partition('<h2 id="untagged">')[2].partition("<h2")[0]
    assert "2 columns look like personal data" in part and 0 < part.index("religion</td>") < part.index("phone</td>")
    assert "s.b.email" not in part and "amount" not in part
    book = ln.Decisions().decide("s.b#phone", "phone", "is_not", by="ana", why="a model")
    part = asked.report(tmp_path / "b.html", decisions=book).read_text(encoding="utf-8").partition('<h2 id="untagged">')[2].partition("<h2")[0]
    assert "1 column look" in part


def test_the_key_of_the_heat_map_has_room() -> None:
    snap = ln.from_frames(nodes=[{"id": "raw.t#ill", "kind": "column", "tags": ["pii:health"]}])
    text = heat_map_svg(snap)
    width = int(re.search(r'viewBox="0 0 (\d+)', text)[1])  # type: ignore[index]
    words = re.findall(r'<text x="(\d+)" y="\d+">([^<]+)', text)
    assert words and all(int(x) + 6 * len(said) <= width for x, said in words)


def heat_map_svg(snap: ln.Snapshot) -> str:
    from lineage_nb.views.heat_map import heat_svg

    return heat_svg(snap.pii()._answer)


# -- tables about persons, columns that are not known -----------------------------------------------------------


def test_tables_about_persons_are_told_first_without_a_label_and_named_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage_nb.views import pii_report_parts as parts

    asked: list[int] = []
    names = parts._own_names
    monkeypatch.setattr(parts, "_own_names", lambda lineage, columns: asked.append(len(columns)) or names(lineage, columns))
    columns = {"users#email": ["pii:email"], **{f"t{i:02}#user_id": None for i in range(60)}}
    nodes = [{"id": c, "kind": "column", "name": c.partition("#")[2], "tags": t} for c, t in columns.items()]
    nodes += [{"id": f"b{i:02}#c{n:02}", "kind": "column", "name": f"c{n:02}"} for i in range(50) for n in range(15)]
    edges = [e for i in range(50) for e in ({"source": "x", "target": f"job:{i}", "type": "READ"}, {"source": f"job:{i}", "target": f"b{i:02}", "type": "WRITE"})]
    found = ln.from_frames(nodes=nodes, edges=edges).pii()
    told = parts.person_rows(found._answer)
    assert told["left"] == 20 and len(told["rows"]) == 40 and asked == [40]
    assert told["rows"][0] == {"node": "t00", "key": "user_id", "why": "called as keys of persons are", "certainty": "possible", "labelled": ""}
    unknown = parts.unknown_columns(found._answer, found.status())
    assert unknown["left"] == 10 and len(unknown["rows"]) == 40 and asked == [40, 480]
    assert unknown["rows"][0] == {"table": "b00", "count": "15", "which": ", ".join(f"c{n:02}" for n in range(12)) + " and 3 more"}
    assert "called as keys of persons are" in found.report(tmp_path / "a.html").read_text(encoding="utf-8")


def test_names_are_classified_once_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lineage_nb.analyses.classify import classifier
    from lineage_nb.views import pii_report_parts

    asked: list[int] = []
    classify = classifier.classify
    for place in (classifier, pii_report_parts):
        monkeypatch.setattr(place, "classify", lambda *a, **k: asked.append(1) or classify(*a, **k))
    nodes = [{"id": i, "kind": "column", "tags": t} for i, t in (("a#email", ["pii:email"]), ("customers#city", None), ("customers#amount", None), ("c#iban", None))]
    found = ln.from_frames(nodes=nodes).pii()
    told = dict(found.status().select("node", "named").rows())
    assert told == {"a#email": None, "customers#city": "address", "customers#amount": None, "c#iban": "bank_account"}, "from confidence 0.5 on"
    assert found.status().equals(found.status()) and found.coverage(by="namespace")["named"].to_list() == [2]
    text = found.report(tmp_path / "a.html").read_text(encoding="utf-8")
    assert "2 columns look like personal data" in text and "columns clean, 2 of them with telling names" in text
    assert found.status(label="email")["named"].null_count() == 4 and len(asked) == 1
    assert found.status(names=False)["named"].null_count() == 4
