"""Words so common in logs that a secret equal to one of them cannot be looked for everywhere."""

from __future__ import annotations

COMMON_WORDS = frozenset(
    """
abort about above accept accepted account acquire action actions activated active adapters adaptor added
addr address addresses admin administrator after again agent alarm alert alerts alias alive allocate
allocations allow allowed alone already always amongst announce answer anyone apache apis append
application apps april arbitrator archive argument argv array assert asset async attach attempt attribute
august auth authentication authinfo author authority authorized auto automatic avail availability
available average away back backend backlogs backup balance band bank base basic batch beating beats
because been before begin beta better between binary bind bits black blacklist blkid block blue board body
bool boolean boom boot both bottom bound branch break bridge brocade browser bucket buffer build bundle
busy button byte bytes cache caches cacreateserial cakey call callback cancel canceled cannot capabilities
capacity card case catalog catalogs cause caused center central cert certificate certificates certs cgroup
chain change changed changeme changes channel char character charset check checking checks child children
choice cifs class clean cleanup clear client clients clock close closed cloud cluster cmdline code codec
collect collection collector color colorize column comm command comment commit common community company
compare compat compile complete completed compliance component compress compute computer condition conf
config configuration configured confirmations conn connect connecting connection connectionerror
connectionpool consensus console constant constraint container content context continue contract control
controller convert copy core corrupt couldn count country crash create created credential credentials
creds critical cron crypt crypto csum current cursor custom customer cycle daemon daemonapi daemoncmd
daily dashboard data database datacenter dataset datastore date days dbopensvc deadline debian debug
december decimal decode default defer defined degraded delay delayed delete deleted delivered demo denied
dense deny dependency deploy depth dequeue description detach details device devops devs dial dictionary
differ digest direct directory dirty disable disabled discard disconnect discover disk disks dispatch
display dmsetup docker document does domain done double down download draft drain drbd driver drivers drop
dropper dump duplex duration dynamic east echo edit effective elapsed element email employee empty enable
encap encode encoding encrypted encryption endpoint engine enter enterprise entity entries entry
environment equal errno error errors escape establish eval evasnap even event events every everyone
example exceeded except exception exceptions exec execute execution executor exist existing exit exited
exits expect expire expired explicit export expose exposed express expression extend extension external
extra fabric face facility factory failed failover failure fallback false family fast fatal feature
february fedora fetch field fields file filenotfounderror files filter filtersets final findfs finish
finished fire first fixable fixed flag flex float flow flush folder following footer force foreign forget
forking format forward found fraction fragment frame free freeze freezing from frontend frozen full
fullpem func function future gateway gauge gbps general generate generic genesis getaddrinfo giveback
global gold good grace graceful grafana grant graph gratuitous greatest green grid group groups guest
guide handler hardware hash hashpolicy have hbctrl hbucast header headers healthy heap hello help hidden
high history hold home hook host hostname hosts hour hours house html http https httpsconnection
httpsconnectionpool icfg icon ident identifier idle ifconfig ignore ignored image images imon implicit
import inactive incoming increase increment index inet info init initial initialized inline inner input
insert inside install instance instances integer integration interface interrupt interval invalid
inventory invoke iptables iscsi island issue item items iterator january java jenkins jobs join journal
json jsonpath july june keep kernel keyboard keyout keys keywords kill kind kubernetes kwargs label lambda
language large last latency later latest latin launch layer layout leader leave left legacy length letmein
level library license limit limited line linear lines link linux list listen listener listening literal
little live load loaded loader local localhost location lock locked lockfile locks logger logging logic
login logout logrotate logs london long longer loop losetup lost lower lsnr lsnrhttpinet lsnrhttpux
lvchange machine mail mailbox main maintenance make management manager mandatory manifest manual many
mapper mapping march margin mark marker market mask masquerade matrix maximum maxretryerror maybe media
member memory menu merge message metadata meter method metric metrics middle middleware migrate migration
minimum minute minutes mirror misc missing mixed mobile mode model modern modified modify module moduleset
monday money mongo mongodb monitor monotonic month more most mount mounted mounting mounts move mtime
multi multiple mutable mutex mysql name named nameresolutionerror names namespace namespaces native near
need needed needs negative nested netapp netns netstat network networks never newkey nexenta next nginx
nmon noatime nobody node nodes nodev noexec nofile none normal north nosuid notes nothing notice
notification notified notify november npre null number numeric object objects october offset ofile older
omon online only open opened openssl opensvc operation operator optimal option optional options oracle
orchestrate orchestration order organization origin oserror osvc other outer outgoing output over overall
overloaded owner package packages page panel paper parallel parameter parameters parent paris parse parser
parsnap partial partition party passive passphrase password passwords past patch path paths pattern pause
paused payload payment peer peers pending percent performance period permission person phase phone
physical pids ping pipe pipeline pivot placed placement plain plan platform plugin podman point pointer
policy pool pools port positive possible post postfix postgres postgresql postrouting postsync power
prefix premium prepare present preserve presync preview previous primary principal print priority priv
privacy private prkey probe problem process processing processor procs prod product production profile
program progress project prometheus prompt proof property protect protocol prototype provider provision
provisioned provisioning proxy prstatus public publickey publish pull pure purge purple push pushasset
pushbrocade pushcentera pushdisks pushdorado pushemcvnx pusheva pushfreenas pushgcedisks pushhcs pushhds
pushhp pushibmds pushibmsvc pushnecism pushnetapp pushnsr pushpatch pushpkg pushpure pushstats pushsym
pushvioserver pushxtremio pycrypto python quality query question queue queued quick quiesce quiet quorum
quota rabbit rabbitmq raise random range rank rate ratio reach react read readable reader reading ready
real realtime reason reboot rebuild receive received receiver receiving recent recipe record records
recover recovery recursive redhat redis reduce reference refresh refused region register registry regular
reject rejoin rejoined relatime relation relay release reload remaining remote remount remove rename
render repair repeat replace replica replication reply report repository request requests required resapp
rescan rescanned reserve reserved reset resinfo resize resolution resolve resolver resource resources resp
respond response rest restart restore result resume resync retention retries retry retryable return
returned reverse revert review right role roles rollback room root rootcfg rootsec rotate round route
router routes rows rset rsync rule rules ruleset running runtime safe salt same sample sandbox sandboxing
satisfy saturday saved sbin scal scale scaler scaling scan scanner scanscsi schedu schedul schedule
scheduler schedules scheduling schema scheme scope score screen script search second secondary seconds
secret secrets section sector secure security segment select selected selector self selinux semaphore send
sender sending sensor sentinel sequence serial series serve server service services session sessions
setting settings setup shadow shape share shared shares shell short show shutdown side sign signal
signature signing silent silver simple simulate since single site size skip slave sleep slice slot small
smart snapshot snooze sock socket soft software solaris some sort sound source south space special
specified speed split spread square sshd stable stack stage staging stale standard standby star start
started starting startstandby startup stat state static station statistics stats status stderr stdout step
sticky stock stonith stop stopped stopping store storm strategy stream string strong structure style subj
submit subnet subscribe subscription subset subsets success such suffix summary sunday support supported
suse swap swarm switch switches symbol symsnapshot sync synced synchronization synchronous syslog
sysreport system systemd table tablet tags tail takeover target targeted task teams telnet template
templates temporary tenant terminal test tester testing text than that thaw thawed thawing them then there
these they thing third this thread threads thursday time timed timeout timer timestamp title tmpfiles
tmpfs today toggle token tomcat tool tools topology total trace traceback track traffic trailing train
transaction transfer transform transitions translate transport trap tree trigger true trusted trying
tuesday tune tunnel type typed ubuntu ucast umount umounted unable unavailability unconfined undef
undefined unfreeze unique unit universe unix unknown unlimited unlink unlock unmount unprovision
unprovisioned unschedule unset unsigned unsnooze until update updateclumgr updatecomp updated updatepkg
upgrade upload upper uptime urllib urlopen usage user username users userspace using util uuid uxsock
vagrant validate validated value values vault vdisk vector vendor verbose verified verify vers version
versions vhost video view virtual visible vlan void volume volumes wait waiting waitlock wake warm warn
warning warnings watch watchdog wednesday week welcome west wheel while white whoami wide width wildcard
will window windows wireless with word words work worker workers world wrap write writer wrong xmlrpc year
yellow yesterday your zero zone zones zookeeper zpool zvol
""".split()  # noqa: SIM905 (a list of 1400 quoted words is not read)
)
