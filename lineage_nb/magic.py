"""The line magic: ``%load_ext lineage_nb``, then ``%lineage impact mart.orders``."""

from __future__ import annotations

import inspect
import re
import shlex
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lineage_nb.api import Snapshot
from lineage_nb.completion import NODE_PARAMETERS, register, unregister
from lineage_nb.errors import LineageError, unknown_word
from lineage_nb.magic_arguments import arguments, described, is_list, is_switch, split_line, usage
from lineage_nb.result import Result
from lineage_nb.widgets.signature import Parameter, parameters

__all__ = ["LineageMagic", "load", "unload"]

_LINE = re.compile(r"(?:^|=)\s*%lineage(\s+.*)?$")
_HELP = ("help", "--help", "-h")
_MOST = 200


@dataclass(frozen=True)
class _Action:
    """What a first word does."""

    told: str
    parameters: Mapping[str, Parameter]
    run: Callable[[Snapshot, dict[str, Any]], object]


def _actions() -> dict[str, _Action]:
    """Every analysis that gives a `Result`, by its name, and the ways to look around."""
    found = {}
    for name, method in vars(Snapshot).items():
        made = getattr(method, "__signature__", None)
        if made is not None and str(made.return_annotation).endswith("Result"):
            found[name] = _Action(_told(method), parameters(method), _asking(name))
    node = Parameter("node", "str", None, required=True, choices=(), told="An id, or a unique suffix of one.")
    found["search"] = _Action(_told(Snapshot.search), parameters(Snapshot.search), _asking("search"))
    found["show"] = _Action("Look at one node.", {"node": node}, lambda snap, given: snap[given["node"]])
    found["explore"] = _Action(_told(Snapshot.explore), _explore_parameters(), _asking("explore"))
    return found


def _asking(name: str) -> Callable[[Snapshot, dict[str, Any]], object]:
    return lambda snap, given: getattr(snap, name)(**given)


def _told(method: object) -> str:
    return (inspect.getdoc(method) or "").partition("\n")[0]


def _explore_parameters() -> dict[str, Parameter]:
    from lineage_nb.widgets.controls import Explorer

    documented, own = parameters(Snapshot.explore), parameters(Explorer.__init__)
    return {**documented, **{name: p for name, p in own.items() if name not in ("lineage", "focus")}}


