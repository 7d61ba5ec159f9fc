-- CreateIndex
CREATE INDEX "Prompt_state_createdAt_idx" ON "Prompt"("state", "createdAt");
