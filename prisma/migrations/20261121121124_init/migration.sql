-- CreateEnum
CREATE TYPE "RunState" AS ENUM ('QUEUED', 'IN_PROGRESS', 'BLOCKED', 'SUCCEEDED', 'FAILED', 'CANCELED');

-- CreateEnum
CREATE TYPE "SessionState" AS ENUM ('QUEUED', 'PROVISIONING', 'RESTORING', 'RUNNING', 'IDLE', 'BLOCKED', 'SNAPSHOTTING', 'ENDED');

-- CreateEnum
CREATE TYPE "SessionOutcome" AS ENUM ('SUCCEEDED', 'FAILED', 'CANCELED', 'PARKED', 'LOST');

-- CreateEnum
CREATE TYPE "SessionCause" AS ENUM ('START', 'FOLLOW_UP', 'ANSWER', 'RECOVERY');

-- CreateEnum
CREATE TYPE "RunOrigin" AS ENUM ('MANUAL', 'API', 'CLI', 'SCHEDULE', 'INTEGRATION', 'LOCAL_HANDOFF');

-- CreateEnum
CREATE TYPE "HarnessKind" AS ENUM ('SCRIPT');

-- CreateEnum
CREATE TYPE "Wait" AS ENUM ('TEMPORAL', 'WORKER', 'CLONE', 'SETUP', 'RESTORE', 'HARNESS', 'TURN', 'MESSAGE', 'PERSON', 'CAPTURE');

-- CreateEnum
CREATE TYPE "MessageState" AS ENUM ('PENDING', 'DELIVERED', 'RETURNED', 'WITHDRAWN');

-- CreateEnum
CREATE TYPE "PromptKind" AS ENUM ('PERMISSION', 'QUESTION');

-- CreateEnum
CREATE TYPE "PromptState" AS ENUM ('OPEN', 'ANSWERED', 'DELIVERED', 'EXPIRED', 'WITHDRAWN');

-- CreateEnum
CREATE TYPE "SnapshotKind" AS ENUM ('CHECKPOINT', 'FINAL');

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('VIEWER', 'MEMBER', 'ADMIN');

-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "email" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Team" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Team_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Membership" (
    "userId" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "role" "Role" NOT NULL,

    CONSTRAINT "Membership_pkey" PRIMARY KEY ("userId","teamId")
);

