#!/usr/bin/env bash
# A PostgreSQL server for tests, in a folder of its own. It lets everybody on this machine in, and keeps what it stores, as a real one does.
#
#     FEP_POSTGRES=$(scripts/postgres.sh start FOLDER)     # makes it if the folder is new, and prints its address
#     scripts/postgres.sh kill FOLDER                      # ends it at once, as a crash does; `start` begins it again
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 start|kill FOLDER" >&2 && exit 2; }
bin=$(dirname "$(command -v initdb || ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -1)")
[ -x "$bin/initdb" ] || { echo "PostgreSQL is missing: apt-get install postgresql" >&2 && exit 1; }
mkdir -p "$2"
folder=$(cd "$2" && pwd)
# The server refuses to run as root, and its user may not see the folder in which this was called.
cd /
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
case $1 in
  start)
    if [ ! -d "$folder/data" ]; then
      [ "$(id -u)" != 0 ] || chown postgres "$folder"
      as "$bin/initdb" --pgdata "$folder/data" --username fep --auth trust --encoding UTF8 --locale C.UTF-8 >/dev/null
      python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' >"$folder/port"
      settings="listen_addresses = '127.0.0.1'\nport = $(cat "$folder/port")\nunix_socket_directories = ''\nmax_connections = 400\n"
      printf "$settings" >>"$folder/data/postgresql.conf"
    fi
    as "$bin/pg_ctl" --pgdata "$folder/data" --log "$folder/log" --wait start >/dev/null
    echo "127.0.0.1:$(cat "$folder/port")"
    ;;
  kill) as "$bin/pg_ctl" --pgdata "$folder/data" --mode immediate --wait stop >/dev/null ;;
  *) echo "usage: $0 start|kill FOLDER" >&2 && exit 2 ;;
esac
