# Stages of a test run. Each leaves what it found in build/results; sum_up counts it all and prints the closing line.

RESULTS=build/results
UNIT_TEST_SECONDS=900 # for all unit tests of one shard, with sanitizers on two busy cores

new_results() {
  rm -rf "$RESULTS"
  mkdir -p "$RESULTS"
}

# record NAME CODE: one check, passed when CODE is 0.
record() { echo "$2 $1" >>"$RESULTS/checks.txt"; }

sum_up() {
  need_python
  /usr/bin/python3 tools/report.py "$RESULTS"
}

need_python() { [[ -x /usr/bin/python3 ]] || install_packages python3; }

# built FOLDER ...: build_in, of which a failure is counted and ends the stage, not the run.
built() {
  build_in "$@" && return
  record "build in $1" 1
  return 1
}

# run_unit NAME FOLDER PATTERN [WRAPPER...]: build FOLDER's unit tests in two processes.
run_unit() {
  local name=$1 binary=$2/sluice_tests pattern=$3 shard pids=()
  shift 3
  say "Running the unit tests ($name)"
  for shard in 0 1; do
    (
      code=0
      GTEST_TOTAL_SHARDS=2 GTEST_SHARD_INDEX=$shard timeout -k 10 "$UNIT_TEST_SECONDS" "$@" "$binary" --gtest_brief=1 \
        --gtest_filter="*$pattern*" --gtest_output="json:$RESULTS/$name-$shard.json" \
        >"$RESULTS/$name-$shard.log" 2>&1 </dev/null || code=$?
      echo "$code" >"$RESULTS/$name-$shard.code"
    ) &
    pids+=($!)
  done
  wait "${pids[@]}"
}

stage_unit() {
  need build
  built build "" || return 0
  run_unit unit build "$1"
}

stage_servers() {
  need build test
  install_servers
  built build "" || return 0
  say "Running the tests against real servers"
  local code=0
  /usr/bin/python3 -m pytest test/servers tools -n 2 -q --no-header --tb=short -k "$1" \
    --junitxml="$RESULTS/servers.xml" </dev/null || code=$?
  # 5: the pattern matches no server test, but perhaps a unit test
  ((code == 5)) && code=0
  echo "$code" >"$RESULTS/servers.code"
}

stage_asan() {
  need build
  built build-asan sluice_tests -DSLUICE_SANITIZE=address,undefined || return 0
  run_unit asan build-asan "$1"
}

stage_tsan() {
  need build
  built build-tsan sluice_tests -DSLUICE_SANITIZE=thread || return 0
  # GCC 12's runtime fears the wider address randomisation of newer kernels.
  local wrapper=()
  setarch -R true 2>/dev/null && wrapper=(setarch -R)
  run_unit tsan build-tsan "$1" "${wrapper[@]}"
}
