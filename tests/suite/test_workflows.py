"""What runs elsewhere, on GitHub, at a commit or in a container, calls what there is here."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.fixture(params=WORKFLOWS, ids=lambda path: path.stem)
def workflow(request):
    """Each workflow in turn."""
    return yaml.safe_load(request.param.read_text())


def steps(workflow: dict) -> list[dict]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def pin(package: str) -> str:
    """A package's version in requirements.txt."""
    return re.search(rf"^{package}==([\w.]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)[1]


def test_there_are_three_workflows():
    assert [path.stem for path in WORKFLOWS] == ["colab", "pages", "test"]


def test_a_workflow_may_only_read_and_takes_official_actions_of_a_major_version(workflow):
    assert workflow["permissions"] == {"contents": "read"}
    used = [step["uses"] for step in steps(workflow) if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", action) for action in used)
    assert all("timeout-minutes" in job for name, job in workflow["jobs"].items() if name != "publish")


def test_a_workflow_calls_targets_of_the_makefile(workflow):
    called = re.findall(r"^make ([a-z-]+)", "\n".join(step.get("run", "") for step in steps(workflow)), re.MULTILINE)
    assert called
    assert set(called) <= TARGETS


def test_each_supported_python_is_tested():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    supported = SpecifierSet(project["requires-python"])
    [workflow] = [yaml.safe_load(path.read_text()) for path in WORKFLOWS if path.stem == "test"]
    tested = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert tested == [f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported]


def test_a_commit_is_checked_by_the_ruff_that_make_test_has():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    revisions = {Path(each["repo"]).name: each["rev"] for each in hooks}
    assert revisions["ruff-pre-commit"] == f"v{pin('ruff')}"


def test_the_container_sets_itself_up():
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())
    assert container["postCreateCommand"] == "make setup"


def test_the_citation_and_the_licence_agree_with_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
    assert citation["authors"][0]["name"] in (ROOT / "LICENSE").read_text()
