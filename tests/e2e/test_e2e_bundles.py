"""Bundles of two real nodes, both layouts: stock tools open them, and no planted secret is in them."""

from __future__ import annotations

import json
import os
import stat
from importlib import resources
from typing import TYPE_CHECKING, Callable

import jsonschema
import pytest
from e2e_tools import (
    content,
    environment,
    files_of,
    leaks,
    manifest_of,
    osvc_diag,
    spellings,
    texts_of,
    unpack,
)

if TYPE_CHECKING:
    from pathlib import Path

TREES = [(node, layout) for node in ("node1", "node2") for layout in ("fhs", "dev")]
ETC = {"fhs": "file/etc/opensvc", "dev": "file/etc"}
LOG = {"fhs": "file/var/log/opensvc", "dev": "file/log"}
VAR = {"fhs": "file/var/lib/opensvc", "dev": "file/var"}

KEPT = {
    "node.conf": [
        b"# node-local configuration\n",
        b"\ndbopensvc =\n\n[listener]\n",
        b"username = admin\npassword = system/sec/b1\nkey = /root/.ssh/id_rsa_brocade\n",
        b"client_id = bd2c75d0-f0d5-11ee-a362-8b0f2d1b83d7\n",
        b"key_id = df80ae3a-f0d5-11ee-94c9-b7c8d2f57c4f\nsecret = system/sec/pure1\n",
    ],
    "cluster.conf": [b"name = lab\nnodes = node1 node2\n", b"port@node1 = 10001\n", b"\ntimeout = 30\n"],
    "svc1.conf": [
        b"id = 5633c76e-b02e-4b82-912d-1dcbdf7058fb\n# \xc3\xa9 unicode \xe2\x9c\x93\n",
        b"pre_start = /bin/echo -e 'pre line1\\npre line2 token=",
        b"timeout@node2 = 10s\n",
        b"\nport = 8080\n",
        b"@{fqdn}:{env.port}/\n",
    ],
    "namespaces/prod/sec/creds.conf": [b"\n[data]\npassword = crypt:", b"\ntls/priv = crypt:"],
    "namespaces/system/usr/bob.conf": [b"ca = system/sec/ca-lab\ngrant = admin:prod guest:*\n"],
}
KEPT_IN_LOGS = {
    "namespaces/prod/sec/creds.log": [
        b"do add --value=xxx --key=password (user origin)\n",
        b"sid:1ca70b11-2ab9-4631-ac5b-9175e58fe7a0 n:node1 o:prod/sec/creds sc:n | secret key 'password' added (186)",
        b"secret key 'tls/priv' added (186)\n",
    ],
    "namespaces/system/usr/bob.log": [
        b"| ignored option DEFAULT.password\n",
        b"secret keys 'private_key,cert",
    ],
    "namespaces/prod/svc/web.log": [
        b"ERROR sid:969e0927-",
        b" r:app#1 sc:n | | boom\n",
        b"\nTraceback (most recent call last):\n",
    ],
    "node.log": [b" | ('127.0.0.9', 1214) comm error while connecting: [Errno 111] Connection refused\n"],
    "node.log.1.gz": [b"n:node1 c:main | daemon started\n", b"\nTraceback (most recent call last):\n"],
}


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    path = resources.files("osvc_diag.bundle") / "manifest.schema.json"
    return json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(("node", "layout"), TREES)
@pytest.mark.parametrize("selector", ["prod/svc/web", "**", "node"])
def test_a_bundle_opens_with_stock_tools_and_holds_no_planted_secret(
    node: str,
    layout: str,
    selector: str,
    tmp_path: Path,
    sample_tree: Callable[..., str],
    secrets: list[str],
    schema: dict[str, object],
) -> None:
    done = osvc_diag("--root", sample_tree(node, layout), selector, "--output", str(tmp_path))
    assert done.returncode == 0, done.stderr
    bundle = done.stdout.rstrip("\n")
    assert os.listdir(tmp_path) == [os.path.basename(bundle)]
    status = os.stat(bundle)
    assert (stat.S_IMODE(status.st_mode), status.st_nlink) == (0o600, 1)

    folder = unpack(bundle, str(tmp_path / "unpacked"))
    assert os.path.basename(folder) + ".tar.gz" == os.path.basename(bundle)
    manifest = manifest_of(folder)
    jsonschema.Draft202012Validator(schema).validate(manifest)
    stored = {entry["name"] for entry in manifest["artifacts"] if "sha256" in entry}
    assert stored == set(files_of(folder)) - {"manifest.json", "SHA256SUMS", "README.txt", "issue.json"}
    assert leaks(folder, secrets) == []
    assert not [
        spelling for secret in secrets for spelling in spellings(secret) if spelling in done.stderr.encode()
    ]


@pytest.mark.parametrize("layout", ["fhs", "dev"])
def test_what_support_needs_is_kept(layout: str, tmp_path: Path, sample_tree: Callable[..., str]) -> None:
    done = osvc_diag("--root", sample_tree("node1", layout), "**", "--output", str(tmp_path))
    folder = unpack(done.stdout.rstrip("\n"), str(tmp_path / "unpacked"))
    kept = [(f"{ETC[layout]}/{name}", lines) for name, lines in KEPT.items()]
    kept += [(f"{LOG[layout]}/{name}", lines) for name, lines in KEPT_IN_LOGS.items()]
    lost = [(name, line) for name, lines in kept for line in lines if line not in content(folder, name)]
    assert lost == []


