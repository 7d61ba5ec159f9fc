-- CreateEnum
CREATE TYPE "ArtifactKind" AS ENUM ('BRANCH');

-- CreateTable
CREATE TABLE "Artifact" (
    "runId" TEXT NOT NULL,
    "kind" "ArtifactKind" NOT NULL,
    "repository" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "commits" INTEGER NOT NULL,
    "session" INTEGER NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Artifact_pkey" PRIMARY KEY ("runId","url","branch")
);

-- AddForeignKey
ALTER TABLE "Artifact" ADD CONSTRAINT "Artifact_runId_fkey" FOREIGN KEY ("runId") REFERENCES "Run"("id") ON DELETE CASCADE ON UPDATE CASCADE;
