from __future__ import annotations

import configparser
import os
import re

from osvc_diag.plugin.shipped import PACKAGE, SHIPPED, is_shipped, load_shipped

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def test_the_list_is_that_of_the_entry_points():
    with open(os.path.join(HOME, "pyproject.toml"), encoding="utf-8") as file:
        section = re.search(
            r"^\[project\.entry-points\.osvc_diag\]\n(.*?)^\[", file.read(), re.DOTALL | re.MULTILINE
        )
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read_string("[points]\n" + section[1])
    announced = {name: value.strip('"') for name, value in parser["points"].items()}
    assert announced == {name: f"{PACKAGE}.{module}" for name, module in SHIPPED.items()}
    assert list(SHIPPED) == sorted(SHIPPED)


def test_each_is_there():
    for name, module in SHIPPED.items():
        assert load_shipped(name).__name__ == f"{PACKAGE}.{module}"


def test_an_entry_point_is_shipped_where_package_and_module_are():
    assert is_shipped("osvc-diag 0.1.0", "osvc_diag_plugins.system")
    assert is_shipped("osvc_diag 0.1.0", "osvc_diag_plugins.system:plugin")
    assert not is_shipped("osvc-diag-plugins 1.0", "osvc_diag_plugins.system")
    assert not is_shipped("osvc-diag 0.1.0", "acme")
    assert not is_shipped("acme 1.0", "osvc_diag_plugins.system")
