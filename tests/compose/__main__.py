"""`python -m tests.compose` checks the whole system in containers.

The check plays the scenario while it kills containers, and counts the reports. After the scenario, the check restarts
all containers and counts the reports again.
"""

import json
import re
import ssl
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any

import httpx

from cli.demo import Played, play
from cli.scenario import Step
from tests.compose import within
from tests.compose.backups import everything_comes_back, everything_comes_back_from_a_bucket
from tests.compose.findings import holds, same, say, wait
from tests.compose.project import SERVICES, Failed, Project, rows, run

LARGEST_IMAGE = 270_000_000
MOST_MEMORY = 1700
SITE = "dayar.test"
# For each path, the largest allowed body in KiB.
LIMITS = {"/intake/v1/hazards": 256, "/intake/v1/reports:batch": 2048, "/v1/tokens": 64}


def main() -> None:
    project = Project()
    try:
        no_registry_is_asked_for_ours(project)
        run("docker", "compose", "--env-file", str(project.env_file), "build", "--quiet")
        what_is_set_arrives(project)
        refuses_bad_secrets()
        say(f"healthy after {project.up(DAYAR_EXERCISE='1'):.0f} s")
        each_is_hardened(project)
        only_the_worker_opens(project)
        the_gateway_keeps_its_promises(project)
        only_the_gateway_is_open(project)
        within.kafka_knows_who_writes_what(project)
        within.postgres_knows_who_reads_what(project)
        within.prometheus_reads_the_figures(project)
        sent = played_with_an_accident(project)
        counts = counted(project, sent)
        the_command_reaches_every_service(project)
        measured(project)
        within.prometheus_judges_the_figures(project)
        the_mark_stays(project)
        a_sealing_key_is_replaced(project)
        project.compose("down")
        say(f"down, and up again: healthy after {project.up():.0f} s")
        same("counts after down and up", counts, comparable(project.drained()))
        the_services_keep_the_limits_too(project)
        within.an_address_is_the_gateways_to_tell(project)
        played_as_the_readme_says(project)
        https_under_a_name(project)
        project.up()  # starts the installation again without the name that `https_under_a_name` set
        everything_comes_back(project)
        everything_comes_back_from_a_bucket(project)
        say("all is as promised")
    except Failed as error:
        sys.exit(
            f"FAILED: {error}\n"
            f"{project.compose('logs', '--no-color', '--tail', '20', *SERVICES, 'registry-worker').stdout}"
        )
    finally:
        project.remove()


def no_registry_is_asked_for_ours(project: Project) -> None:
    services = json.loads(project.compose("--profile", "tools", "config", "--format", "json").stdout)["services"]
    ours = {name: service for name, service in services.items() if service["image"].startswith("dayar/")}
    expected = {name: "build" if "build" in service else "never" for name, service in ours.items()}
    policies = {name: service.get("pull_policy") for name, service in ours.items()}
    same("our own images are built, not pulled", expected, policies)


def what_is_set_arrives(project: Project) -> None:
    """Each container gets each setting under the setting's own name.

    A setting without a value must not arrive as an empty text.
    """
    given = {"ALERTS_SMTP_HOST": "mail.example", "OUTBOUND_ALLOW": '["mail.example:25"]'}
    same("what is set arrives", list(given.values()), settings_of_alerts(project, *given, **given))
    same("what is not set does not", [None, None], settings_of_alerts(project, *given))


def settings_of_alerts(project: Project, *names: str, **given: str) -> list[str | None]:
    services = json.loads(project.compose("config", "--format", "json", check=True, **given).stdout)["services"]
    return [services["alerts"]["environment"].get(name) for name in names]


