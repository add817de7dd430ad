#!/usr/bin/env bash
# Packages every published crate, builds each from its own package, and checks the files in the packages.
set -euo pipefail
cd "$(dirname "$0")/.."

own=(fep-tests fep-no-std fep-build-script fep-instructions fep-sim) # `publish = false`
crates=()
for manifest in fep-*/Cargo.toml; do
  grep -q '^publish = false' "$manifest" || crates+=("$(dirname "$manifest")")
done

for crate in "${crates[@]}"; do
  files=$(cargo package --quiet --list --allow-dirty -p "$crate" 2>/dev/null)
  for file in README.md LICENSE-MIT LICENSE-APACHE Cargo.toml src/lib.rs; do
    grep -qxF "$file" <<<"$files" || { echo "$crate: the package has no $file" >&2; exit 1; }
  done
  # Allowed files: those that cargo adds, the documents of a crate, and the folders in its `include`.
  foreign=$(grep -vxE 'Cargo\.(toml|toml\.orig|lock)|\.cargo_vcs_info\.json|README\.md|LICENSE-(MIT|APACHE)|(access|gateway|scenario)\.example\.toml|(src|examples|tables|specs|testdata)/.+' <<<"$files" || true)
  [ -z "$foreign" ] || { printf '%s: not meant for the package: %s\n' "$crate" "$foreign" >&2; exit 1; }
  echo "$crate: $(wc -l <<<"$files") files"
done

# To verify a crate, cargo unpacks its siblings into a folder that is named after this checkout's path and a crate's version, and
# never looks whether what lies there is older than the package. The same holds for what it built of them. So an unpacked or built sibling
# of an earlier run would be used instead. A folder of its own for the builds keeps those of the other dependencies.
built=target/packages
for crate in "${crates[@]}"; do
  rm -rf "${CARGO_HOME:-$HOME/.cargo}"/registry/src/-*/"$crate"-[0-9]* "$built"/debug/.fingerprint/"$crate"-*
done
cargo package --quiet --workspace "${own[@]/#/--exclude=}" --allow-dirty --target-dir "$built"
for crate in "${crates[@]}"; do
  for file in "$built"/package/"$crate"-[0-9]*.crate; do echo "$file: $(($(wc -c <"$file") / 1024)) KiB"; done
done
# Only the packages are of use. The builds take as much room as those of the tests.
rm -rf "$built"/debug
