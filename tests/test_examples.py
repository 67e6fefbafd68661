"""The examples do what they say."""

import importlib.util
import os
import subprocess
import sys
from collections import Counter

from osvc_diag.plugin.artifact import Form
from osvc_diag.plugin.plugin_manager import load_plugins
from osvc_diag.redaction import Redactor, Tokens, learn

EXAMPLES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "examples")


def load_plugin():
    path = os.path.join(EXAMPLES, "plugin", "osvc_diag_haproxy", "__init__.py")
    spec = importlib.util.spec_from_file_location("osvc_diag_haproxy", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_library_example_makes_a_bundle_of_the_sample_node(tmp_path):
    command = [sys.executable, os.path.join(EXAMPLES, "as_a_library.py")]
    arguments = [os.path.join(EXAMPLES, "node"), "prod/svc/web", str(tmp_path)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(next(tmp_path.glob("*.tar.gz")))


def test_the_library_example_turns_a_user_s_mistake_into_words_and_an_exit_code(tmp_path):
    command = [sys.executable, os.path.join(EXAMPLES, "as_a_library.py")]
    arguments = [os.path.join(EXAMPLES, "node"), "prod/svc/wbe", str(tmp_path)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "prod/svc/web" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_plugin_adds_its_collector_and_its_rule():
    plugins = load_plugins([("haproxy", load_plugin())])
    assert not plugins.failures
    assert "haproxy" in [collector.name for collector in plugins.collectors]
    assert [rule.id for rule in plugins.rules] == ["haproxy-stats"]


def test_the_example_plugin_s_rule_masks_its_examples_and_keeps_its_look_alikes():
    rule = load_plugin().STATS_LOGIN
    secrets = learn([], [])
    redactor = Redactor(secrets, Tokens.for_cluster(secrets), extra_rules=[rule])
    for example in rule.masked:
        before, secret, _ = example.replace("»", "«").split("«")
        text = example.replace("«", "").replace("»", "").encode()
        [*blocks] = redactor.redact([text], Form.TEXT, Counter())
        masked = b"".join(blocks).decode()
        assert masked.startswith(f"{before}<masked:")
        assert f" {secret}" not in masked
    for example in rule.kept:
        assert b"".join(redactor.redact([example.encode()], Form.TEXT, Counter())).decode() == example