def refuses_bad_secrets() -> None:
    """Bad secrets are refused before PostgreSQL creates its volume: PostgreSQL would keep a bad password."""
    for bad in ("", "change-me-change-me-change-me-change-me"):
        project = Project()
        good = project.env_file.read_text(encoding="ascii")
        lines = [
            f"KAFKA_INTAKE_PASSWORD={bad}" if line.startswith("KAFKA_INTAKE") else line for line in good.splitlines()
        ]
        project.env_file.write_text("\n".join(lines) + "\n", encoding="ascii")
        refused = project.compose("up", "--wait", check=False)
        is_told = "make env" in refused.stderr + (project.output("secrets") if bad else "")
        started = project.compose("ps", "--quiet").stdout.split() if bad else []
        project.env_file.write_text(good, encoding="ascii")
        project.remove()
        holds(f"a secret {bad!r} is refused, with what to do", refused.returncode != 0 and is_told and not started)


def each_is_hardened(project: Project) -> None:
    """Every container, even a third party's, has limits, an unprivileged user, a read-only disk and no capabilities."""
    for service, container in project.inspected().items():
        host = container["HostConfig"]
        holds(f"{service} runs as a user of its own", container["Config"]["User"] not in ("", "0", "root"))
        holds(f"{service} cannot write its root file system", host["ReadonlyRootfs"])
        holds(
            f"{service} has no capabilities",
            host["CapDrop"] == ["ALL"] and set(host["CapAdd"] or ()) <= {"CAP_NET_BIND_SERVICE", "NET_BIND_SERVICE"},
        )
        holds(f"{service} gains none", "no-new-privileges:true" in host["SecurityOpt"])
        names = [mount["Name"] for mount in container["Mounts"] if mount["Type"] == "volume"]
        holds(f"{service} has no volume without a name", all(name.startswith(f"{project.name}_") for name in names))
        holds(f"{service} has limits", min(host["Memory"], host["NanoCpus"], host["PidsLimit"]) > 0)
    reached = project.inspected()["registry"]["NetworkSettings"]["Networks"]
    ways_out = [
        name for name in reached if not json.loads(run("docker", "network", "inspect", name).stdout)[0]["Internal"]
    ]
    same("the registry's ways out", [], ways_out)


def only_the_worker_opens(project: Project) -> None:
    mounted = {
        service: {
            mount["Name"].removeprefix(f"{project.name}_") for mount in container["Mounts"] if mount["Type"] == "volume"
        }
        for service, container in project.inspected().items()
        if container["State"]["Running"]
    }
    holders = [service for service, volumes in mounted.items() if "secrets-sealing" in volumes]
    same("who mounts the private keys", ["registry-worker"], holders)
    for service in (*SERVICES, "registry-worker"):
        container = project.inspected()[service]
        same(
            f"{service} is closed",
            ("10001:10001", True),
            (container["Config"]["User"], container["HostConfig"]["ReadonlyRootfs"]),
        )


def only_the_gateway_is_open(project: Project) -> None:
    published = {
        service: [
            (binding["HostIp"], binding["HostPort"])
            for bindings in (container["HostConfig"]["PortBindings"] or {}).values()
            for binding in bindings
        ]
        for service, container in project.inspected().items()
    }
    same(
        "what this machine can reach",
        {"gateway": [("127.0.0.1", str(project.port))]},
        {service: ports for service, ports in published.items() if ports},
    )


def the_gateway_keeps_its_promises(project: Project) -> None:
    with httpx.Client(base_url=project.base_url, trust_env=False) as anybody:
        for path in ("/metrics", "/intake/metrics", "/registry/metrics", "/alerts/%6detrics", "/intake//metrics"):
            same(f"{path} is not routed", 404, anybody.get(path).status_code)
        for path in ("/sign-in", "/metrics", "/intake/v1/hazards", "/nowhere"):
            headers = anybody.get(path).headers
            wanted = ("content-security-policy", "x-content-type-options", "referrer-policy", "permissions-policy")
            holds(
                f"{path} has the security headers", all(name in headers for name in wanted) and "server" not in headers
            )
        for path, limit in LIMITS.items():
            over = anybody.post(path, content=b" " * (limit * 1024 + 1))
            same(f"{path} takes {limit} KiB", 413, over.status_code)
    stream_is_unbuffered(project)


def the_services_keep_the_limits_too(project: Project) -> None:
    """The gateway limits only bodies with a Content-Length. The services must limit all other bodies."""
    client = project.desk().client
    for path, limit in LIMITS.items():
        over = client.post(path, content=(b" " * 1024 for _ in range(limit + 1)))
        same(f"{path} takes {limit} KiB in pieces", 413, over.status_code)


