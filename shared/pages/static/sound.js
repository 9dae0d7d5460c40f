// The alarm sound of four tones. A browser may block the sound until the first input on the page.

/** @type {AudioContext | undefined} */
let audio;

/** Asks the browser to allow sound on the page. */
export async function open() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") await Promise.race([audio.resume(), new Promise((resolve) => setTimeout(resolve, 200))]);
}

export function isBlocked() {
  return audio?.state !== "running";
}

export function ring() {
  if (!audio || isBlocked()) return;
  const begin = audio.currentTime;
  for (const [number, pitch] of [880, 660, 880, 660].entries()) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, begin + number * 0.28);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + number * 0.28 + 0.25);
    tone.connect(volume).connect(audio.destination);
    tone.start(begin + number * 0.28);
    tone.stop(begin + number * 0.28 + 0.26);
  }
}
