"""How an artifact's bytes are to be understood."""

from __future__ import annotations

import enum
import os


class Form(str, enum.Enum):
    """How the redactor has to understand an artifact's bytes."""

    CONF = "conf"
    """The agent's INI dialect."""
    JSON = "json"
    JSON_LINES = "json-lines"
    """One flat object a line; each of its values is redacted as the text that it stands for."""
    LOG = "log"
    TEXT = "text"

    @classmethod
    def of(cls, path: str) -> Form:
        """Return the form that a file's name tells; what it does not tell is text."""
        return _FORMS.get(os.path.splitext(path)[1], cls.TEXT)


_FORMS = {".conf": Form.CONF, ".ini": Form.CONF, ".json": Form.JSON, ".log": Form.LOG}
