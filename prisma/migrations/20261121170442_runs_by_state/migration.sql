-- CreateIndex
CREATE INDEX "Run_state_id_idx" ON "Run"("state", "id");
