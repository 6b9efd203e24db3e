"""Django's PostgreSQL backend, with limits on how long this program waits for the server."""
