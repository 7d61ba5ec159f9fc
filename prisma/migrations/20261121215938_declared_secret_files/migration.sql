-- CreateEnum
CREATE TYPE "SecretFiles" AS ENUM ('INCLUDE', 'WARN', 'EXCLUDE');

-- AlterTable
ALTER TABLE "Environment" ADD COLUMN     "secretFiles" "SecretFiles" NOT NULL DEFAULT 'WARN';
