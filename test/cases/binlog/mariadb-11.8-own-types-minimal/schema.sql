create database shop;
use shop;
create table addresses (id int primary key, u uuid, i4 inet4, i6 inet6, n int unsigned, t text, u2 uuid not null);
create table vectors (id int primary key, v vector(3) not null, e enum('x','y'));
create table shapes (id int primary key, g geometry, p point, l linestring, c geometrycollection, e enum('a','b'), t text);
create table documents (id int primary key, j json);
