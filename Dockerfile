# Two images: the Action, which its runner starts as root and with folders of its own, and the service, see --target service.
FROM docker.io/library/python:3.12-slim AS base
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

FROM base AS build
WORKDIR /src
COPY requirements/constraints.txt requirements/
ENV PIP_CONSTRAINT=/src/requirements/constraints.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY bot bot
COPY prompts prompts
COPY rules rules
# Compiled once here, by the hash of the source and not by its time, so that two builds can be compared.
RUN python -m venv /opt/plumbline \
    && /opt/plumbline/bin/python -m pip install --quiet . \
    && /opt/plumbline/bin/python -m pip uninstall --quiet --yes pip \
    && /opt/plumbline/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/plumbline

FROM build AS build-service
RUN /opt/plumbline/bin/python -m ensurepip \
    && /opt/plumbline/bin/python -m pip install --quiet '.[service]' \
    && /opt/plumbline/bin/python -m pip uninstall --quiet --yes pip \
    && /opt/plumbline/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/plumbline

FROM base AS service
LABEL org.opencontainers.image.title="Plumbline, the service" \
      org.opencontainers.image.description="Reviews pull requests as a GitHub App." \
      org.opencontainers.image.licenses="MIT"
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/plumbline plumbline
COPY --from=build-service /opt/plumbline /opt/plumbline
ENV PATH=/opt/plumbline/bin:$PATH PLUMBLINE_DATA=/var/lib/plumbline/data
USER 10001
WORKDIR /var/lib/plumbline
EXPOSE 8000
HEALTHCHECK --interval=10s --start-period=20s CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz')"]
ENTRYPOINT ["plumbline"]
CMD ["serve", "--host", "0.0.0.0"]

# The last one is what is built without a target: the Action. Root, for the runner's folders belong to it; the words of the
# entrance are no shell's, which would drop inputs with dashes.
# https://docs.github.com/en/actions/reference/workflows-and-actions/dockerfile-support
FROM base AS action
LABEL org.opencontainers.image.title="Plumbline, the Action" \
      org.opencontainers.image.description="Reviews pull requests in GitHub Actions." \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /opt/plumbline /opt/plumbline
ENV PATH=/opt/plumbline/bin:$PATH
ENTRYPOINT ["/opt/plumbline/bin/python", "-P", "-m", "bot.action"]
