import type { Role } from './person.ts';
import type { Refusal } from './refusal.ts';

/** Why someone of this role may not manage the team, or null. */
export function refuseManage(role: Role): Refusal | null {
  if (role === 'ADMIN') return null;
  return { kind: 'FORBIDDEN', message: 'Only an admin of the team may do this. Ask one of them, or for the role.' };
}

/** Why a member may not leave or be taken out, or null: everyone may leave, admins take others out. */
export function refuseRemove(asked: { readonly role: Role; readonly own: boolean }): Refusal | null {
  return asked.own ? null : refuseManage(asked.role);
}

/** A team always has an admin: why the last one may not leave or get another role, or null. `next` null: they leave. */
export function refuseLastAdmin(before: Role, next: Role | null, admins: number): Refusal | null {
  if (before !== 'ADMIN' || next === 'ADMIN' || admins > 1) return null;
  return { kind: 'LAST_ADMIN', message: 'This is the team’s last admin. Make someone else an admin first.' };
}
