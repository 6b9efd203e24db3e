# syntax=docker/dockerfile:1
# Build: docker build --tag proviso .    Run: docker compose up (docs/operations.md)

FROM python:3.13.15-slim-trixie@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONSAFEPATH=1

FROM base AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev libpq-dev \
    && rm -rf /var/lib/apt/lists/*
COPY requirements/image.txt /requirements.txt
# psycopg2 alone is built here, against the libpq that Debian keeps patched.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --no-input --require-hashes --no-deps \
        --only-binary=:all: --no-binary=psycopg2 --requirement /requirements.txt

FROM base
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpq5 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin proviso \
    && install --directory --owner proviso --mode 0700 /evidence
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY docker/collect docker/collect
COPY config config
COPY audit audit
COPY jobs jobs
COPY people people
COPY policy policy
COPY screening screening
COPY reviews reviews
COPY templates templates
COPY static static
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app DJANGO_SETTINGS_MODULE=config.settings \
    PROVISO_MODE=production STATIC_DIR=/app/static-collected EVIDENCE_DIR=/evidence
RUN sh docker/collect
USER proviso
EXPOSE 8000
CMD ["gunicorn", "config.wsgi", "--bind", "0.0.0.0:8000", "--preload", "--workers", "3", "--threads", "4", \
     "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
