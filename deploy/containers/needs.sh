#!/bin/sh
# If no container can be started here, prints the reason in one sentence.
if ! command -v docker >/dev/null; then
    echo "Docker is not installed. Install it with its compose plugin (https://docs.docker.com/engine/install), or start without containers: make run" >&2
elif ! docker compose version >/dev/null 2>&1; then
    echo "Docker's compose plugin is missing. Install it (https://docs.docker.com/compose/install/linux), or start without containers: make run" >&2
elif ! docker info >/dev/null 2>&1; then
    echo "Docker does not answer this user. Start it (systemctl start docker), or give this user the right to use it (usermod -aG docker $(id -un), then sign in again)." >&2
else
    exit 0
fi
exit 1
