# Everything is made in the first stage; the second has what came of it, Python, and nothing to build or install with.
FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app
COPY pyproject.toml constraints.txt ./
COPY scripts/requirements.py scripts/
RUN python scripts/requirements.py postgres > /tmp/requirements.txt
RUN python -m venv --without-pip venv
RUN python -m pip --python venv/bin/python install --quiet --constraint constraints.txt --requirement /tmp/requirements.txt
RUN rm -r pyproject.toml constraints.txt scripts
COPY manage.py ./
COPY nats_files nats_files
COPY buckets buckets
COPY templates templates
COPY locale locale
COPY static static
COPY docs/user-guide.md docs/
RUN venv/bin/python -m compileall -q manage.py nats_files buckets
RUN NATS_FILES_DATA=/tmp/data NATS_FILES_STATIC=/app/prepared venv/bin/python -c "import nats_files.asgi"
RUN chmod -R a+rX /app

FROM python:3.13-slim
RUN python -m pip uninstall --yes --quiet pip
RUN useradd --uid 1000 --home-dir /data --no-create-home files
RUN mkdir -m 700 /data && chown files:files /data
COPY --from=build /app /app
WORKDIR /app
USER files
ENV PATH=/app/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
ENV HOST=0.0.0.0 PORT=8000 NATS_FILES_DATA=/data NATS_FILES_STATIC=/app/prepared
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
CMD ["python", "manage.py", "serve"]
