#!/usr/bin/env bash
# A Redis server for tests, in a folder of its own. It stores nothing on the disk, unless the folder has the file `keep`.
#
#     FEP_REDIS=$(scripts/redis.sh start FOLDER)     # makes it if the folder is new, and prints its address
#     scripts/redis.sh kill FOLDER                   # ends it at once, as a crash does; `start` begins it again
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 start|kill FOLDER" >&2 && exit 2; }
command -v redis-server >/dev/null || { echo "Redis is missing: apt-get install redis-server" >&2 && exit 1; }
mkdir -p "$2"
folder=$(cd "$2" && pwd)
case $1 in
  start)
    [ -f "$folder/port" ] || python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$folder/port"
    port=$(cat "$folder/port")
    append=no
    [ ! -f "$folder/keep" ] || append=yes
    redis-server --port "$port" --bind 127.0.0.1 --dir "$folder" --save "" --appendonly "$append" --appendfsync always \
      --daemonize yes --pidfile "$folder/pid" --logfile "$folder/log" >/dev/null
    for _ in $(seq 100); do
      if redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; then
        echo "127.0.0.1:$port"
        exit 0
      fi
      sleep 0.05
    done
    cat "$folder/log" >&2
    exit 1
    ;;
  kill)
    pid=$(cat "$folder/pid")
    kill -9 "$pid"
    while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
    ;;
  *) echo "usage: $0 start|kill FOLDER" >&2 && exit 2 ;;
esac
