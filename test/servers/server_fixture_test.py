"""The servers themselves: what every other test here takes for granted."""

import os
import ssl
import subprocess

import pymysql
import pytest


def test_a_change_is_in_the_log_and_survives_death_and_restart(start_server, kind):
    server = start_server(kind, full=True, gtid=True)
    server.sql("create database shop; create table shop.t (id int primary key, name varchar(20)); "
               "insert into shop.t values (1, 'one')")
    server.kill9()
    server.start()
    server.sql("insert into shop.t values (2, 'two')")
    server.restart()
    assert server.sql("select id, name from shop.t order by id") == [(1, "one"), (2, "two")]
    files = server.binlog_files()
    assert len(files) == 3
    assert server.binlog_position()[0] == files[-1].name
    text = subprocess.run([*server.mysqlbinlog, "-v", "--base64-output=DECODE-ROWS", *map(str, files)],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    assert text.count("### INSERT INTO `shop`.`t`") == 2
    pid = server.pid
    server.close()
    assert not os.path.exists(f"/proc/{pid}")
    assert not server.folder.exists()


def test_each_copy_of_a_mysql_template_is_a_server_of_its_own(start_server):
    uuids = {start_server("mysql-5.6").sql("select @@server_uuid")[0][0] for _ in range(2)}
    assert len(uuids) == 2


@pytest.mark.parametrize("kind", ["mariadb-10.11", "mariadb-11.8", "mysql-9.7"])
def test_tls_shows_the_certificate_we_made(start_server, tls, kind):
    server = start_server(kind, tls=tls)
    context = ssl.create_default_context(cafile=tls.ca)
    context.load_cert_chain(tls.client_cert, tls.client_key)
    connection = pymysql.connect(host="127.0.0.1", port=server.port, user="root", ssl=context)
    with connection.cursor() as cursor:
        cursor.execute("show status like 'Ssl_version'")
        assert cursor.fetchone()[1].startswith("TLSv1.")
    connection.close()


def test_ed25519_can_be_loaded(start_server):
    server = start_server("mariadb-10.11", ["--plugin-load-add=auth_ed25519"])
    server.sql("create user eve@localhost identified via ed25519 using password('secret')")
    assert server.sql("select plugin from mysql.user where user = 'eve'") == [("ed25519",)]
