# run a long campaign against real servers: an hour without Kafka, deaths under load, a transaction of ten gigabytes, mirrors compared
#
# usage: ./do soak away|kills|transaction|converge [OPTION...]
# Builds, starts the servers, and prints what was written, delivered, repeated and resident. The options are those of
# test/soak/soak.py: ./do soak --options lists them.

do_soak() {
  [[ ${1:-} == --options ]] && set -- --help
  need build test
  local server=mariadb-10.11
  [[ " $* " =~ \ --server[\ =]([^\ ]+) ]] && server=${BASH_REMATCH[1]}
  local targets=(kafka-4.4)
  [[ ${1:-} == converge ]] && targets=(mariadb-10.11 postgresql-15 opensearch-2.19 clickhouse-18.16)
  install_servers "$server" "${targets[@]}"
  build_in build sluice || stop 1 "the build failed"
  exec /usr/bin/python3 test/soak/soak.py "$@"
}
