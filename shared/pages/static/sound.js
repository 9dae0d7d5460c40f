// The alarm sound: four tones. A browser may block the sound until the first input on the page. Between two alarms, the
// AudioContext is suspended, because even silence costs two percent of a processor.

const ASKED_MS = 200;
const SLOW_MS = 2000; // a busy computer starts the sound late

/** @type {AudioContext | undefined} */
let audio;
let isAllowed = false;
let sounding = 0;

/** Opens the sound. The event `sound-allowed` follows as soon as the browser allows the sound, perhaps much later. */
export async function open() {
  if (!audio) {
    audio = new AudioContext();
    audio.addEventListener("statechange", rest); // a slow sound device, or a later permission
  }
  await isResumed(audio, ASKED_MS);
  rest();
}

export function isBlocked() {
  return !isAllowed;
}

export async function ring() {
  if (!audio || isBlocked()) return;
  sounding += 1;
  isAllowed = await isResumed(audio, SLOW_MS);
  if (isAllowed) play(audio).addEventListener("ended", end);
  else sounding -= 1;
}

/** Resumes the sound. A blocked sound gives no answer. @param {AudioContext} context @param {number} longestMs */
async function isResumed(context, longestMs) {
  await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, longestMs))]);
  return context.state === "running";
}

/** Plays the tones, and returns the last. @param {AudioContext} context */
function play(context) {
  const begin = context.currentTime;
  const tones = [880, 660, 880, 660].map((pitch, number) => {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0.25, begin + number * 0.28);
    volume.gain.exponentialRampToValueAtTime(0.001, begin + number * 0.28 + 0.25);
    tone.connect(volume).connect(context.destination);
    tone.start(begin + number * 0.28);
    tone.stop(begin + number * 0.28 + 0.26);
    return tone;
  });
  return tones[3];
}

function end() {
  sounding -= 1;
  rest();
}

/** Suspends an AudioContext without an alarm. A running AudioContext shows that the browser allows the sound. */
function rest() {
  if (audio?.state !== "running") return;
  isAllowed = true;
  document.dispatchEvent(new CustomEvent("sound-allowed"));
  if (!sounding) void audio.suspend();
}
