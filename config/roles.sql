-- Rights of the two logins in the database that they share. Run by a superuser, connected to that
-- database, as often as one likes. The demo, the tests and docker-compose.yml all use this file.

-- proviso_owner owns the schema and is used by `manage.py migrate` only.
ALTER ROLE proviso_owner WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION
    PASSWORD :'owner_password';
-- proviso_app is used by web, workers and sweeper. It changes rows, never the schema; migrations
-- take UPDATE and DELETE away from it where rows are records, and it never gets TRUNCATE.
ALTER ROLE proviso_app WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION
    PASSWORD :'app_password';

REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO proviso_app;
ALTER SCHEMA public OWNER TO proviso_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO proviso_app;

ALTER DEFAULT PRIVILEGES FOR ROLE proviso_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO proviso_app;
ALTER DEFAULT PRIVILEGES FOR ROLE proviso_owner IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO proviso_app;

-- Nobody but a superuser ends or cancels what the other connections of the application do.
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_terminate_backend(integer, bigint) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_catalog.pg_cancel_backend(integer) FROM PUBLIC;
