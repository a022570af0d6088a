"""The lock files cover what requirements.txt pins, and are installed by uv where it can be had, else by pip."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from suite import install
from suite.install import locked_uv, pip_settings, uv_environment

ROOT = Path(__file__).parents[2]
LOCKS = [ROOT / "requirements.lock", ROOT / "requirements-gpu.lock"]
MACHINES = [
    {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": platform, "platform_machine": cpu}
    for python in ("3.11", "3.12", "3.13")
    for platform, cpu in (("linux", "x86_64"), ("linux", "aarch64"), ("darwin", "arm64"))
]


@pytest.fixture(params=LOCKS, ids=lambda path: path.name)
def lock(request):
    """Each lock file's text in turn."""
    return request.param.read_text()


def entries(text: str) -> list[str]:
    """The entries of a requirements file or of a lock, without comments: each with its hashes."""
    joined = re.sub(r" *\\\n *", " ", re.sub(r"(^|\s+)#.*", "", text))
    return [line for line in joined.splitlines() if line.strip()]


def parse(entry: str) -> Requirement:
    return Requirement(entry.partition(" --hash")[0])


def pins_on(text: str, machine: dict) -> dict[str, str]:
    """The pinned version of each package that a machine needs."""
    where = default_environment() | machine
    needed = [entry for entry in map(parse, entries(text)) if not entry.marker or entry.marker.evaluate(where)]
    return {requirement.name.lower(): str(requirement.specifier) for requirement in needed}


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: "-".join(machine.values()))
def test_a_lock_covers_each_pin_with_the_same_version(lock, machine):
    pinned, locked = pins_on((ROOT / "requirements.txt").read_text(), machine), pins_on(lock, machine)
    with_cuda = {"tensorflow" if name == "tensorflow-cpu" else name: version for name, version in pinned.items()}
    assert with_cuda.items() <= locked.items() or pinned.items() <= locked.items()
    assert len(pinned) > 25


def test_every_entry_of_a_lock_is_pinned_and_has_hashes(lock):
    for entry in entries(lock):
        assert re.fullmatch(r"==[\w.+]+", str(parse(entry).specifier)), entry
        assert re.search(r"( --hash=sha256:[0-9a-f]{64})+$", entry), entry


def test_a_lock_names_no_index(lock):
    assert "://" not in lock
    assert "index" not in lock


def test_the_gpu_lock_has_both_backends_with_cuda_and_the_other_one_neither():
    without, with_cuda = ({parse(entry).name for entry in entries(path.read_text())} for path in LOCKS)
    assert {"jax-cuda12-plugin", "nvidia-cudnn-cu12", "tensorflow"} <= with_cuda
    assert "tensorflow-cpu" not in with_cuda
    assert not [name for name in without if "cuda" in name or "nvidia" in name]


def test_uv_is_told_what_pip_is_set_to():
    listed = "global.index-url='https://one/simple'\n:env:.index-url='https://two/simple'\nglobal.cert='/ca.crt'\n"
    settings = pip_settings(listed + "global.extra-index-url='file:///a b'\nWARNING: odd\n")
    assert settings == {"index-url": "https://two/simple", "cert": "/ca.crt", "extra-index-url": "file:///a b"}
    own = uv_environment({"HOME": "/root"}, settings)
    assert (own["UV_DEFAULT_INDEX"], own["SSL_CERT_FILE"], own["HOME"]) == ("https://two/simple", "/ca.crt", "/root")
    assert "UV_DEFAULT_INDEX" not in uv_environment({"UV_INDEX_URL": "https://three"}, settings)
    assert "UV_DEFAULT_INDEX" not in uv_environment({}, {})


def test_uv_itself_is_installed_as_locked():
    [entry] = entries(locked_uv(LOCKS[0].read_text()))
    assert entry.startswith("uv==")
    assert entry.count("--hash=sha256:") > 5
    assert locked_uv("numpy==2.4.6 \\\n    --hash=sha256:0\n") == ""


@pytest.mark.parametrize("code", [0, 1])
def test_where_uv_fails_pip_installs_the_same_and_one_line_says_so(code, tmp_path, monkeypatch, capfd):
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\necho at first >&2\necho no such host >&2\nexit {code}\n")
    uv.chmod(0o755)
    monkeypatch.setattr(install, "find_uv", lambda lock: str(uv))
    monkeypatch.setattr(install, "PIP", (sys.executable, "-c", "import sys; print(sys.argv[1:])"))
    assert install.main(Path("some.lock")) is None
    said = capfd.readouterr().out.splitlines()
    first = ["Not by uv (no such host): pip installs the same packages, which takes some minutes."]
    by_pip = [str([*install.LOCKED, "some.lock"]), str([*install.HELPERS])]
    assert said == (first + by_pip if code else [])


def test_where_nothing_can_be_had_the_remedy_is_said(monkeypatch, capfd):
    monkeypatch.setattr(install, "find_uv", lambda lock: None)
    monkeypatch.setattr(install, "PIP", (sys.executable, "-c", "raise SystemExit(1)"))
    assert "PIP_INDEX_URL" in install.main(Path("some.lock"))
    assert "neither installed nor to be had" in capfd.readouterr().out


def test_the_installer_needs_nothing_but_python(tmp_path):
    asked = [sys.executable, "-S", "-c", "import suite.install"]
    assert subprocess.run(asked, cwd=ROOT, capture_output=True).returncode == 0


@pytest.mark.parametrize("before", ["cpu", "gpu"])
def test_over_an_environment_for_other_hardware_nothing_is_installed(tmp_path, before):
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    (tmp_path / "pyproject.toml").touch()
    python = tmp_path / "python"  # stands for Python: of an environment that it makes there is a copy of it
    python.write_text('#!/bin/sh\n[ "$2" != venv ] || { mkdir -p "$3/bin" && cp "$0" "$3/bin/python"; }\n')
    python.chmod(0o755)
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "of-tensorflow").touch()
    (tmp_path / ".venv" / f"ready-{before}").touch()
    (tmp_path / "requirements.lock").touch()  # newer than what was set up
    asked = ["make", "setup", "HARDWARE=cpu", f"PYTHON={python}"]
    made = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True)
    left = {path.name for path in (tmp_path / ".venv").iterdir()} - {"bin"}
    assert left == {f"ready-{before}", "of-tensorflow"}  # what is there is left, whatever it is for
    assert (made.returncode == 0) == (before == "cpu")
    said = ".venv has the packages for another kind of hardware, whose files are the same: make HARDWARE=gpu goes on"
    assert (said in made.stderr) == (before == "gpu")
