"""What personal data goes on to: status, exposures, cures, subjects, a report, tags."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import polars as pl

from lineage_nb.errors import FormatError
from lineage_nb.result.base import Result

__all__ = ["PiiResult"]

AnyPath = str | PathLike[str]


def _shown(frame: pl.DataFrame) -> pl.DataFrame:
    from lineage_nb.views.hops import Explanation

    return Explanation(frame)


class PiiResult(Result, of="pii"):
    """Where personal data ends up; made by `Snapshot.pii`."""

    def explain(self, node: str, label: str | None = None, **options: Any) -> pl.DataFrame:
        """Show how a label got to a place, hop by hop.

        Parameters
        ----------
        node : str
            A place of the frame; an id or a unique suffix of one.
        label : str, optional
            Which label; needed where the place holds several.
        **options
            ``path`` ("strongest" or "shortest") and ``certainty``; see `lineage_nb.analyses.pii.why.explain`.

        Returns
        -------
        polars.DataFrame
            source, target, type, subtype, verdict, certainty, jobs, evidence, so_far, statement: the SQL that made the
            column, literals taken out; null where none is known.

        Examples
        --------
        >>> import lineage_nb as ln
        >>> snap = ln.from_frames(
        ...     nodes={"id": ["t#mail", "u#mail"], "tags": [["pii:email"], None]}, edges={"source": ["t#mail"], "target": ["u#mail"]}
        ... )
        >>> snap.pii().explain("u.mail", "email")["source"].to_list()
        ['t#mail']
        """
        return super().explain(node, **({} if label is None else {"label": label}), **options)

    def status(self, **options: Any) -> pl.DataFrame:
        """Tell of every column whether a label is proved, possible or suspected in it, or whether it is clean or unknown.

        Parameters
        ----------
        **options
            ``label``, ``sources``; see `lineage_nb.analyses.pii.status.status`, which also tells the columns.
        """
        from lineage_nb.analyses.pii.status import status

        return _shown(status(self._answer, **options))

    def coverage(self, **options: Any) -> pl.DataFrame:
        """Count by schema, namespace or tag how many columns are proved, possible, suspected, clean, unknown.

        Parameters
        ----------
        **options
            ``by``, ``label``, ``sources``; see `lineage_nb.analyses.pii.status.coverage`, which also tells the columns.
        """
        from lineage_nb.analyses.pii.status import coverage

        return _shown(coverage(self._answer, **options))

    def about_person(self) -> pl.DataFrame:
        """List the tables that are about persons, labelled or not, and the columns that say so.

        `lineage_nb.analyses.pii.person.about_person` tells the columns.
        """
        from lineage_nb.analyses.pii.person import about_person

        return _shown(about_person(self._answer))

    def stopped(self) -> pl.DataFrame:
        """List what the policy stopped, with its reason."""
        from lineage_nb.analyses.pii.propagation import stopped

        return _shown(stopped(self._answer))

    def exposures(self, **options: Any) -> Result:
        """Tell who can see the personal data that `pii` found: reports, exports, shares, feature sets, borders, people.

        Parameters
        ----------
        **options
            ``by`` (recipient, person, region, column), ``policy``, ``decisions`` (accepted exposures), ``days``; see
            `lineage_nb.analyses.pii.exposures.exposures`, which also tells the columns.
        """
        from lineage_nb.analyses.pii.exposures import exposures

        return Result(exposures(self._answer, **options))

    def cure(self, column: str, **options: Any) -> Result:
        """Find the fewest edges to mask or cut so that no personal data reaches a column, and what else each changes.

        Parameters
        ----------
        column : str
            A column, dataset or report; an id or a unique suffix of one.
        **options
            ``labels``, ``at_source``; see `lineage_nb.analyses.pii.cure.cure`, which also tells the columns.

        Raises
        ------
        LineageError
            For a column that no label reaches.
        """
        from lineage_nb.analyses.pii.cure import cure

        return Result(cure(self._answer, column, **options))

    def subject_tables(self, **options: Any) -> Result:
        """List every table with data of or about persons, and by which keys to find one: for access and erasure requests.

        Parameters
        ----------
        **options
            ``label`` (what is known of the person); see `lineage_nb.analyses.pii.subject_tables.subject_tables`, which
            also tells the columns.
        """
        from lineage_nb.analyses.pii.subject_tables import subject_tables

        return Result(subject_tables(self._answer, **options))

    def report(self, path: AnyPath, **options: Any) -> Path:
        """Write what was found about personal data as an audit report: one HTML file, offline, to read or to print.

        Parameters
        ----------
        path : path-like
            The file to write.
        **options
            ``title``, ``dated`` (day to print on it), ``decisions`` (with accepted exposures and their expiry), ``rows``
            (most exposures of a kind); see `lineage_nb.views.pii_report.pii_report`.
        """
        from lineage_nb.views.pii_report import pii_report

        target = Path(path)
        text = pii_report(self._answer, **options)
        try:
            target.write_text(text, encoding="utf-8", errors="replace")
        except OSError as error:
            raise FormatError.unreadable(target, f"cannot be written ({error.strerror}); give a file in a folder that is there") from error
        return target

    def tag_sql(self, dialect: str, **options: Any) -> str:
        """Write statements that tag what personal data was proved to reach, to review; nothing is executed.

        Parameters
        ----------
        dialect : {"snowflake", "bigquery", "unity"}
            Whose SQL.
        **options
            ``tag`` (its name), ``possible`` (add what is only possible, as comments), ``namespace`` (write for this
            one alone); see `lineage_nb.analyses.pii.tag_statements.tag_sql`.

        Raises
        ------
        LineageError
            For an unknown dialect.
        """
        from lineage_nb.analyses.pii.tag_statements import tag_sql

        return tag_sql(self._answer, dialect, **options)

    def tag_yaml(self, *, possible: bool = False, config: bool = True) -> str:
        """Write what personal data was proved to reach as properties for a dbt project, to review.

        Parameters
        ----------
        possible : bool
            Add what is only possible, as comments.
        config : bool
            Write tags under ``config``, as dbt wants it from 1.10 on.
        """
        from lineage_nb.analyses.pii.tag_yaml import tag_yaml

        return tag_yaml(self._answer, possible=possible, config=config)
