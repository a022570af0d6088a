"""Installing what a lock file lists into this environment, by uv where it can be had, else by pip: for `make`.

`python -m suite.install LOCK` needs nothing but Python's own library. Every file is held against the lock's hashes.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
UV = ("pip", "install", "--quiet", "--python", sys.executable)
LOCKED = ("--no-deps", "--require-hashes", "--requirement")  # a lock lists all that is needed
HELPERS = ("--no-deps", "--no-build-isolation", "--editable", ".")  # built by the locked setuptools
OFFLINE = """The packages could not be installed; the lines above say why. The first set-up needs a network, or a mirror
of PyPI: export PIP_INDEX_URL=https://...  Then give the same command again."""


def pip_settings(listed: str) -> dict[str, str]:
    """The settings that `pip config list` shows, by name: those of the user override global ones, the environment both.

    Args:
        listed: Lines such as "global.index-url='https://mirror/simple'".
    """
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        for name, value in re.findall(rf"^{section}\.([\w-]+)=('.*'|\".*\")$", listed, re.MULTILINE):
            found[name] = ast.literal_eval(value)
    return found


def uv_environment(environ: Mapping[str, str], pip: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv, which does not read pip's settings: its index and its certificates are pip's.

    Args:
        environ: This process's environment; what it sets for uv stays.
        pip: As `pip_settings` gives them.
    """
    own = {"UV_HTTP_TIMEOUT": "180"}
    if "index-url" in pip and not {"UV_INDEX_URL", "UV_DEFAULT_INDEX"} & set(environ):
        own["UV_DEFAULT_INDEX"] = pip["index-url"]
    if "cert" in pip:
        own["SSL_CERT_FILE"] = pip["cert"]
    return own | dict(environ)


def locked_uv(lock: str) -> str:
    """The lines of a lock file that are about uv itself; "" where it is not listed."""
    found = re.search(r"^uv==.*(?:\n {4}--hash=.*)+", lock, re.MULTILINE)
    return found[0] + "\n" if found else ""


def find_uv(lock: Path) -> str | None:
    """The path of uv: this machine's, else the locked one, which pip installs; None if it cannot be had."""
    beside = Path(sys.executable).with_name("uv")
    if found := shutil.which("uv") or (beside.is_file() and str(beside)):
        return found
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write(locked_uv(lock.read_text()))
        file.flush()
        error = run([*PIP, "--retries", "1", *LOCKED, file.name], os.environ)
    return None if error or not beside.is_file() else str(beside)


def run(command: list[str], environ: Mapping[str, str]) -> str:
    """Run a command; the last line of what it said if it failed, else ""."""
    try:
        ended = subprocess.run(command, env=dict(environ), capture_output=True, text=True)
    except OSError as error:
        return str(error)
    said = ended.stderr.strip().splitlines()
    return (said[-1].strip() if said else f"it ended with {ended.returncode}") if ended.returncode else ""


def install_by_uv(lock: Path) -> str:
    """Install the locked packages and the helpers by uv; "", or why it could not."""
    if not (uv := find_uv(lock)):
        return "it is neither installed nor to be had"
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    environ = uv_environment(os.environ, pip_settings(listed))
    return run([uv, *UV, *LOCKED, str(lock)], environ) or run([uv, *UV, *HELPERS], environ)


def main(lock: Path) -> str | None:
    """Install; None, or what to say to whom it failed."""
    if not (error := install_by_uv(lock)):
        return None
    print(f"Not by uv ({error}): pip installs the same packages, which takes some minutes.", flush=True)
    for options in ((*LOCKED, str(lock)), HELPERS):
        if subprocess.run([*PIP, *options]).returncode:
            return OFFLINE
    return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
