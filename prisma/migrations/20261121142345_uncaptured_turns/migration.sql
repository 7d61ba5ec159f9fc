-- AlterTable
ALTER TABLE "Run" ADD COLUMN     "uncaptured" JSONB NOT NULL DEFAULT '[]';
