"""Opens a file outside of the agent's folders that root granted: wary of links, and never a secret's."""

from __future__ import annotations

import os
import re
import stat
from typing import Optional

from osvc_diag.reading.descent import Descent, NotTakenError, locator

# What the kernel computes, devices, and what services are handed their credentials through.
_NO_FILES = re.compile(r"/(?:proc|sys|dev|run/credentials|run/secrets|run/user)(?:/.*)?", re.DOTALL)
# Files that are a credential and nothing else, some of them in a form in which redaction sees none.
_SECRETS = re.compile(
    r"g?shadow(?:[-.~].*)?|opasswd(?:\.old)?|master\.passwd|\.?htpasswd"
    r"|private_key|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|ssh_host_\w{1,16}_key"
    r"|.*\.(?:key|keytab|p12|pfx|jks|jceks|bcfks|keystore|kdbx|kbx|gpg|pkcs12|p8|ppk)"
    r"|\.netrc|\.pgpass|\.my\.cnf|\.git-credentials",
    re.DOTALL | re.IGNORECASE,
)
# Of what holds everybody's, only a folder in it.
_TOO_MUCH = frozenset(("/", "//", "/etc", "/home", "/run", "/usr", "/var", "/var/lib", "/var/spool"))
_SYSTEMS_OWN = re.compile(
    r"/(?:boot|root|etc/(?:pam\.d|pki|security|ssh|ssl|sudoers\.d)|var/lib/(?:private|sss)|var/spool/cron)(?:/.*)?",
    re.DOTALL,
)
_LINK_FLAGS = getattr(os, "O_PATH", 0) | os.O_NOFOLLOW | os.O_CLOEXEC


def refusal(path: str) -> Optional[str]:
    """Say why a file is never taken, whoever asks for it; None where nothing speaks against it.

    Args:
        path: absolute, normal, on the node.
    """
    if _NO_FILES.fullmatch(path):
        return "is none of the files of a disk: it is never taken"
    if _SECRETS.fullmatch(os.path.basename(path)):
        return "holds a secret by its name: it is never taken"
    return None


def folder_refusal(folder: object) -> Optional[str]:
    """Say why a folder is not granted as a whole; None where nothing speaks against it."""
    if not isinstance(folder, str) or not os.path.isabs(folder) or os.path.normpath(folder) != folder:
        return "is no absolute, normal path"
    if folder in _TOO_MUCH or _SYSTEMS_OWN.fullmatch(folder) or refusal(folder) is not None:
        return "is the system's: name a folder of the application"
    return None


class GrantedDescent(Descent):
    """The way down to a file anywhere, with root's rights, past folders that others may write to.

    A link is followed only where root or the running user owns it: whoever else may write to a folder on the
    way could let it lead to what is not theirs. A file with several names is taken only where its folder has
    the same owner, for the same reason.
    """

    def __init__(self, path: str, base: str) -> None:
        """Prepare.

        Args:
            path: absolute, normal, below `base`.
            base: what stands for `/`, without links.
        """
        super().__init__(path, locator([(base, base)]), base)

    def _end(self) -> tuple[str, os.stat_result]:
        name, status = super()._end()
        real_path = os.path.join(self.real_path, name)
        reason = refusal(real_path[len(self._base.rstrip(os.sep)) :])
        if reason is not None:
            raise NotTakenError(reason)
        if status.st_nlink > 1 and status.st_uid != os.fstat(self._fds[-1]).st_uid:
            raise NotTakenError("has several names, and another owner than its folder")
        return name, status

    def _is_what_was_seen(self, opened: os.stat_result, seen: os.stat_result) -> bool:
        # How many names it has is only sure by one of them: whoever put it there may have taken that away.
        return os.path.samestat(opened, seen)

    def _target(self, link: str) -> str:
        if not hasattr(os, "O_PATH"):
            raise NotTakenError("is a link, and only Linux tells safely whose")
        fd = os.open(link, _LINK_FLAGS, dir_fd=self._fds[-1])
        try:
            status = os.fstat(fd)
            if stat.S_ISLNK(status.st_mode) and status.st_uid not in {0, os.geteuid()}:
                raise NotTakenError(f"is or passes a link of uid {status.st_uid}, neither root nor the user")
            return os.readlink("", dir_fd=fd)
        finally:
            os.close(fd)
