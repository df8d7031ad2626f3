# Fuzzing. Each target counts as one test.

FUZZ_MAX_BYTES=65536   # of one input: enough for every length that the formats spell in two bytes
FUZZ_RSS_MB=1024       # a target that takes more than this allocates without bound
FUZZ_INPUT_SECONDS=10  # for one input; longer is a hang

# fuzz SECONDS [TARGET...]
fuzz() {
  local seconds=$1 targets=("${@:2}") target
  [[ $(fuzz_targets) ]] || return 0
  need build fuzz
  # Only these: the tests and the program would be built for nothing here.
  built build-fuzz "$(fuzz_targets | sed 's/$/_fuzz/' | tr '\n' ' ')" -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_BUILD_TYPE=Release -DSLUICE_FUZZ=ON \
    -DSLUICE_SANITIZE=address,undefined || return 0
  ((${#targets[@]})) || mapfile -t targets < <(fuzz_targets)
  for target in "${targets[@]}"; do
    [[ -x build-fuzz/${target}_fuzz ]] || stop 2 "there is no fuzz target '$target'; there are: $(fuzz_targets | tr '\n' ' ')"
  done
  for target in "${targets[@]}"; do
    fuzz_one "$target" "$seconds"
  done
}

fuzz_targets() {
  local file
  for file in fuzz/*_fuzz.cpp; do
    [[ -e $file ]] && basename "$file" _fuzz.cpp
  done
  return 0
}

fuzz_one() {
  local target=$1 seconds=$2 code=0 log=$ROOT/build-fuzz/$1.log scratch
  say "Fuzzing $target for $seconds s"
  mkdir -p "build-fuzz/corpus/$target" build-fuzz/found
  local folders=("build-fuzz/corpus/$target")
  [[ -d fuzz/corpus/$target ]] && folders+=("fuzz/corpus/$target")
  scratch=$(mktemp -d /dev/shm/sluice-fuzz-XXXXXX)  # goes, too, where the target dies of a fault
  TMPDIR=$scratch build-fuzz/"${target}_fuzz" -max_total_time="$seconds" -max_len=$FUZZ_MAX_BYTES -rss_limit_mb=$FUZZ_RSS_MB \
    -timeout=$FUZZ_INPUT_SECONDS -print_final_stats=1 -artifact_prefix="build-fuzz/found/$target-" "${folders[@]}" \
    >"$log" 2>&1 </dev/null || code=$?
  rm -rf "$scratch"
  if ((code)); then
    grep -v '^#' "$log" | tail -n 60
  else
    sed -n 's/^stat::number_of_executed_units: *\([0-9]*\)/\1 inputs, no fault/p' "$log"
  fi
  record "fuzz $target" "$code"
}

# A minute in all, however many targets there are, of at least five seconds each.
stage_fuzz() {
  local count share
  count=$(fuzz_targets | wc -l)
  share=$((60 / (count ? count : 1)))
  fuzz $((share < 5 ? 5 : share))
}
