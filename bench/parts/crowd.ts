/** Settings of a gateway on which one person opens what many would: a thousand sockets with a subscription each, over and over. */
export const crowd = {
  BATON_OPERATIONS_PER_MINUTE: '1000000',
  BATON_OPERATIONS_AT_ONCE: '100000',
  BATON_SUBSCRIPTIONS_PER_VIEWER: '100000',
  BATON_SOCKETS_PER_VIEWER: '100000',
} as const;
