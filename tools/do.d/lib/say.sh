# Words to the user. Colours on a terminal only.
if [[ -t 1 && ${TERM:-dumb} != dumb && -z ${NO_COLOR:-} ]]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' RED=$'\e[31m' GREEN=$'\e[32m' PLAIN=$'\e[0m'
else
  BOLD='' DIM='' RED='' GREEN='' PLAIN=''
fi

say() { printf '%s\n' "${BOLD}$*${PLAIN}"; }

# stop CODE MESSAGE: 1 the world failed, 2 the user's mistake.
stop() {
  printf '%s\n' "./do: ${*:2}" >&2
  exit "$1"
}

# quietly LOG COMMAND...: runs it with its output in LOG, of which the end is shown when it fails.
quietly() {
  local log=$1 code=0
  shift
  "$@" >"$log" 2>&1 </dev/null || code=$?
  if ((code)); then
    tail -n 40 "$log" >&2
    printf '%s\n' "./do: '$*' ended with $code; all it said is in $log" >&2
  fi
  return "$code"
}
