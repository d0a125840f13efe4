#!/bin/sh
# Makes the secrets of an installation of docker-compose.yml, each a file in deploy/secrets/; what is there stays. Keep a copy: without master_key
# no key and token in the database can be read again.
set -eu
dir="${1:-$(dirname "$0")/secrets}"
umask 077
mkdir -p "$dir"

random() { od -An -v -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

# Containers run as users of their own, and Compose mounts a file as it is: the folder is what keeps everybody else out.
keep() {
  [ -s "$dir/$1" ] || printf '%s\n' "$2" > "$dir/$1"
  chmod 444 "$dir/$1"
}

keep postgres_password "$(random 24)"
keep internal_token "$(random 32)"
keep master_key "$(random 32)"
keep account_sid "AC$(random 16)"
keep auth_token "$(random 16)"
for context in flows executions credentials audit carrier; do
  keep "${context}_database_url" "postgresql://atelier_$context:$(random 24)@postgres:5432/atelier_$context"
done
echo "Secrets lie in $dir; the first account is $(cat "$dir/account_sid"), its auth token in $dir/auth_token"
