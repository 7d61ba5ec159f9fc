-- CreateEnum
CREATE TYPE "SecretUse" AS ENUM ('AGENT_VARIABLE', 'GIT_HTTPS_TOKEN', 'GIT_SSH_KEY');

-- CreateTable
CREATE TABLE "EnvironmentSecret" (
    "environmentId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "use" "SecretUse" NOT NULL,
    "host" TEXT,
    "username" TEXT,
    "knownHosts" TEXT,
    "ciphertext" BYTEA NOT NULL,
    "nonce" BYTEA NOT NULL,
    "keyId" BYTEA NOT NULL,
    "bytes" INTEGER NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastUsedAt" TIMESTAMPTZ(3),
    "createdBy" JSONB NOT NULL,

    CONSTRAINT "EnvironmentSecret_pkey" PRIMARY KEY ("environmentId","name")
);

-- AddForeignKey
ALTER TABLE "EnvironmentSecret" ADD CONSTRAINT "EnvironmentSecret_environmentId_fkey" FOREIGN KEY ("environmentId") REFERENCES "Environment"("id") ON DELETE CASCADE ON UPDATE CASCADE;
