//! Watches over one worker process: output, time, memory, cancellation, and its end.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, WaitId, WaitIdOptions};

use super::pool::Started;
use crate::runner::outcome::{MAX_BYTES, Outcome};
use crate::runner::output::Stream;
use crate::runner::procs;
use crate::runner::run::{Context, Ending, Execution, output_of};

/// How long a task may take to heed SIGTERM.
const GRACE: Duration = Duration::from_secs(2);
/// How long output may still trickle in once every process is gone.
const DRAIN: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(10);
const SAMPLE: Duration = Duration::from_millis(50);

enum Message {
    Output(Stream, Vec<u8>),
    /// A stream ended.
    End,
    /// The worker is a zombie, its pid still its own.
    Exited,
}

pub fn supervise(context: &Context<'_>, mut started: Started) -> Execution {
    let pid = started.child.id();
    let memory_limit = limit_memory(context, pid);
    let messages = listen(&mut started.child);
    let mut output = output_of(context);
    let mut watch = Watch {
        context,
        pid,
        token: &started.token,
        deadline: context.timeout().map(|timeout| Instant::now() + timeout),
        memory_limit,
        stopped: None,
        kill_at: None,
        sampled: Instant::now(),
        peak: 0,
    };
    let mut open_streams = 2;
    loop {
        match messages.recv_timeout(TICK) {
            Ok(Message::Output(stream, bytes)) => output.push(stream, &bytes, context.emit),
            Ok(Message::End) => open_streams -= 1,
            Ok(Message::Exited) => break,
            Err(_) => {}
        }
        output.tick(context.emit);
        watch.check();
    }
    let (stopped, peak) = (watch.stopped.take(), watch.peak);
    let cpu_ms = procs::cpu_ms(pid);
    procs::kill_worker(pid, &started.token);
    let status = started.child.wait().ok();
    let drained = Instant::now();
    while open_streams > 0 && drained.elapsed() < DRAIN {
        match messages.recv_timeout(TICK) {
            Ok(Message::Output(stream, bytes)) => output.push(stream, &bytes, context.emit),
            Ok(Message::End) => open_streams -= 1,
            Ok(Message::Exited) => {}
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    let (stdout, stderr) = output.finish(context.emit);
    Execution {
        outcome: read_outcome(&context.outcome_file()),
        stdout,
        stderr,
        cpu_ms,
        peak_memory_bytes: (peak > 0).then_some(peak),
        ..Execution::not_started(stopped.unwrap_or_else(|| exited(status)))
    }
}

fn exited(status: Option<ExitStatus>) -> Ending {
    Ending::Exited {
        code: status.and_then(|status| status.code()),
        signal: status.and_then(|status| status.signal()),
    }
}

/// Bounds the worker's private memory when a limit was asked, so that the task itself meets it as
/// its language's own out-of-memory error. Returns what its whole tree may have resident.
fn limit_memory(context: &Context<'_>, pid: u32) -> u64 {
    let Some(asked) = context.job.request.limits.memory_bytes else { return default_memory() };
    if let Some(pid) = procs::as_pid(pid) {
        let limit = Rlimit { current: Some(asked), maximum: Some(asked) };
        if let Err(error) = rustix::process::prlimit(Some(pid), Resource::Data, limit) {
            tracing::warn!("no memory limit for worker {pid:?}: {error}");
        }
    }
    asked
}

/// Half of the machine's memory.
fn default_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = total.and_then(|rest| rest.split_ascii_whitespace().next()?.parse::<u64>().ok());
    kib.map_or(u64::MAX, |kib| kib * 1024 / 2)
}

/// One thread per stream and one for the end. The channel is bounded: a task that floods is held
/// back by its own pipe, not kept in memory.
fn listen(child: &mut Child) -> Receiver<Message> {
    let (sender, receiver) = mpsc::sync_channel(8);
    if let Some(stdout) = child.stdout.take() {
        let sender = sender.clone();
        std::thread::spawn(move || read_all(stdout, Stream::Stdout, &sender));
    }
    if let Some(stderr) = child.stderr.take() {
        let sender = sender.clone();
        std::thread::spawn(move || read_all(stderr, Stream::Stderr, &sender));
    }
    let pid = child.id();
    std::thread::spawn(move || {
        if let Some(pid) = procs::as_pid(pid) {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) =
                rustix::process::waitid(WaitId::Pid(pid), options)
            {}
        }
        let _ = sender.send(Message::Exited);
    });
    receiver
}

fn read_all(mut pipe: impl Read, stream: Stream, sender: &SyncSender<Message>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                if sender.send(Message::Output(stream, buffer[..count].to_vec())).is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    let _ = sender.send(Message::End);
}

/// What may stop a worker before it ends by itself.
struct Watch<'a> {
    context: &'a Context<'a>,
    pid: u32,
    token: &'a str,
    deadline: Option<Instant>,
    memory_limit: u64,
    stopped: Option<Ending>,
    kill_at: Option<Instant>,
    sampled: Instant,
    peak: u64,
}

impl Watch<'_> {
    fn check(&mut self) {
        let now = Instant::now();
        if self.stopped.is_none() {
            if self.context.cancel.is_requested() {
                self.stop(Ending::Cancelled);
            } else if self.deadline.is_some_and(|deadline| now >= deadline) {
                self.stop(Ending::TimedOut);
            }
        }
        if self.kill_at.is_some_and(|at| now >= at) {
            procs::kill_worker(self.pid, self.token);
            self.kill_at = Some(now + Duration::from_millis(200));
        }
        if now.duration_since(self.sampled) >= SAMPLE {
            self.sampled = now;
            self.sample();
        }
    }

    fn stop(&mut self, why: Ending) {
        self.stopped = Some(why);
        procs::terminate_group(self.pid);
        self.kill_at = Some(Instant::now() + GRACE);
    }

    fn sample(&mut self) {
        let usage = procs::tree_usage(self.pid);
        self.peak = self.peak.max(usage.peak).max(usage.resident);
        let limits = self.context.settings();
        let excess = if usage.resident > self.memory_limit {
            format!("more than its {} MB of memory were in use", self.memory_limit >> 20)
        } else if usage.processes as u64 > limits.max_processes {
            format!("it started more than {} processes", limits.max_processes)
        } else {
            return;
        };
        if self.stopped.is_none() {
            self.stopped = Some(Ending::OverLimit(excess));
        }
        self.kill_at = Some(Instant::now());
    }
}

/// Reads the outcome file; `None` when the worker wrote none. Anything but a regular file is not
/// an outcome: a task could have put a link or a pipe there.
fn read_outcome(path: &Path) -> Option<Result<Outcome, String>> {
    if !path.symlink_metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    Some(match read {
        Ok(_) => Outcome::parse(&bytes),
        Err(error) => Err(format!("the worker's outcome cannot be read: {error}")),
    })
}
