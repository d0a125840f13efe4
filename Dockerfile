# One image for every service: the command says which. docker-compose.yml runs them apart, docker-compose.single.yml all in one process.
FROM node:20.20.2-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc nx.json tsconfig.base.json .swcrc ./
COPY apps apps
COPY libs libs
RUN npm ci && npx nx run-many -t build
# What runs: compiled code and the packages that it imports. The embedded PostgreSQL is an optional one, and stays out.
RUN npm ci --omit=dev --omit=optional \
 && rm -rf apps/bench libs/testing \
 && find apps libs -mindepth 2 -maxdepth 2 ! -name dist ! -name package.json -exec rm -rf {} + \
 && find apps libs -name '*.map' -delete

FROM node:20.20.2-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/libs libs
COPY --from=build /app/apps apps
# Only the single process keeps files of its own; a volume that is mounted here belongs to its user.
RUN mkdir /data && chown node:node /data
USER node
EXPOSE 8080
CMD ["node", "apps/atelier/dist/main.js"]
