#!/usr/bin/env bash
# Everything that is tested, in the order in which mistakes are cheapest to find. `make test` runs it, and so does CI.
# Steps may be named: `scripts/test.sh lint features`.
set -euo pipefail
cd "$(dirname "$0")/.."

lint() {
  cargo fmt --all --check
  cargo clippy --workspace --all-targets --all-features -- -D warnings
  cargo clippy -p fep-no-std -- -D warnings
}
features() { scripts/features.sh; }
tests() {
  cargo test --workspace --all-features
  cargo run -q -p fep-spec --bin fep -- check specs
}
docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps; }
package() { scripts/package.sh; }
deny() {
  if command -v cargo-deny >/dev/null; then
    cargo deny check licenses bans sources
  elif [ -n "${FEP_CI:-}" ]; then
    echo "cargo-deny is missing: cargo install --locked cargo-deny" >&2 && exit 1
  else
    echo "skipped: cargo-deny is missing (cargo install --locked cargo-deny); licences and sources are not checked"
  fi
}

[ $# -gt 0 ] || set -- lint features tests docs package deny
for step in "$@"; do
  case $step in
    lint | features | tests | docs | package | deny) "$step" ;;
    *) echo "no step $step: lint features tests docs package deny" >&2 && exit 2 ;;
  esac
done
