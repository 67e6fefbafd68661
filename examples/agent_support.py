"""The body of the action `support` of OpenSVC's Python agent (b2.1): a drop-in for core/objects/svc.py.

    def support(self):
        from agent_support import support
        return support(self)

With "support" in its ACTIONS_NO_LOCK and ACTIONS_NO_STATUS_CHANGE it takes no action lock, so it works while
a start hangs. docs/agent-integration.md of osvc_diag tells more. Any Python from 2.7 on reads this file;
where the agent's own is too old for osvc_diag, another one runs it.
"""

import os
import subprocess
import sys

OLDEST = (3, 9)
PYTHONS = ("python3", "python3.13", "python3.12", "python3.11", "python3.10", "python3.9")
GAPS = 10  # osvc_diag's exit code for a bundle from which something is missing
LIMITS = ("block", "log_size", "max_size", "output", "profile", "timeout")  # that diag.ini may set
ERRORS, WARNING = ("osvc-diag: ", "  hint: "), "warning: "  # what lines of osvc_diag's stderr begin with
DONE, FAILED = 0, 1  # the agent's own


def support(svc):
    """Send a bundle about an object to OpenSVC's support; return the agent's return code.

    Args:
        svc: the agent's object: its `path`, and its `log`.
    """
    from env import Env  # the agent's: its paths are those of this very moment

    try:
        import osvc_diag
    except ImportError:
        osvc_diag = None  # it may be installed for another interpreter
    if osvc_diag is None or sys.version_info < OLDEST:
        return by_another_python(svc, Env)
    return in_process(svc, Env)


def in_process(svc, env):
    """Collect and send in the agent's own process: in any thread, with nothing of it changed."""
    from osvc_diag import DiagError, Node, diagnose, resolve_settings, upload

    def on_event(event):
        phase, message = getattr(event, "phase", ""), getattr(event, "message", "")
        if phase:
            svc.log.info("support: %s", phase)
        elif message:
            svc.log.warning("support: %s", message)

    paths = env.paths
    try:
        node = Node.from_paths(etc=paths.pathetc, log=paths.pathlog, var=paths.pathvar, name=env.nodename)
        # The site's diag.ini may name the proxy: `om` runs through sudo, which drops https_proxy.
        settings = resolve_settings(environ=os.environ, etc=paths.pathetc)
        for warning in settings.warnings:
            svc.log.warning("support: %s", warning)
        told = {name: getattr(settings, name) for name in LIMITS if getattr(settings, name) is not None}
        result = diagnose(svc.path, node=node, on_event=on_event, **told)
        for gap in result.gaps:
            svc.log.warning("support: missing: %s: %s", gap.artifact or gap.collector, gap.reason)
        svc.log.info("support: the bundle is %s", result.bundle)
        receipt = upload(result, settings, node=node, environ=os.environ, on_event=on_event)
    except DiagError as error:
        svc.log.error("support: %s%s", error, " (%s)" % error.hint if error.hint else "")
        return FAILED
    svc.log.info("support: delivered: %s", receipt.link)
    return DONE


def by_another_python(svc, env):
    """Run osvc_diag as a program, and tell what it tells."""
    python = new_python()
    if python is None:
        svc.log.error("support: osvc_diag needs Python %d.%d or newer, and there is none" % OLDEST)
        return FAILED
    command = [python, "-m", "osvc_diag", "collect", svc.path, "--upload", "--node", env.nodename]
    # Which root is the agent's; the site's diag.ini names the proxy, for sudo dropped https_proxy.
    environ = dict(os.environ, OSVC_ROOT_PATH=env.paths.pathsvc)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ, universal_newlines=True
    )
    with process.stdout, process.stderr:
        for line in process.stderr:
            if line.strip():
                retell(svc.log, line.rstrip())
        results = process.stdout.read().splitlines()  # its path and its link: that fits into any pipe
    code = process.wait()
    if code not in (0, GAPS):
        for bundle in results[:1]:
            svc.log.info("support: the bundle is %s", bundle)
        svc.log.error("support: osvc_diag failed with exit code %d", code)
        return FAILED
    svc.log.info("support: delivered: %s", results[-1])
    return DONE


def retell(log, line):
    """Log a line of osvc_diag's stderr at the level that it begins with."""
    if line.startswith(ERRORS):
        log.error("support: %s", line)
    elif line.startswith(WARNING):
        log.warning("support: %s", line[len(WARNING) :])
    else:
        log.info("support: %s", line)


def new_python():
    """Return the name of an interpreter that osvc_diag runs on, None where there is none."""
    check = "import sys, osvc_diag; sys.exit(sys.version_info < (%d, %d))" % OLDEST
    for name in PYTHONS:
        try:
            process = subprocess.Popen([name, "-c", check], stderr=subprocess.PIPE)
        except OSError:
            continue
        process.communicate()
        if process.returncode == 0:
            return name
    return None
