# syntax=docker/dockerfile:1
# docker build --build-arg REVISION="$(git rev-parse HEAD)" -t beatd .
# The run stage can be tried without a container engine: `make image-check`.

# ---- build: the binary with the Swift runtime linked in, without symbols
FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        libevent-dev libsqlite3-dev libssl-dev libjansson-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift openapi.yam[l] ./
COPY Sources Sources
# The manifest names the test targets, so their folders must be there; only the product is built.
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product beatd --explicit-target-dependency-import-check error \
    && install -D -m 0755 .build/release/beatd /out/usr/bin/beatd \
    && strip /out/usr/bin/beatd
# /var/lib/beatd and /run/beatd are the only places beatd writes to; both belong to its user.
RUN install -d -m 0750 -o 65532 -g 65532 /out/var/lib/beatd /out/run/beatd

# ---- run: Debian patches the libraries, so rebuilding the image is all that a security fix takes
FROM debian:12-slim
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
        ca-certificates libevent-core-2.1-7 libevent-openssl-2.1-7 libjansson4 libsqlite3-0 libssl3 libstdc++6 \
    && rm -rf /var/lib/apt/lists/* \
    && echo 'beatd:x:65532:65532:beatd:/var/lib/beatd:/usr/sbin/nologin' >> /etc/passwd \
    && echo 'beatd:x:65532:' >> /etc/group
COPY --from=build /out/ /

ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="beatd" \
      org.opencontainers.image.description="Keeps instances alive in Nacos: registers, beats and deregisters over HTTP" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.base.name="docker.io/library/debian:12-slim"

# A number and not a name, so that Kubernetes can see that it is not root.
USER 65532:65532
ENV BEATD_DATA_DIR=/var/lib/beatd BEATD_SOCKET=/run/beatd/api.sock
VOLUME ["/var/lib/beatd", "/run/beatd"]
# The control API (loopback only until it is told otherwise, with a token) and the read-only listener for probes.
EXPOSE 8090 9090
# beatd handles TERM itself, as process 1 too.
STOPSIGNAL SIGTERM
# Asks the socket, or where BEATD_LISTEN says. Kubernetes looks at /livez and /readyz instead.
HEALTHCHECK --interval=5s --timeout=2s --start-period=10s --retries=3 CMD ["/usr/bin/beatd", "health"]
ENTRYPOINT ["/usr/bin/beatd"]
CMD ["serve"]
