-- AlterTable
ALTER TABLE "Message" ADD COLUMN     "trace" TEXT;

-- AlterTable
ALTER TABLE "Wake" ADD COLUMN     "trace" TEXT;
