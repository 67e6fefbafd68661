"""Every word that names a secret is found by every engine, in every way in which a secret is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redaction_tools import redacted, redactor, usable_engines

from osvc_diag.redaction.names import _KEY_OWNERS, _SECRET_WORDS

if TYPE_CHECKING:
    from osvc_diag.redaction import Redactor

NAMES = sorted(
    {*_SECRET_WORDS, *(f"{owner}_key" for owner in _KEY_OWNERS), *(f"{owner}key" for owner in _KEY_OWNERS)}
)
VALUE = "x1y2z3"


@pytest.fixture(scope="module", params=usable_engines())
def by(request: pytest.FixtureRequest) -> Redactor:
    return redactor(engine=request.param)


@pytest.mark.parametrize(
    "form",
    [
        "{}=x1y2z3",
        "my_{}=x1y2z3",
        '{{"{}":"x1y2z3"}}',
        "environment = {}=x1y2z3",
        "# {}                    = x1y2z3",
        "app --{} x1y2z3",
        "['app', '--{}', 'x1y2z3']",
        "<a:{0}>x1y2z3</a:{0}>",
    ],
)
def test_a_value_that_stands_beside_a_word_for_a_secret_is_masked(by: Redactor, form: str):
    lines = [form.format(case) for name in NAMES for case in (name, name.upper())]
    masked = redacted(by, "\n".join(lines).encode()).decode().split("\n")
    assert [line for line, out in zip(lines, masked) if VALUE in out] == []
