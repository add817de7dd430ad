#!/usr/bin/env bash
# Runs every fuzz target for FUZZ_SECONDS seconds (default 60), starting from the inputs kept in the repository. Needs cargo-fuzz.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run -q -p fep-tests --bin fuzz-corpus -- seed
export ASAN_OPTIONS=malloc_context_size=3 RUSTC_BOOTSTRAP=1
for target in decode_dynamic decode_derived layouts spec json frames record_file text import capture edited; do
  cargo fuzz run --fuzz-dir fuzz "$target" -- -max_total_time="${FUZZ_SECONDS:-60}" -max_len=2048 -timeout=10
done
