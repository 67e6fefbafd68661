"""What the package promises to those who import it."""

from __future__ import annotations

import ast
import inspect

import osvc_diag


def test_all_is_sorted_and_complete() -> None:
    assert osvc_diag.__all__ == sorted(osvc_diag.__all__)
    for name in osvc_diag.__all__:
        assert getattr(osvc_diag, name) is not None
    assert set(osvc_diag._HOMES) == set(osvc_diag.__all__) - {"__version__"}


def test_type_checkers_see_the_same_names_as_the_interpreter() -> None:
    tree = ast.parse(inspect.getsource(osvc_diag))
    (block, _) = [node for node in tree.body if isinstance(node, ast.If)]
    imported = {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == osvc_diag._HOMES


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert not hasattr(osvc_diag, "no_such_name")


def test_everything_public_is_documented() -> None:
    for name in set(osvc_diag.__all__) - {"__version__", "Declared", "Listener"}:  # a union has no docstring
        public = getattr(osvc_diag, name)
        assert inspect.getdoc(public), name
        for member, value in vars(public).items() if inspect.isclass(public) else ():
            if callable(value) and not member.startswith("_"):
                assert inspect.getdoc(value), f"{name}.{member}"
