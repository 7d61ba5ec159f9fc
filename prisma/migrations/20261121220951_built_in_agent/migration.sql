-- CreateEnum
CREATE TYPE "PermissionMode" AS ENUM ('ASK', 'ALLOW_LIST', 'ALLOW_ALL');

-- AlterEnum
ALTER TYPE "HarnessKind" ADD VALUE 'BUILT_IN';

-- AlterTable
ALTER TABLE "Environment" ADD COLUMN     "allowedCommands" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "permissions" "PermissionMode" NOT NULL DEFAULT 'ASK';
