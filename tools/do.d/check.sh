# formatting, layers, clang-tidy and the sanitizers
#
# usage: ./do check [format] [layers] [tidy] [asan] [tsan]
#   format  clang-format over the C++ sources (./do check --fix-format writes what it wants)
#   layers  no file includes what layers.txt puts above or beside it; long files and functions are listed
#   tidy    clang-tidy over src; a file whose text, headers and settings have not changed is not read again
#   asan    the unit tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   tsan    the unit tests under ThreadSanitizer
# Without a name: all of them. The last line says how many passed and failed.

do_check() {
  local checks=("$@") check
  if [[ ${1:-} == --fix-format ]]; then
    need check
    cpp_files | xargs -0 clang-format-14 -i
    return
  fi
  ((${#checks[@]})) || checks=(format layers tidy asan tsan)
  for check in "${checks[@]}"; do
    [[ " format layers tidy asan tsan " == *" $check "* ]] || stop 2 "./do check knows no '$check'; see ./do check --help"
  done
  new_results
  for check in "${checks[@]}"; do
    case $check in
      asan | tsan) "stage_$check" "" ;;
      *) "check_$check" ;;
    esac
  done
  sum_up
}
