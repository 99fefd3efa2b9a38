"""What an operator installs: every name in it exists, every rule fires when it should, nothing may do more
than it must. No cluster is here: manifests are rendered by Helm's own engine and held against the schemas of
Kubernetes; those of CloudNativePG, whose schema is not here, are only rendered.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml
from helm_python import Chart, HelmError, lint
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from cloud.commands import COMMANDS
from cloud.embedded.process import free_port
from cloud.metrics import REGISTRY
from cloud.settings import parse
from cloud.standing import QUESTIONS
from cloud.watch import _POOL
from tests.harness import ROOT, eventually
from tests.scenario.test_ingest_external import listening

DEPLOY: Final = ROOT / "deploy"
CHART: Final = DEPLOY / "helm" / "anban"
UNITS: Final = sorted((DEPLOY / "cloud").glob("*.service"))
ANALYZE: Final = shutil.which("systemd-analyze")
PROMTOOL: Final = shutil.which("promtool")
EXPOSURE: Final = 2.0
"""systemd's own measure, 0-10, below which it says "OK"."""
_METRIC: Final = re.compile(r"\banban_[a-z_]+")
_SUFFIX: Final = re.compile(r"_(?:total|bucket|count|sum)$")
WITH_DATABASE: Final[dict[str, Any]] = {"database": {"image": "example/postgres:18"}}
SPLIT: Final[dict[str, Any]] = {
    **WITH_DATABASE,
    "ingest": {"shards": [128, 255], "replicas": 3},
    "api": {"ingress": {"enabled": True}},
    "traceUrl": "http://collector:4318",
}


# Metrics ------------------------------------------------------------------------------------------------


def told() -> set[str]:
    """Names of all metrics that any process tells, without the suffixes of counters and histograms."""
    own = {family.name for family in REGISTRY.collect()}
    return own | {one.metric for one in QUESTIONS} | {name for name, _ in _POOL.values()} | {
        "anban_standing_answered"
    }  # fmt: skip


def asked(text: str) -> set[str]:
    return {_SUFFIX.sub("", name) for name in _METRIC.findall(text)}


def test_every_query_of_the_dashboard_names_a_metric_that_exists() -> None:
    board = json.loads((DEPLOY / "grafana" / "anban.json").read_text(encoding="utf-8"))
    queries = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    assert len(queries) > 25
    assert asked("\n".join(queries)) <= told()
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_metric_is_on_the_dashboard() -> None:
    board = (DEPLOY / "grafana" / "anban.json").read_text(encoding="utf-8")
    missing = {name for name in told() if name.startswith("anban_")} - asked(board)
    assert missing == {"anban_standing_answered"}, "which only an alert needs"


def test_every_alert_names_metrics_that_exist_and_has_a_paragraph_of_what_to_do() -> None:
    rules = (DEPLOY / "prometheus" / "anban.rules.yml").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    alerts = [rule for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]]
    assert asked("\n".join(rule["expr"] for rule in alerts)) <= told()
    assert [rule["alert"] for rule in alerts if f"**{rule['alert']}**" not in page] == []
    assert {rule["labels"]["severity"] for rule in alerts} == {"page", "day"}


