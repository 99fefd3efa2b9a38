/**
 * How a telephone number is read aloud and dialled by hand.
 */

const CHINA_MOBILE = /^(?:\+?86)?(1\d{2})(\d{4})(\d{4})$/;

/** A mainland mobile number as `139 0000 0001`; anything else as it is. */
export function formatPhone(phone: string): string {
  const parts = CHINA_MOBILE.exec(phone.replace(/[\s-]/g, ""));
  return parts === null ? phone : parts.slice(1).join(" ");
}
