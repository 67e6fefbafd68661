"""The pages of docs/ say what is so: every name, hook, option, exit code, variable and error, and no other."""

from __future__ import annotations

import argparse
import importlib
import inspect
import os
import pkgutil
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import osvc_diag
import osvc_diag.testing
from osvc_diag.cli.collect import COMPLETE, GAPS
from osvc_diag.cli.main import (
    COMMANDS,
    HUNG_UP,
    INTERNAL_ERROR,
    INTERRUPTED,
    TERMINATED,
    UNREAD,
    add_output_arguments,
)
from osvc_diag.errors import DiagError
from osvc_diag.plugin import hookspecs
from osvc_diag.settings import _PARSERS as SETTINGS
from osvc_diag.settings import PREFIX
from osvc_diag.testing import Collected, NodeBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = sorted(name for name in os.listdir(os.path.join(ROOT, "docs")) if name.endswith(".md"))


def page(name: str) -> str:
    with open(os.path.join(ROOT, "docs", name), encoding="utf-8") as file:
        return file.read()


def quoted(text: str) -> set[str]:
    """Return what stands in backticks, outside of blocks."""
    return set(re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL)))


def parameters(function: Any) -> str:
    """Return a signature as the pages write it: names alone."""
    shown = []
    is_starred = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            is_starred = True
            shown.append(f"*{parameter.name}")
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not is_starred:
            is_starred = True
            shown.append("*")
        shown.append(parameter.name)
    return ", ".join(shown)


def public_methods(cls: type) -> Iterator[str]:
    for name, value in vars(cls).items():
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, classmethod)):
            yield name


