#!/bin/sh
# Run once by the PostgreSQL image, when its data folder is new.
set -eu
psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname proviso <<'SQL'
\set owner_password `cat /run/secrets/owner_password`
\set app_password `cat /run/secrets/app_password`
\set database proviso
CREATE ROLE proviso_owner;
CREATE ROLE proviso_app;
ALTER DATABASE proviso OWNER TO proviso_owner;
\i /roles.sql
SQL
