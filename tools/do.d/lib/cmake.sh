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
