"""Texts of real nodes that must be kept, and every place of a configuration where a secret must go."""

from __future__ import annotations

import pytest
from redaction_tools import redacted, redactor, secrets_of, unmarked, usable_engines, with_tokens

from osvc_diag.form import Form
from osvc_diag.redaction import Redactor, Secrets, SecretSearch

# Lines as the agents, the kernel and common applications write them, which support needs as they are.
KEPT_LINES = """\
2026-11-22 19:54:46,369 INFO sid:1ca70b11-2ab9-4631-ac5b-9175e58fe7a0 n:node1 o:prod/sec/creds sc:n | do add --value=xxx --key=password (user origin)
2026-11-22 19:54:46,489 INFO sid:1ca70b11-2ab9-4631-ac5b-9175e58fe7a0 n:node1 o:prod/sec/creds sc:n | secret key 'password' added (186)
2026-11-22 19:54:48,403 INFO n:node1 o:prod/sec/creds sc:n | secret key 'tls/priv' added (186)
2026-11-22 19:54:58,511 INFO n:node1 o:system/sec/ca-lab sc:n | secret keys 'private_key,certificate,certificate_signing_request,certificate_chain,fullpem' added
2026-11-22 19:55:35,669 WARNING sid:23166506-5c5d-4ca0-a153-cb2f3d39adb3 n:node1 o:system/usr/bob sc:n | ignored option DEFAULT.password
2026-11-22 19:54:43,049 INFO n:node1 o:prod/cfg/env sc:n | configuration key 'path/to/conf' added (24.0)
2026-11-22 19:54:58,440 INFO n:node1 o:system/sec/ca-lab sc:n | openssl req -x509 -nodes -key /tmp/tmp1in_aop2 -out /tmp/tmp9s88xuc7 -days 365 -subj /CN=ca lab/
2026-11-22 19:52:10,865 ERROR n:node2 c:hb#2.tx | send to relay error: Incorrect AES key length (21 bytes)
2026-11-22 19:52:11,015 INFO n:node2 c:listener | failed tls listener init: secret system/sec/cert-lab key certificate_chain does not exist or has no value
2026-11-22 19:58:07,831 INFO n:node2 c:listener | write /var/lib/opensvc/certs/private_key
2026-11-22 19:57:54,993 INFO n:node2 c:listener | stop client handler thread (client addr: local, usr: False, auth: uxsock, scheme: h2, progress: sending POST /daemon_stop result)
2026-11-22 19:52:10,940 INFO n:node2 c:listener | register handler GET /ssh_key
2026-11-22 20:03:33,001 INFO n:node1 o:svc1 r:fs#1 sc:n | create flag /dev/shm/opensvc/svc/svc1/fs#1.flag
2026-11-22 19:54:44,727 INFO sid:f07cce71-9f2e-4a65-9a7a-1be1fa0b4ed5 n:node1 o:prod/svc/web sc:y | do sync_all --cron --rid=sync#i0 --waitlock=1 (daemon origin)
  File "/usr/share/opensvc/opensvc/daemon/monitor.py", line 1093, in do
commit 9fceb02d0ae598e95dc970b74767f19372d61af8
container 4f1b6a7e2c9d0a3b5c8d7e6f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b is running
boot_id 0d5a5b1e-9d1c-4f6e-8b1a-2c3d4e5f6a7b
sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  web.img
md5 d41d8cd98f00b204e9800998ecf8427e
secret_backend_timeout = 30
token bucket: 5 left, refill 10/s
tokenizer ready, max_tokens=4096 total_tokens: 512
password = system/sec/b1
secret = system/sec/pure1
key = /root/.ssh/id_rsa_brocade
client_id = bd2c75d0-f0d5-11ee-a362-8b0f2d1b83d7
key_id = df80ae3a-f0d5-11ee-94c9-b7c8d2f57c4f
sshd[811]: Failed password for root from 10.0.0.7 port 51022 ssh2
sshd[811]: Accepted publickey for root from 10.0.0.7 port 51022 ssh2: RSA SHA256:h0zJ0cYhL5J0m1nZq7n0mYlYq1Yp0t8o9J2k3l4m5n6
pam_unix(sudo:auth): authentication failure; logname= uid=0 euid=0 tty=/dev/pts/0 ruser= rhost=  user=joe
ssh -p 2222 -i /root/.ssh/id_rsa node2 uptime
mkdir -p /srv/web1/data
docker run -d -p 8080:80 --name web1 nginx:1.25
systemd[1]: Started Session 811 of user root.
the secret is to keep the password policy simple
https://docs.opensvc.com/agent.configure.html?highlight=password
{"monitor": {"state": "idle", "token_count": 3}, "frozen": 0}
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0cYhL5J0m1nZq7n0mYlYq1Yp0t8o9J2k3l4m5n6o7p root@node1
Private bytes: 12, Key Lime: 3
""".splitlines()