-- CreateTable
CREATE TABLE "ApiToken" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastUsedAt" TIMESTAMPTZ(3),
    "expiresAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ApiToken_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SignIn" (
    "hash" BYTEA NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SignIn_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "SignInLink" (
    "hash" BYTEA NOT NULL,
    "userId" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "SignInLink_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "Environment" (
    "id" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "repositories" JSONB NOT NULL,
    "setupCommands" TEXT[],
    "variables" JSONB NOT NULL,
    "idleSeconds" INTEGER,
    "defaultHarness" "HarnessKind" NOT NULL DEFAULT 'SCRIPT',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Environment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Run" (
    "id" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "teamId" TEXT NOT NULL,
    "creatorId" TEXT NOT NULL,
    "environmentId" TEXT NOT NULL,
    "title" TEXT NOT NULL,
    "origin" "RunOrigin" NOT NULL,
    "harness" "HarnessKind" NOT NULL,
    "idleSeconds" INTEGER NOT NULL,
    "state" "RunState" NOT NULL,
    "failure" JSONB,
    "waitingFor" "Wait",
    "waitingDetail" TEXT,
    "cancelRequestedAt" TIMESTAMPTZ(3),
    "lastEnd" JSONB,
    "hasConversation" BOOLEAN NOT NULL DEFAULT false,
    "turns" INTEGER NOT NULL DEFAULT 0,
    "turn" JSONB,
    "losses" INTEGER NOT NULL DEFAULT 0,
    "next" JSONB,
    "branch" TEXT,
    "activity" TEXT,
    "usage" JSONB NOT NULL,
    "snapshotId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "lastActivityAt" TIMESTAMPTZ(3) NOT NULL,
    "endedAt" TIMESTAMPTZ(3),
    "executionRunId" TEXT,

    CONSTRAINT "Run_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RunHead" (
    "runId" TEXT NOT NULL,
    "lastSeq" INTEGER NOT NULL DEFAULT 0,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "wanted" INTEGER NOT NULL DEFAULT 0,
    "seen" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "RunHead_pkey" PRIMARY KEY ("runId")
);

-- CreateTable
CREATE TABLE "Wake" (
    "runId" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "nextAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Wake_pkey" PRIMARY KEY ("runId")
);

-- CreateTable
CREATE TABLE "Event" (
    "runId" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "session" INTEGER,
    "type" TEXT NOT NULL,
    "payload" JSONB NOT NULL,
    "key" TEXT,

    CONSTRAINT "Event_pkey" PRIMARY KEY ("runId","seq")
);

-- CreateTable
CREATE TABLE "Message" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "author" JSONB NOT NULL,
    "text" TEXT NOT NULL,
    "state" "MessageState" NOT NULL,
    "returnedReason" TEXT,
    "sessionId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Message_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Session" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL,
    "cause" "SessionCause" NOT NULL,
    "harness" "HarnessKind" NOT NULL,
    "state" "SessionState" NOT NULL,
    "outcome" "SessionOutcome",
    "failure" JSONB,
    "waitingFor" "Wait",
    "waitingDetail" TEXT,
    "worker" TEXT,
    "branch" TEXT,
    "endRequested" BOOLEAN NOT NULL DEFAULT false,
    "restoreFrom" TEXT,
    "restoreReport" JSONB,
    "repositories" JSONB,
    "usage" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "startedAt" TIMESTAMPTZ(3),
    "endedAt" TIMESTAMPTZ(3),
    "leaseUntil" TIMESTAMPTZ(3),

    CONSTRAINT "Session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Snapshot" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "sessionId" TEXT NOT NULL,
    "kind" "SnapshotKind" NOT NULL,
    "summary" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Snapshot_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Prompt" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "kind" "PromptKind" NOT NULL,
    "question" TEXT NOT NULL,
    "options" JSONB NOT NULL,
    "freeText" BOOLEAN NOT NULL,
    "state" "PromptState" NOT NULL,
    "answer" JSONB,
    "answeredBy" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Prompt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Idempotency" (
    "userId" TEXT NOT NULL,
    "mutation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "hash" BYTEA NOT NULL,
    "result" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Idempotency_pkey" PRIMARY KEY ("userId","mutation","key")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "Team_slug_key" ON "Team"("slug");

-- CreateIndex
CREATE INDEX "Membership_teamId_idx" ON "Membership"("teamId");

-- CreateIndex
CREATE UNIQUE INDEX "ApiToken_hash_key" ON "ApiToken"("hash");

-- CreateIndex
CREATE INDEX "ApiToken_userId_idx" ON "ApiToken"("userId");

-- CreateIndex
CREATE INDEX "SignIn_userId_idx" ON "SignIn"("userId");

-- CreateIndex
CREATE INDEX "SignIn_expiresAt_idx" ON "SignIn"("expiresAt");

-- CreateIndex
CREATE INDEX "SignInLink_expiresAt_idx" ON "SignInLink"("expiresAt");

-- CreateIndex
CREATE UNIQUE INDEX "Environment_teamId_name_key" ON "Environment"("teamId", "name");

-- CreateIndex
CREATE UNIQUE INDEX "Run_snapshotId_key" ON "Run"("snapshotId");

-- CreateIndex
CREATE INDEX "Run_teamId_lastActivityAt_id_idx" ON "Run"("teamId", "lastActivityAt" DESC, "id");

-- CreateIndex
CREATE INDEX "Run_teamId_createdAt_id_idx" ON "Run"("teamId", "createdAt" DESC, "id");

-- CreateIndex
CREATE INDEX "Run_teamId_state_lastActivityAt_id_idx" ON "Run"("teamId", "state", "lastActivityAt" DESC, "id");

-- CreateIndex
CREATE INDEX "Run_environmentId_lastActivityAt_id_idx" ON "Run"("environmentId", "lastActivityAt" DESC, "id");

-- CreateIndex
CREATE INDEX "Run_creatorId_lastActivityAt_id_idx" ON "Run"("creatorId", "lastActivityAt" DESC, "id");

-- CreateIndex
CREATE INDEX "Run_lastActivityAt_idx" ON "Run"("lastActivityAt");

-- CreateIndex
CREATE INDEX "Wake_nextAt_idx" ON "Wake"("nextAt");

-- CreateIndex
CREATE UNIQUE INDEX "Event_runId_key_key" ON "Event"("runId", "key");

-- CreateIndex
CREATE INDEX "Message_runId_seq_idx" ON "Message"("runId", "seq");

-- CreateIndex
CREATE INDEX "Message_sessionId_idx" ON "Message"("sessionId");

-- CreateIndex
CREATE INDEX "Session_restoreFrom_idx" ON "Session"("restoreFrom");

-- CreateIndex
CREATE INDEX "Session_state_leaseUntil_idx" ON "Session"("state", "leaseUntil");

-- CreateIndex
CREATE UNIQUE INDEX "Session_runId_ordinal_key" ON "Session"("runId", "ordinal");

-- CreateIndex
CREATE INDEX "Snapshot_runId_createdAt_idx" ON "Snapshot"("runId", "createdAt");

-- CreateIndex
CREATE INDEX "Snapshot_sessionId_createdAt_idx" ON "Snapshot"("sessionId", "createdAt" DESC);

-- CreateIndex
CREATE INDEX "Prompt_runId_createdAt_idx" ON "Prompt"("runId", "createdAt");

-- CreateIndex
CREATE INDEX "Idempotency_createdAt_idx" ON "Idempotency"("createdAt");

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Membership" ADD CONSTRAINT "Membership_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiToken" ADD CONSTRAINT "ApiToken_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SignIn" ADD CONSTRAINT "SignIn_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SignInLink" ADD CONSTRAINT "SignInLink_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Environment" ADD CONSTRAINT "Environment_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Run" ADD CONSTRAINT "Run_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "Team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Run" ADD CONSTRAINT "Run_creatorId_fkey" FOREIGN KEY ("creatorId") REFERENCES "User"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Run" ADD CONSTRAINT "Run_environmentId_fkey" FOREIGN KEY ("environmentId") REFERENCES "Environment"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Run" ADD CONSTRAINT "Run_snapshotId_fkey" FOREIGN KEY ("snapshotId") REFERENCES "Snapshot"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RunHead" ADD CONSTRAINT "RunHead_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Wake" ADD CONSTRAINT "Wake_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Event" ADD CONSTRAINT "Event_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Message" ADD CONSTRAINT "Message_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Message" ADD CONSTRAINT "Message_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Session" ADD CONSTRAINT "Session_restoreFrom_fkey" FOREIGN KEY ("restoreFrom") REFERENCES "Snapshot"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Snapshot" ADD CONSTRAINT "Snapshot_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Snapshot" ADD CONSTRAINT "Snapshot_sessionId_fkey" FOREIGN KEY ("sessionId") REFERENCES "Session"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Prompt" ADD CONSTRAINT "Prompt_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Idempotency" ADD CONSTRAINT "Idempotency_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;
