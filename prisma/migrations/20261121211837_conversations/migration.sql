-- AlterTable
ALTER TABLE "SnapshotRelease" ADD COLUMN     "conversation" TEXT,
ALTER COLUMN "manifest" DROP NOT NULL;