# A configuration with a secret in every place that the agent has one; `«` and `»` enclose what must go.
MASKED_CONFS = {
    "cluster": "[cluster]\nname = lab\nsecret = «9d1a3d2a0e6b11ef9c0a525400a1b2c3»\nnodes = node1 node2\n",
    "without blanks": "[cluster]\nsecret=«9d1a3d2a0e6b11ef»\n",
    "with a tab": "[cluster]\nsecret\t=\t«9d1a3d2a0e6b11ef»\n",
    "with many blanks": "[cluster]\nsecret   =   «9d1a3d2a0e6b11ef»   \n",
    "scoped": "[hb#2]\nsecret@node1 = «one»\nsecret@nodes = «two»\ntimeout@node2 = 10s\n",
    "two words": "[cluster]\nsecret = «correct horse»\nname = lab\n",
    "empty": "[cluster]\nsecret =\nname = lab\n\n[hb#1]\nsecret = \ntype = unicast\n",
    "crlf": "[cluster]\r\nsecret = «abc»\r\nname = lab\r\n",
    "no last newline": "[cluster]\nsecret = «abc»",
    "number": "[hb#2]\nsecret = «123»\npassword = «8080»\n",
    "common word": "[hb#2]\npassword = «admin»\nsecret = «yes»\n",
    "continued": "[env]\npem = «one»\n\t«two»\n\t«three»\nport = 8080\n",
    "begun on the next line": "[hb#2]\nsecret =\n\t«one»\ntimeout = 15\n",
    "commented in between": "[hb#2]\nsecret = «one»\n# kept\n\t«two»\ntimeout = 15\n",
    "duplicate section": "[hb#2]\nsecret = «one»\n[env]\nport = 1\n[hb#2]\nsecret = «two»\n",
    "before any section": "secret = «one»\n[env]\n",
    "heartbeat": "[hb#1]\nusername = «relayuser»\npassword = «relaypw»\nsecret = «relaysecret»\n",
    "arbitrator": "[arbitrator#1]\nname = 127.0.0.8\nsecret = «arbSecret42»\n",
    "node": "[node]\nuuid = «0b1f7a52-6d0a-4c5e-9f58-2d9b6c7d8e11»\nenv = TST\n",
    "array": "[array#p]\ntype = pure\napi = https://user:«Pa55word»@array1.example.com\nusername = pureuser\nclient_id = bd2c75d0-f0d5-11ee-a362-8b0f2d1b83d7\nkey = /etc/pure.key\npwf = /etc/pure.pw\nsecret = system/sec/pure1\n",
    "array in clear": "[array#p]\npassword = «x1»\nsecret = «x2»\napi = «apitoken1»\n",
    "switch": "[switch#b1]\nusername = admin\npassword = «x1»\nkey = /root/.ssh/id\n",
    "backup": "[backup#n]\npassword = «x1»\n",
    "urls": "[node]\ndbopensvc = https://joe:«x1y2»@collector.example.com\nrepo = ftp://u:«x1y2»@repo/pkgs\nrepopkg = http://repo/pkgs\n",
    "proxies": "[node]\nhttp_proxy = http://joe:«x1y2»@proxy:3128\nhttps_proxy = http://proxy:3128\n",
    "cloud": "[cloud#aws]\ntype = amazon\nkey_id = AKI\naccess_key_secret = «x1»\nsecret_access_key = «x2»\napi_key = «x3»\n",
    "openid": "[listener]\nopenid_well_known = https://sso.example.com/x\nopenid_client_id = «abcd-efgh»\nopenid_client_secret = «x1y2»\n",
    "env": "[env]\nport = 8080\nratio = 0.5\nsize = 10g\ndelay = 5m\non = true\npath = /srv/web\nhost = db1.example.com\naddr = 10.0.0.1/24\nref = {env.port}\nurl = http://db1:8080/x\nword = «changing»\ndb_password = «SvcEnvPw1»\napi = «a1b2c3»\nlogin = «joe/x1»\n",
    "env url": "[env]\nurl = http://joe:«urlpw»@{fqdn}:{env.port}/\nhook = «https://example.com/hooks/AbCdEfGhIjKlMnOpQrStUvWx»\nq = «http://db1/x?token=a1b2»\n",
    "labels": "[labels]\nteam = web\ntier = gold\nvault_token = «x1»\n",
    "cfg data": "[DEFAULT]\nid = 543f5448-0e4f-4b79-ac57-a06d72f3ef13\n\n[data]\nindex.html = literal:«<h1>hello</h1>»\npath/to/conf = literal:«password = cfgpw»\nblob = «aGVsbG8=»\na@b = literal:«x»\n",
    "sec data": "[data]\npassword = crypt:«eyJjbHVzdGVybmFtZSI6ICJqb2luIn0A»\n",
    "usr": "[DEFAULT]\ncn = bob\nca = system/sec/ca-lab\ngrant = admin:prod guest:*\npassword = «bobpw»\n",
    "environment": "[app#1]\ntype = forking\nenvironment = API_TOKEN=«tok-123» PGPASSWORD=«pgsecret» MODE=prod\n",
    "create environment": "[container#1]\ncreate_environment = DB_PASSWORD=«x1y2» TZ=UTC\nsecrets_environment = PW=sec/creds/password\n",
    "run args": "[container#1]\nrun_args = -e DB_PASSWORD=«x1y2» -p 8080:80 -v /srv:/srv\n",
    "triggers": "[app#1]\npre_start = /bin/echo -e 'pre line1\\npre line2 token=«abc123»'\nstart = /opt/app/start --password «x1y2» --port 80\nstop = /opt/app/stop -u joe -p «hunter2x»\ncheck = curl -u joe:«x1y2» http://localhost/\n",
    "mount options": "[fs#1]\ntype = cifs\nmnt_opt = username=joe,password=«a1b2»,vers=3.0\n",
    "encrypted disk": "[disk#1]\ntype = crypt\nmanage_passphrase = true\nsecret = «x1y2»\n",
    "inline key": "[ip#1]\nprivate_key_inline_string = «0a1b2c»\n",
    "snooze": "[stonith#1]\ncmd = fence_ipmilan -a bmc1 -l admin -p «x1y2»\n",
}


