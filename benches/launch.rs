//! What starting a task costs, beside what does the same by hand. The budgets: a cold start of a
//! trivial Python task on the thread executor takes at most 1.3 times `python3 -c pass`, a warm one
//! at most 10 ms, a container at most 1.15 times `docker run` of the same image; a thousand trivial
//! tasks are compared with Celery's solo worker on an in-memory broker and with a pool of processes.
//!
//! A plain program, since each figure is a whole process: `cargo bench --bench launch`. What the
//! machine lacks is said and left out. `METASCOPE_BENCH_RUNS` sets how often each is measured.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use metascope::analyzers::worker::{generate, task_for};
use metascope::model::{ExecutorKind, RunRequest, RunStatus, SweepRequest};
use metascope::runner::{Job, Runner, SweepJob, find_python};
use metascope::workspace::{Options, read_text, scan};
use serde_json::{Value, json};

/// How many tasks the throughput is measured with.
const MANY: u64 = 1000;

const TASK: &str = "def task(n: int) -> int:\n    return n + 1\n";

const CELERY: &str = r#"
import logging, os, time
from celery import Celery
from celery.contrib.testing.worker import start_worker

logging.disable(logging.CRITICAL)
app = Celery("bench", broker="memory://")
done = []

@app.task
def task(n):
    done.append(n + 1)

def run(count):
    done.clear()
    for n in range(count):
        task.delay(n)
    while len(done) < count:
        time.sleep(0.001)

with start_worker(app, pool="solo", perform_ping_check=False, loglevel="CRITICAL"):
    run(1)
    began = time.perf_counter()
    run(1000)
    print(time.perf_counter() - began, flush=True)
    os._exit(0)
"#;

const POOL: &str = r#"
import time
from concurrent.futures import ProcessPoolExecutor

def task(n):
    return n + 1

if __name__ == "__main__":
    began = time.perf_counter()
    with ProcessPoolExecutor() as pool:
        assert list(pool.map(task, range(1000))) == list(range(1, 1001))
    print(time.perf_counter() - began)
"#;

/// A fresh process for each: what every figure below would be if nothing were shared.
const PROCESSES: &str = r#"
import subprocess, sys, time
from concurrent.futures import ThreadPoolExecutor
began = time.perf_counter()
with ThreadPoolExecutor(int(sys.argv[1])) as pool:
    run = lambda n: subprocess.run([sys.executable, "-c", f"print({n} + 1)"], capture_output=True)
    assert all(done.returncode == 0 for done in pool.map(run, range(1000)))
print(time.perf_counter() - began)
"#;

fn main() {
    let folder = tempfile::tempdir().expect("a temp dir");
    let root = folder.path().join("project");
    std::fs::create_dir_all(&root).expect("a folder");
    std::fs::write(root.join("bench.py"), TASK).expect("a file");
    // SAFETY: nothing else runs yet.
    unsafe {
        std::env::set_var("METASCOPE_STATE_DIR", folder.path().join("state"));
        std::env::set_var("METASCOPE_CACHE_DIR", folder.path().join("cache"));
    }
    let (settings, _) = metascope::runner::Settings::load();
    let Ok(python) = find_python(&root, &settings) else {
        println!("no Python interpreter: nothing is measured");
        return;
    };
    let bench = Bench { root: root.clone(), job: job(&root), python };
    bench.thread();
    bench.docker();
    bench.throughput(folder.path());
}

fn job(root: &Path) -> Job {
    let scan =
        scan(root, &Options { cache: false, ..Options::default() }, &|_| {}).expect("a scan");
    let task = task_for(&scan.project, "bench.task").expect("the task");
    let texts = |path: &str| read_text(&scan.root, path);
    let worker = generate(&scan.project, &task.id, &texts).expect("a worker");
    let request =
        RunRequest { task: task.id.clone(), input: json!({"n": 1}), ..RunRequest::default() };
    Job { request, task, worker, root: scan.root.clone() }
}

struct Bench {
    root: PathBuf,
    job: Job,
    python: PathBuf,
}

fn runs(usual: usize) -> usize {
    std::env::var("METASCOPE_BENCH_RUNS").ok().and_then(|it| it.parse().ok()).unwrap_or(usual)
}

/// The median of so many measurements, in milliseconds.
fn median(count: usize, mut measure: impl FnMut() -> f64) -> f64 {
    let mut all: Vec<f64> = (0..count.max(1)).map(|_| measure()).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn whole(command: &mut Command) -> f64 {
    let began = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} failed");
    millis(began.elapsed())
}

impl Bench {
    /// Milliseconds from the request to the task's first instruction, and to the end.
    fn launch(&self, runner: &Runner, executor: ExecutorKind) -> (f64, f64) {
        let mut job = self.job.clone();
        job.request.executor = executor;
        let record = runner.start(job, |_, _| {}).wait();
        assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
        (record.launch_ms.expect("the worker tells when it called"), record.elapsed_ms)
    }

