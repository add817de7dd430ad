#!/usr/bin/env bash
# Runs all checks and tests, the cheapest first. `make test` and CI run this script.
# Arguments select single steps: `scripts/test.sh lint features`.
set -euo pipefail
cd "$(dirname "$0")/.."

lint() {
  cargo fmt --all --check
  cargo clippy --workspace --all-targets --all-features -- -D warnings
  cargo clippy -p fep-no-std -- -D warnings
}
features() { scripts/features.sh; }
tests() {
  # All of them, so that one run names everything that fails.
  cargo test --workspace --all-features --no-fail-fast
  cargo run -q -p fep-spec --bin fep -- check specs
  cargo run -q -p fep-spec --bin fep -- fmt specs --check
}
docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --all-features --no-deps; }
package() { scripts/package.sh; }
deb() {
  if ! command -v dpkg-shlibdeps >/dev/null; then
    [ -z "${FEP_CI:-}" ] || { echo "dpkg-shlibdeps is missing: apt-get install dpkg-dev" >&2 && exit 1; }
    echo "skipped: dpkg-shlibdeps is missing (Debian: apt-get install dpkg-dev); no Debian package is made"
    return
  fi
  # The tests have built these. The package of a release comes from a build of its own: `make deb`.
  local package out=target/debian/unpacked
  [ -x target/debug/fep ] && [ -x target/debug/fep-gateway ] || cargo build -p fep-spec -p fep-gateway --bins
  package=$(FEP_BIN=target/debug packaging/deb/build.sh)
  rm -rf "$out"
  dpkg-deb --extract "$package" "$out"
  "$out/usr/bin/fep-gateway" check --config "$out/usr/share/doc/fep-gateway/examples/gateway.example.toml"
  "$out/usr/bin/fep" check "$out/usr/share/doc/fep-gateway/examples/specs"
  rm -rf "$out" "$package"
}
deny() {
  if command -v cargo-deny >/dev/null; then
    cargo deny check licenses bans sources
  elif [ -n "${FEP_CI:-}" ]; then
    echo "cargo-deny is missing: cargo install --locked cargo-deny" >&2 && exit 1
  else
    echo "skipped: cargo-deny is missing (cargo install --locked cargo-deny); licences and sources are not checked"
  fi
}

[ $# -gt 0 ] || set -- lint features tests docs package deb deny
# Tests mostly wait. Features, documents and packages have folders of their own for their builds, so they are built beside the tests if those are
# asked for.
asked=" $* "
has() { [[ $asked == *" $1 "* ]]; }
beside=
build_beside() {
  cargo test --workspace --all-features --no-run
  mkdir -p target
  (
    renice -n 19 -p "$BASHPID" || true
    ! has features || CARGO_TARGET_DIR=target/features features
    ! has docs || CARGO_TARGET_DIR=target/features docs
    rm -rf target/features
    ! has package || package
  ) >target/beside.log 2>&1 &
  beside=$!
  trap 'kill "$beside" 2>/dev/null || true' EXIT
}
beside_is_built() {
  local code=0
  wait "$beside" || code=$?
  cat target/beside.log
  return "$code"
}
for step in "$@"; do
  case $step in
    tests)
      build_beside
      # One run names what fails in both. Only in the background does the first failure end the function.
      failed=0
      tests &
      wait "$!" || failed=$?
      beside_is_built || failed=$?
      [ "$failed" -eq 0 ] || exit "$failed"
      ;;
    features | docs | package) has tests || "$step" ;;
    lint | deb | deny) "$step" ;;
    *) echo "no step $step: lint features tests docs package deb deny" >&2 && exit 2 ;;
  esac
done