class TestApi:
    def test_every_public_name_is_listed(self) -> None:
        names = quoted(page("api.md"))
        for name in [*osvc_diag.__all__, *osvc_diag.testing.__all__]:
            assert name in names, name

    def test_every_signature_is_as_it_is(self) -> None:
        shown = re.findall(r"^(?:(\w+)\.)?(\w+)\((.*)\)$", page("api.md"), re.MULTILINE)
        assert len(shown) > 20
        for owner, name, arguments in shown:
            home = osvc_diag if not owner else getattr(osvc_diag, owner, None)
            home = home if home is not None else getattr(osvc_diag.testing, owner)
            assert arguments == parameters(getattr(home, name)), f"{owner}.{name}"

    @pytest.mark.parametrize("cls", [osvc_diag.Artifact, osvc_diag.Node, NodeBuilder, Collected])
    def test_every_method_of_what_authors_use_is_listed(self, cls: type) -> None:
        text = page("api.md")
        for name in public_methods(cls):
            assert f"\n{cls.__name__}.{name}(" in text, name

    @pytest.mark.parametrize(
        "cls", [osvc_diag.Collector, osvc_diag.Option, osvc_diag.Form, osvc_diag.Priority]
    )
    def test_every_field_of_what_authors_build_is_listed(self, cls: Any) -> None:
        names = quoted(page("api.md"))
        fields = getattr(cls, "__dataclass_fields__", None) or cls.__members__
        for name in fields:
            assert name in names, name

    def test_importing_it_costs_nothing_of_what_it_can_do(self) -> None:
        program = (
            "import sys; before = set(sys.modules); import osvc_diag\n"
            "print(sorted(set(sys.modules) - before))\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == "['osvc_diag']\n"

    def test_the_pytest_plugin_costs_nothing_where_it_is_not_used(self) -> None:
        program = (
            "import sys, pytest; before = set(sys.modules); import osvc_diag.testing.pytest_plugin\n"
            "print(sorted(set(sys.modules) - before))\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert done.stdout == ("['osvc_diag', 'osvc_diag.testing', 'osvc_diag.testing.pytest_plugin']\n")

    def test_no_module_of_the_library_needs_pytest(self) -> None:
        program = (
            "import sys; sys.modules['pytest'] = None\nfrom osvc_diag.testing import Collected, NodeBuilder\n"
        )
        subprocess.run([sys.executable, "-c", program], check=True)


class TestHooks:
    def test_every_hook_is_shown_with_its_exact_signature(self) -> None:
        text = page("hooks.md")
        hooks = [name for name in vars(hookspecs) if name.startswith("osvc_diag_")]
        assert re.findall(r"^## (osvc_diag_\w+)$", text, re.MULTILINE) == hooks
        for name in hooks:
            source = inspect.getsource(getattr(hookspecs, name))
            (signature,) = re.findall(r"^(def .*?):\n", source, re.MULTILINE)
            assert f"@hookimpl\n{signature}: ...\n" in text


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    importlib.import_module(f"osvc_diag.cli.{command}").add_arguments(parser)
    add_output_arguments(parser)
    return parser


class TestCommandLine:
    def test_every_command_and_option_is_told_and_no_other(self) -> None:
        text = page("command-line.md")
        table = text[text.index("## Options") : text.index("## Settings")]
        told = {word for word in quoted(table) if re.fullmatch(r"--?[a-z-]+", word)}
        there = {
            option
            for command in COMMANDS
            for action in parser_of(command)._actions
            for option in action.option_strings
        }
        assert told == there | {"--version"}
        for command in set(COMMANDS) - {"collect"}:
            assert f"`osvc-diag {command}" in text, command

    def test_every_exit_code_is_told_and_no_other(self) -> None:
        text = page("command-line.md")
        table = text[text.index("## Exit codes") :]
        told = {
            int(code)
            for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
            for code in row.split(",")
        }
        codes = {error.exit_code for error in errors()}
        assert told == codes | {COMPLETE, GAPS, HUNG_UP, INTERNAL_ERROR, INTERRUPTED, TERMINATED, UNREAD}

    def test_every_setting_and_its_variable_are_told(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", page("command-line.md"), re.MULTILINE)
        assert dict(rows) == {name: PREFIX + name.upper() for name in SETTINGS}

    def test_every_variable_that_the_code_knows_is_told(self) -> None:
        told = quoted(page("command-line.md"))
        pattern = re.compile(r"""["'](OSVC_(?:DIAG_)?[A-Z]+(?:_[A-Z]+)*)["']""")
        for path in sources():
            with open(path, encoding="utf-8") as file:
                for name in pattern.findall(file.read()):
                    assert name in told | {"OSVC_EMPTY"}, f"{name} of {path}"


def sources() -> Iterator[str]:
    for top in ("osvc_diag", "plugins"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            yield from (os.path.join(folder, name) for name in names if name.endswith(".py"))


def errors() -> set[type[DiagError]]:
    for module in pkgutil.walk_packages(osvc_diag.__path__, "osvc_diag."):
        if "__main__" not in module.name:
            importlib.import_module(module.name)
    found: set[type[DiagError]] = {DiagError}
    while True:
        more = {
            sub
            for error in found
            for sub in error.__subclasses__()
            if sub.__module__.startswith("osvc_diag.")
        }
        if more <= found:
            return found
        found |= more


class TestErrors:
    def test_every_error_is_told_with_its_exit_code_and_no_other(self) -> None:
        text = page("errors.md")
        rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", text, re.MULTILINE))
        told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
        there = {error.__name__: error.exit_code for error in errors()}
        assert told == set(there)
        assert {name: int(code) for name, code in rows.items()} == {name: there[name] for name in rows}
        assert {there[name] for name in told - set(rows)} == {5}


@pytest.mark.parametrize("name", PAGES)
def test_every_file_that_a_page_names_is_there(name: str) -> None:
    text = page(name)
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    files = re.findall(r"`((?:osvc_diag|plugins|examples|tests|docs)/[\w./-]+\.\w+)`", text)
    missing = [link for link in links if not os.path.exists(os.path.join(ROOT, "docs", link))]
    missing += [path for path in files if not os.path.exists(os.path.join(ROOT, path))]
    assert missing == []
