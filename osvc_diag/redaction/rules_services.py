"""Rules for secrets of databases, of SNMP and of iSCSI, as their tools and configurations write them."""

from __future__ import annotations

from osvc_diag.redaction.rule import Anchor, Rule
from osvc_diag.redaction.snmp import find_snmp

_RMAN = rb"(?:target|catalog|rcvcat|auxiliary)[ \t\"'\\,=]{1,16}"  # whom Oracle's rman connects to
# A statement of its own.
_CONNECT = rb"(?:^|(?<=[;\"'<>]))[ \t]{0,16}conn(?:ect)?[ \t]{1,16}(?=[\w.$-]{1,64}/[^\s/@\"']{1,48}@[\w/])"

RULES = (
    Rule(
        id="database",
        purpose="user/password@host, as Oracle's tools and JDBC write it",
        anchors=(
            Anchor(rb"jdbc:oracle:"),
            Anchor(rb"sqlplus"),
            Anchor(rb"expdp[ \t\"'\\,]"),
            Anchor(rb"impdp[ \t\"'\\,]"),
            Anchor(rb"@(?:" + rb"|".join(rb"(?<=/[^\s/@\"']{%d}@)" % size for size in range(1, 49)) + rb")"),
            Anchor(rb"userid="),
            Anchor(rb"rman[ \t]"),
        ),
        pattern=(
            rb"(?i:jdbc:oracle:(?:thin|oci8?):|\b(?:sqlplus|expdp|impdp)[ \t\"'\\,]{1,16}(?:-\w{1,16}[ \t\"'\\,]{1,16}){0,4}"
            rb"|\buserid=|\b" + _RMAN + rb"(?=[\w.$-]{1,64}/[^\s/@\"']{1,48}@)"
            rb"|\brman[ \t]{1,16}(?:[\w/.=-]{1,64}[ \t]{1,16}){0,4}" + _RMAN + rb"|" + _CONNECT + rb")"
            rb"[\"'\\]{0,8}[\w.$-]{1,64}/(?:\\{0,4}(?P<quote>\"))?"
            rb"(?P<secret>(?(quote)[^\"\\\n]{1,128}|(?:[^\s@\"'/\\]|\\(?![\"'\\nrt])){1,128}))(?=@|\s|[\"'\\;|]|$)"
        ),
        masked=(
            "jdbc:oracle:thin:scott/«tiger1»@//db1:1521/orcl",
            "sqlplus -s scott/«tiger1»@orcl",
            'sqlplus -s "scott/«x1y2z3»@orcl"',
            "sqlplus scott/«x1\\y2z3»@orcl",
            "SQLPLUS scott/«x1y2z3»@orcl",
            "['sqlplus', '-L', 'scott/«x1y2z3»@orcl']",
            'sqlplus scott/"«x1@y2/z3»"@orcl',
            "rman target sys/«x1y2z3»@orcl",
            "rman nocatalog target=sys/«x1y2z3»@orcl auxiliary sys/«x1y2z3»@aux",
            "expdp scott/«x1y2z3»@orcl directory=dumps",
            "rman target sys/«x1y2z3»",
            "rman nocatalog target sys/«x1y2z3» cmdfile=a.rcv",
            "connect scott/«x1y2z3»@orcl",
            "SQL> CONNECT sys/«x1y2»@orcl as sysdba;",
            'echo "conn scott/«x1y2»@orcl" | sqlplus /nolog',
            "IMPDP scott/«x1y2z3»",
            "imp userid=scott/«x1y2z3» file=x.dmp",
        ),
        kept=(
            "sqlplus / as sysdba",
            "jdbc:oracle:thin:@db1:1521/orcl",
            "sqlplus -s /nolog @/srv/app/x.sql",
            "rman target / cmdfile=scripts/full.rcv",
            "the german target north/south was missed",
            "expdp directory=dumps dumpfile=x/y.dmp",
            "connect / as sysdba",
            "connect unix/socket of joe",
            "connect node1/eth0",
            "failed to connect node1/eth0@if3",
            "the performance target north/south",
        ),
    ),
    Rule(
        id="sql",
        purpose="passwords in SQL statements",
        anchors=(
            Anchor(rb"identified[ \t]"),
            Anchor(rb"password[ (][ (]{0,4}\\{0,4}['\"]"),
        ),
        pattern=(
            rb"(?i:identified[ \t]+(?:with[ \t]+[\w\"'`]+[ \t]+(?:by|as)|by)[ \t]+(?:password[ \t]+)?|(?<![\w\"'])password[ (][ (]{0,4}(?=\\{0,4}['\"]))"
            rb"(?:\\{0,4}(?P<quote>['\"]))?(?P<secret>(?(quote)(?:[^'\"\\\n]|\\[^'\"]){1,512}|[^\s;'\",]{1,256}))"
        ),
        masked=(
            "CREATE USER 'joe'@'%' IDENTIFIED BY '«x1y2 z»';",
            "ALTER ROLE joe WITH PASSWORD '«x1y2»';",
            "SET PASSWORD FOR joe = PASSWORD('«x1y2»')",
            "alter user joe identified by «tiger1»;",
            "create user joe identified with sha256_password as '«1C0FFEE»'",
            "create user joe identified      by\t'«tiger1»'",
        ),
        kept=(
            "secret key 'password' added (186)",
            "ALTER ROLE joe WITH NOLOGIN",
            "the disk was identified as sda",
        ),
    ),
    Rule(
        id="snmp",
        purpose="SNMP communities and keys",
        anchors=(
            Anchor(rb"community"),
            Anchor(rb"snmp"),
            Anchor(rb"createuser[ \t]"),
            Anchor(rb"sink[ \t]"),
            Anchor(rb"passphrase[ \t]"),
            Anchor(rb"proxy[ \t]{1,16}-"),
            Anchor(rb"com2sec"),
            Anchor(rb"sess[ \t]"),  # trapsess
        ),
        find=find_snmp,
        masked=(
            "rocommunity «s3cr1t» 10.0.0.0/8",
            'rocommunity "«x b»" 10.0.0.0/8',
            '{"line": "rwcommunity6 \\"«x b»\\" default"}',
            "snmpwalk -v2c -c «s3cr1t» 10.0.0.1",
            "snmpwalk -v3 -u joe -l authPriv -a SHA -A «x1y2z3» h",
            "snmpget -v3 -u joe -a SHA -A «aaaaaa» -x AES -X «x1y2z3» h",
            "snmpget -u joe -A '«a | b»' -X «x;y» h | grep -A 3 sys",
            "snmpbulkwalk -3m «0x0a1b» -c«s3cr1t» h",
            "['snmpget', '-v2c', '-c', '«s3cr1t»', 'h']",
            "check_snmp -H h -C «s3cr1t» -o .1.3 -c 20",
            "snmp-server community «s3cr1t» RO",
            'community: "«s3cr1t»"',
            "communityString: «x1y2z3»",
            "communityname=«x»",
            "snmpCommunityString: «x»",
            "createUser joe SHA «auth1pass» AES «priv1pass»",
            "createUser\tjoe\tSHA-256\t«auth1pass»\tAES\t«priv1pass»",
            'createUser -e 0x80 "joe x" SHA "«x1y2z3 b»" AES -m «0x0a1b»',
            "trapsink 10.0.0.1 «s3cr1t»",
            "trapsink\th\t«x»",
            "informsink -profile p h «x»",
            "com2sec\tn\tdefault\t«x»",
            "com2sec -Cn ctx n default «x»",
            "authcommunity log,execute «x»",
            "defPassphrase «x1y2»",
            "defAuthPassphrase '«x1 y2»'",
            "defPrivPassphrase\t«x1y2»",
            "proxy -v 2c -c «x1y2» 10.0.0.1 .1.3.6",
            "  proxy -Cn ctx -c «x1y2» h",
            "snmp-server host 10.0.0.1 «x1y2»",
            "snmp-server host h traps version 2c «x1y2» udp-port 1162",
            "snmp-server host h vrf mgmt informs version 3 priv «joe»",
            "snmp-server host inside 10.0.0.1 community «x1y2» version 2c",
            "snmp-server user joe ops v3 auth sha «x1y2» priv aes 128 «x1y3»",
            "trapsess -v 3 -u joe -a SHA -A «x1y2z3» h",
        ),
        kept=(
            "the community edition",
            "snmpd.conf has no community",
            "snmpd -c /etc/snmp/snmpd.conf -a",
            "snmpwalk -v3 -u joe -l authPriv -a SHA -x AES h",
            "snmpwalk -c $COMMUNITY h && tar -c x",
            "check_snmp -H h -w 10 -c 20",
            "createUser joe SHA",
            "if community == name",
            "haproxy -c -f /etc/haproxy.cfg",
            "kube-proxy -c x",
            "/usr/bin/proxy -c x",
            "no defPassphrase",
            "snmp-server host 10.0.0.1",
            "snmp-server host inside 10.0.0.1",
            "snmp-server enable traps",
            "snmp-server user joe ops v3",
        ),
    ),
    Rule(
        id="iscsi",
        purpose="iSCSI CHAP users' secrets in target configurations",
        anchors=(Anchor(rb"inguser[ \t]"),),
        pattern=rb"(?i:\b(?:incoming|outgoing)user)[ \t]+\S{1,256}[ \t]+(?P<secret>\S{1,256})",
        masked=("incominguser joe «chapsecret12»", "OutgoingUser joe «chapsecret12»"),
        kept=("incominguser joe",),
    ),
)
