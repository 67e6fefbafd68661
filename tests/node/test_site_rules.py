"""The lines of sysreport.conf.d, read as the agents read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.node.site_rules import (
    MAX_LINE,
    CommandRule,
    PathRule,
    SiteRules,
    WrongLineError,
    parse_rule,
)


def rules(*lines: str) -> SiteRules:
    parsed = [parse_rule(line, "x:1") for line in lines]
    return SiteRules(tuple(rule for rule in parsed if isinstance(rule, PathRule)))


@pytest.mark.parametrize("keyword", ["FILE", "DIR", "GLOB", "INC"])
def test_four_keywords_mean_the_same(keyword):
    granting = rules(f"  {keyword}\t/etc/init.d/my*  ")
    assert granting.grants("/etc/init.d/myapp")
    assert granting.grants("/etc/init.d/my.d/.hidden/deep")
    assert not granting.grants("/etc/init.d/other")
    assert not granting.grants("/etc/init.d")


def test_exclusions_take_away_whatever_their_order():
    granting = rules("EXC /etc/app/secret*", "DIR /etc/app", "EXC /etc/app/sub")
    assert granting.grants("/etc/app/conf")
    assert not granting.grants("/etc/app/secrets.txt")
    assert not granting.grants("/etc/app/sub/file")


def test_a_star_does_not_match_a_dot_in_front_or_a_slash():
    granting = rules("GLOB /etc/*.conf")
    assert not granting.grants("/etc/.conf")
    assert not granting.grants("/etc/app/x.conf")
    assert rules("GLOB /etc/.*").grants("/etc/.hidden")


def test_nothing_that_is_a_secret_is_granted():
    granting = rules("DIR /etc", "GLOB /*")
    assert granting.grants("/etc/hosts")
    assert not granting.grants("/etc/shadow")
    assert not granting.grants("/proc/self/environ")


def test_no_rule_grants_nothing():
    assert not rules().grants("/etc/hosts")


@pytest.mark.parametrize("line", ["", "  ", "# FILE /etc/hosts", "; x"])
def test_comments_say_nothing(line):
    assert parse_rule(line, "x:1") is None


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("CMD rpm -qa", ("rpm", "-qa")),
        ("CMD /usr/bin/find / -name 'a b' -exec ls {} \\;", ("/usr/bin/find", "/", "-name", "a b", "-exec", "ls", "{}", ";")),
        ('CMD /bin/echo "a | b" \'c > d\'', ("/bin/echo", "a | b", "c > d")),
        ("CMD /bin/ls *.conf", ("/bin/ls", "*.conf")),
    ],
)  # fmt: skip
def test_a_command_is_split_as_a_shell_would_and_run_by_none(line, argv):
    assert parse_rule(line, "x:3") == CommandRule(argv, "x:3")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("COPY /etc/hosts", "'COPY' is none of FILE, DIR"),
        ("FILE etc/hosts", "'etc/hosts' is no absolute path"),
        ("FILE", "'' is no absolute path"),
        ("FILES /etc/hosts", "is no absolute path"),
        ("FILE /etc/shadow", "'/etc/shadow' holds a secret"),
        ("FILE /etc/../etc/shadow", "'/etc/shadow' holds a secret"),
        ("DIR /proc/net", "none of the files of a disk"),
        ("CMD", "names no command"),
        ("CMD ps aux | grep x", "needs a shell"),
        ("CMD ls > /tmp/x", "needs a shell"),
        ("CMD /bin/echo $(id)", "needs a shell"),
        ("CMD /bin/echo `id`", "needs a shell"),
        ("CMD /bin/true; /bin/false", "needs a shell"),
        ("CMD /bin/echo 'open", "No closing quotation"),
        ("CMD bin/x", "'bin/x' is not absolute"),
        ("FILE /" + "x" * MAX_LINE, "too long"),
    ],
)
def test_a_wrong_line_is_told(line, why):
    with pytest.raises(WrongLineError) as caught:
        parse_rule(line, "x:1")
    assert why in str(caught.value)


@given(st.text(max_size=200))
def test_any_line_is_read_or_refused(line):
    try:
        parse_rule(line, "x:1")
    except WrongLineError as error:
        assert str(error)  # noqa: PT017 - either is right
