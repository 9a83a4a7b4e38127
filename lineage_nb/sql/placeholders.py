"""What stands for the parts of a template that are not known: how it is recognised, and how it is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from lineage_nb.sql.result import Statement

__all__ = ["PREFIX", "Placeholder", "is_placeholder", "shown"]

PREFIX: Final = "__jinja_"
_NAMED: Final = re.compile(r"__jinja_(?:(\w+?)_)?_", re.IGNORECASE)
_LONGEST: Final = 60


@dataclass(frozen=True)
class Placeholder:
    """Stands for a value that the text of a template does not tell, under a name that SQL can hold.

    Examples
    --------
    >>> str(Placeholder("target.schema"))
    '__jinja_target_schema__'
    """

    name: str
    literal: bool = False

    def __str__(self) -> str:
        return f"{PREFIX}{re.sub(r'[^A-Za-z0-9_]', '_', self.name)[:_LONGEST]}__"


def is_placeholder(name: str) -> bool:
    """Whether a name, in any case, stands for what is not known, as a whole.

    Examples
    --------
    >>> is_placeholder("__JINJA_THIS__"), is_placeholder("orders")
    (True, False)
    """
    return name[:2] == "__" and name[:8].lower() == PREFIX and _NAMED.fullmatch(name) is not None


def _shown(text: str) -> str:
    if PREFIX not in text.lower():
        return text
    return _NAMED.sub(lambda found: f"{{{{ {(found[1] or '…').lower()} }}}}", text)


def shown(statement: Statement) -> Statement:
    """Write the expressions of the template back where a statement names them.

    What names an output column may as well write several, or further ones: beside it stands a star.

    Examples
    --------
    >>> shown(Statement("INSERT", outputs=("__jinja_this__", "__JINJA_ENV__.T"))).outputs
    ('{{ this }}', '{{ env }}.T')
    """
    return replace(
        statement,
        text=_shown(statement.text),
        inputs=tuple(map(_shown, statement.inputs)),
        outputs=tuple(map(_shown, statement.outputs)),
        columns={_shown(t): _columns(names) for t, names in statement.columns.items()},
        edges=tuple(
            e._replace(
                output_table=_shown(e.output_table),
                output_column=None if e.output_column is None else _shown(e.output_column),
                input_table=_shown(e.input_table),
                input_column=_shown(e.input_column),
                expression=None if e.expression is None else _shown(e.expression),
            )
            for e in statement.edges
        ),
        problems=tuple(p._replace(message=_shown(p.message)) for p in statement.problems),
        events=tuple(
            e._replace(table=_shown(e.table), other=None if e.other is None else _shown(e.other))
            for e in statement.events
        ),
        temporary=frozenset(map(_shown, statement.temporary)),
        types=_types(statement.types),
        references=tuple((_shown(t), _shown(c)) for t, c in statement.references),
        alterations=tuple(a._replace(table=_shown(a.table)) for a in statement.alterations),
    )


def _columns(names: tuple[str, ...]) -> tuple[str, ...]:
    written = tuple(map(_shown, names))
    return written if written == names or "*" in written else (*written, "*")


def _types(types: Mapping[str, Mapping[str, str | None]]) -> Mapping[str, Mapping[str, str | None]]:
    return {_shown(table): {_shown(c): t for c, t in columns.items()} for table, columns in types.items()}
