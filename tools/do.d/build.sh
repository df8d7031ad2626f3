# build the program into build/sluice
#
# usage: ./do build [--release | TARGET...]
# Installs the Debian packages that are missing (as root or through sudo), configures build/ when it is new, and builds
# all targets or the named ones. ccache and mold make a second build a matter of seconds.
# With --release into build-release/sluice, compiled by a profile of what it does with logs of every format, as `./do package`
# ships it and `./do bench` measures it: five percent faster, and slower to build.

do_build() {
  need build
  if [[ ${1:-} == --release ]]; then
    build_release || stop 1 "the build failed"
    return
  fi
  build_in build "$*" || stop 1 "the build failed"
}