def stream_is_unbuffered(project: Project) -> None:
    """The first bytes of a stream arrive before any buffer could be full.

    An early first byte shows that the gateway does not buffer streams.
    """
    with project.desk().client.stream("GET", "/stream?topics=hazards", timeout=20) as answer:
        same("the stream is one", "text/event-stream", answer.headers["content-type"].partition(";")[0])
        holds("the stream speaks at once", bool(next(answer.iter_raw())))


class Sent:
    def __init__(self) -> None:
        self.taken: dict[str, set[str]] = defaultdict(set)
        self.answers: Counter[str] = Counter()
        self.half = Event()

    def tell(self, step: Step, answer: str) -> None:
        self.answers[answer] += 1
        if answer != "refused":
            self.taken[step.path.rpartition("/")[2]].add(step.body["report_id"])
        if self.answers.total() >= 15:
            self.half.set()


def played_with_an_accident(project: Project) -> Sent:
    sent, played = Sent(), list[Played]()
    story = Thread(
        target=lambda: played.append(play(project.base_url, project.accounts(), seconds=15.0, tell=sent.tell))
    )
    story.start()
    holds("the story is under way", sent.half.wait(60))
    before = project.inspected()["registry-worker"]["State"]["StartedAt"]
    project.kill9("registry-worker")
    story.join(120)
    holds("the story was told to its end", bool(played) and played[0].answers == sent.answers)
    same("44 sent", 44, sent.answers.total())
    holds("and taken, but for the one that is refused", is_taken(sent.answers))
    wait(lambda: project.inspected()["registry-worker"]["State"]["StartedAt"] != before, "the worker started again")
    return sent


def is_taken(answers: Mapping[str, int]) -> bool:
    """Whether intake gave the right number of answers of each kind.

    Three of the 44 requests repeat a report. If Valkey is slow, intake accepts a repeated report. The registry's inbox
    then drops the repeat.
    """
    return answers["refused"] == 1 and answers["accepted"] >= 40 and answers["accepted"] + answers["duplicate"] == 43


def counted(project: Project, sent: Sent) -> Any:
    ledgers = project.drained()
    unbalanced = [row for row in rows(ledgers) if not row["is_balanced"]]
    same("what does not balance", [], unbalanced)
    counts = ledgers["intake"]["admission"]
    admission = {name: counts[name] for name in ("sent", "accepted", "spooled", "duplicate", "refused")}
    same("admission counts the same", {"sent": 44, "spooled": 0, **sent.answers}, admission)
    for consumer, kind in {"alerts": "hazards", "registry": "displacements"}.items():
        settled = set(project.query(f"SELECT report_id FROM console.board_outcomes WHERE consumer = '{consumer}'"))
        same(f"whom {consumer} owed an outcome", sent.taken[kind], settled)
    same("dead letters", [], [letter for ledger in ledgers.values() for letter in ledger.get("dead_letters", ())])
    same("households", ["36"], project.query("SELECT count(*) FROM registry.households"))
    return comparable(ledgers)


# The topics `alerts`, `groups` and `outcomes` also change without a new report. The alerts service raises some alerts
# only after a time. The registry compares a count with the registered people, and then publishes the count a second
# time. After each such count, the alerts service publishes the alerted reports again.
CHANGES_WITHOUT_REPORTS = {"alerts", "groups", "outcomes"}


def comparable(ledgers: dict[str, Any]) -> Any:
    """Returns the ledgers without process counters, times, and the topics of CHANGES_WITHOUT_REPORTS."""
    return {
        (row["consumer"], row["topic"], row["partition"]): (row["kinds"], row["first"], row["next"], row["end"])
        for row in rows(ledgers)
        if row["topic"] not in CHANGES_WITHOUT_REPORTS
    }


