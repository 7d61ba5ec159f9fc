import type { TeamId } from '../../domain/ids.ts';
import type { QuotaUse } from '../../domain/quota.ts';
import { readQuotas } from '../../journal/quotas.ts';
import { builder } from './builder.ts';
import { QuotaKindEnum } from './enums.ts';

const QuotaRef = builder.objectRef<QuotaUse>('Quota').implement({
  description: 'How much of something a team has, and how much it may have.',
  fields: (t) => ({
    kind: t.expose('kind', { type: QuotaKindEnum, description: 'Of what.' }),
    used: t.exposeFloat('used', { description: 'How much it has now.' }),
    limit: t.exposeFloat('limit', { nullable: true, description: 'How much it may have; null: as much as there is.' }),
  }),
});

builder.prismaObjectField('Team', 'quotas', (t) =>
  t.field({
    type: [QuotaRef],
    description: 'What it may have only so much of, and how much of it is used. Whoever operates the gateway sets the limits.',
    complexity: 20,
    resolve: (team, _args, { journal }) => readQuotas(journal, team.id as TeamId),
  }),
);
