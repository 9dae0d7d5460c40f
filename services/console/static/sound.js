// Two tones when a new alert waits; off until somebody turns it on, as browsers and night shifts want it.

const button = document.getElementById("sound");
/** @type {AudioContext | undefined} */
let audio;

export function alarm() {
  if (!audio) return;
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

button?.addEventListener("click", async () => {
  if (audio) {
    await audio.close();
    audio = undefined;
  } else {
    audio = new AudioContext();
    alarm();
  }
  button.setAttribute("aria-pressed", String(audio !== undefined));
});
