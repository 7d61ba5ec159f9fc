# One image for every part: the gateway, the worker, and what prepares a deployment. See docs/deployment.md.

FROM node:24-bookworm-slim AS build
WORKDIR /baton
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends bubblewrap ca-certificates git openssh-client \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --uid 10001 --create-home baton \
  && install -d -o baton -g baton -m 0755 /var/lib/baton
WORKDIR /baton
COPY --from=build /baton/node_modules ./node_modules
COPY --from=build /baton/dist ./dist
COPY --from=build /baton/prisma ./prisma
COPY --from=build /baton/package.json ./
ENV NODE_ENV=production \
  BATON_WEB_ROOT=/baton/dist/web \
  BATON_WORKFLOW_BUNDLE=/baton/dist/workflows.js \
  BATON_WORKER_HOME=/var/lib/baton
USER baton
# The gateway; a worker is `node dist/worker.js`, and `node dist/prepare.js` is run once before both.
EXPOSE 4600 9464
CMD ["node", "dist/gateway.js"]
