"""What the server is deployed with fits the server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from jobserver.auth.signing import check_secrets
from jobserver.cli.commands import _parser
from jobserver.config import SETTINGS, Config, load, read_env_file, store_file
from jobserver.runtime import url_policy
from jobserver.web.app import ROUTES
from tests.docs.pages import README, ROOT

DOCKERFILE = ROOT / "Dockerfile"
KNOWN = {setting.name for setting in SETTINGS}
AFTER_THE_GRACE = 8
"""Seconds that handlers, connections and the browser take to close at most, when the grace is over."""


def with_a_disk(blueprint: str) -> str:
    """The blueprint without the comment signs before what is YAML."""
    return re.sub(r"^( *)# ( *(?:- )?[A-Za-z]+:(?: \S+)?)$", r"\1\2", blueprint, flags=re.MULTILINE)


@pytest.fixture(params=["in memory", "on a disk"])
def service(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The one service of render.yaml, as it stands and as its comments offer it."""
    text = (ROOT / "render.yaml").read_text()
    (service,) = yaml.safe_load(text if request.param == "in memory" else with_a_disk(text))["services"]
    assert ("disk" in service) == (request.param == "on a disk")
    return dict(service)


def rendered(service: dict[str, Any]) -> Config:
    """The settings a server on Render gets, with what people and Render fill in."""
    filled = {"ALLOWED_DOMAINS": "example.com", "CLIQ_SECRET": "q" * 44, "PORT": "10000", "RENDER": "true"}
    return load(filled | {each["key"]: each["value"] for each in service["envVars"] if "value" in each})


def test_the_blueprint_is_valid(service: dict[str, Any]):
    schema = json.loads((ROOT / "tests" / "data" / "render_min_schema.json").read_text())
    jsonschema.validate({"services": [service]}, schema, cls=jsonschema.Draft202012Validator)


def test_a_server_on_render_starts_with_the_settings_of_the_blueprint(service: dict[str, Any]):
    assert {each["key"] for each in service["envVars"]} <= KNOWN
    config = rendered(service)
    assert (config.host, config.port) == ("0.0.0.0", 10000)
    assert check_secrets(config.cliq_secret, loopback=False) == []
    assert url_policy(config).allowed_domains == ("example.com",)


def test_jobs_are_kept_on_the_disk_and_nowhere_else_where_there_is_one(service: dict[str, Any]):
    store = store_file(rendered(service).store)
    assert (store is None) == ("disk" not in service)
    if store is not None:
        assert store.parent == Path(service["disk"]["mountPath"])
        assert service["disk"]["sizeGB"] * 10**9 > 4 * rendered(service).max_store_bytes
        assert service["numInstances"] == 1


def test_render_waits_until_a_stopping_server_has_ended(service: dict[str, Any]):
    assert service["maxShutdownDelaySeconds"] >= rendered(service).shutdown_grace + AFTER_THE_GRACE


def test_render_checks_a_route_that_needs_no_signature(service: dict[str, Any]):
    assert service["healthCheckPath"] in {route.path for route in ROUTES if route.method == "GET"}
    assert service["healthCheckPath"] == "/health"


def test_the_example_of_an_env_file_can_be_used(tmp_path: Path):
    text = (ROOT / ".env.example").read_text()
    load(read_env_file(ROOT / ".env.example"))
    everything = tmp_path / ".env"
    everything.write_text(re.sub(r"^# ([A-Z_]+=)", r"\1", text, flags=re.MULTILINE))
    values = read_env_file(everything)
    assert set(values) <= KNOWN
    assert load(values).concurrency == 2


def dockerfile() -> list[tuple[str, str]]:
    """Its instructions in order: (name, the rest)."""
    text = re.sub(r"^#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name]


def test_the_dockerfile_is_clean():
    hadolint = Path(sys.executable).parent / "hadolint"
    if not hadolint.exists():
        pytest.skip("hadolint is not installed beside this Python")
    linted = subprocess.run([hadolint, "--no-color", DOCKERFILE], capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout


def test_the_image_runs_the_server_as_nobody_special_under_an_init():
    final = dict(dockerfile())
    assert json.loads(final["ENTRYPOINT"]) == ["/usr/bin/tini", "--"]
    assert final["USER"] == "10001:10001"
    assert final["EXPOSE"] == str(Config().port)
    environment = dict(pair.split("=", 1) for pair in final["ENV"].split())
    assert (environment["HOST"], environment["PORT"]) == ("0.0.0.0", "3000")
    assert environment["HOME"] == final["WORKDIR"]  # what can be written to without a volume


def test_the_image_has_a_place_for_jobs_that_its_user_may_write_to():
    made = next(rest for name, rest in dockerfile() if name == "RUN" and "useradd" in rest)
    assert "install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/jobserver" in made
    assert "-v jobs:/var/lib/jobserver -e STORE=sqlite:///var/lib/jobserver/jobs.db" in README.read_text()


def test_the_commands_of_the_image_are_commands_of_ours():
    final = dict(dockerfile())
    for written in (final["CMD"], final["HEALTHCHECK"].partition("CMD ")[2]):
        program, *arguments = json.loads(written)
        assert program == "jobserver"
        assert callable(_parser().parse_args(arguments).run)


def test_what_the_image_is_built_from_is_sent_to_the_builder():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    sent = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {name for instruction, rest in dockerfile() if instruction == "COPY" for name in rest.split()[:-1]}
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)
