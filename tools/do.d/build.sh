# build the program into build/sluice
#
# usage: ./do build [TARGET...]
# Installs the Debian packages that are missing (as root or through sudo), configures build/ when it is new, and builds
# all targets or the named ones. ccache and mold make a second build a matter of seconds.

do_build() {
  need build
  build_in build "$*" || stop 1 "the build failed"
}
