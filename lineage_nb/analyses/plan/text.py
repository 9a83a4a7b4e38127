"""A drop plan as Markdown, and a packet for each owner. Every name is hostile and cannot become markup."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lineage_nb.analyses.result import money, plural

if TYPE_CHECKING:
    from lineage_nb.analyses.plan.plan import Plan

__all__ = ["escaped", "markdown", "packets"]

_PLAIN = re.compile(r"[\w./:@#%+ -]+")
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+\-.!|~&:@$=\"'/]")
_NAME = re.compile(r"[\w./:@#%+-]+")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|www)(?=[:.])")
_STEPS = ("step", "action", "node", "why", "ask", "wait", "saves", "saved so far", "bytes", "after", "restore")


def escaped(text: str) -> str:
    """Write any text so that Markdown shows it as it is: no markup, no link, no HTML, one line.

    Examples
    --------
    >>> escaped("mart.users"), escaped("<b>|`x`")
    ('`mart.users`', '&#60;b&#62;&#124;&#96;x&#96;')
    """
    line = "".join(c if c.isprintable() else " " for c in text)
    if _PLAIN.fullmatch(line) and line.strip() == line:
        return f"`{line}`"
    return _MARKUP.sub(lambda m: f"&#{ord(m.group())};", line)


def markdown(plan: Plan) -> str:
    """Write the whole plan.

    Parameters
    ----------
    plan : Plan
        Any.

    Returns
    -------
    str
        Headline, steps as a table, what is left out, what it rests on.
    """
    lines = ["# Drop plan", "", _sentence(plan.headline), ""]
    lines += _table(_STEPS, [_row(plan, step) for step in plan.frame.iter_rows(named=True)])
    if plan.left_out.height:
        spoken, currency = plan.lineage.spoken, str(plan.summary["currency"])
        rows = [
            (escaped(spoken(r["node"])), r["verdict"], _sentence(r["reason"]), str(r["until"] or ""), _money(r["freed"], currency))
            for r in plan.left_out.iter_rows(named=True)
        ]
        lines += ["", "## Left out", "", *_table(("node", "verdict", "reason", "until", "saves"), rows)]
    lines += ["", "## What this rests on", "", *(f"- {_sentence(note)}" for note in plan.trust), ""]
    return "\n".join(lines)


def packets(plan: Plan) -> dict[str, str]:
    """Write a page for each owner, with a place to answer for each table.

    Parameters
    ----------
    plan : Plan
        Any.

    Returns
    -------
    dict
        Owner → Markdown, sorted; under ``""`` what nobody owns. What several own is on the page of each.
    """
    mine: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for step in plan.frame.iter_rows(named=True):
        for owner in step["owners"] or [""]:
            mine[owner].append(step)
    return {owner: _packet(plan, owner, mine[owner]) for owner in sorted(mine)}


def _packet(plan: Plan, owner: str, steps: Sequence[dict[str, Any]]) -> str:
    spoken, currency = plan.lineage.spoken, str(plan.summary["currency"])
    things = [s for s in steps if s["action"] in ("drop", "retire report")]
    jobs = [s for s in steps if s["action"].endswith("job")]
    freed = None if any(s["freed"] is None for s in steps) else sum(s["freed"] for s in steps)
    who = escaped(spoken(owner)) if owner else "nobody (no owner is recorded)"
    lines = [f"# What nobody seems to use: for {who}", ""]
    lines.append(f"By the log up to {plan.as_of}, {plural(len(things), 'thing')} of yours can go" + (
        f", which would have saved {_money(freed, currency)} together with their jobs." if freed else "."
    ))
    lines += ["Please answer for each.", ""]
    for step in things:
        lines += [f"## {escaped(spoken(step['node']))}", "", f"- step {step['step']}: {step['action']}", f"- why: {_sentence(step['why'])}"]
        if step["bytes"] is not None:
            lines.append(f"- stored: {step['bytes']:,} bytes")
        if step["freed"]:
            lines.append(f"- saves: {_money(step['freed'], currency)}")
        if step["action"] == "drop" and plan.as_of:
            lines.append(f"- renamed first; dropped not before {plan.as_of + timedelta(days=step['grace'])}")
        lines += [f"- to restore: {_sentence(step['restore'])}", "", *_answer()]
    if jobs:
        lines += ["## Jobs", ""]
        lines += [f"- step {s['step']}: {s['action']} {escaped(spoken(s['node']))}: {_sentence(s['why'])}" for s in jobs] + [""]
    return "\n".join(lines)


def _answer() -> list[str]:
    return [
        "Your answer:",
        "",
        "- [ ] drop it",
        "- [ ] keep it until ____-__-__ (no day: for good)",
        "- [ ] ask again after ____-__-__",
        "",
        "By: ____________  Note: ____________",
        "",
    ]


def _row(plan: Plan, step: dict[str, Any]) -> tuple[str, ...]:
    spoken, currency = plan.lineage.spoken, str(plan.summary["currency"])
    return (
        str(step["step"]),
        step["action"],
        escaped(spoken(step["node"])),
        _sentence(step["why"]),
        ", ".join(escaped(spoken(o)) for o in step["owners"]),
        f"{step['grace']} days" if step["grace"] else "",
        _money(step["freed"], currency) if step["freed"] else "",
        _money(step["freed_cumulated"], currency),
        "" if step["bytes"] is None else f"{step['bytes']:,}",
        ", ".join(map(str, step["depends_on"])),
        _sentence(step["restore"]),
    )


def _money(micro: int | None, currency: str) -> str:
    return "" if micro is None else _sentence(money(micro, currency))


def _sentence(text: str) -> str:
    """Prose with names in it, as Markdown shows it: plain names as code, other markup as character codes.

    Examples
    --------
    >>> _sentence("feeds mart.daily_users, by *ana*")
    'feeds `mart.daily_users`, by &#42;ana&#42;'
    """
    line = "".join(c if c.isprintable() else " " for c in text)
    return re.sub(r"\S+", lambda m: _token(m.group()), line)


def _token(token: str) -> str:
    """One word: as code where it is a name of plain characters with something in it that could become markup."""
    opening, core, closing = re.fullmatch(r"(\(?)(.*?)([,;:.)]*)", token).groups()  # type: ignore[union-attr]
    if _NAME.fullmatch(core) and (set("_#@") & set(core) or _LINK.search(core)):
        return f"{opening}`{core}`{closing}"
    escaped_ = re.sub(r"[\\`*_{}\[\]<>#|~&@$]", lambda m: f"&#{ord(m.group())};", token)
    escaped_ = re.sub(r"!(?=&#91;)", "&#33;", escaped_)
    return _LINK.sub(lambda m: f"&#{ord(m.group()[0])};{m.group()[1:]}", escaped_)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in rows)]
