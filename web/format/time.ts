const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const secondsFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const exactFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
  timeZoneName: 'short',
});
const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'long' });
const dateFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dateYearFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });

/** 13:21 */
export const clock = (at: string): string => clockFormat.format(new Date(at));

/** 13:21:05 */
export const clockSeconds = (at: string): string => secondsFormat.format(new Date(at));

/** Mon, 5 Jan 2026, 13:21:05 GMT: what a relative time shows when it is pointed at. */
export const exactTime = (at: string): string => exactFormat.format(new Date(at));

const startOfDay = (time: number): number => new Date(time).setHours(0, 0, 0, 0);
const dayMs = 24 * 60 * 60_000;

/** Days between two moments as a calendar counts them. */
const daysAgo = (at: string, now: number): number => Math.round((startOfDay(now) - startOfDay(Date.parse(at))) / dayMs);

/** The day a run falls under in a list: Today, Yesterday, Monday, 5 Jan, 5 Jan 2025. */
export function dayName(at: string, now: number): string {
  const days = daysAgo(at, now);
  const date = new Date(at);
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days < 7) return dayFormat.format(date);
  return date.getFullYear() === new Date(now).getFullYear() ? dateFormat.format(date) : dateYearFormat.format(date);
}

/** 13:21 today, 5 Jan 13:21 before: for a time that stands alone. */
export const clockWithDay = (at: string, now: number): string =>
  daysAgo(at, now) <= 0 ? clock(at) : `${dateFormat.format(new Date(at))} ${clock(at)}`;

/** now, 40 s, 2 min, 3 h, 1 d: how long ago, in the width of a column. */
export function ago(at: string, now: number): string {
  const seconds = Math.max(0, Math.floor((now - Date.parse(at)) / 1_000));
  if (seconds < 10) return 'now';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