class LineageMagic:
    """What ``%lineage`` does in one shell.

    Parameters
    ----------
    variables : Mapping
        The user's variables, where the snapshot is found.

    Examples
    --------
    >>> import lineage_nb as ln
    >>> magic = LineageMagic({"snap": ln.from_edges([("raw", "mart")])})
    >>> magic.ask("impact raw --max-hops 1").frame["node"].to_list()
    ['mart']
    """

    def __init__(self, variables: Mapping[str, object]) -> None:
        self._variables = variables
        self._seen: dict[str, weakref.ref[Snapshot]] = {}
        self._newest: list[str] = []
        self._last: Result | None = None
        self._shown: object = None

    # -- the snapshot that is meant --------------------------------------------------------------------------

    def look(self, _: object = None) -> None:
        """Notice which snapshots were assigned since the last look; after each cell."""
        now = self._snapshots()
        fresh = [name for name, snap in now.items() if name not in self._seen or self._seen[name]() is not snap]
        self._newest = fresh or [name for name in self._newest if name in now]
        self._seen = {name: weakref.ref(snap) for name, snap in now.items()}

    def _snapshots(self) -> dict[str, Snapshot]:
        return {
            name: value
            for name, value in list(self._variables.items())
            if isinstance(value, Snapshot) and not name.startswith("_")
        }

    def snapshot(self, name: str | None = None) -> Snapshot:
        """Find the snapshot that is meant: the one named, else the only one, else the one assigned last.

        Raises
        ------
        LineageError
            Where there is none, or it is not clear which one.
        """
        self.look()
        held = self._snapshots()
        if name is not None:
            if name in held:
                return held[name]
            raise LineageError(unknown_word("snapshot", name, held) if held else f"no variable {name!r} holds a snapshot")
        if not held:
            raise LineageError("no variable holds a snapshot; make one first: snap = lineage_nb.read(path)")
        for names in (list(held), self._newest):
            different = {id(held[n]): held[n] for n in names if n in held}
            if len(different) == 1:
                return next(iter(different.values()))
        raise LineageError(f"several variables hold snapshots: {', '.join(held)}. Say which: %lineage --snap {next(iter(held))} …")

    # -- asking ----------------------------------------------------------------------------------------------

    def ask(self, line: str) -> Any:
        """Do what a line says; gives the answer, or None after printing help.

        Raises
        ------
        LineageError
            For anything that cannot be understood or answered.
        """
        name, words = _without_snap(split_line(line))
        if not words or words[0] in _HELP:
            print(self.help(words[1] if len(words) > 1 else None))
            return None
        what, rest = words[0], words[1:]
        if any(word in _HELP[1:] for word in rest):
            print(self.help(what))
            return None
        if what == "why":
            return self._why(rest)
        action = self._action(what)
        answer = action.run(self.snapshot(name), arguments(rest, action.parameters, self._variables, what))
        if isinstance(answer, Result):
            self._last, self._shown = answer, self._variables.get("_")
        return answer

    def _action(self, what: str) -> _Action:
        known = _actions()
        if what not in known:
            raise LineageError(f"{unknown_word('question', what, [*known, 'why', 'help'])} %lineage alone tells more.")
        return known[what]

    def _answered(self) -> Result:
        """The last answer: of this magic, or shown since."""
        shown = self._variables.get("_")
        if isinstance(shown, Result) and shown is not self._shown:
            return shown
        if self._last is None:
            raise LineageError("there is no answer yet that could be explained; ask first: %lineage impact …")
        return self._last

    def _why(self, words: list[str]) -> Any:
        answer = self._answered()
        return answer.explain(**_first_as_node(arguments(words, _why_parameters(answer), self._variables, "why")))

    # -- help ------------------------------------------------------------------------------------------------

    def help(self, what: str | None = None) -> str:
        """Write what can be asked, or the options of one question."""
        if what is not None and what != "why":
            action = self._action(what)
            lines = [f"%lineage {what}: {action.told}", usage(what, action.parameters)]
            return "\n".join([*lines, *_options(action.parameters)])
        known = _actions()
        width = max(map(len, known))
        lines = ["Ask the snapshot in your variables; the answer is shown, and _ holds it.", ""]
        lines += [f"  {usage(name, action.parameters).removeprefix('Usage: ')}\n  {'':<{width}}  {action.told}" for name, action in known.items()]
        lines += [f"  %lineage why NODE\n  {'':<{width}}  Explain a node or key of the last answer."]
        return "\n".join([*lines, "", "--snap NAME says which snapshot; %lineage help NAME lists the options of one question."])

    # -- completion ------------------------------------------------------------------------------------------

    def offer(self, line: str) -> tuple[str, list[str]] | None:
        """Offer what may go on a line with the magic; None for any other line."""
        found = _LINE.search(line)
        if found is None or not found[1]:
            return None
        text = found[1].lstrip()
        before, _, typed = text.rpartition(" ")
        given = before.split()
        if given[-1:] == ["--snap"]:
            return typed, [known for known in self._snapshots() if known.startswith(typed)]
        name, words = _without_snap(given)
        if not words:
            return typed, [w for w in (*_actions(), "why", "help", "--snap") if w.startswith(typed)]
        if words[0] == "help":
            return typed, [w for w in (*_actions(), "why") if w.startswith(typed)]
        try:
            if words[0] == "why":
                answer = self._answered()
                return typed, _quotable(_in_answer(answer), typed)
            action = self._action(words[0])
            return self._offer_argument(action, words, typed, name)
        except LineageError:
            return typed, []

    def _offer_argument(self, action: _Action, words: list[str], typed: str, snap: str | None) -> tuple[str, list[str]]:
        options = {f"--{name.replace('_', '-')}": p for name, p in action.parameters.items()}
        option, equals, value = typed.partition("=")
        if equals and option in options:
            parameter, typed = options[option], value
        elif typed.startswith("--"):
            return typed, [name for name in (*options, "--snap") if name.startswith(typed)]
        elif words[-1] in options and not is_switch(options[words[-1]]):
            parameter = options[words[-1]]
        else:
            free = next((p for p in action.parameters.values() if p.required or p.name == "focus"), None)
            if free is None:
                return typed, [name for name in (*options, "--snap") if name.startswith(typed)]
            parameter = free
        if is_list(parameter):
            typed = typed.rpartition(",")[2]
        if parameter.choices or is_switch(parameter):
            return typed, [c for c in (parameter.choices or ("yes", "no")) if c.startswith(typed)]
        if parameter.name not in NODE_PARAMETERS:
            return typed, []
        return typed, _quotable(self.snapshot(snap).name_offers.starting(typed.lstrip("'\""), _MOST), typed)


