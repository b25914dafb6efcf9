/** The measured programs before whatever else the machine does: both ends alike, whoever plays them. */
import { run } from '../../interop/lab/exec.js';
import type { Stage } from '../../interop/lab/stage.js';

export async function giveWay(stage: Stage): Promise<void> {
  for (const { site } of stage.parties) {
    const { stdout } = await run(['ip', 'netns', 'pids', site.host.name]);
    for (const pid of stdout.split('\n').filter((line) => line !== '')) {
      // All threads, and those that are still to come. Where it is not allowed, the event `nothing` shows what the machine adds.
      await run(['chrt', '--all-tasks', '--rr', '--pid', String(priority), pid]);
    }
  }
}

/** Real-time, but behind the lab's own programs: a wire is never late because an end is busy. */
const priority = 1;
