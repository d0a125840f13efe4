#!/bin/sh
# Run by the image of PostgreSQL over an empty volume: a role and a database for each context. Nobody but its owner connects to a database.
set -eu
for file in "${SECRETS_DIR:-/run/secrets}"/*_database_url; do
  url=$(cat "$file") # postgresql://name:password@host:port/name, as deploy/secrets.sh makes them
  name=${url##*/}
  password=${url#*//*:}
  password=${password%%@*}
  psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<SQL
create role $name login password '$password';
create database $name owner $name;
revoke connect on database $name from public;
SQL
done
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<SQL
revoke connect on database postgres from public;
SQL
