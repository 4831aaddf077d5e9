# gigamatte as a service: ports 8000 (API and page) and 7860 (page). Built from the checkout, runs without root.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY src ./src
RUN python -m venv /opt/gigamatte \
    && /opt/gigamatte/bin/pip install --no-cache-dir ".[serve]"

FROM python:3.11-slim-bookworm
RUN useradd --system --create-home --home-dir /var/lib/gigamatte --uid 10001 gigamatte \
    && install --directory --owner=gigamatte --mode=0700 /var/lib/gigamatte/spool
COPY --from=build /opt/gigamatte /opt/gigamatte
ENV PATH=/opt/gigamatte/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    GIGAMATTE_SPOOL=/var/lib/gigamatte/spool
USER 10001
WORKDIR /var/lib/gigamatte
EXPOSE 8000 7860
VOLUME ["/var/lib/gigamatte"]
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
ENTRYPOINT ["gigamatte"]
CMD ["serve", "--host", "0.0.0.0", "--allow-host", "gigamatte"]