@pytest.mark.parametrize(
    "what",
    [
        ["check", "rules", "anban.rules.yml"],
        ["test", "rules", "anban.test.yml"],
        ["check", "config", "scrape.yml"],
    ],
)
def test_the_alerts_fire_when_they_should_and_only_then(what: list[str]) -> None:
    assert PROMTOOL, "promtool is needed: apt-get install prometheus"
    done = subprocess.run(
        [PROMTOOL, *what], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


# systemd ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_command_that_exists_with_a_configuration(unit: Path) -> None:
    found = re.search(r"^ExecStart=(.+)$", unit.read_text(encoding="utf-8"), re.MULTILINE)
    assert found
    words = found[1].split()
    assert words[0] == "/opt/anban/current/bin/anban-cloud"
    assert words[1] in COMMANDS
    assert words[2] == "--config"


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_a_unit_and_finds_little_that_it_may_do(unit: Path, tmp_path: Path) -> None:
    assert ANALYZE, "systemd-analyze is needed: apt-get install systemd"
    name = unit.name.replace("@", "@0")
    text = unit.read_text(encoding="utf-8").replace(
        "/opt/anban/current/bin/anban-cloud", sys.executable
    )  # verify wants a program that exists
    (tmp_path / unit.name).write_text(text, encoding="utf-8")
    drop_in = tmp_path / f"{unit.name}.d"
    drop_in.mkdir()
    shutil.copy(DEPLOY / "cloud" / "hardening.conf", drop_in)
    if "@" in unit.name:
        (tmp_path / name).symlink_to(tmp_path / unit.name)
        drop_in.rename(tmp_path / f"{name}.d")
    taken = _analyze("verify", str(tmp_path / name))
    assert not [line for line in taken.splitlines() if unit.name.split("@")[0] in line], taken
    rated = _analyze("security", "--offline=yes", "--no-pager", str(tmp_path / name))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", rated)
    assert found, rated
    assert float(found[1]) < EXPOSURE, rated


def _analyze(*arguments: str) -> str:
    command = [str(ANALYZE), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"PATH": "/usr/bin:/bin"})
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["anban-worker.service", "anban-all.service"])
def test_whoever_makes_plans_may_run_what_it_compiles_and_keep_it(name: str) -> None:
    text = (DEPLOY / "cloud" / name).read_text(encoding="utf-8")
    assert "MemoryDenyWriteExecute=" not in text
    assert "CacheDirectory=anban" in text
    assert "NUMBA_CACHE_DIR=/var/cache/anban" in text


def test_the_example_configuration_is_one() -> None:
    settings = parse(tomllib.loads((DEPLOY / "cloud" / "cloud.toml").read_text(encoding="utf-8")))
    assert settings.backup.folder == "/var/backups/anban"


# Container ----------------------------------------------------------------------------------------------


def test_the_container_file_is_clean_and_runs_as_nobody_special() -> None:
    file = DEPLOY / "container" / "Containerfile"
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    last = file.read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    assert "USER 10001:10001" in last
    assert "apt-get" not in last


# Kubernetes ---------------------------------------------------------------------------------------------


