/** Line icons and the four priority shapes, drawn inline: no icon font, no emoji. */

const PATHS = {
  phone: "M6 3h3l2 5-2.5 1.5a11 11 0 0 0 6 6L16 13l5 2v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8M11 12l9-9M16 7l3 3",
  check: "M4 12.5l5 5L20 6.5",
  send: "M3 11.5L21 3l-6.5 18-3-7.5zM11.5 13.5L21 3",
  door: "M5 21h14M7 21V4h10v17M13.5 12.5h.01",
  flag: "M5 21V4h13l-2.5 4.5L18 13H5",
  note: "M5 4h14v11l-5 5H5zM14 20v-5h5M8.5 8.5h7M8.5 12h4",
  siren: "M6 18v-5a6 6 0 0 1 12 0v5M4 18h16v3H4zM12 3V1.5M4.5 6L3 5M19.5 6L21 5",
  questions: "M4 4h16v12h-9l-5 4v-4H4zM9.5 8.5a2.5 2 0 1 1 2.5 2.2v.6M12 13.5h.01",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6",
  undo: "M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3",
  sound: "M4 9.5v5h4l5 4v-13l-5 4zM16.5 9a4.5 4.5 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  muted: "M4 9.5v5h4l5 4v-13l-5 4zM17 9.5l5 5M22 9.5l-5 5",
  user: "M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8M4 21c.5-4 4-6 8-6s7.5 2 8 6",
  leave: "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
  help: "M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.3-1 .8-1 1.7M12 17h.01",
  map: "M3 6l6-2.5 6 2.5 6-2.5V18l-6 2.5L9 18l-6 2.5zM9 3.5V18M15 6v14.5",
  list: "M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01",
  file: "M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h5",
  close: "M6 6l12 12M18 6L6 18",
  back: "M19 12H5M11.5 5.5L5 12l6.5 6.5",
  screen: "M3 5h18v11H3zM9 20h6M12 16v4",
  telephone: "M7 2.5h10v19H7zM11 18.5h2",
  shield: "M12 3l8 3v5.5c0 5-3.4 8.3-8 9.5-4.6-1.2-8-4.5-8-9.5V6zM8.5 12l2.5 2.5 4.5-5",
  plug: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4",
  copy: "M8 8h12v12H8zM16 8V4H4v12h4",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14M16 16l5 5",
  up: "M12 19V5M5.5 11.5L12 5l6.5 6.5",
  menu: "M4 7h16M4 12h16M4 17h16",
  home: "M4 11l8-7 8 7M6.5 9.5V20h11V9.5M10 20v-6h4v6",
  offline: "M3 3l18 18M8.5 15.5a5 5 0 0 1 5-1.2M5 12a10 10 0 0 1 4-2.4M19 12a10 10 0 0 0-5.5-2.9M12 19.5h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** One outline per priority, the same on the map: octagon, triangle, diamond, circle. Unit square, y down. */
export const SHAPES: Readonly<Record<1 | 2 | 3 | 4, readonly (readonly [number, number])[]>> = {
  1: polygon(8, Math.PI / 8, 1),
  2: [[0, -1], [1, 0.8], [-1, 0.8]],
  3: [[0, -1.05], [1.05, 0], [0, 1.05], [-1.05, 0]],
  4: polygon(24, 0, 0.9),
};

function polygon(corners: number, turn: number, radius: number): [number, number][] {
  return Array.from({ length: corners }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / corners;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** The row of the palette for a priority; log-only ones look like notices. */
export function rank(priority: number): 1 | 2 | 3 | 4 {
  return Math.min(4, Math.max(1, Math.round(priority))) as 1 | 2 | 3 | 4;
}

export function Shape({ priority }: { priority: number }) {
  const points = SHAPES[rank(priority)].map(([x, y]) => `${(10 + 8 * x).toFixed(2)},${(10 + 8 * y).toFixed(2)}`);
  return (
    <svg class="shape" width="18" height="18" viewBox="0 0 20 20" aria-hidden="true">
      <polygon points={points.join(" ")} />
    </svg>
  );
}
