"""The main job on the sample node: collect, show, verify, upload through a proxy, and fetch the item back.

`make demo` runs it. Nothing leaves this machine: the exchange, a real bepasty, and the proxy are on loopback.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shlex
import subprocess
import sys
import tempfile

from loopback_exchange import SENDER_LOGIN, running_exchange
from loopback_proxy import running_proxy

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(HERE, "node")
GAPS = 10
PROXY_LOGIN = "demo:demo-proxy-password"


def tell(text: str) -> None:
    """Print a step's heading."""
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def run(*arguments: str, environ: dict[str, str]) -> None:
    """Run osvc-diag as an admin would, and show the command."""
    shown = [os.path.relpath(argument) if argument.startswith(HERE) else argument for argument in arguments]
    print("$ osvc-diag " + shlex.join(shown), flush=True)
    command = [sys.executable, "-m", "osvc_diag", *arguments]
    code = subprocess.run(command, env=environ, check=False).returncode
    if code not in (0, GAPS):
        sys.exit(code)


def with_login(url: str, login: str) -> str:
    """Return a URL with a user and a password in it."""
    return url.replace("://", f"://{login}@")


def sha256(content: bytes) -> str:
    """Return the checksum of some bytes."""
    return hashlib.sha256(content).hexdigest()


def main() -> None:
    """Walk the line once."""
    with tempfile.TemporaryDirectory(prefix="osvc-diag-demo-") as folder:
        environ = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        tell("1. Collect the object prod/svc/web of the sample node")
        run("prod/svc/web", "--root", NODE, "--output", folder, "--no-upload", environ=environ)
        [bundle] = glob.glob(os.path.join(folder, "*.tar.gz"))

        tell("2. Look into the bundle")
        run("show", bundle, environ=environ)

        tell("3. Search it once more for every secret of the node")
        run("verify", bundle, "--root", NODE, environ=environ)

        tell("4. Send it through a proxy that wants a login")
        with running_exchange() as exchange, running_proxy(login=PROXY_LOGIN) as proxy:
            # By the environment: a password on the command line stands in the process list.
            environ["OSVC_DIAG_EXCHANGE"] = with_login(exchange.url, SENDER_LOGIN)
            environ["OSVC_DIAG_PROXY"] = with_login(proxy.url, PROXY_LOGIN)
            run("upload", bundle, "--root", NODE, "--yes", environ=environ)

            tell("5. Fetch the item back with a staff login")
            with open(f"{bundle}.receipt.json", encoding="utf-8") as file:
                receipt = json.load(file)
            with open(bundle, "rb") as file:
                sent = sha256(file.read())
            received = sha256(exchange.fetch(receipt["item"]))
        print(f"sent      {sent}\nreceived  {received}")
        if sent != received:
            sys.exit("the item on the exchange differs from the bundle")
        print("the same bytes: the main job is done")


if __name__ == "__main__":
    main()