def manifests(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What Helm makes of the chart."""
    for text in Chart.load(CHART).render(dict(values), name="anban", namespace="care").values():
        yield from filter(None, yaml.safe_load_all(text))


def pods(values: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in manifests(values):
        if one["kind"] in {"Deployment", "StatefulSet"}:
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]


@pytest.mark.parametrize("values", [WITH_DATABASE, SPLIT, {"database": {"enabled": False}}])
def test_helm_finds_nothing_wrong_and_kubernetes_takes_every_manifest(values: dict[str, Any]) -> None:
    found = lint(CHART, values, strict=True)
    assert found["errors"] == []
    known = [one for one in manifests(values) if "cnpg.io" not in one["apiVersion"]]
    for one in known:
        kubernetes_validate.validate(one, "1.31", strict=True)
    names = [(one["kind"], one["metadata"]["name"]) for one in known]
    assert len(set(names)) == len(names) > 10


def test_a_database_without_an_image_and_a_wrong_shard_are_refused_with_advice() -> None:
    with pytest.raises(HelmError, match=r"database\.image: an image"):
        list(manifests({}))
    with pytest.raises(HelmError, match="256"):
        list(manifests({**WITH_DATABASE, "ingest": {"shards": [0, 256]}}))


def test_the_configuration_in_it_is_one_that_the_cloud_takes() -> None:
    maps = {one["metadata"]["name"]: one["data"] for one in manifests(SPLIT) if one["kind"] == "ConfigMap"}
    parsed = {name: parse(tomllib.loads(text)) for name, text in maps["anban-config"].items()}
    assert set(parsed) == {"worker.toml", "api.toml", "accounts.toml", "ingest.toml"}
    assert parsed["ingest.toml"].ingest.shards == (128, 255)
    assert parsed["worker.toml"].operations.trace_url == "http://collector:4318"
    assert not [name for name, one in parsed.items() if one.database.dsn or one.broker.secret], "no secret"


def test_every_container_has_no_rights_and_bounds_and_a_command_that_exists() -> None:
    for name, pod in pods(SPLIT):
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["automountServiceAccountToken"] is False, name
        for one in (*pod["initContainers"], *pod["containers"]):
            allowed = one["securityContext"]
            assert allowed["readOnlyRootFilesystem"], one["name"]
            assert not allowed["allowPrivilegeEscalation"], one["name"]
            assert allowed["capabilities"] == {"drop": ["ALL"]}, one["name"]
            assert one["resources"]["limits"]["memory"], one["name"]
            if one["image"].startswith("anban-cloud"):
                assert one["args"][0] in COMMANDS


def signs_in(values: Mapping[str, Any]) -> dict[str, set[str]]:
    """The connection strings that each container of the cloud is given."""
    return {
        f"{name}/{one['name']}": {told["name"] for told in one["env"] if told["name"].endswith("_DSN")}
        for name, pod in pods(values)
        for one in (*pod["initContainers"], *pod["containers"])
        if one["image"].startswith("anban-cloud")
    }


def test_each_process_signs_in_as_its_own_role_and_the_owner_only_migrates() -> None:
    assert signs_in(SPLIT) == {
        "anban-ingest/migrate": {"ANBAN_DATABASE_DSN"},
        "anban-ingest/ingest": {"ANBAN_DATABASE_INGEST_DSN"},
        "anban-worker/migrate": {"ANBAN_DATABASE_DSN"},
        "anban-worker/worker": {"ANBAN_DATABASE_SERVICE_DSN"},
        "anban-api/migrate": {"ANBAN_DATABASE_DSN"},
        "anban-api/api": {"ANBAN_DATABASE_SERVICE_DSN", "ANBAN_DATABASE_API_DSN"},
        "anban-broker/accounts": {"ANBAN_DATABASE_SERVICE_DSN"},
    }
    owned = signs_in({**SPLIT, "secrets": {"ownRoles": False}})
    assert set().union(*owned.values()) == {"ANBAN_DATABASE_DSN"}


def test_only_the_worker_keeps_what_a_planner_compiles() -> None:
    keeping = {
        name
        for name, pod in pods(SPLIT)
        if {"name": "compiled", "mountPath": "/var/cache/anban"} in pod["containers"][0]["volumeMounts"]
    }
    told = {
        name
        for name, pod in pods(SPLIT)
        if {"name": "NUMBA_CACHE_DIR", "value": "/var/cache/anban"} in pod["containers"][0].get("env", [])
    }
    assert keeping == told == {"anban-worker"}


def test_there_are_as_many_as_wanted_and_each_choice_finds_its_own() -> None:
    found = {one["metadata"]["name"]: one["spec"] for one in manifests(SPLIT) if one["kind"] == "Deployment"}
    assert found["anban-ingest"]["replicas"] == 3
    chosen = [spec["selector"]["matchLabels"] for spec in found.values()]
    assert len({json.dumps(one, sort_keys=True) for one in chosen}) == len(chosen)
    for spec in found.values():
        assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    assert found["anban-worker"]["replicas"] == found["anban-api"]["replicas"] == 2


def test_every_process_is_probed_and_screens_go_on_without_the_broker() -> None:
    for name, pod in pods(SPLIT):
        probed = {probe for probe in pod["containers"][0] if probe.endswith("Probe")}
        assert probed == {"startupProbe", "livenessProbe", "readinessProbe"}, name
        if name == "anban-api":
            ready = pod["containers"][0]["readinessProbe"]["httpGet"]["path"]
            assert ready == "/ready?without=broker"


def test_behind_an_ingress_each_browser_has_an_address_of_its_own_and_only_there() -> None:
    believed = {
        (name, bool(values["api"]["ingress"]["enabled"])): one["value"]
        for values in (SPLIT, {**SPLIT, "api": {"ingress": {"enabled": False}}})
        for name, pod in pods(values)
        for one in pod["containers"][0].get("env", [])
        if one["name"] == "FORWARDED_ALLOW_IPS"
    }
    assert believed == {("anban-api", True): "*"}
    policies = [one for one in manifests(SPLIT) if one["metadata"]["name"] == "anban-api"]
    (rules,) = [one["spec"]["ingress"] for one in policies if one["kind"] == "NetworkPolicy"]
    assert all("from" in rule for rule in rules), "nobody else may say where a browser is"


def test_one_broker_writes_each_message_to_disk_and_of_three_each_has_it() -> None:
    said = {}
    for nodes in (1, 3):
        (config,) = [
            one["data"]["nats.conf"]
            for one in manifests({**SPLIT, "broker": {"replicas": nodes}})
            if "nats.conf" in one.get("data", {})
        ]
        found = re.search(r"sync_interval: (\S+)", config)
        said[nodes] = found[1] if found else "", f"stream_replicas: {nodes}" in config
    assert said == {1: ("always", True), 3: ('"1s"', True)}


def test_nothing_is_reached_that_is_not_named() -> None:
    policies = {
        one["metadata"]["name"]: one["spec"] for one in manifests(SPLIT) if one["kind"] == "NetworkPolicy"
    }
    assert policies["anban-nothing"] == {
        "podSelector": policies["anban-common"]["podSelector"],
        "policyTypes": ["Ingress", "Egress"],
    }
    open_to_all = [
        (name, port["port"])
        for name, spec in policies.items()
        for rule in spec.get("ingress", [])
        if "from" not in rule
        for port in rule["ports"]
    ]
    assert open_to_all == [("anban-broker", 8883)], "gateways, who show a certificate"
    monitor = [rule for rule in policies["anban-broker"]["ingress"] if rule["ports"] == [{"port": 8222}]]
    (asker,) = monitor[0]["from"]
    assert asker["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "worker", (
        "it asks no password"
    )


def test_no_role_gets_a_key_that_is_not_its_own() -> None:
    papers = {}
    for name, pod in pods(SPLIT):
        (volume,) = [one for one in pod["volumes"] if one["name"] in {"broker", "papers"}]
        papers[name] = {one["path"] for one in volume["secret"].get("items", [])}
    assert papers == {
        "anban-ingest": {"authority.crt", "ingest.pem"},
        "anban-worker": {"authority.crt"},
        "anban-api": {"authority.crt"},
        "anban-broker": set(),  # all of them: it is the broker
    }


def test_workers_ask_every_server_of_the_broker() -> None:
    (config,) = [one for one in manifests(SPLIT) if one["metadata"]["name"] == "anban-config"]
    asked_at = parse(tomllib.loads(config["data"]["worker.toml"])).broker.monitor
    assert asked_at == tuple(f"http://anban-broker-{n}.anban-broker-peers:8222" for n in range(3))


def test_a_single_one_of_a_role_does_not_keep_its_node_from_being_drained() -> None:
    budgets = [one["spec"] for one in manifests(SPLIT) if one["kind"] == "PodDisruptionBudget"]
    assert [budget["maxUnavailable"] for budget in budgets] == [1, 1, 1, 1]


@pytest.mark.services
def test_until_the_sign_ins_are_written_the_broker_lets_nobody_in(tmp_path: Path) -> None:
    """By the chart's own command: an empty list of users would let everybody in."""
    (broker,) = [pod for name, pod in pods(SPLIT) if name == "anban-broker"]
    (_, _, script) = broker["initContainers"][0]["command"]
    subprocess.run(["sh", "-c", script.replace("/run/nats", str(tmp_path))], check=True)
    port = free_port()
    (tmp_path / "nats.conf").write_text(
        'server_name: n\nlisten: "127.0.0.1:-1"\njetstream { store_dir: "store" }\n'
        f'mqtt {{ listen: "127.0.0.1:{port}" }}\ninclude "accounts.conf"\n'
    )
    nats = Path(sys.executable).with_name("nats-server")
    process = subprocess.Popen([nats, "-c", "nats.conf"], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: listening(port))
        for user in ("", "nobody", "ingest"):
            answers: list[str] = []
            client = Client(CallbackAPIVersion.VERSION2)
            client.username_pw_set(user, "x")
            client.on_connect = lambda _c, _d, _f, reason, _p, said=answers: said.append(str(reason))
            client.connect("127.0.0.1", port)
            client.loop_start()
            eventually(partial(bool, answers))
            client.loop_stop()
            assert answers[0] != "Success", user
    finally:
        process.kill()
        process.wait()