@pytest.fixture(scope="module", params=usable_engines())
def by(request: pytest.FixtureRequest) -> Redactor:
    return redactor(engine=request.param)


@pytest.mark.parametrize("line", KEPT_LINES)
def test_a_line_that_support_needs_stays_as_it_is(by: Redactor, line: str):
    for form in (Form.LOG, Form.TEXT):
        assert redacted(by, line.encode(), form).decode() == line


@pytest.mark.parametrize("name", MASKED_CONFS)
def test_a_configuration_loses_its_secrets_and_nothing_else(by: Redactor, name: str):
    text = MASKED_CONFS[name]
    assert with_tokens(text).fullmatch(redacted(by, unmarked(text), Form.CONF)), redacted(
        by, unmarked(text), Form.CONF
    )


@pytest.mark.parametrize("name", MASKED_CONFS)
def test_a_configuration_is_the_same_after_a_second_redaction(by: Redactor, name: str):
    once = redacted(by, unmarked(MASKED_CONFS[name]), Form.CONF)
    assert redacted(by, once, Form.CONF) == once


def test_comments_and_empty_lines_stay():
    text = b"# secret things\n\n; more\n[cluster]\n# name\nname = lab\n\n\n"
    assert redacted(redactor(), text, Form.CONF) == text


def test_a_secret_in_a_comment_goes_too():
    assert b"x1y2" not in redacted(redactor(), b"[app#1]\n#start = run --password x1y2\n", Form.CONF)


@pytest.mark.parametrize("name", MASKED_CONFS)
def test_nothing_is_left_to_find(by: Redactor, name: str):
    once = redacted(by, unmarked(MASKED_CONFS[name]), Form.CONF)
    assert list(SecretSearch(Secrets()).search([once])) == []
    assert secrets_of(MASKED_CONFS[name]) or name == "empty"
