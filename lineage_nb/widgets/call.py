"""The call that a panel stands for, to copy; and the way by which files reach the browser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["MOST_SENT", "Call", "call"]

MOST_SENT = 1_500_000
"""Largest file sent to the browser, bytes; a larger one is written to the working folder.

Jupyter's server drops messages beyond 1 MB a second, averaged over three."""

_STATIC = Path(__file__).parent / "static"


class Call(anywidget.AnyWidget):  # type: ignore[misc]
    """A line of code with a button that copies it; needs no network.

    Attributes
    ----------
    code : str
        Shown and copied as plain text.
    said : str
        What was done last, shown beside it.

    Examples
    --------
    >>> Call(code="snap.cost()").code
    'snap.cost()'
    """

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"

    code = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)

    def hand_over(self, name: str, mime: str, content: bytes) -> None:
        """Let the browser save a file; one that is too large to send is written to the working folder.

        Parameters
        ----------
        name : str
            Without a folder.
        mime : str
            Its type.
        content : bytes
            What is in it.
        """
        if len(content) > MOST_SENT:
            path = Path(name).absolute()
            path.write_bytes(content)
            self.said = f"Written to {path}: {len(content) / 1e6:,.1f} MB are too much to send to the browser"
            return
        self.send({"do": "save", "name": name, "mime": mime}, buffers=[content])
        self.said = f"{name} handed to the browser"


def call(name: str, arguments: Mapping[str, Any]) -> str:
    """Write a call of a snapshot's method as code.

    Parameters
    ----------
    name : str
        The method.
    arguments : mapping
        What it is given. A value that no literal stands for (a frame, a snapshot) is written as a variable of the
        argument's name.

    Examples
    --------
    >>> call("cost", {"by": "team", "invoice": object()})
    "snap.cost(by='team', invoice=invoice)"
    """
    return f"snap.{name}({', '.join(f'{key}={_literal(key, value)}' for key, value in arguments.items())})"


def _literal(name: str, value: Any) -> str:
    if isinstance(value, date):
        return repr(value.isoformat())
    return repr(value) if _is_literal(value) else name


def _is_literal(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_literal(k) and _is_literal(v) for k, v in value.items())
    if isinstance(value, (list, tuple, set)):
        return all(_is_literal(v) for v in value)
    return value is None or isinstance(value, (str, int, float, bool))
