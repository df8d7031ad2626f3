# run all tests; the last line says how many passed and failed
#
# usage: ./do test [--unit] [--servers] [--style] [--asan] [--tsan] [--all] [-k PATTERN]
#   --unit      only the unit tests (build/sluice_tests)
#   --servers   only the tests against real servers (test/servers), which start every server they need by themselves
#   --style     formatting and layers
#   --asan      the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer (build-asan)
#   --tsan      the unit tests under ThreadSanitizer (build-tsan)
#   --all       the unit and server tests, everything of ./do check, and a minute of fuzzing
#   -k PATTERN  only tests whose name contains PATTERN
# Without options: the unit and the server tests. Details of a run are kept in build/results.

do_test() {
  local stages=() pattern=
  while (($#)); do
    case $1 in
      --unit | --servers | --style | --asan | --tsan) stages+=("${1#--}") ;;
      --all) stages=(unit servers checks asan tsan fuzz) ;;
      -k) [[ ${2:-} ]] || stop 2 "-k wants a part of a test's name"; pattern=$2; shift ;;
      *) stop 2 "./do test knows no '$1'; see ./do test --help" ;;
    esac
    shift
  done
  ((${#stages[@]})) || stages=(unit servers)
  new_results
  # However it ends, the last line says so.
  trap 'record "the run ended early" 1; sum_up' EXIT
  local stage
  for stage in "${stages[@]}"; do
    "stage_$stage" "$pattern"
  done
  trap - EXIT
  sum_up
}
