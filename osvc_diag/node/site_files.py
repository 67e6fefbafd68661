"""Reads the rules of etc/sysreport.conf.d, and finds the files that they stand for."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

from osvc_diag.node.site_rules import (
    CommandRule,
    PathRule,
    SiteRules,
    WrongLineError,
    name_matcher,
    parse_rule,
)
from osvc_diag.objects.globs import is_glob
from osvc_diag.ownership import UntrustedError, open_trusted
from osvc_diag.reading.granted import refusal
from osvc_diag.reading.trees import NotTakenError, Trees
from osvc_diag.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from osvc_diag.objects.layout import Layout

FOLDER = "sysreport.conf.d"
"""Below etc."""
FILE_LIMIT = 256 * 1024  # bytes of one file of rules; a real one has a screenful
MOST_RULE_FILES = 200
MOST_RULES = 500  # each path that is asked for is held against each of them
MOST_PROBLEMS = 50  # that are told
MOST_FILES = 2_000  # that all rules together stand for
MOST_LOOKED_AT = 100_000  # entries of folders


@dataclass(frozen=True)
class Problem:
    """What is not obeyed, or not found out."""

    path: str
    """Of the file of rules, absolute, on the machine that runs osvc_diag."""
    reason: str
    is_denied: bool = False


def read_site_rules(layout: Layout, base: str = "/") -> tuple[SiteRules, list[Problem]]:
    """Read the rules of a node, and say which lines and files are not obeyed.

    Only files are obeyed that root or the running user owns, and nobody else can write, as their folders.

    Args:
        layout: where the agent's folders are.
        base: the folder that stands for `/`.
    """
    reader = _RuleReader(Trees([layout.etc], base=base))
    reader.read_all(f"{layout.etc}/{FOLDER}")
    reader.tell_the_rest(f"{layout.etc}/{FOLDER}")
    rules = reader.rules
    return SiteRules(
        tuple(rule for rule in rules if isinstance(rule, PathRule)),
        tuple(rule for rule in rules if isinstance(rule, CommandRule)),
    ), reader.problems


class _RuleReader:
    """Takes in the files of rules, one after the other."""

    def __init__(self, trees: Trees) -> None:
        self.rules: list[Union[PathRule, CommandRule]] = []
        self.problems: list[Problem] = []
        self._trees = trees
        self._untold = 0

    def tell_the_rest(self, folder: str) -> None:
        """Count what is not told one by one."""
        if self._untold:
            self.problems.append(Problem(folder, f"{self._untold} more lines or files are not obeyed"))

    def read_all(self, folder: str) -> None:
        """Read the files of a folder, sorted."""
        for count, path in enumerate(self._trees.walk(folder)):
            if count == MOST_RULE_FILES:
                self._refuse(folder, f"has more than {MOST_RULE_FILES} files: the others are not read")
                return
            try:
                text = self._text(path)
            except PermissionError:
                self._refuse(path, "permission denied", is_denied=True)
            except (OSError, UntrustedError, NotTakenError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                self._refuse(path, f"is not obeyed: {reason}")
            else:
                self._read_lines(path, path[len(folder) + 1 :], text)

    def _read_lines(self, path: str, name: str, text: str) -> None:
        for number, line in enumerate(text.split("\n"), start=1):
            try:
                rule = parse_rule(line, f"{name}:{number}")
            except WrongLineError as error:
                self._refuse(path, f"line {number} is not obeyed: {error}")
                continue
            if rule is None:
                continue
            if len(self.rules) == MOST_RULES:
                self._refuse(path, f"line {number} and what follows: there are more than {MOST_RULES} rules")
                return
            self.rules.append(rule)

    def _text(self, path: str) -> str:
        real_path = self._trees.rooted(path)
        if os.path.realpath(real_path) != real_path:
            # On a foreign disk it would lead to this machine's own files.
            raise NotTakenError("it is a link, or lies behind one")
        with os.fdopen(open_trusted(real_path), "rb") as file:
            content = file.read(FILE_LIMIT + 1)
        if len(content) > FILE_LIMIT:
            raise NotTakenError(f"it is larger than {FILE_LIMIT} bytes, which no rules are")
        return content.decode("utf-8", "surrogateescape")

    def _refuse(self, path: str, reason: str, *, is_denied: bool = False) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(path, reason, is_denied))
        else:
            self._untold += 1


class SiteFiles:
    """The files that the rules of a node stand for; only folders are looked into."""

    def __init__(self, rules: SiteRules, base: str = "/") -> None:
        """Prepare.

        Args:
            rules: of the node.
            base: the folder that stands for `/`.
        """
        self.notes: list[tuple[PathRule, str]] = []
        """What is not complete; final once `paths` is through."""
        self._rules = rules
        self._base = os.path.normpath(base).rstrip(os.sep)
        self._trees = Trees([self._base or os.sep], base=base)
        self._left = MOST_LOOKED_AT

    def paths(self) -> Iterator[str]:
        """Yield the files, absolute, on the machine that runs osvc_diag, each once; links are none."""
        found: set[str] = set()
        for rule in self._rules.includes:
            for path in self._of(rule):
                if path in found:
                    continue
                if len(found) == MOST_FILES:
                    self.notes.append((rule, f"all rules name over {MOST_FILES} files: the rest is left out"))
                    return
                found.add(path)
                yield path

    def _of(self, rule: PathRule) -> Iterator[str]:
        never = 0
        for path in self._matches(self._base or os.sep, rule.text.strip("/").split("/"), rule):
            on_node = path[len(self._base) :]
            if self._rules.grants(on_node):
                yield path
            elif refusal(on_node) and not self._rules.leaves_out(on_node):
                never += 1
        if self._left <= 0:
            self.notes.append((rule, f"more than {MOST_LOOKED_AT} files would have to be looked at"))
        if never:
            self.notes.append((rule, f"left out of what it names: {counted(never, 'file')} of secrets"))

    def _matches(self, folder: str, names: list[str], rule: PathRule) -> Iterator[str]:
        """Yield what a rule names below a folder, given the rest of its pattern."""
        if not any(map(is_glob, names)):
            yield from self._taken(os.path.join(folder, *names))
            return
        plain = list(itertools.takewhile(lambda name: not is_glob(name), names))
        folder, pattern, rest = os.path.join(folder, *plain), names[len(plain)], names[len(plain) + 1 :]
        matches = name_matcher(pattern)
        for name in self._listed(folder, rule):
            self._left -= 1
            if self._left <= 0:
                return
            path = os.path.join(folder, name)
            if not matches(name):
                continue
            if rest:
                yield from self._matches(path, rest, rule)
            elif not os.path.islink(path):  # as the agent: what a link names has a name of its own
                yield from self._taken(path)

    def _listed(self, folder: str, rule: PathRule) -> list[str]:
        try:
            return self._trees.listdir(folder)
        except (OSError, NotTakenError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            self.notes.append((rule, f"a folder on its way cannot be listed: {reason}"))
            return []

    def _taken(self, path: str) -> Iterator[str]:
        """Yield a file, or the files below a folder; where looking at it fails, reading will say why."""
        try:
            self._trees.look(path)
        except (FileNotFoundError, NotADirectoryError):
            return  # as the agent: a rule may be for another machine
        except NotTakenError:
            yield from self._below(path)
        except OSError:
            yield path
        else:
            yield path

    def _below(self, folder: str) -> Iterator[str]:
        if not self._is_entered(folder):
            return
        for path in self._trees.walk(folder, self._is_entered):
            self._left -= 1
            if self._left <= 0:
                return
            if not os.path.islink(path):
                yield path

    def _is_entered(self, folder: str) -> bool:
        on_node = folder[len(self._base) :] or os.sep
        return refusal(on_node) is None and not self._rules.leaves_out(on_node)
