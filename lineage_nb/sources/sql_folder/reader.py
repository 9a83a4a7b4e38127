"""A folder of SQL files → the model: what each file makes, from which columns.

Each file is a job. What it writes is told by its statements; a file with one bare query and no other output makes the
table that its path names (see `lineage_nb.sources.sql_folder.names.PathPattern`), by default the last folder before
``query.sql``, else the file's own name. In a dbt project, and where a template says so, that is a view or what
``config`` tells; elsewhere its type is ``query``, since the text does not tell how it is stored. Files are read in the order of what they read from each other, so that the
columns of views, of tables declared in DDL and of those described in YAML serve the files that read them.

What one file leaves open stays open: a column whose origin is not told may come from any table that the file reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lineage_nb.model.merge import unite
from lineage_nb.model.report import FileReport, ReportBuilder
from lineage_nb.sources.registry import Entry, Format, Frames
from lineage_nb.sources.sql_folder.count import statements
from lineage_nb.sources.sql_folder.facts import described_nodes
from lineage_nb.sources.sql_folder.files import Place, claims, in_dbt_project, is_yaml, left_to_dbt, places
from lineage_nb.sources.sql_folder.names import (
    KnownNames,
    Mentions,
    PathPattern,
    called,
    defined,
    mentions,
)
from lineage_nb.sources.sql_folder.order import reading_order
from lineage_nb.sources.sql_folder.reading import (
    UNREADABLE,
    is_open,
    making,
    not_read,
    read_template,
    read_text,
)
from lineage_nb.sources.sql_folder.settings import Schema, Settings
from lineage_nb.sources.sql_folder.yaml import Described, described
from lineage_nb.sources.sql_rows import Job, SqlRows
from lineage_nb.sql.result import Alteration, Problem, SqlLineage

if TYPE_CHECKING:
    from lineage_nb.sql.catalog import Catalog
    from lineage_nb.sql.jinja import Rendered

__all__ = ["FORMAT", "read"]

EVIDENCE: Final = "sql:file"
_ROUNDS: Final = 3
_STORED: Final = {
    "table": "TABLE",
    "incremental": "TABLE",
    "snapshot": "TABLE",
    "materialized_view": "MATERIALIZED VIEW",
    "dynamic_table": "DYNAMIC TABLE",
}
"""How a template says its query is stored → what is created; a view by default, as in dbt."""
_QUERY: Final = "QUERY"
"""What a bare query outside of dbt makes: how, and whether, it is stored is not told."""


@dataclass(eq=False)
class _File:
    """One SQL file on its way."""

    place: Place
    report: FileReport
    text: str
    faults: tuple[Problem, ...] = ()
    told: Rendered | None = None
    unread: bool = False
    model: bool = False
    mentioned: Mentions = field(default_factory=lambda: mentions(""))
    found: SqlLineage | None = None
    seen: dict[str, tuple[str, ...] | None] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts that it may stand for."""
        return (self.text, *(self.told.variants if self.told is not None else ()))

    @property
    def makes(self) -> str | None:
        """The table that its path names, if its only output is one bare query."""
        if self.found is None or self.found.outputs or "" not in self.found.columns:
            return None
        return self.place.table if self.bare == 1 else None

    @property
    def bare(self) -> int:
        """How many of its statements are queries whose result goes nowhere."""
        return sum("" in s.columns for s in self.found.statements if s.kind != "QUERY") if self.found else 0


