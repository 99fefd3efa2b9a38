/** Draws one vital sign with uPlot; a file of its own, so that only a page that has something to draw loads it. */
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { table, type Drawn } from "./vitals";

const HEIGHT = 132;

export interface Frame {
  /** Seconds since the epoch. */
  readonly from: number;
  readonly to: number;
  readonly range: readonly [number, number];
}

/** Put the chart into `place`; gives a function that takes it away. */
export function draw(place: HTMLElement, drawn: readonly Drawn[], frame: Frame): () => void {
  const style = getComputedStyle(place);
  const [ink, grid] = [style.getPropertyValue("--quiet"), style.getPropertyValue("--line")];
  const strokes = ["--p3", "--at-bathroom", "--at-kitchen", "--at-bedroom"].map((name) => style.getPropertyValue(name));
  const axis = { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, font: `15px ${style.fontFamily}` };
  const chart = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: true, range: () => [frame.from, frame.to] },
        y: { range: (_, least, greatest) => [Math.min(frame.range[0], least ?? frame.range[0]), Math.max(frame.range[1], greatest ?? frame.range[1])] },
      },
      axes: [
        { ...axis, values: (_, splits) => splits.map((second) => String(new Date(second * 1_000).getHours()).padStart(2, "0")), space: 60 },
        { ...axis, size: 48, space: 36 },
      ],
      series: [
        {},
        ...drawn.map((_, index) => ({
          stroke: strokes[index % strokes.length] ?? ink,
          width: 2,
          spanGaps: false,
          points: { show: drawn.every((line) => line.points.length < 60), size: 6 },
        })),
      ],
    },
    table(drawn) as uPlot.AlignedData,
    place,
  );
  const watch = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT }));
  watch.observe(place);
  return () => {
    watch.disconnect();
    chart.destroy();
  };
}
