# Debian packages that a verb needs, from tools/packages.txt.

# packages_of GROUP...: the names, without those whose command is there already.
packages_of() {
  local group line name unless command section=
  while read -r line; do
    line=${line%%#*}
    [[ $line ]] || continue
    if [[ $line == \[*\] ]]; then
      section=${line:1:-1}
      continue
    fi
    read -r name unless command <<<"$line"
    for group in "$@"; do
      [[ $group == "$section" ]] || continue
      [[ $unless == unless ]] && command -v "$command" >/dev/null && continue
      echo "$name"
    done
  done <tools/packages.txt | sort -u
}

# need GROUP...: installs what is missing of those groups.
need() {
  command -v dpkg-query >/dev/null ||
    stop 2 "this is made for Debian 12 (no dpkg here); what to install by other means: $(packages_of "$@" | tr '\n' ' ')"
  local missing
  missing=$(comm -23 <(packages_of "$@") \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))
  [[ $missing ]] && install_packages $missing
  [[ " $* " != *" build "* ]] || check_versions
}

is_root() { ((EUID == 0)); }

install_packages() {
  local count=$# as_root=() log apt
  if ! is_root; then
    if command -v sudo >/dev/null && { [[ -t 0 ]] || sudo -n true 2>/dev/null; }; then
      as_root=(sudo)
    else
      stop 2 "packages are missing and installing them takes root or sudo: apt-get install --no-install-recommends $*"
    fi
  fi
  say "Installing $count Debian packages${as_root:+ through sudo} that this needs: $*"
  log=$(mktemp)
  apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
  # Lists that can't be refreshed (one of several sources is away) may still be good enough; the install will tell.
  "${apt[@]}" update >"$log" 2>&1 </dev/null || echo "./do: apt-get update failed, going on: $(grep -m1 '^[EW]:' "$log" || true)" >&2
  quietly "$log" "${apt[@]}" install -y --no-install-recommends "$@" || exit 1
  rm -f "$log"
}

# check_versions: a clear word before a compiler's riddle, on an older system than Debian 12.
check_versions() {
  at_least g++ 12 "$("${CXX:-g++}" -dumpfullversion -dumpversion)"
  at_least cmake 3.25 "$(cmake --version | sed -n 's/^cmake version //p')"
}

at_least() {
  [[ $(printf '%s\n' "$2" "$3" | sort -V | head -n 1) == "$2" ]] ||
    stop 2 "$1 is version $3, and at least $2 is needed (Debian 12 has it)"
}
