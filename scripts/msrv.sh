#!/usr/bin/env bash
# Checks every published crate with the `rust-version` of its manifest. Needs rustup, which installs that compiler.
set -euo pipefail
cd "$(dirname "$0")/.."

workspace=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
for manifest in fep-*/Cargo.toml; do
  crate=$(dirname "$manifest")
  own=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$manifest")
  version=${own:-$workspace}
  echo "$crate: Rust $version"
  rustup toolchain install "$version" --profile minimal --no-self-update >/dev/null 2>&1
  CARGO_TARGET_DIR="target/msrv-$version" cargo "+$version" check --quiet -p "$crate" --all-features
done
