"""Run with `pytest`; the fixture `diag_node` comes with osvc_diag."""

import osvc_diag_app_logs as plugin
import pytest

CONF = """\
[env]
base = /srv/web
log_dir = {env.base}/log

[app#1]
start = {env.base}/bin/ctl start
"""


def test_the_logs_that_the_configuration_names_are_taken_with_their_rotated_ones(diag_node):
    diag_node.add_object("prod/svc/web", CONF)
    diag_node.write("/srv/web/log/web.log", "started\n")
    diag_node.write("/srv/web/log/web.log.1", "started before\n")
    diag_node.write("/srv/web/log/core", "not a log")
    bundle = diag_node.collect(plugin, "prod/svc/web")
    assert bundle.names == ("file/srv/web/log/web.log", "file/srv/web/log/web.log.1")
    assert bundle.text("file/srv/web/log/web.log") == "started\n"
    assert bundle.gaps == ()


def test_without_log_dir_they_are_looked_for_beside_the_program(diag_node):
    diag_node.add_object("svc1", "[app#1]\nstart = /opt/shop/bin/ctl start\n")
    diag_node.write("/opt/shop/log/shop.log", "started\n")
    assert diag_node.collect(plugin).has("file/opt/shop/log/shop.log")


def test_the_key_of_a_session_does_not_leave_the_node(diag_node):
    diag_node.add_object("prod/svc/web", CONF)
    diag_node.write("/srv/web/log/web.log", "joe came with session key 8f3kq02mz\n")
    bundle = diag_node.collect(plugin)
    assert bundle.text("file/srv/web/log/web.log").startswith("joe came with session key <masked:")
    bundle.assert_no_secret("8f3kq02mz")


def test_an_option_says_which_files(diag_node):
    diag_node.add_object("prod/svc/web", CONF)
    diag_node.write("/srv/web/log/web.log", "")
    diag_node.write("/srv/web/log/web.out", "")
    bundle = diag_node.collect(plugin, options={"app-logs.files": "*.out"})
    assert bundle.names == ("file/srv/web/log/web.out",)


@pytest.mark.parametrize("folder", ["/etc", "/root/.ssh", "/srv/../etc", "/proc/self"])
def test_a_configuration_cannot_have_it_read_what_is_not_an_applications(diag_node, folder):
    diag_node.add_object("prod/svc/web", f"[env]\nlog_dir = {folder}\n")
    diag_node.write("/etc/passwd.log", "")
    diag_node.write("/root/.ssh/id.log", "")
    bundle = diag_node.collect(plugin)
    assert bundle.names == ()


def test_a_folder_that_is_not_absolute_is_told(diag_node):
    diag_node.add_object("prod/svc/web", "[env]\nlog_dir = log\n")
    assert "no absolute path: log" in diag_node.collect(plugin).gap("app-logs").reason


def test_a_service_without_an_application_adds_nothing(diag_node):
    diag_node.add_object("svc1", "[fs#1]\nmnt = /srv/data\n")
    bundle = diag_node.collect(plugin)
    assert (bundle.names, bundle.gaps) == ((), ())
