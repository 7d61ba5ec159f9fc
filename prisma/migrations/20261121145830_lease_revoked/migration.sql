-- AlterTable
ALTER TABLE "Session" ADD COLUMN     "leaseRevoked" BOOLEAN NOT NULL DEFAULT false;
