#!/usr/bin/env bash
# The one developer command: ./do lists the verbs, ./do VERB --help explains one.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$ROOT"
VERBS="demo build test check bench fuzz soak services package"

source tools/do.d/lib/say.sh
source tools/do.d/lib/packages.sh
source tools/do.d/lib/cmake.sh
source tools/do.d/lib/servers.sh
source tools/do.d/lib/results.sh
source tools/do.d/lib/checks.sh
source tools/do.d/lib/fuzzing.sh

# The header comment of a verb's file is its help; the first line of it is its place in the list.
help_of() { sed -n '/^#/!q; s/^# \{0,1\}//p' "tools/do.d/$1.sh"; }

list_verbs() {
  echo "usage: ./do VERB [--help] [...]"
  local verb
  for verb in $VERBS; do
    printf '  %-9s %s\n' "$verb" "$(help_of "$verb" | head -n 1)"
  done
}

main() {
  local verb=${1:-}
  [[ $verb ]] || { list_verbs; exit 0; }
  case $verb in -h | --help | help) list_verbs; exit 0 ;; esac
  [[ " $VERBS " == *" $verb "* ]] || { list_verbs >&2; stop 2 "there is no verb '$verb'"; }
  shift
  case ${1:-} in -h | --help) help_of "$verb"; exit 0 ;; esac
  source "tools/do.d/$verb.sh"
  "do_$verb" "$@"
}

main "$@"
