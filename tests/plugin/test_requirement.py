"""A package says which versions of this program it is for."""

from __future__ import annotations

import pytest

from osvc_diag.plugin.requirement import unmet


@pytest.mark.parametrize(
    "requirement",
    [
        "osvc-diag",
        "osvc-diag>=0.1,<1",
        "osvc_diag (>=0.1)",
        "OSVC.Diag ~= 0.1",
        "osvc-diag==0.1.*",
        "osvc-diag == 0.1.2",
        "osvc-diag!=0.1.1",
        "osvc-diag<=0.1.2.0",
        "osvc-diag>=2; extra == 'test'",
        "osvc-diag>=2rc1",
        "osvc-diag-extras>=2",
        "osvc-diag @ file:///x",
        "",
    ],
)
def test_what_is_met_or_not_understood_refuses_nothing(requirement):
    assert unmet([requirement], "0.1.2") is None


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("osvc-diag>=2,<3", "osvc-diag >=2,<3"),
        ("osvc-diag (<0.1)", "osvc-diag <0.1"),
        ("osvc-diag~=0.1.3", "osvc-diag ~=0.1.3"),
        ("osvc-diag==0.2.*", "osvc-diag ==0.2.*"),
        ("osvc-diag!=0.1.*", "osvc-diag !=0.1.*"),
        ("osvc-diag>0.1.2", "osvc-diag >0.1.2"),
    ],
)
def test_what_is_not_met_is_told(requirement, told):
    assert unmet(["pluggy>=1", requirement], "0.1.2") == told
