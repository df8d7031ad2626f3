# Builds. Each kind of build has a folder of its own, so that none undoes another's work.

# configure_in FOLDER [CMAKE OPTION...]
configure_in() {
  local folder=$1
  shift
  # So that equal files in two clones share their cache entries.
  export CCACHE_BASEDIR=$ROOT CCACHE_NOHASHDIR=1
  mkdir -p "$folder"
  [[ -f $folder/build.ninja ]] && return
  quietly "$folder/configure.log" cmake -S . -B "$folder" -G Ninja -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
}

# build_in FOLDER TARGETS [CMAKE OPTION...]: configures it when it is new, builds the targets (a word list; empty for
# all). Fails when either fails.
build_in() {
  local folder=$1 targets=$2 started=$SECONDS
  shift 2
  configure_in "$folder" "$@" || return 1
  say "Building ${targets:-all} in $folder"
  if [[ -t 1 ]]; then
    ninja -C "$folder" $targets || return 1
  else
    ninja --quiet -C "$folder" $targets </dev/null || return 1
  fi
  echo "${DIM}built in $((SECONDS - started)) s${PLAIN}"
}

# build_release: the program into build-release/sluice as it is shipped and measured. The hot files are compiled twice: first
# to count what they do with the logs of tools/profile in every format, then by those counts, which is worth a
# twentieth of their time. A folder of its own, done again only when a source has changed.
build_release() {
  local folder=build-release log format begin=$SECONDS
  [[ -f $folder/profiled && $folder/sluice -nt $folder/profiled && -z $(find CMakeLists.txt src tools/profile -newer $folder/profiled -type f -print -quit) ]] && return
  configure_in $folder && set_profile generate || return 1
  find $folder -name '*.gcda' -delete
  build_in $folder sluice || return 1
  for log in tools/profile/*.bin; do
    for format in $(sed -n 's/^FORMAT(\([a-z]*\).*/\1/p' src/format/formats.def); do
      $folder/sluice decode --format "$format" "$log" >/dev/null || return 1
    done
  done
  touch $folder/profiled
  set_profile use && build_in $folder sluice || return 1
  echo "${DIM}made by profile in $((SECONDS - begin)) s${PLAIN}"
}

set_profile() { quietly build-release/configure.log cmake -B build-release -DSLUICE_PROFILE="$1" .; }
