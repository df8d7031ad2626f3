# start and stop the test servers to play with
#
# usage: ./do services start|stop|status|reset|install [KIND...]
#   start    starts the servers in the background, with row binlog, column names in it and GTIDs, and prints their URLs
#   stop     stops them; their data stays
#   status   says which run, and where
#   reset    stops them and throws their data away
#   install  only fetches what they need
# KIND: mariadb-10.11, mariadb-11.8, mysql-9.7, mysql-5.6; all of them when none is named. Kafka (kafka-4.4), OpenSearch
# (opensearch-2.19), Elasticsearch (elasticsearch-8.19), Apicurio (apicurio-3.0), RabbitMQ (rabbitmq-3.10), NATS (nats-2.9), ClickHouse
# (clickhouse-18.16, clickhouse-26.5) and PostgreSQL (postgresql-15) are there to install only: tests start them by themselves.
# Root has no password, and they listen on 127.0.0.1 only. Their data is under ${SLUICE_CACHE:-$HOME/.cache/sluice}/services.

do_services() {
  local action=${1:-status}
  (($#)) && shift
  case $action in
    start | install)
      need test
      install_servers "$@"
      [[ $action == install ]] && return
      ;;
    stop | status | reset) need demo ;;
    *) stop 2 "./do services knows no '$action'; see ./do services --help" ;;
  esac
  exec /usr/bin/python3 tools/services.py "$action" "$@"
}
