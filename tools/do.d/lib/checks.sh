# Checks that need no run of the program. Each counts as one test.

cpp_files() { find src test fuzz bench \( -name '*.cpp' -o -name '*.h' \) -print0 2>/dev/null || true; }

check_format() {
  need check
  say "Checking the formatting"
  local code=0
  cpp_files | xargs -0 clang-format-14 --dry-run -Werror >build/format.log 2>&1 || code=1
  if ((code)); then
    sed -n 's/: error: code should be clang-formatted.*//p' build/format.log | sort -u -t: -k1,1 | head -n 40
    echo "./do check --fix-format mends it"
  fi
  record format "$code"
}

check_layers() {
  need check
  say "Checking the layers"
  local code=0
  /usr/bin/python3 tools/check_layers.py || code=1
  record layers "$code"
  /usr/bin/python3 tools/list_long.py
}

check_tidy() {
  need build check
  say "Running clang-tidy"
  local code=0
  configure_in build && /usr/bin/python3 tools/tidy.py "$@" || code=1
  record clang-tidy "$code"
}

stage_style() {
  check_format
  check_layers
}

stage_checks() {
  stage_style
  check_tidy --short
}