def read(entries: Sequence[Entry], report: ReportBuilder, options: Mapping[str, Any]) -> Frames:
    """Read SQL files, and the YAML files beside them.

    Parameters
    ----------
    entries : sequence of Entry
        Files, in any order.
    report : ReportBuilder
        Every statement is accepted, or rejected with its line and a reason; so is every YAML file. What could not be
        resolved is counted in the file's note.
    options : Mapping
        ``dialect``, ``schema`` (table → columns, or column → type; counts more than what the files tell),
        ``pattern`` (see `lineage_nb.sources.sql_folder.names.PathPattern`), ``default_catalog`` and
        ``default_schema`` (complete names that leave them out; else the parts that the path tells), ``namespace``
        (of all tables; the dialect by default).

    Returns
    -------
    dict of str to polars.DataFrame
        nodes, edges and aliases, as far as they have rows.

    Raises
    ------
    LineageError
        For an unknown dialect, a pattern without a table, or a schema that is no mapping.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp()) / "shop" / "mart" / "users"
    >>> folder.mkdir(parents=True)
    >>> _ = (folder / "query.sql").write_text("SELECT id, md5(email) AS mail FROM raw.users")
    >>> frames = read([Entry(folder / "query.sql")], ReportBuilder(), {"dialect": "duckdb"})
    >>> frames["edges"].filter(type="DIRECT").select("source", "target", "verdict").rows()
    [('duckdb/shop.raw.users#email', 'duckdb/shop.mart.users#mail', 'pseudonymised'),
     ('duckdb/shop.raw.users#id', 'duckdb/shop.mart.users#id', 'plain')]
    """
    settings = Settings(**options)
    own = list(dict.fromkeys(entries))
    left = left_to_dbt([e.path for e in own], whole=settings.dialect is None)
    for entry in own:
        if entry.path in left:
            about = report.file(entry.path, FORMAT.name)
            about.note(
                "left to dbt's manifest, or to the model that it was made from; name a dialect to read it"
            )
    return _Folder([e for e in own if e.path not in left], report, settings).frames()


