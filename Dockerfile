# The hub as an image: `docker build -t edge-sse .`, then
# `docker run -p 127.0.0.1:8787:8787 -e SSE_PUBLISH_TOKEN edge-sse`.
FROM node:24-slim AS build
WORKDIR /source
COPY . .
# No install script is needed to build, so none is run.
RUN npm ci --ignore-scripts && npm run build && npm pack --pack-destination /tmp && mv /tmp/edge-sse-*.tgz /tmp/edge-sse.tgz

FROM node:24-alpine
WORKDIR /app
COPY --from=build /tmp/edge-sse.tgz /tmp/edge-sse.tgz
RUN npm install --ignore-scripts --omit=optional --omit=peer --no-audit --no-fund /tmp/edge-sse.tgz && rm /tmp/edge-sse.tgz
# The files are root's, and the process is not.
USER node
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8787
EXPOSE 8787
# Whether the process lives, and not whether its broker does: who restarts by it mends no broker.
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm between the signals and the hub: it drains on SIGTERM.
ENTRYPOINT ["node", "--max-semi-space-size=16", "node_modules/edge-sse/dist/cli.js"]
