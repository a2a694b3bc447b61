# Debian 12 and Python 3.11 are what the tests run on; 3.12 is as quick, 3.13 costs 15 % in our measurements. The tag moves
# with the security updates of both. Who wants the same bytes twice gives a digest: --build-arg BASE=python@sha256:…
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS wheels
WORKDIR /source
COPY pyproject.toml README.md LICENSE requirements.lock ./
# Every wheel has a hash in the lock, also of what ours is built with, and nobody's setup.py is run.
RUN pip download --no-cache-dir --require-hashes --only-binary :all: --dest /wheels --requirement requirements.lock \
    && pip install --no-cache-dir --no-index --no-deps /wheels/setuptools-*.whl
COPY jobserver jobserver
RUN pip wheel --no-cache-dir --no-index --no-deps --no-build-isolation --wheel-dir /wheels . \
    && rm /wheels/setuptools-*.whl

FROM ${BASE}
# Debian keeps one version of a package: a pinned one would fail to build with the next security update of Chromium.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        ca-certificates chromium-headless-shell fonts-liberation fonts-noto-color-emoji tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --no-create-home --home-dir /tmp --shell /usr/sbin/nologin jobserver \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/jobserver \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
# There are the wheels of the lock and ours to choose from, and no index. Without pip and setuptools there is less to find
# for who gets in, and less to keep up to date.
# hadolint ignore=DL3013
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels "jobserver[analyze,cliq,fast]" \
    && pip uninstall --yes --root-user-action ignore wheel setuptools pip

# The root may be read-only: all that is written goes to /tmp, which may be a tmpfs. Jobs are in memory, unless a volume
# stands at /var/lib/jobserver, which takes over its owner, and STORE is sqlite:///var/lib/jobserver/jobs.db.
ENV HOME=/tmp \
    HOST=0.0.0.0 \
    PORT=3000 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /tmp
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s --retries=3 CMD ["jobserver", "healthcheck"]

# Python does not reap the processes a killed browser leaves behind; tini does.
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["jobserver", "serve"]
