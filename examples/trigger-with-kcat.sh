#!/usr/bin/env bash
# Starts an execution by a record on atelier.triggers and prints its result (docs/kafka.md). Not run by the tests: kcat is not among what they need.
# ACCOUNT_SID=AC... FLOW_SID=FW... examples/trigger-with-kcat.sh +15551230001      with KAFKA_BROKERS where it is not localhost:9092
set -euo pipefail
to=${1:-+15551230001}
from=${2:-+15557650001}
brokers=${KAFKA_BROKERS:-localhost:9092}
prefix=${TOPIC_PREFIX:-}
key=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen) # the same key again starts nothing again: safe to repeat after any failure

record=$(printf '{"specversion":"1.0","type":"atelier.trigger.v1","source":"/examples","id":"%s","data":{"account_sid":"%s","flow_sid":"%s","to":"%s","from":"%s","parameters":{"name":"Ada"},"idempotency_key":"%s"}}' \
  "$key" "${ACCOUNT_SID:?whose flow it is}" "${FLOW_SID:?which flow}" "$to" "$from" "$key")

# The key orders the records of one contact; between key and value stands a tab, which neither of them has.
printf '%s|%s|%s\t%s\n' "$ACCOUNT_SID" "$FLOW_SID" "$to" "$record" | kcat -b "$brokers" -P -t "${prefix}atelier.triggers" -K $'\t' -X acks=all -X enable.idempotence=true -X partitioner=murmur2_random

# From the last thousand results on, until ours comes.
grep -m 1 -F "\"idempotency_key\":\"$key\"" < <(timeout "${WAIT_SECONDS:-30}" kcat -b "$brokers" -C -t "${prefix}atelier.triggers.results" -o -1000 -q -u -f '%s\n')
