# make a Debian package in dist/
#
# usage: ./do package
# The program, its manual page, bash completion, systemd unit (sluice@NAME for /etc/sluice/NAME.yaml) and documents, with
# what it depends on found from the libraries it is linked with. Install it with: apt-get install ./dist/sluice_*.deb

do_package() {
  need build package
  build_release || stop 1 "the build failed"
  local version architecture tree depends package
  version=$(sed -n 's/^project(.* VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
  architecture=$(dpkg --print-architecture)
  package=dist/sluice_${version}_$architecture.deb
  tree=$(mktemp -d)
  trap "rm -rf '$tree'" EXIT
  package_files "$tree"
  depends=$(dependencies_of "$tree")
  package_control "$tree" "$version" "$architecture" "$depends"
  mkdir -p dist
  quietly build-release/package.log dpkg-deb --root-owner-group -Zxz --build "$tree" "$package" || exit 1
  say "$package ($(du -h "$package" | cut -f1))"
}

package_files() {
  local tree=$1 document=$1/usr/share/doc/sluice page
  umask 022
  chmod 755 "$tree"
  install -D -s build-release/sluice "$tree/usr/bin/sluice"
  mkdir -p "$tree"/usr/share/man/man1 "$tree"/usr/share/bash-completion/completions "$tree/etc/sluice" "$document"
  build-release/sluice help --man | gzip -9n >"$tree/usr/share/man/man1/sluice.1.gz"
  build-release/sluice completion bash >"$tree/usr/share/bash-completion/completions/sluice"
  install -D -m 644 packaging/sluice@.service "$tree/lib/systemd/system/sluice@.service"
  install -m 644 packaging/copyright README.md "$document"
  find docs -name '*.md' -o -name '*.json' | while read -r page; do install -D -m 644 "$page" "$document/${page#docs/}"; done
}

# The packages of the shared libraries, as dpkg-shlibdeps wants to be asked: from a source package's folder.
dependencies_of() {
  local work=$1/../$(basename "$1").source
  mkdir -p "$work/debian"
  printf 'Source: sluice\n\nPackage: sluice\nArchitecture: any\n' >"$work/debian/control"
  (cd "$work" && dpkg-shlibdeps -O "$1/usr/bin/sluice" 2>shlibdeps.log || { cat shlibdeps.log >&2; exit 1; }) |
    sed -n "s/^shlibs:Depends=\(.*\)/\1, libcurl4 (>= 7.85), libpq5 (>= 13)/p"  # which are loaded by their names
  rm -rf "$work"
}

package_control() {
  local tree=$1 size
  size=$(du -sk "$tree" | cut -f1)
  mkdir "$tree/DEBIAN"
  sed -e "s/@VERSION@/$2/; s/@ARCHITECTURE@/$3/; s/@DEPENDS@/$4/; s/@SIZE@/$size/" packaging/control.in >"$tree/DEBIAN/control"
  install -m 755 packaging/reload-systemd "$tree/DEBIAN/postinst"
  install -m 755 packaging/reload-systemd "$tree/DEBIAN/postrm"
}
