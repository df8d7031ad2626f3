# see it work: a throw-away shop database, and every change of it as it is committed
#
# usage: ./do demo [URL [OPTION of sluice tail...]]
#   ./do demo                            builds, starts a MariaDB in a temporary folder, runs a small shop on it, shows each
#                                        change, kills Sluice in the middle and counts that nothing is missing. On a
#                                        terminal the shop stays open until Ctrl-C; elsewhere it ends by itself.
#   ./do demo mysql://user@host:3306/    the changes of your own server, from now on; it only reads. The password is asked
#                                        for, or comes from one of the places that `build/sluice help tail` names.
# Installs the Debian packages that are missing, as root or through sudo.

do_demo() {
  if [[ ${1:-} == *://* ]]; then
    need build
    build_in build sluice || stop 1 "the build failed"
    exec build/sluice tail "$@"
  fi
  (($# == 0)) || stop 2 "./do demo takes a URL such as mysql://user@host:3306/, and not '$1'; see ./do demo --help"
  need build demo
  build_in build sluice || stop 1 "the build failed"
  exec /usr/bin/python3 tools/demo.py
}
