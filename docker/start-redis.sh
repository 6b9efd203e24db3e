#!/bin/sh
# The settings come by standard input, so that no list of processes shows the password.
# noeviction: a queue that silently drops entries is worse than one that says it is full.
set -eu
exec valkey-server - <<SETTINGS
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
protected-mode yes
requirepass $(cat /run/secrets/redis_password)
SETTINGS