class _Folder:
    """All files of one call."""

    def __init__(self, entries: Sequence[Entry], report: ReportBuilder, settings: Settings) -> None:
        self.settings = settings
        self.namespace = settings.namespace or settings.dialect or "sql"
        found = places([e.path for e in entries if not is_yaml(e)], PathPattern(settings.pattern))
        self.files: list[_File] = []
        yaml: list[tuple[Entry, FileReport]] = []
        for entry in entries:
            about = report.file(entry.path, FORMAT.name)
            if is_yaml(entry):
                yaml.append((entry, about))
            else:
                self._open(entry, found[entry.path], about)
        self.files.sort(key=lambda f: (f.place.job, f.text))
        self._render()
        self.beside: dict[Path, list[_File]] = {}
        for file in self.files:
            self.beside.setdefault(file.place.folder, []).append(file)
        self.described = [pair for entry, about in yaml for pair in self._described(entry, about)]
        self.given = self._catalog([], self.settings.schema)
        self.told = self._catalog(self.described, self.settings.schema)
        self.catalog = self._catalog(self.described, self.settings.schema)
        self.altered: dict[str, dict[tuple[str, int], list[Alteration]]] = {}
        self.behind: dict[str, str] = {}

    def _open(self, entry: Entry, place_: Place, about: FileReport) -> None:
        try:
            text = read_text(entry)
        except UNREADABLE as error:
            about.count()
            about.reject("file", "cannot be read", str(error))
            return
        self.files.append(_File(self._completed(place_), about, text))

    def _completed(self, known: Place) -> Place:
        """The place of a file, with the defaults where its path does not tell."""
        parts = dict(known.parts)
        for part, given in (
            ("schema", self.settings.default_schema),
            ("catalog", self.settings.default_catalog),
        ):
            if given is not None:
                parts.setdefault(part, given)
        return replace(known, parts={part: self._folded(name, table=True) for part, name in parts.items()})

    def _folded(self, name: str, *, table: bool = False) -> str:
        """A name that a path or a YAML file tells, as the dialect spells it."""
        from lineage_nb.sql.catalog import spelled

        return spelled(name, self.settings.dialect, table=table)

    def _render(self) -> None:
        """Write out the templates, each knowing the tables that the others make."""
        from lineage_nb.sql.jinja import is_template, render

        stems = Counter(f.place.stem for f in self.files)
        known = {f.place.stem: f.place.table for f in self.files if stems[f.place.stem] == 1}
        refs = self.refs = {**{stem.lower(): table for stem, table in known.items()}, **known}
        for file in self.files:
            if is_template(file.text):
                file.told = told = render(file.text, this=file.place.table, refs=refs)
                file.text, file.faults = told.text, told.problems
                file.model = bool(told.refs or told.sources or told.materialized)
            file.model = file.model or in_dbt_project(file.place.folder)
            file.mentioned = mentions("\n".join(file.texts))
            if file.told is not None:
                read = file.mentioned.read.union(t.lower() for t in file.told.tables)
                file.mentioned = file.mentioned._replace(read=read)

    # -- what YAML tells -------------------------------------------------------------------------------------

    def _described(self, entry: Entry, about: FileReport) -> list[tuple[str, Described]]:
        """Table and what a YAML file says about it."""
        about.count()
        try:
            said = described(read_text(entry))
        except UNREADABLE as error:
            about.reject("file", "is no YAML that can be read", str(error))
            return []
        beside = self.beside.get(entry.path.parent, [])
        found = []
        for one in said:
            table = self._named(one.table) if one.table else self._of(beside)
            if table is None:
                about.reject("file", "lies beside no file that makes one table", entry.path.name)
                return []
            columns = tuple(c._replace(name=self._folded(c.name)) for c in one.columns)
            found.append((table, replace(one, columns=columns)))
        if not said:
            about.note("says nothing about tables")
        return found

    def _named(self, name: str) -> str:
        """The table that dbt calls so."""
        return self.refs.get(name) or self.refs.get(name.lower()) or self._folded(name, table=True)

    def _of(self, files: Sequence[_File]) -> str | None:
        """The one table that files of a folder make."""
        fitting = {f.place.table for f in files if f.place.fits}
        if not fitting:
            written = {t for f in files for t in (f.mentioned.made | f.mentioned.changed)}
            fitting = written or {f.place.table for f in files}
        return fitting.pop() if len(fitting) == 1 else None

    @staticmethod
    def _catalog(described: Sequence[tuple[str, Described]], schema: Schema | None) -> Catalog:
        from lineage_nb.sql.catalog import Catalog

        catalog = Catalog({table: said.schema for table, said in described if said.columns})
        for table, columns in (schema or {}).items():
            catalog.learn(table, columns)
        return catalog

    # -- reading ---------------------------------------------------------------------------------------------

    def _read_all(self) -> None:
        functions = {name for file in self.files for name in defined(file.text)}
        self.catalog.functions = frozenset(functions)
        for file in self.files if functions else ():
            read = file.mentioned.read | called("\n".join(file.texts), functions)
            file.mentioned = file.mentioned._replace(read=read)
        order = reading_order([f.mentioned for f in self.files], [f.place.table for f in self.files])
        steps = [[self.files[number] for number in step] for step in order]
        for _ in range(_ROUNDS):
            for step in steps:
                for file in step:
                    self._read(file)
                for file in step:
                    self._learn_from(file)
                self._learn_altered()
            again = {f for f in self.files if any(self.catalog.columns(t) != c for t, c in f.seen.items())}
            steps = [[f] for step in steps for f in step if f in again]
            if not steps:
                return

    def _read(self, file: _File) -> None:
        own = file.place.parts if file.place.fits else {}
        found = read_template(
            file.texts,
            file.told,
            dialect=self.settings.dialect,
            catalog=self.catalog,
            default_catalog=self.settings.default_catalog or own.get("catalog"),
            default_schema=self.settings.default_schema or own.get("schema"),
        )
        unread = not_read(found, file.place.table, dialect=self.settings.dialect, model=file.model)
        file.found, file.unread = unread or found, unread is not None
        file.seen = {}
        if is_open(found):
            tables = {t for s in found.statements for t in (*s.inputs, *s.outputs)}
            file.seen = {t: self.catalog.columns(t) for t in tables}

    def _learn_from(self, file: _File) -> None:
        """Keep the columns of the tables that a file makes."""
        if file.found is None:
            return
        if file.makes is not None:
            self._learn(file.makes, file.found.columns[""])
        for number, statement in enumerate(file.found.statements):
            for path, names in statement.files.items():
                self._learn(path, names)
            for table in dict.fromkeys(a.table for a in statement.alterations):
                said = [a for a in statement.alterations if a.table == table]
                self.altered.setdefault(table.lower(), {})[file.place.job, number] = said
                self.behind[table.lower()] = table
            for event in statement.events:
                if event.what == "synonym" and event.other is not None:
                    self._learn_altered(event.other)
                    self._learn(event.table, self.catalog.columns(event.other) or ())
                if statement.defines(event) and event.table not in statement.temporary:
                    self._learn(
                        event.table,
                        statement.types.get(event.table) or statement.columns.get(event.table, ()),
                    )

    def _learn_altered(self, *only: str) -> None:
        """Keep the columns behind all alterations, of `only` these tables: each once, however many alterations it has."""
        for key in [t.lower() for t in only] or list(self.behind):
            if (table := self.behind.pop(key, None)) is not None:
                self._learn(table, self.catalog.types(table) or self.catalog.columns(table) or ())

    def _learn(self, table: str, columns: Sequence[str] | Mapping[str, str | None]) -> None:
        """Keep the columns that a file gives a table, with the types known from elsewhere."""
        if not columns or ("*" in columns and not table.endswith("()")):
            return
        if self.given.columns(table) is not None:
            return
        from lineage_nb.sql.alterations import after

        types = {c.lower(): t for c, t in self.told.types(table).items()}
        known = columns if isinstance(columns, Mapping) else dict.fromkeys(columns)
        for _, changes in sorted(self.altered.get(table.lower(), {}).items()):
            known = after(known, changes)
        self.catalog.learn(table, {c: t or types.get(c.lower()) for c, t in known.items()})

    # -- what it amounts to ----------------------------------------------------------------------------------

    def frames(self) -> Frames:
        """Read all files, and tell what they say."""
        self._read_all()
        makers = [f for f in self.files if f.makes is not None or f.unread]
        tables = {f.place.table for f in makers} | {t for t, _ in self.described}
        self.names = KnownNames([*tables, *(self.settings.schema or {})], parts=2)
        rows = SqlRows(self.namespace, EVIDENCE, self.names.of)
        for table, columns in (self.settings.schema or {}).items():
            rows.knows(table, columns)
        for table, said in self.described:
            rows.knows(table, said.schema)
        for file in self.files:
            statements(file.report, file.faults, file.found, file.bare)
            self._add(rows, file)
        return unite([rows.frames(), described_nodes(rows, self.described)])

    def _add(self, rows: SqlRows, file: _File) -> None:
        found, table = file.found, file.makes
        job = Job(self.namespace, file.place.job, "SQL file")
        if found is None:
            return
        if table is not None:
            stored = file.told.materialized if file.told is not None else None
            kind = _STORED.get(stored or "", "VIEW") if file.model else _QUERY
            rows.add(making(found, table, kind, self._spelling(table)), job)
        elif found.outputs or any(s.events for s in found.statements):
            rows.add(found.statements[0] if len(found.statements) == 1 else found, job)
        elif any(s.temporary for s in found.statements):
            rows.read(found)
        else:
            for statement in found.statements:
                rows.read(statement)

    def _spelling(self, table: str) -> Any:
        spelled = {c.casefold(): c for t, said in self.described if t == table for c in said.schema}
        return lambda column: spelled.get(column.casefold(), column)


FORMAT: Final = Format(
    name="sql",
    what="a folder of .sql files: queries, dbt models, DDL and scripts, with schema.yaml and metadata.yaml beside them",
    claims=claims,
    read=read,
    options=("dialect", "schema", "pattern", "default_catalog", "default_schema", "namespace"),
)
