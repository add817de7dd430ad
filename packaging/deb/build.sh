#!/usr/bin/env bash
# Makes the Debian package and prints its path. `make deb` runs this script.
#
# It needs cargo, dpkg-deb and dpkg-shlibdeps (the package dpkg-dev), and no network if the crates are there (CARGO_NET_OFFLINE=true).
# FEP_PROFILE=dev packs the binaries of the debug build, for a quick look at the package. FEP_BIN=FOLDER packs binaries that are
# there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

profile=${FEP_PROFILE:-release}
target=${CARGO_TARGET_DIR:-target}
out=$target/debian
root=$out/root
arch=$(dpkg --print-architecture)

if [ -z "${FEP_BIN:-}" ]; then
  cargo build --locked --profile "$profile" -p fep-gateway -p fep-spec --features fep-gateway/kafka,fep-gateway/opentelemetry,fep-gateway/postgres,fep-gateway/redis --bins
  FEP_BIN=$target/$([ "$profile" = dev ] && echo debug || echo "$profile")
fi

# A commit with the tag of the version is the release. Any other one sorts before it: 0.1.0~git20261128.fe9fee6-1.
version=$(cargo pkgid -p fep-gateway | sed 's/.*[#@]//')
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
if commit=$(git rev-parse --short HEAD 2>/dev/null) && [ "$(git describe --exact-match 2>/dev/null)" != "v$version" ]; then
  version=$version~git$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d).$commit
fi
version=$version-1

rm -rf "$root"
doc=$root/usr/share/doc/fep-gateway
install -d "$root/DEBIAN" "$doc/examples" "$root/etc/fep-gateway" "$root/usr/share/man/man1"
file() { install -D -m "$1" "$2" "$root/$3"; }
for name in fep-gateway fep; do
  file 755 "$FEP_BIN/$name" "usr/bin/$name"
  strip --strip-unneeded "$root/usr/bin/$name"
done
for unit in fep-gateway.service fep-gateway-export.service fep-gateway-export.timer; do
  file 644 "packaging/systemd/$unit" "usr/lib/systemd/system/$unit"
done
file 644 packaging/systemd/fep-gateway.sysusers.conf usr/lib/sysusers.d/fep-gateway.conf
for folder in prometheus grafana; do
  for each in packaging/"$folder"/*; do
    [ ! -f "$each" ] || file 644 "$each" "usr/share/fep-gateway/$folder/$(basename "$each")"
  done
done

# The pages and the completions come from the command itself, so they fit it.
"$FEP_BIN/fep" man --out "$root/usr/share/man/man1" --force >/dev/null
gzip -9n "$root"/usr/share/man/man1/*
completions() { install -d "$root/$2" && "$FEP_BIN/fep" completions "$1" >"$root/$2/$3"; }
completions bash usr/share/bash-completion/completions fep
completions zsh usr/share/zsh/vendor-completions _fep
completions fish usr/share/fish/vendor_completions.d fep.fish

file 644 fep-gateway/README.md usr/share/doc/fep-gateway/README.md
file 644 packaging/README.md usr/share/doc/fep-gateway/README.packaging.md
# The example names the spec beside it.
sed 's#"../specs/#"specs/#' fep-gateway/gateway.example.toml >"$doc/examples/gateway.example.toml"
cp fep-gateway/access.example.toml fep-gateway/scenario.example.toml "$doc/examples/"
cp -r fep-gateway/specs "$doc/examples/specs"
{
  echo "fep-gateway ($version) unstable; urgency=medium"
  echo
  echo "  * The changes are in CHANGELOG.md of the project."
  echo
  echo " -- The FEP project <fep@localhost>  $(date -u -R -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$doc/changelog.Debian.gz"
gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
{
  cat packaging/deb/copyright
  sed 's/^$/./; s/^/ /' LICENSE-MIT
} >"$doc/copyright"

find "$root" -type d -exec chmod 755 {} +
find "$root/usr/share" "$root/usr/lib" -type f -exec chmod 644 {} +
for script in postinst prerm postrm; do install -m 755 "packaging/deb/$script" "$root/DEBIAN/$script"; done
# dpkg-shlibdeps reads which libraries the binaries need. It wants a source package around them.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debian" && printf 'Source: fep-gateway\n\nPackage: fep-gateway\nArchitecture: any\n' >"$work/debian/control"
binaries=$(realpath "$root/usr/bin")
depends=$(cd "$work" && dpkg-shlibdeps -O --ignore-missing-info "$binaries"/* | sed 's/^shlibs:Depends=//')
sed "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@DEPENDS@/$depends/; s/@SIZE@/$(du -sk --apparent-size "$root" | cut -f1)/" \
  packaging/deb/control >"$root/DEBIAN/control"
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +

package=$out/fep-gateway_${version}_$arch.deb
dpkg-deb --root-owner-group -Zxz --build "$root" "$package" >/dev/null
rm -rf "$root"
echo "$package"
