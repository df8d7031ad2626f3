# measure Sluice beside its rivals on one log, and print a table
#
# usage: ./do bench [OPTION...]
# Builds, makes a log of 900,000 changes on a real server, compares what each program makes of it, then times them side by
# side; with --shapes all, logs of other shapes; with --rules, nothing but conditions (where); with --masks, nothing but masks; with --kafka, --sinks, --subscribers, --formats and
# --debezium, the way into Kafka and Redis and to a thousand WebSocket clients, what each format costs, and Debezium Embedded beside Sluice. The options are those of bench/run.py: ./do bench --options lists them.

do_bench() {
  [[ ${1:-} == --options ]] && set -- --help
  if [[ ${1:-} == --rules || ${1:-} == --masks ]]; then
    local probe=sluice_rule_probe
    [[ $1 == --rules ]] || probe=sluice_mask_probe
    need build
    build_in build $probe || stop 1 "the build failed"
    exec build/$probe
  fi
  need build test
  local server=mariadb-10.11
  [[ " $* " =~ \ --server[\ =]([^\ ]+) ]] && server=${BASH_REMATCH[1]}
  install_servers "$server"
  if [[ " $* " == *" --subscribers "* ]]; then
    install_servers mysql-9.7
    build_in build sluice_subscribers_probe || stop 1 "the build failed"
  fi
  [[ ! " $* " =~ \ --(kafka|sinks|debezium)\  ]] || install_servers kafka-4.4 opensearch-2.19 nats-2.9 rabbitmq-3.10 clickhouse-18.16 postgresql-15
  [[ " $* " != *" --debezium "* ]] || install_servers mysql-9.7
  build_release || stop 1 "the build failed"
  exec /usr/bin/python3 bench/run.py "$@"
}