    /// Baseline and launches one after the other, so that a busy machine is as busy for either.
    fn beside(
        &self,
        count: usize,
        mut base: impl FnMut() -> f64,
        runner: &Runner,
        executor: ExecutorKind,
    ) -> (f64, f64, f64) {
        let (mut bases, mut launches, mut ends) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..count.max(1) {
            bases.push(base());
            let (launch, end) = self.launch(runner, executor);
            launches.push(launch);
            ends.push(end);
        }
        let middle = |mut all: Vec<f64>| {
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        (middle(bases), middle(launches), middle(ends))
    }

    fn thread(&self) {
        let runner = Runner::open(&self.root).expect("a runner");
        // The first run writes the bytecode that all later ones of this machine share.
        self.launch(&runner, ExecutorKind::Thread);
        let base = || whole(Command::new(&self.python).args(["-c", "pass"]));
        let (base, launch, end) = self.beside(runs(21), base, &runner, ExecutorKind::Thread);
        println!("python3 -c pass            {base:8.1} ms");
        println!(
            "thread, cold               {launch:8.1} ms  ({:.2} of it; {end:.1} ms to the end)",
            launch / base
        );
        runner.keep_warm();
        std::thread::sleep(Duration::from_millis(1500));
        let launch = median(runs(21), || {
            let (launch, _) = self.launch(&runner, ExecutorKind::Thread);
            // The next interpreter is started by the end of a run; a user is slower than that.
            std::thread::sleep(Duration::from_millis(500));
            launch
        });
        println!("thread, warm               {launch:8.1} ms");
    }

    fn docker(&self) {
        let image = match metascope::runner::image::build(&self.root, None, &|_| {}) {
            Ok(image) => image.name,
            Err(why) => return println!("docker is left out: {why}"),
        };
        let runner = Runner::open(&self.root).expect("a runner");
        self.launch(&runner, ExecutorKind::Docker);
        let base = || {
            let arguments = ["run", "--rm", "--network", "none", &image, "python3", "-c", "pass"];
            whole(Command::new("docker").args(arguments))
        };
        let (base, launch, end) = self.beside(runs(11), base, &runner, ExecutorKind::Docker);
        println!("docker run                 {base:8.1} ms");
        println!(
            "docker                     {launch:8.1} ms  ({:.2} of it; {end:.1} ms, {:.2}, to the end)",
            launch / base,
            end / base
        );
    }

    fn throughput(&self, folder: &Path) {
        let script = |name: &str, text: &str| {
            let path = folder.join(name);
            std::fs::write(&path, text).expect("a script");
            path
        };
        let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let told = |what: &str, seconds: Option<f64>| match seconds {
            Some(seconds) => println!("{what:<27}{:8.0} tasks/s", MANY as f64 / seconds),
            None => println!("{what} is left out: it could not be run"),
        };
        told(
            "a process each, by hand",
            seconds(
                Command::new(&self.python).arg(script("each.py", PROCESSES)).arg(jobs.to_string()),
            ),
        );
        told("thread executor, sweep", Some(self.sweep()));
        told(
            "concurrent.futures",
            seconds(Command::new(&self.python).arg(script("pool.py", POOL))),
        );
        let celery = self.celery(folder);
        let seconds = celery.and_then(|python| {
            seconds(Command::new(python).arg(script("celery_bench.py", CELERY)))
        });
        told("Celery, solo, in memory", seconds);
    }

    /// Seconds for many inputs, each in a process of its own and in the journal.
    fn sweep(&self) -> f64 {
        let runner = Runner::open(&self.root).expect("a runner");
        let mut job = self.job.clone();
        job.request.sweep = Some(SweepRequest::default());
        let inputs: Vec<Value> = (0..MANY).map(|n| json!({ "n": n })).collect();
        let began = Instant::now();
        let job = SweepJob { job, inputs, earlier: Vec::new() };
        let record = runner.start_sweep(job, None, |_, _| {}).wait();
        assert_eq!(record.status, RunStatus::Succeeded, "{:?}", record.error);
        began.elapsed().as_secs_f64()
    }

    /// An environment with Celery, if it is installed or can be.
    fn celery(&self, folder: &Path) -> Option<PathBuf> {
        let has = |python: &Path| {
            let found = Command::new(python).args(["-c", "import celery"]).output();
            found.is_ok_and(|output| output.status.success())
        };
        if has(&self.python) {
            return Some(self.python.clone());
        }
        let place = folder.join("venv");
        let quiet = |command: &mut Command| {
            let done = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
            done.is_ok_and(|status| status.success())
        };
        quiet(Command::new(&self.python).args(["-m", "venv"]).arg(&place)).then_some(())?;
        let python = place.join("bin/python");
        quiet(Command::new(&python).args(["-m", "pip", "install", "-q", "celery"]))
            .then_some(python)
    }
}

/// What a script prints: how long it took.
fn seconds(command: &mut Command) -> Option<f64> {
    let output = command.stdin(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