@pytest.mark.parametrize(("node", "layout"), TREES)
def test_masking_a_log_changes_nothing_but_the_secrets(
    node: str, layout: str, tmp_path: Path, sample_tree: Callable[..., str], secrets: list[str]
) -> None:
    root = sample_tree(node, layout)
    done = osvc_diag("--root", root, "**", "--output", str(tmp_path))
    folder = unpack(done.stdout.rstrip("\n"), str(tmp_path / "unpacked"))
    logs = [name for name in files_of(folder) if name.startswith(LOG[layout] + "/")]
    assert f"{LOG[layout]}/node.log" in logs
    for name in logs:
        before = content(root, name[len("file/") :]).split(b"\n")
        after = content(folder, name).split(b"\n")
        assert len(before) == len(after), name
        for line, masked in zip(before, after):
            if not any(secret.encode() in line for secret in secrets) and b"--value=" not in line:
                assert line == masked, name


@pytest.mark.parametrize("layout", ["fhs", "dev"])
def test_only_the_selected_objects_are_taken_and_never_the_private_key(
    layout: str, tmp_path: Path, sample_tree: Callable[..., str]
) -> None:
    root = sample_tree("node1", layout)
    with open(os.path.join(root, VAR[layout][len("file/") :], "certs/private_key"), "rb") as file:
        key_lines = file.read().split(b"\n")[1:-2]
    done = osvc_diag("--root", root, "prod/svc/web", "--output", str(tmp_path / "web.tar.gz"))
    assert done.stdout == f"{tmp_path}/web.tar.gz\n", done.stderr
    folder = unpack(str(tmp_path / "web.tar.gz"), str(tmp_path / "web"))
    confs = {name[len(ETC[layout]) + 1 :] for name in files_of(folder) if name.startswith(ETC[layout] + "/")}
    logs = {name[len(LOG[layout]) + 1 :] for name in files_of(folder) if name.startswith(LOG[layout] + "/")}
    assert confs == {"cluster.conf", "node.conf", "namespaces/prod/svc/web.conf"}
    assert logs == {
        "node.log",
        "node.log.1.gz",
        "node.scheduler.log",
        "xmlrpc.log",
        "namespaces/prod/svc/web.log",
    }
    assert f"{VAR[layout]}/certs/private_key" not in files_of(folder)
    assert f"{VAR[layout]}/certs/certificate_chain" in files_of(folder)
    assert f"{VAR[layout]}/namespaces/prod/svc/web/status.json" in files_of(folder)
    assert not [where for where, text in texts_of(folder) for line in key_lines if line in text]


def test_rotated_logs_come_with_their_object(tmp_path: Path, sample_tree: Callable[..., str]) -> None:
    done = osvc_diag("--root", sample_tree(), "svc1", "--output", str(tmp_path))
    folder = unpack(done.stdout.rstrip("\n"), str(tmp_path / "unpacked"))
    rotated = content(folder, "file/var/log/opensvc/svc1.log.1.gz")
    assert rotated.count(b"\n") > 10
    assert b"token=<masked:" in rotated


def test_what_is_left_of_a_deleted_object_can_be_selected(
    tmp_path: Path, own_tree: Callable[..., str], secrets: list[str]
) -> None:
    root = own_tree("node1", "fhs")
    os.unlink(os.path.join(root, "etc/opensvc/svc1.conf"))
    done = osvc_diag("--root", root, "svc1", "--output", str(tmp_path / "out.tar.gz"))
    assert done.returncode == 10, done.stderr
    folder = unpack(str(tmp_path / "out.tar.gz"), str(tmp_path / "unpacked"))
    found = files_of(folder)
    assert [gap["artifact"] for gap in manifest_of(folder)["gaps"]] == ["file/etc/opensvc/svc1.conf"]
    assert {"file/var/log/opensvc/svc1.log", "file/var/log/opensvc/svc1.log.1.gz"} <= set(found)
    assert "file/var/lib/opensvc/svc/svc1/status.json" in found
    # Its conf is gone, and with it what it named as a secret: what is a secret by its form is masked all the same.
    by_form = [secret for secret in secrets if secret != "abc123"] + ["token=abc123"]
    assert leaks(folder, by_form) == []


def test_a_live_node_of_a_root_path_install_is_found_and_tells_of_its_machine(
    tmp_path: Path, own_tree: Callable[..., str], secrets: list[str]
) -> None:
    root = own_tree("node1", "dev")
    os.unlink(f"{root}/var/osvcd.pid")  # its process was another machine's
    env = environment(OSVC_ROOT_PATH=root, SOME_TOKEN="env-token-7Yx2")
    done = osvc_diag("svc1", "--output", str(tmp_path / "out.tar.gz"), env=env)
    assert done.returncode in {0, 10}, done.stderr
    folder = unpack(str(tmp_path / "out.tar.gz"), str(tmp_path / "unpacked"))
    system = json.loads(content(folder, "info/system.json"))
    assert {"memory", "load"} & set(system)
    assert manifest_of(folder)["node"]["live"]
    assert f"file{root}/etc/svc1.conf" in files_of(folder)
    assert leaks(folder, [*secrets, "env-token-7Yx2"]) == []
    assert b"daemon        down" in content(folder, "README.txt")
