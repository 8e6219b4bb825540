// The application: makes a small colour image, has it filtered (C), has the
// article summarised (C), logs as it goes (Rust), returns one report.
import { grayscale, threshold, histogram } from 'demo:imaging/filter@1.2.0';
import { summarise } from 'demo:text/summarise@0.3.1';
import { Channel, opened } from 'demo:log/logger@0.1.4';

function gradient(width, height) {
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 3;
      pixels[i] = (x * 255 / (width - 1)) | 0;
      pixels[i + 1] = (y * 255 / (height - 1)) | 0;
      pixels[i + 2] = ((x + y) * 255 / (width + height - 2)) | 0;
    }
  return { width, height, format: 'rgb8', pixels };
}

export const report = {
  build(title, article) {
    const log = new Channel('app', 'info');
    log.log('debug', 'not kept');
    const grey = grayscale(gradient(8, 4));
    log.log('info', `grey ${grey.width}x${grey.height} ${grey.format}`);
    const hist = Array.from(histogram(grey));
    const bw = threshold(grey, 128);
    const art = [];
    for (let y = 0; y < bw.height; y++)
      art.push(Array.from(bw.pixels.subarray(y * bw.width, (y + 1) * bw.width), p => p ? '#' : '.').join(''));
    let refused = 'accepted';
    try { grayscale({ width: 3, height: 3, format: 'rgb8', pixels: new Uint8Array(4) }); }
    catch (e) { refused = `${e.payload?.tag ?? e} ${JSON.stringify(e.payload?.val)}`; }
    log.log('warn', `short image: ${refused}`);
    const s = summarise(article, 2);
    log.log('info', `${s.sentences} sentences, ${s.words} words`);
    return [
      `== ${title}`,
      `headline: ${s.headline}`,
      `top: ${s.top.map(([w, n]) => `${w}=${n}`).join(' ')}`,
      `histogram: ${hist.join(' ')}`,
      ...art,
      ...log.lines(),
      `channels: ${opened()}`,
    ].join('\n');
  },
};
