#!/usr/bin/env bash
# Checks every published crate alone: without features, with its default features (its tests too), and with each single feature.
set -euo pipefail
cd "$(dirname "$0")/.."

check() { echo "features: $*" && cargo clippy --quiet "$@" -- -D warnings; }
for manifest in fep-*/Cargo.toml; do
  crate=$(dirname "$manifest")
  check -p "$crate"
  check -p "$crate" --tests
  features=$(sed -n '/^\[features\]/,/^\[[^f]/s/^\([a-z0-9-]\+\) *= .*/\1/p' "$manifest" | grep -vx default || true)
  [ -n "$features" ] || continue
  check -p "$crate" --no-default-features
  for feature in $features; do check -p "$crate" --no-default-features --features "$feature"; done
done
