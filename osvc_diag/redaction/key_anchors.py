"""Where a name stands that tells of a secret: a key, a member that names another, an option, an element."""

from __future__ import annotations

from osvc_diag.redaction.rule import Anchor

# What may stand between a name, as far as it is read, and its value: closing quotes, blanks, the operator.
_OPERATOR = rb"[\"'\\\]]{0,8}[ \t]{0,64}[=:]"
# Where the name is itself a member of an object, another one follows, or the object's end.
_END = rb"\\{0,7}[\"'][ \t]{0,8}[,}]"
_TO_EITHER = rb"[\w.@-]{0,128}(?:%s|%s)" % (_OPERATOR, _END)
# The same but for a name that goes on to end in .py: `File ".../requests/sessions.py", line 7` is no member.
# Spelled out, for hyperscan looks at nothing twice.
_NOT_PY = rb"(?:[\w.@-]{0,127}[a-xz0-9_.@-]|[\w.@-]{0,126}[a-oq-z0-9_.@-]y|[\w.@-]{0,125}[\w@-]py|(?:p?y)?)"
_TO_EITHER_BUT_PY = rb"(?:[\w.@-]{0,128}%s|%s%s)" % (_OPERATOR, _NOT_PY, _END)
_STEMS = (
    rb"pass", rb"pw", rb"pswd", rb"secret", rb"token", rb"cred", rb"cookie", rb"key", rb"jwt", rb"psk",
    rb"hook", rb"sess", rb"otp", rb"chap", rb"bearer", rb"rediscli[_]?auth", rb"wsrep_sst_auth",
)  # fmt: skip
_STEMS_OF_MODULES = frozenset((rb"sess", rb"token", rb"cookie"))  # that stand in every other traceback
ASSIGNED = {
    stem: Anchor(stem + (_TO_EITHER_BUT_PY if stem in _STEMS_OF_MODULES else _TO_EITHER)) for stem in _STEMS
}
"""Keys and members, by the stem that tells what they are."""

_WORDS = (
    rb"pass", rb"pw", rb"psk", rb"pswd", rb"secret", rb"token", rb"cred", rb"cookie", rb"key", rb"jwt",
    rb"otp", rb"auth", rb"sess", rb"hook", rb"chap", rb"bearer",
)  # fmt: skip
_STEM_CHOICE = rb"(?:" + b"|".join(_WORDS) + rb")"
_TO_VALUE = rb"[a-z0-9._-]{0,128}[\"'\\, \t]"
# Words that an option of one dash begins with, or has after another dash.
_DASHED = (
    *_WORDS, rb"apikey", rb"apitoken", rb"accesstoken", rb"bindpw", rb"rootpw", rb"userpw", rb"jsessionid",
)  # fmt: skip

OPTIONS = (
    Anchor(rb"--[a-z0-9._-]{0,44}" + _STEM_CHOICE + _TO_VALUE),
    *(Anchor(rb"-" + word + _TO_VALUE) for word in _DASHED),
    Anchor(rb"_(?:key|token|secret)[\"'\\, \t]"),
    Anchor(rb"pass(?!(?:ed|es|ing|ive)[ \t])[a-z0-9]{0,16}[ \t]{1,8}[^\s-]"),
)
"""Options whose value is the next word."""

ELEMENT = Anchor(rb"<[a-z0-9_:.-]{0,64}" + _STEM_CHOICE)
"""An element of XML, by its beginning, for its end may be cut off."""