def the_command_reaches_every_service(project: Project) -> None:
    """In a container, `dayar` reads all services' tables and intake's dead letters.

    In a container, `dayar` has no key of the registry.
    """

    def dayar(*words: str) -> str:
        done = project.compose("run", "--rm", "--no-TTY", "dayar", *words)
        return done.stdout + done.stderr

    holds("dayar held list", "No report is held." in dayar("held", "list"))
    holds("dayar dead list", "No message failed." in dayar("dead", "list"))
    project.probe("intake", "damage_spool")
    holds("dayar dead list, with a record that intake set aside", "intake/spool/1/0" in dayar("dead", "list"))
    project.probe("intake", "damage_spool", "mended")
    holds("dayar audit list", "signed_in" in dayar("audit", "list"))
    listed = project.compose("run", "--rm", "--no-TTY", "--entrypoint", "ls", "dayar", "/secrets/registry").stdout
    same("what the command has of the registry", ["database"], listed.split())


def measured(project: Project) -> None:
    for service in (*SERVICES, "tools"):
        size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", f"dayar/{service}").stdout)
        say(f"image {service:<16} {size / 1e6:6.0f} MB")
        holds(f"{service}'s image is small", service == "tools" or size <= LARGEST_IMAGE)
    memory = project.memory()
    for service, megabytes in sorted(memory.items(), key=lambda item: -item[1]):
        say(f"resident {service:<16} {megabytes:6.0f} MB")
    say(f"resident {'all':<16} {sum(memory.values()):6.0f} MB")
    holds("the whole is small", sum(memory.values()) < MOST_MEMORY)


def the_mark_stays(project: Project) -> None:
    refused = project.compose("up", "--wait", check=False, DAYAR_EXERCISE="0")
    holds("an exercise cannot become real", refused.returncode != 0 and "for ever" in project.output("secrets"))
    say(f"asked again without a word: healthy after {project.up():.0f} s")


def a_sealing_key_is_replaced(project: Project) -> None:
    """Later reports are sealed to the new key. The older key stays, because records on the log may be sealed to it."""
    kid = project.compose("run", "--rm", "--no-TTY", "secrets", "rotate").stdout.splitlines()[-1].split()[0]
    listed = "import pathlib; print(*(file.stem for file in pathlib.Path('/secrets/sealing/private').glob('*.key')))"
    held = project.python("registry-worker", listed).split()
    holds("another key is generated, and the older one kept", len(held) == 2 and kid in held)
    older = next(key for key in held if key != kid)
    refused = project.compose("run", "--rm", "--no-TTY", "secrets", "retire", older, check=False)
    holds("a key that the log may carry stays", refused.returncode != 0 and "nothing was changed" in refused.stderr)
    hashed = (
        "import hashlib, pathlib; "
        "print(hashlib.sha256(pathlib.Path('/installation/seal/public.key').read_bytes()).hexdigest())"
    )
    holds("its public half stands where intake reads it", project.python("intake", hashed).startswith(kid))


def played_as_the_readme_says(project: Project) -> None:
    done = project.compose("run", "--rm", "--no-TTY", "dayar", "demo", "play")
    answers = {word: int(count) for count, word in re.findall(r"(\d+) (accepted|duplicate|refused)", done.stdout)}
    holds("dayar demo play, at its own pace", "44 sent" in done.stdout and is_taken(Counter(answers)))
    same("what does not balance then", [], [row for row in rows(project.drained()) if not row["is_balanced"]])


def https_under_a_name(project: Project) -> None:
    project.up(SITE=SITE)
    certificate = httpx.get("http://127.0.0.1/ca.crt", headers={"host": SITE}, trust_env=False).raise_for_status().text
    trusting = ssl.create_default_context(cadata=certificate)
    with httpx.Client(verify=trusting, trust_env=False, headers={"host": SITE}) as phone:
        answer = phone.get("https://127.0.0.1/intake/field", extensions={"sni_hostname": SITE})
    same("the phones' form over HTTPS", 200, answer.status_code)
    holds("told to stay with HTTPS", "strict-transport-security" in answer.headers)
    done = project.compose("run", "--rm", "--no-TTY", "dayar", "demo", "play", "--fast", SITE=SITE)
    holds("dayar demo play, over HTTPS within", "44 sent" in done.stdout)


if __name__ == "__main__":
    main()
