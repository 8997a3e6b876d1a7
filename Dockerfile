# The base is pinned by its dated tag, which Debian does not move. A digest would pin it harder, but
# a digest exists only in a registry, and this file must also build where there is none (see
# scripts/base-image, which makes the image of this name from Debian's packages).
FROM debian:bookworm-20260824-slim AS build

# Packages are not pinned one by one: the release is, and its security updates are wanted.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

# Two environments: pip stays in the first, the image gets the second.
COPY requirements/action.txt /build/
RUN python3 -m venv /build/pip \
    && python3 -m venv --without-pip /app/.venv \
    && /build/pip/bin/pip --python /app/.venv/bin/python --cert /etc/ssl/certs/ca-certificates.crt \
        install --no-cache-dir --disable-pip-version-check --require-hashes --only-binary :all: \
        --requirement /build/action.txt \
    && find /app/.venv/lib -path '*/numpy/_core/tests' -prune -o \
        -name tests -type d -prune -exec rm -r {} +
# (Their tests are a tenth of the image. numpy.testing, which scipy imports, needs numpy/_core/tests.)


FROM debian:bookworm-20260824-slim

LABEL org.opencontainers.image.title="easeml-action" \
      org.opencontainers.image.description="Says whether a model is good enough, with a statistical guarantee" \
      org.opencontainers.image.licenses="MIT"

# The container starts as root, as GitHub asks of an action that reads the workspace; the untrusted
# model runs as an unprivileged user without a name. uv makes its environment, from this python3.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git gpg gpg-agent libseccomp2 python3 \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*

ENV PYTHONUNBUFFERED=1

COPY --from=build /app/.venv /app/.venv
COPY entrypoint.py /app/
COPY easeml_action /app/easeml_action
RUN /app/.venv/bin/python -m compileall -q /app/easeml_action

# Absolute paths: GitHub starts the container in the workspace.
ENTRYPOINT ["/app/.venv/bin/python", "/app/entrypoint.py"]
