/**
 * Marks the entry that was tapped as `tapped`, and the one before no more; a second tap takes it back. Where nothing hovers,
 * what there is to do with an entry shows below that entry. The listener is the log's own: on iPhones a tap on plain text
 * reaches no listener at the document, where delegated ones are.
 */
export function markTapped(log: HTMLElement): void {
  log.addEventListener('click', ({ target }) => {
    if (!(target instanceof Element) || target.closest('.permalink')) return;
    // Marking text is no tap.
    if (getSelection()?.type === 'Range') return;
    const before = log.querySelector('.event.tapped');
    const entry = target.closest('.event');
    before?.classList.remove('tapped');
    if (entry !== before) entry?.classList.add('tapped');
  });
}
