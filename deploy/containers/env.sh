#!/bin/sh
# Generates the passwords of the containers' installation into .env, or into the named file.
# Existing passwords are kept: a database that was created with the old password refuses a new password.
# Empty passwords are replaced, because no container starts with an empty password.
set -eu
umask 077
file=${1:-.env}

[ -e "$file" ] || : > "$file"
chmod 600 "$file"
[ -z "$(tail -c 1 "$file")" ] || echo >> "$file"
for name in \
    KAFKA_ADMIN KAFKA_INTAKE KAFKA_REGISTRY KAFKA_ALERTS KAFKA_CONSOLE KAFKA_INTEGRATOR \
    DATABASE_ADMIN DATABASE_INTAKE DATABASE_REGISTRY DATABASE_ALERTS DATABASE_CONSOLE VALKEY
do
    empty="^${name}_PASSWORD=[[:space:]\"']*\$"
    if grep -q "$empty" "$file"; then
        kept=$(grep -v "$empty" "$file" || true)
        printf '%s\n' "$kept" > "$file"
    fi
    grep -q "^${name}_PASSWORD=" "$file" || echo "${name}_PASSWORD=$(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n')" >> "$file"
done
