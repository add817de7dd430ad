#!/usr/bin/env bash
# Prints the instructions per call for each row of the bench `instructions`, counted by callgrind. Needs valgrind. Noise does not affect
# the numbers.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "valgrind is not installed: apt-get install valgrind" >&2; exit 2; }
binary=$(cargo bench -p fep-tests --bench instructions --no-run --message-format json | sed -n 's/.*"executable":"\([^"]*instructions-[^"]*\)".*/\1/p' | tail -1)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
count() {
  valgrind --tool=callgrind --callgrind-out-file="$folder/out" "$binary" "$1" "$2" 2>&1 >/dev/null | sed -n 's/.*Collected : //p'
}
for row in $("$binary"); do
  less=$(count "$row" 1000)
  more=$(count "$row" 2000)
  printf '%-24s %6d\n' "$row" $(((more - less) / 1000))
done
