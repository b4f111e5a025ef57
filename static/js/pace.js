// Runs `run` at once, and then at most once in `pause` milliseconds however often it is asked for; what was asked meanwhile is not lost.
export function calmly(run, pause) {
  let timer = 0;
  let again = false;
  return function ask() {
    if (timer) {
      again = true;
      return;
    }
    run();
    timer = setTimeout(() => {
      timer = 0;
      if (!again) return;
      again = false;
      ask();
    }, pause);
  };
}
