"""Where a result was computed, and by which code."""

import subprocess
from functools import cache
from pathlib import Path

import keras

from helpers.devices import describe_device, versions


def environment() -> dict:
    """Where a result was computed: backend, device, versions, commit."""
    return {
        "backend": keras.backend.backend(),
        "device": describe_device(),
        "versions": versions(),
        "commit": current_commit(),
    }


@cache
def current_commit() -> str:
    """The commit of the code, with "+changes" where notebooks or helpers differ from it; "unknown" outside git."""
    root = Path(__file__).parent.parent
    git = ["git", "-C", str(root)]
    try:
        commit = _output([*git, "rev-parse", "--short=10", "HEAD"])
        changes = _output([*git, "status", "--porcelain", "--", "helpers", "notebooks", "requirements.txt"])
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + ("+changes" if changes else "")


def _output(command: list[str]) -> str:
    """What a short command prints; its failure is an error."""
    return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout.strip()
