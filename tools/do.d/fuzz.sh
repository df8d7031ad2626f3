# feed the parsers with mutated input
#
# usage: ./do fuzz [SECONDS] [TARGET...]
# Builds fuzz/*_fuzz.cpp with clang, libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer (build-fuzz), and runs each
# target, or the named ones, for SECONDS (default 60) from the corpus in fuzz/corpus/TARGET. What it finds new is kept in
# build-fuzz/corpus; an input that breaks a target is kept in build-fuzz/found, and is given again by
#   build-fuzz/TARGET_fuzz build-fuzz/found/FILE

do_fuzz() {
  local seconds=60
  [[ ${1:-} =~ ^[0-9]+$ ]] && { seconds=$1; shift; }
  new_results
  fuzz "$seconds" "$@"
  sum_up
}
