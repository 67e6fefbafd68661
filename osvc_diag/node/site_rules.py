"""What a line of etc/sysreport.conf.d means: what root told the agent to collect beside its own files.

The keywords and their meaning are those of b2.1 core/sysreport/sysreport.py and om3 util/sysreport/config.go:
FILE, DIR, GLOB and INC are one and the same, a pattern of files or of folders; EXC takes away again; CMD is a
command, which no shell sees.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field
from typing import Callable, Union

from osvc_diag.objects.globs import compile_glob, is_glob
from osvc_diag.printable import quoted
from osvc_diag.reading.granted import refusal

_INCLUDING = ("FILE", "DIR", "GLOB", "INC")
_EXCLUDING = "EXC"
_COMMAND = "CMD"
_SHELL = frozenset("|&;<>`")
MAX_LINE = 4096  # characters


class WrongLineError(Exception):
    """A line that is not obeyed; the text says why."""


@dataclass(frozen=True)
class PathRule:
    """A pattern: it stands for the files that it matches, and for all below the folders that it matches."""

    text: str
    """Absolute, normal, on the node."""
    where: str
    """`FILE:LINE`."""
    excludes: bool = False
    parts: tuple[Callable[[str], bool], ...] = field(default=(), compare=False, repr=False)

    @classmethod
    def of(cls, text: str, where: str, *, excludes: bool = False) -> PathRule:
        """Compile a pattern."""
        text = os.path.normpath(text)
        return cls(text, where, excludes, tuple(map(name_matcher, _names(text))))

    def matches(self, names: list[str]) -> bool:
        """Tell whether it stands for a path, given its components."""
        return len(names) >= len(self.parts) and all(match(name) for match, name in zip(self.parts, names))


@dataclass(frozen=True)
class CommandRule:
    """A command."""

    argv: tuple[str, ...]
    where: str
    """`FILE:LINE`."""


@dataclass(frozen=True)
class SiteRules:
    """All rules of a node."""

    paths: tuple[PathRule, ...] = ()
    commands: tuple[CommandRule, ...] = ()

    @property
    def includes(self) -> tuple[PathRule, ...]:
        """Those that ask for files."""
        return tuple(rule for rule in self.paths if not rule.excludes)

    def grants(self, path: str) -> bool:
        """Tell whether the rules ask for a file; one that is never taken is not asked for.

        Args:
            path: absolute, normal, on the node.
        """
        names = _names(path)
        found = {rule.excludes for rule in self.paths if rule.matches(names)}
        return found == {False} and refusal(path) is None

    def leaves_out(self, path: str) -> bool:
        """Tell whether EXC takes a path away."""
        names = _names(path)
        return any(rule.excludes and rule.matches(names) for rule in self.paths)


def parse_rule(line: str, where: str) -> Union[PathRule, CommandRule, None]:
    """Read a line; None where it is empty or a comment.

    Args:
        line: without its end.
        where: `FILE:LINE`.

    Raises:
        WrongLineError: the agent would not obey it either, or it asks for what is never taken.
    """
    line = line.strip()
    if not line or line.startswith(("#", ";")):
        return None
    if len(line) > MAX_LINE:
        raise WrongLineError("it is too long")
    if line.startswith(_COMMAND):
        return CommandRule(_argv(line[len(_COMMAND) :].strip()), where)
    for keyword in (*_INCLUDING, _EXCLUDING):
        if line.startswith(keyword):
            return _path_rule(line[len(keyword) :].strip(), where, excludes=keyword == _EXCLUDING)
    word = line.split(maxsplit=1)[0]
    raise WrongLineError(f"{quoted(word)} is none of FILE, DIR, GLOB, INC, EXC, CMD")


def name_matcher(pattern: str) -> Callable[[str], bool]:
    """Match a name as a shell does: one that starts with a dot only by a pattern that does."""
    matches = compile_glob(pattern)
    if is_glob(pattern) and not pattern.startswith("."):
        return lambda name: not name.startswith(".") and matches(name)
    return matches


def _path_rule(text: str, where: str, *, excludes: bool) -> PathRule:
    if not text.startswith("/") or "\0" in text:
        raise WrongLineError(f"{quoted(text)} is no absolute path")
    rule = PathRule.of(text, where, excludes=excludes)
    reason = None if excludes or is_glob(rule.text) else refusal(rule.text)
    if reason is not None:
        raise WrongLineError(f"{quoted(rule.text)} {reason}")
    return rule


def _argv(text: str) -> tuple[str, ...]:
    if _has_shell_syntax(text):
        raise WrongLineError("it needs a shell, which neither the agent nor this program runs: name a script")
    try:
        argv = shlex.split(text)
    except ValueError as error:
        raise WrongLineError(f"no command can be read from it: {error}") from error
    if not argv or "\0" in text:
        raise WrongLineError("it names no command")
    if "/" in argv[0] and not argv[0].startswith("/"):
        raise WrongLineError(f"the path of {quoted(argv[0])} is not absolute")
    return tuple(argv)


def _has_shell_syntax(text: str) -> bool:
    """Tell whether a command line has what only a shell understands."""
    quote = ""
    is_escaped = False
    for char in text:
        if is_escaped:
            is_escaped = False
        elif char == "\\" and quote != "'":
            is_escaped = True
        elif quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in _SHELL:
            return True
    return "$(" in text or "${" in text


def _names(path: str) -> list[str]:
    return [name for name in path.split("/") if name]
