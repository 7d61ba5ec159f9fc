-- AlterTable
ALTER TABLE "Snapshot" ADD COLUMN     "storedBytes" BIGINT NOT NULL DEFAULT 0;

UPDATE "Snapshot" SET "storedBytes" = coalesce(("summary"->>'storedBytes')::bigint, 0);
