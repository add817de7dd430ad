#!/usr/bin/env bash
# Prints the instructions per call for each row of `tests/instructions`, or for the rows that its arguments name, counted by callgrind. Needs
# valgrind. Noise does not affect the numbers.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "valgrind is not installed: apt-get install valgrind" >&2; exit 2; }
binary=$(cargo build -q -p fep-instructions --profile bench --message-format json | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | tail -1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
count() {
  valgrind --tool=callgrind --callgrind-out-file="$folder/out" "$binary" "$1" "$2" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}
[ $# -gt 0 ] || mapfile -t rows < <("$binary")
[ $# -eq 0 ] || rows=("$@")
for row in "${rows[@]}"; do
  less=$(count "$row" 1000)
  more=$(count "$row" 2000)
  printf '%-30s %6d\n' "$row" $(((more - less) / 1000))
done
