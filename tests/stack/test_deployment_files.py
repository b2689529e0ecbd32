"""docker-compose.yml and Dockerfile, read as data: what must hold before anybody runs them."""

import re
from typing import Any

import pytest
import yaml

from tests.stack.checkout import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EVERY = pytest.mark.parametrize("name", SERVICES)
SECRETS = {"CONCORD_SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"}


def test_the_stack_has_the_parts_that_the_demo_has() -> None:
    assert set(SERVICES) == {"web", "worker", "beat", "migrate", "postgres", "redis"}


@EVERY
def test_every_service_is_pinned_confined_and_limited(name: str) -> None:
    service = SERVICES[name]
    tag = service["image"].partition(":")[2]
    assert re.match(r"\d+\.\d+", tag), service["image"]
    assert service["user"] not in {"0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}


@EVERY
def test_every_service_but_the_one_shot_migration_has_a_health_check_and_comes_back(name: str) -> None:
    service = SERVICES[name]
    if name == "migrate":
        assert service["restart"] == "no"
    else:
        assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
        assert service["restart"] == "unless-stopped"


def test_only_the_web_server_is_published_and_only_to_this_machine() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:${CONCORD_PORT:-8000}:8000"]}
    assert COMPOSE["networks"]["backend"] == {"internal": True}
    assert all(service["networks"] == ["backend"] for name, service in SERVICES.items() if name != "web")


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in SECRETS:
        uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses), (name, uses)


def test_processes_of_concord_wait_for_the_migration_and_healthy_servers() -> None:
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
            "redis": {"condition": "service_healthy"},
        }


def test_the_worker_takes_the_queues_of_the_demo() -> None:
    launcher = (ROOT / "tools" / "launcher" / "processes.py").read_text()
    command = SERVICES["worker"]["command"]
    queues = command[command.index("-Q") + 1]
    assert f'"{queues}"' in launcher


def test_the_database_is_a_supported_release_with_its_data_in_a_volume() -> None:
    release = int(SERVICES["postgres"]["image"].partition(":")[2].partition(".")[0])
    assert release >= 17
    assert SERVICES["postgres"]["volumes"] == ["database:/var/lib/postgresql"]
    assert SERVICES["redis"]["volumes"] == ["broker:/data"]


def test_the_image_is_built_from_hashed_packages_and_runs_as_an_ordinary_user() -> None:
    assert "pip install --require-hashes -r /tmp/demo.txt" in DOCKERFILE
    last_stage = DOCKERFILE.rpartition("FROM ")[2]
    assert re.search(r"^USER concord$", last_stage, re.MULTILINE)
    assert last_stage.index("USER concord") < last_stage.index("CMD ")
    images = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(images) == 2
    assert all(re.search(r":\d+\.\d+", image) for image in images)


def test_the_build_sees_every_application_and_no_secret() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in ignored
    let_in = {line[1:] for line in ignored if line.startswith("!")}
    copied = {
        word for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]
    }
    assert copied == let_in
    applications = {path.parent.name for path in ROOT.glob("*/apps.py")}
    assert applications | {"config"} <= let_in
