-- AlterTable
ALTER TABLE "Event" ADD COLUMN     "redaction" JSONB;

-- AlterTable
ALTER TABLE "Team" ADD COLUMN     "keepSnapshotDays" INTEGER,
ADD COLUMN     "keepTranscriptDays" INTEGER,
ADD COLUMN     "sweptAt" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "RunDeletion" (
    "runId" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "actor" JSONB NOT NULL,
    "requestedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sessions" INTEGER NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextAt" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "RunDeletion_pkey" PRIMARY KEY ("runId")
);

-- CreateTable
CREATE TABLE "SnapshotRelease" (
    "id" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "manifest" TEXT NOT NULL,
    "patch" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "nextAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "SnapshotRelease_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ManifestBlobs" (
    "teamId" TEXT NOT NULL,
    "manifest" TEXT NOT NULL,
    "blobs" TEXT[],

    CONSTRAINT "ManifestBlobs_pkey" PRIMARY KEY ("teamId","manifest")
);

-- CreateIndex
CREATE INDEX "RunDeletion_nextAt_idx" ON "RunDeletion"("nextAt");

-- CreateIndex
CREATE INDEX "RunDeletion_requestedAt_idx" ON "RunDeletion"("requestedAt");

-- CreateIndex
CREATE INDEX "SnapshotRelease_nextAt_idx" ON "SnapshotRelease"("nextAt");
