"""What is promised about safety is what is attacked, and the page with the figures has a row for each attack."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from typing import Any

import yaml

from jobserver.auth.signing import check_secrets
from jobserver.config import load
from jobserver.runtime import url_policy
from tests.attacks.__main__ import ATTACKS
from tests.docs.pages import ROOT, SECURITY, blocks, first_words, table

PROMISES = ROOT / "SECURITY.md"


def attacks_in(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", cell))


def test_every_attack_has_its_figures_and_the_command_that_counts_them():
    figures = first_words(SECURITY, "attack")
    assert list(figures) == list(ATTACKS)
    for name, (_, _, command) in figures.items():
        assert command == f"`make attacks ATTACKS={name}`"


def test_there_is_one_table_of_figures():
    assert len(table(SECURITY, "attack")) == len(ATTACKS)


def test_every_attack_is_on_a_promise_and_no_other_is_named():
    assert [name for _, cell in table(PROMISES, "promise") for name in attacks_in(cell)] == list(ATTACKS)


def compose() -> dict[str, Any]:
    (page,) = blocks(SECURITY, "yaml")
    return dict(yaml.safe_load(page)["services"]["jobserver"])


def docker_run() -> list[tuple[str, str]]:
    """Each word of the command with the one after it."""
    (script,) = (code for code in blocks(SECURITY, "bash") if code.startswith("docker run"))
    return list(pairwise(shlex.split(script.replace("\\\n", " "))))


def test_the_container_is_confined_in_the_same_way_by_docker_and_by_compose():
    after, service = dict(docker_run()), compose()
    assert "--read-only" in after
    assert service["read_only"] is True
    assert [after["--tmpfs"]] == service["tmpfs"]
    assert [after["--cap-drop"]] == service["cap_drop"] == ["ALL"]
    assert after["--security-opt"] == "no-new-privileges"
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [after["--publish"]] == service["ports"]
    assert (after["--memory"], after["--memory-swap"]) == (service["mem_limit"], service["memswap_limit"])
    assert (int(after["--pids-limit"]), int(after["--cpus"])) == (service["pids_limit"], service["cpus"])
    assert after["--restart"] == service["restart"]


def test_a_server_starts_with_the_settings_of_the_container():
    given = compose()["environment"]
    assert set(given) == {word.partition("=")[0] for before, word in docker_run() if before == "--env"}
    config = load(given | {"CLIQ_SECRET": "q" * 44, "HOST": "0.0.0.0"})
    assert check_secrets(config.cliq_secret, loopback=False) == []
    assert url_policy(config).allowed_domains == ("example.com",)
