"""What went wrong with an artifact, in a state and a sentence."""

from __future__ import annotations

import errno

import pytest

from osvc_diag.bundle.headers import MemberNameError
from osvc_diag.errors import RedactionError
from osvc_diag.gap import State
from osvc_diag.plugin.foreign import MOST_TEXT, REASON_LENGTH, shortened, told_by
from osvc_diag.reading.patience import StalledError
from osvc_diag.reading.trees import NotTakenError
from osvc_diag.redaction import Redactor, Tokens, learn
from osvc_diag.run.diagnosis import NoRoomError, SourceError, diagnosis

SECRET = "S3cret-of-the-node"


@pytest.fixture
def redactor() -> Redactor:
    secrets = learn([("node.conf", f"[a]\npassword = {SECRET}\n".encode())], set())
    return Redactor(secrets, Tokens.for_cluster(secrets))


def from_source(cause: BaseException) -> SourceError:
    error = SourceError()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (from_source(FileNotFoundError(errno.ENOENT, "x")), State.MISSING, "is not there"),
        (from_source(NotADirectoryError(errno.ENOTDIR, "x")), State.MISSING, "is not there"),
        (from_source(PermissionError(errno.EACCES, "x")), State.DENIED, "permission denied"),
        (from_source(PermissionError(errno.EPERM, "x")), State.DENIED, "permission denied"),
        (from_source(OSError(errno.EIO, "Input/output error")), State.FAILED, "Input/output error"),
        (from_source(OSError("odd")), State.FAILED, "OSError: odd"),
        (from_source(StalledError("no answer for 15 s")), State.TIMEOUT, "no answer for 15 s"),
        (from_source(NotTakenError("is a FIFO")), State.SKIPPED, "is a FIFO"),
        (from_source(KeyError()), State.FAILED, "KeyError"),
        (NoRoomError(), State.SKIPPED, "--max-size leaves no room for it"),
        (MemberNameError("taken"), State.FAILED, "taken"),
        (RedactionError("line too odd"), State.WITHHELD, "cannot be redacted: line too odd"),
        (ValueError(SECRET), State.WITHHELD, "cannot be redacted: ValueError"),
    ],
)
def test_each_error_has_its_state_and_reason(
    error: Exception, state: State, reason: str, redactor: Redactor
) -> None:
    assert diagnosis(error, redactor.mask_text) == (state, reason)


def test_a_secret_in_a_plugins_error_is_masked_before_the_text_is_cut(redactor: Redactor) -> None:
    for filler in range(REASON_LENGTH - 40, REASON_LENGTH + 10):
        _, reason = diagnosis(from_source(ValueError("x" * filler + " " + SECRET)), redactor.mask_text)
        assert SECRET[:6] not in reason
        assert len(reason) <= REASON_LENGTH + 3


def test_an_error_that_says_too_much_is_told_by_its_kind() -> None:
    assert told_by(ValueError("x" * (MOST_TEXT + 1))) == "ValueError"
    assert told_by(ValueError("x")) == "ValueError: x"


def test_a_short_text_is_left_alone() -> None:
    assert shortened("short") == "short"
    assert shortened("x" * (REASON_LENGTH + 1)).endswith("x...")
