"""What a configuration refers to, as the agents would understand it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osvc_diag.objects.naming import ObjectPath
from osvc_diag.objects.relations import MAX_VALUE, references, related

WEB = ObjectPath("prod", "svc", "web")


def refers(conf: str, to: str, obj: ObjectPath = WEB) -> bool:
    return ObjectPath.parse(to) in references(obj, conf.encode())


@pytest.mark.parametrize(
    ("conf", "to"),
    [
        ("[DEFAULT]\nparents = db", "prod/svc/db"),
        ("[DEFAULT]\nparents = db@node1 test/svc/cache", "test/svc/cache"),
        ("[DEFAULT]\nparents@node2 = db@node1", "prod/svc/db"),
        ("[DEFAULT]\nchildren = vol/data", "prod/vol/data"),
        ("[DEFAULT]\nslaves = a1 b2", "prod/svc/b2"),
        ("[DEFAULT]\nhard_anti_affinity = other", "prod/svc/other"),
        ("[volume#1]\nname = data", "prod/vol/data"),
        ("[volume#1]\nname = {name}-data", "prod/vol/web-data"),
        ("[volume#7]\nsize = 1g", "prod/vol/web-vol-7"),
        ("[volume#7]\nname = x{rindex}", "prod/vol/x7"),
        ("[container#1]\nvolume_mounts = data/sub:/data:rw /etc/x:/x", "prod/vol/data"),
        ("[container#1]\nregistry_creds = hub", "prod/sec/hub"),
        ("[disk#1]\ntype = crypt\nsecret = luks", "prod/sec/luks"),
        ("[volume#1]\nconfigs = conf/mycnf:/etc/my.cnf:ro web2/k:/k", "prod/cfg/conf"),
        ("[volume#1]\nconfigs = conf/mycnf:/etc/my.cnf:ro web2/k:/k", "prod/cfg/web2"),
        ("[volume#1]\nsecrets = /usr/bob/certificate:bob.pem", "prod/usr/bob"),
        ("[volume#1]\nsecrets = sec/cert/pem:server.pem", "prod/sec/cert"),
        ('[app#1]\nsecrets_environment = CRT="cert1/server.crt" "PEM=cert2/x"', "prod/sec/cert2"),
        ('[app#1]\nsecrets_environment = CRT="cert1/server.crt" "PEM=cert2/x"', "prod/sec/cert1"),
        ("[app#1]\nconfigs_environment = env/*", "prod/cfg/env"),
        ("[container#1]\ncreate_configs_environment = A=env/a", "prod/cfg/env"),
        ("[fs#1]\ninstall = /etc/x from ./cfg/{name} key x mode 0640", "prod/cfg/web"),
        ("[fs#1]\ninstall = /etc/x\n\t/etc/y from test/cfg/haproxy key h", "test/cfg/haproxy"),
        ("[app#1]\nstart = /bin/mount {namespace}/vol/data", "prod/vol/data"),
        ("[env]\nstore = {namespace}/sec\n[app#1]\nx = {env.store}/ca", "prod/sec/ca"),
        ("[DEFAULT]\nca = system/sec/ca-lab,system/sec/old", "system/sec/old"),
        ("[app#1]\nenvironment = CA=sec/ca", "sec/ca"),
    ],
)
def test_a_reference_is_understood_as_the_agents_do(conf, to):
    assert refers(conf, to)


@pytest.mark.parametrize(
    ("conf", "to"),
    [
        ("[data]\nx = literal:prod/vol/data", "prod/vol/data"),
        ("[app#1]\nname = data", "prod/vol/data"),
        ("[app#1]\nsecret = luks", "prod/sec/luks"),
        ("[volume#1]\nname = data", "prod/vol/web-vol-1"),
        ("[app#1]\nstart = /opt/prod/vol/data/start", "prod/vol/data"),
        ("# parents = db", "prod/svc/db"),
    ],
)
def test_what_only_looks_like_a_reference_is_none(conf, to):
    assert not refers(conf, to)


def test_a_name_without_a_kind_is_of_the_own_namespace():
    assert references(ObjectPath.parse("svc1"), b"[DEFAULT]\nparents = db") == {ObjectPath.parse("db")}


def test_relations_are_followed_one_step_in_both_directions():
    texts = {
        "prod/svc/web": "[volume#1]\nname = data\n",
        "prod/svc/front": "[DEFAULT]\nparents = web\n",
        "prod/vol/data": "[DEFAULT]\nparents = deep\n",
        "prod/svc/deep": "",
        "prod/svc/far": "[DEFAULT]\nparents = front\n",
        "test/svc/web": "[volume#1]\nname = data\n",
    }
    confs = {ObjectPath.parse(path): text.encode() for path, text in texts.items()}
    found = related([WEB], confs, confs.items())
    assert [str(path) for path in found] == ["prod/svc/front", "prod/vol/data"]


def test_a_scaler_and_its_slices_are_related():
    confs = {ObjectPath.parse(name): b"" for name in ("scal1", "0.scal1", "1.scal1", "0.scal2")}
    of_scaler = related([ObjectPath.parse("scal1")], confs, confs.items())
    assert [str(path) for path in of_scaler] == ["0.scal1", "1.scal1"]
    assert related([ObjectPath.parse("0.scal1")], confs, confs.items()) == [ObjectPath.parse("scal1")]


def test_what_is_left_of_a_deleted_object_is_related_too():
    gone = ObjectPath.parse("prod/vol/data")
    assert related([WEB], [WEB, gone], [(WEB, b"[volume#1]\nname = data\n")]) == [gone]


def test_what_does_not_exist_is_not_related():
    assert related([WEB], [WEB], [(WEB, b"[volume#1]\nname = data\n")]) == []


@given(st.binary(max_size=400))
def test_any_text_is_read(text):
    assert WEB not in references(WEB, text)


@pytest.mark.parametrize("unit", ["{env.x}", "{name}", "a/b/", "prod/vol/", "{{{{", "x,", "//", "A=b/c "])
def test_a_hostile_value_is_read_to_its_end(unit):
    value = unit * (MAX_VALUE // len(unit))
    conf = f"[env]\nx = {'{env.x}' * 30}\n[volume#1]\nconfigs = {value}\nparents = {value}\n"
    assert WEB not in references(WEB, conf.encode())
