-- AlterTable
ALTER TABLE "Environment" ADD COLUMN     "outside" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "outsideScript" TEXT;
