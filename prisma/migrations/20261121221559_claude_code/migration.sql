-- AlterEnum
ALTER TYPE "HarnessKind" ADD VALUE 'CLAUDE_CODE';