def _without_snap(words: list[str]) -> tuple[str | None, list[str]]:
    """Take ``--snap name`` out of the words."""
    kept, name, at = [], None, 0
    while at < len(words):
        if words[at] == "--snap":
            if at + 1 == len(words):
                raise LineageError("--snap needs the name of a variable that holds a snapshot")
            name, at = words[at + 1], at + 2
            continue
        if words[at].startswith("--snap="):
            name = words[at].partition("=")[2]
        else:
            kept.append(words[at])
        at += 1
    return name, kept


def _why_parameters(answer: Result) -> dict[str, Parameter]:
    """What the explanation of an answer takes: the node or key first, under whatever name."""
    own = inspect.signature(answer._answer.explain).parameters.values()
    return {
        p.name: Parameter(p.name, str(p.annotation), None, required=at == 0, choices=(), told="")
        for at, p in enumerate(own)
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    }


def _first_as_node(given: dict[str, Any]) -> dict[str, Any]:
    """`Result.explain` calls ``node`` what the analyses may call key or line."""
    first = next(iter(given))
    return {"node" if name == first else name: value for name, value in given.items()}


def _in_answer(answer: Result) -> list[str]:
    frame, spoken = answer._answer.frame, answer._answer.lineage.spoken
    column = next((c for c in ("node", "key") if c in frame.columns), None)
    return [] if column is None else [spoken(i) for i in frame[column].drop_nulls().unique(maintain_order=True).head(5_000)]


def _quotable(names: list[str], typed: str) -> list[str]:
    """Names as words of a line: those that need quotes only where a quote is typed."""
    quoted = [name if shlex.quote(name) == name and typed[:1] not in ("'", '"') else shlex.quote(name) for name in names]
    return [name for name in quoted if name.lower().startswith(typed.lower()) or name[:1] not in ("'", '"')][:_MOST]


def _options(known: Mapping[str, Parameter]) -> list[str]:
    rows = [("NODE" if p.required else f"--{p.name.replace('_', '-')}", described(p), p.told) for p in known.values()]
    rows = [(p.name.upper() if p.required else name, kind, told) for p, (name, kind, told) in zip(known.values(), rows, strict=True)]
    if not rows:
        return []
    width = max(len(name) for name, _, _ in rows)
    return [f"  {name:<{width}}  {kind}" + (f": {told}" if told else "") for name, kind, told in rows]


def load(shell: Any) -> None:
    """Add ``%lineage`` and the completion of names to a shell; what ``%load_ext lineage_nb`` calls.

    Parameters
    ----------
    shell : InteractiveShell
        Of IPython 8 or later.
    """
    from IPython.core.error import UsageError

    unload(shell)
    magic = LineageMagic(shell.user_ns)
    magic.look()

    def lineage(line: str) -> Any:
        """Ask the snapshot in your variables.

        %lineage                                   what can be asked, with all options
        %lineage impact mart.orders --max-hops 2   who and what is hit
        %lineage cost --by team --method shapley   where the bill goes
        %lineage pii --labels email,phone          where personal data ends up
        %lineage unused --days 90                  what can be dropped
        %lineage why mart.orders                   why it is in the last answer
        %lineage explore mart.orders               the graph around it
        """
        try:
            return magic.ask(line)
        except LineageError as error:
            # Without a traceback: the message says it all.
            raise UsageError(str(error)) from None

    shell.register_magic_function(lineage, "line", "lineage")
    shell.events.register("post_run_cell", magic.look)
    vars(lineage)["look"] = magic.look
    register(shell, magic.offer)


def unload(shell: Any) -> None:
    """Take away what `load` added."""
    unregister(shell)
    lineage = shell.magics_manager.magics["line"].pop("lineage", None)
    look = getattr(lineage, "look", None)
    if look is not None:
        shell.events.unregister("post_run_cell", look)
