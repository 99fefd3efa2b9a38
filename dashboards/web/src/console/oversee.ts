/** Whether the person leads others, and may see who of them looked. */
import { session } from "@/sign/session";

export function mayOversee(): boolean {
  return session.value?.permissions.includes("review_access") === true;
}
