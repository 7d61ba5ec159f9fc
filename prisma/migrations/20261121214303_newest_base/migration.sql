-- CreateEnum
CREATE TYPE "ConflictWay" AS ENUM ('MARKERS', 'BESIDE');

-- AlterTable
ALTER TABLE "Session" ADD COLUMN     "newest" "ConflictWay";
