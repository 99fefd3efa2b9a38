/** A signature with a finger; who cannot write says it (a voice note counts as one). */
import { useRef, useState } from "preact/hooks";
import { Button, Dialog } from "@/ui/parts";
import { Icon } from "@/ui/icons";
import type { DayVisit } from "./day";
import { file } from "./say";
import { t } from "./words";

const WIDTH = 640;
const HEIGHT = 280;

export function Signature({ at }: { at: DayVisit }) {
  const [open, setOpen] = useState(false);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState(false);
  const pen = () => canvas.current?.getContext("2d") ?? null;
  const spot = (event: PointerEvent): [number, number] => {
    const box = (event.currentTarget as HTMLCanvasElement).getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT];
  };
  const down = (event: PointerEvent) => {
    (event.currentTarget as HTMLCanvasElement).setPointerCapture(event.pointerId);
    const line = pen();
    if (line === null) return;
    Object.assign(line, { lineWidth: 4, lineCap: "round", lineJoin: "round", strokeStyle: "#14181d" });
    line.beginPath();
    line.moveTo(...spot(event));
  };
  const move = (event: PointerEvent) => {
    if (event.buttons === 0) return;
    const line = pen();
    line?.lineTo(...spot(event));
    line?.stroke();
    setDrawn(true);
  };
  const clear = () => {
    pen()?.clearRect(0, 0, WIDTH, HEIGHT);
    setDrawn(false);
  };
  const keep = async () => {
    const image = await new Promise<Blob | null>((resolve) => canvas.current?.toBlob(resolve, "image/png"));
    if (image !== null) await file("signature", at, image);
    setOpen(false);
    setDrawn(false);
  };
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}><Icon name="note" />{t("sign.add")}</button>
      {open && (
        <Dialog title={t("sign.add")} onClose={() => setOpen(false)}>
          <div class="sign-pad">
            <p id="sign-here">{t("sign.here")} · {at.visit.resident}</p>
            <canvas ref={canvas} width={WIDTH} height={HEIGHT} aria-describedby="sign-here" onPointerDown={down} onPointerMove={move} />
            <div class="row">
              <Button onClick={clear}>{t("sign.clear")}</Button>
              <Button kind="primary" disabled={!drawn} onClick={() => void keep()}>{t("sign.keep")}</Button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}
