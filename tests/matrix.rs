//! Every executor with either language and every way a run can end; after each, nothing of it is
//! left: no process, container, service, config, network, image, temp dir or file descriptor.

#[path = "needs/cluster.rs"]
mod cluster;
#[path = "needs/mod.rs"]
mod needs;
#[path = "runs/proxy.rs"]
mod proxy;
#[allow(dead_code)]
#[path = "runs/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use metascope::analyzers::worker::{generate, task_for};
use metascope::model::{ExecutorKind, RunEvent, RunRecord, RunRequest, RunStatus};
use metascope::runner::{Job, Runner};
use metascope::workspace::{Options, Scan, read_text, scan};
use serde_json::{Value, json};

use cluster::Swarm;
use needs::{lacks, skip};
use proxy::Proxy;
use support::{has_docker, lacks_image, lacks_python, processes_with, sandbox};

const PYTHON: &str = "\
import os, time

def double(n: int) -> int:
    print('doubling')
    return 2 * n

def fail(n: int) -> int:
    raise ValueError(f'not {n}')

def crash(n: int) -> int:
    os._exit(7)

def wait(n: int) -> int:
    print('under way', flush=True)
    time.sleep(300)
    return n
";

const RUST: &str = "\
pub fn double(n: i64) -> i64 {
    println!(\"doubling\");
    2 * n
}

pub fn fail(n: i64) -> Result<i64, String> {
    Err(format!(\"not {n}\"))
}

pub fn crash(n: i64) -> i64 {
    std::process::exit(7 + n as i32 * 0)
}

pub fn wait(n: i64) -> i64 {
    println!(\"under way\");
    std::thread::sleep(std::time::Duration::from_secs(300));
    n
}
";

const MANIFEST: &str = "[package]\nname = \"ends\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";

#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    Succeeded,
    Rejected,
    Failed,
    Crashed,
    TimedOut,
    Cancelled,
    KilledWorkbench,
    EngineLost,
}

const ENDS: [End; 8] = [
    End::Succeeded,
    End::Rejected,
    End::Failed,
    End::Crashed,
    End::TimedOut,
    End::Cancelled,
    End::KilledWorkbench,
    End::EngineLost,
];

impl End {
    fn function(self) -> &'static str {
        match self {
            Self::Succeeded | Self::Rejected => "double",
            Self::Failed => "fail",
            Self::Crashed => "crash",
            _ => "wait",
        }
    }

    fn status(self) -> RunStatus {
        match self {
            Self::Succeeded => RunStatus::Succeeded,
            Self::Rejected => RunStatus::Rejected,
            Self::Failed => RunStatus::Failed,
            Self::Crashed | Self::KilledWorkbench | Self::EngineLost => RunStatus::Crashed,
            Self::TimedOut => RunStatus::TimedOut,
            Self::Cancelled => RunStatus::Cancelled,
        }
    }
}

fn executor(name: &str) -> ExecutorKind {
    match name {
        "docker" => ExecutorKind::Docker,
        "swarm" => ExecutorKind::Swarm,
        _ => ExecutorKind::Thread,
    }
}

/// A project in either language whose functions end in every way.
fn project(language: &str) -> PathBuf {
    let root = sandbox().join(format!("matrix-{language}"));
    let files: &[(&str, &str)] = match language {
        "python" => &[("ends.py", PYTHON)],
        _ => &[("Cargo.toml", MANIFEST), ("src/lib.rs", RUST)],
    };
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    root
}

fn open(language: &str) -> Scan {
    scan(&project(language), &Options { cache: false, ..Options::default() }, &|_| {}).unwrap()
}

fn job(scan: &Scan, executor: ExecutorKind, end: End) -> Job {
    let task = task_for(&scan.project, end.function()).unwrap();
    let worker = generate(&scan.project, &task.id, &|path| read_text(&scan.root, path)).unwrap();
    let input = if end == End::Rejected { json!({"n": "two"}) } else { json!({"n": 21}) };
    let mut request =
        RunRequest { task: task.id.clone(), executor, input, ..RunRequest::default() };
    request.limits.timeout_ms = Some(if end == End::TimedOut { 1500 } else { 120_000 });
    Job { request, task, worker, root: scan.root.clone() }
}

/// What runs leave in the machine when they leave anything.
fn traces() -> BTreeMap<&'static str, Vec<String>> {
    let docker = |arguments: &[&str]| {
        if !has_docker() {
            return Vec::new();
        }
        let listed = Command::new("docker").args(arguments).output().expect("docker");
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let owner = format!("METASCOPE_OWNER={}-", std::process::id());
    let processes = processes_with(&owner).iter().map(ToString::to_string).collect();
    let own = ["--filter", "label=metascope.run"];
    let with = |arguments: &[&'static str]| docker(&[arguments, own.as_slice()].concat());
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().count();
    BTreeMap::from([
        ("processes", processes),
        ("containers", with(&["ps", "-aq"])),
        ("volumes", with(&["volume", "ls", "-q"])),
        ("services", with(&["service", "ls", "-q"])),
        ("configs", with(&["config", "ls", "-q"])),
        ("networks", with(&["network", "ls", "-q"])),
        ("images", docker(&["images", "-aq", "--no-trunc"])),
        ("temp dirs", run_dirs()),
        ("descriptors", vec![descriptors.to_string()]),
    ])
}

/// The temp dirs of runs, by whoever's.
fn run_dirs() -> Vec<String> {
    let below = |dir: PathBuf| {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let owners = below(sandbox().join("tmp")).into_iter().flat_map(&below);
    owners.flat_map(below).map(|path| path.display().to_string()).collect()
}

/// Waits until the machine is as it was.
fn assert_as_before(before: &BTreeMap<&'static str, Vec<String>>, case: &str) {
    let started = Instant::now();
    loop {
        let now = traces();
        if now == *before {
            return;
        }
        if started.elapsed() > Duration::from_secs(20) {
            let differing = now.iter().filter(|(what, found)| before.get(*what) != Some(found));
            let told: Vec<String> =
                differing.map(|(what, found)| format!("{what}: {found:?}")).collect();
            panic!("{case} left something: {}", told.join("; "));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A workbench of its own process, which is this program again, with its run under way.
struct Bench {
    child: Child,
    lines: BufReader<ChildStdout>,
    run: String,
}

impl Bench {
    fn start(executor: &str, language: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "workbench", "--nocapture"])
            .env("METASCOPE_TEST_ROLE", format!("{executor} {language}"))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut bench = Self { child, lines, run: String::new() };
        bench.run = bench.line_with("under way ");
        bench
    }

    fn line_with(&mut self, start: &str) -> String {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the workbench ended early");
        }
        line[start.len()..].trim().to_owned()
    }
}

/// Not a test of its own: the workbench that is killed or loses its engine.
#[test]
fn workbench() {
    let Ok(role) = std::env::var("METASCOPE_TEST_ROLE") else { return };
    sandbox();
    let (executor_name, language) = role.split_once(' ').unwrap();
    let scan = open(language);
    let runner = Runner::open(&scan.root).unwrap();
    let job = job(&scan, executor(executor_name), End::KilledWorkbench);
    let handle = runner.start(job, |id, event| {
        if let RunEvent::Stdout(_) = event {
            println!("\nunder way {id}");
        }
    });
    println!("\nrecord {}", serde_json::to_string(&handle.wait()).unwrap());
}

/// Runs one case to its recorded end.
fn end_of(scan: &Scan, executor_name: &str, language: &str, end: End) -> RunRecord {
    match end {
        End::KilledWorkbench => {
            let mut bench = Bench::start(executor_name, language, &[]);
            bench.child.kill().unwrap();
            bench.child.wait().unwrap();
            // The next workbench finds what is left.
            let runner = Runner::open(&scan.root).unwrap();
            let record = runner.record(&bench.run).expect("recorded");
            assert_eq!(record.error.as_ref().map(|it| it.type_.as_str()), Some("Lost"));
            record
        }
        End::EngineLost => {
            let socket = sandbox().join(format!("{executor_name}-{language}.sock"));
            let engine = Proxy::start(&socket);
            let host = format!("unix://{}", socket.display());
            let mut bench = Bench::start(executor_name, language, &[("DOCKER_HOST", &host)]);
            engine.stop();
            let mut rest = String::new();
            bench.lines.read_to_string(&mut rest).unwrap();
            bench.child.wait().unwrap();
            let line = rest.lines().find_map(|line| line.strip_prefix("record "));
            let record: RunRecord = serde_json::from_str(line.expect("a record")).unwrap();
            assert_eq!(record.error.as_ref().map(|it| it.type_.as_str()), Some("EngineLost"));
            let _next = Runner::open(&scan.root).unwrap();
            record
        }
        _ => {
            let runner = Runner::open(&scan.root).unwrap();
            let (sender, told) = mpsc::channel();
            let handle = runner.start(job(scan, executor(executor_name), end), move |_, event| {
                if let RunEvent::Stdout(text) = event {
                    let _ = sender.send(text);
                }
            });
            if end == End::Cancelled {
                told.recv_timeout(Duration::from_secs(100)).expect("it is under way");
                handle.cancel();
            }
            let record = handle.wait();
            assert_eq!(runner.record(&record.run).as_ref(), Some(&record), "the journal has it");
            record
        }
    }
}

fn judge(record: &RunRecord, end: End, case: &str) {
    assert_eq!(record.status, end.status(), "{case}: {record:?}");
    let error = record.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
    match end {
        End::Succeeded => {
            assert_eq!(record.result, Some(json!(42)), "{case}");
            assert_eq!(record.stdout, "doubling\n", "{case}");
            assert_eq!(record.image.is_some(), record.executor != ExecutorKind::Thread, "{case}");
        }
        End::Rejected => assert_eq!(record.input_errors[0].path, "/n", "{case}"),
        End::Failed => assert!(error.contains("not 21"), "{case}: {error}"),
        End::Crashed => assert!(error.contains("exit code 7"), "{case}: {error}"),
        _ => assert_eq!(record.result, None::<Value>, "{case}"),
    }
}

fn lacks_for(executor: &str, language: &str) -> bool {
    let lacks_language = if language == "python" { lacks_python() } else { lacks("cargo", "-V") };
    lacks_language
        || executor != "thread" && (!has_docker() && skip("docker is missing") || lacks_image())
}

fn all_ends(executor_name: &str) {
    for language in ["python", "rust"] {
        if lacks_for(executor_name, language) {
            continue;
        }
        let scan = open(language);
        // What the first run makes once (an image for binaries, a build) is no trace of a run.
        judge(&end_of(&scan, executor_name, language, End::Succeeded), End::Succeeded, language);
        let before = traces();
        for end in ENDS {
            // There is no engine that a thread could lose.
            if end == End::EngineLost && executor_name == "thread" {
                continue;
            }
            let case = format!("{executor_name}, {language}, {end:?}");
            judge(&end_of(&scan, executor_name, language, end), end, &case);
            assert_as_before(&before, &case);
        }
    }
}

/// One executor after the other: what a run leaves could not be told from what another still uses.
static TURN: Mutex<()> = Mutex::new(());

fn in_turn(work: impl FnOnce()) {
    if std::env::var_os("METASCOPE_TEST_ROLE").is_none() {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        sandbox();
        work();
    }
}

#[test]
fn threads_end_in_every_way_and_leave_nothing() {
    in_turn(|| all_ends("thread"));
}

#[test]
fn containers_end_in_every_way_and_leave_nothing() {
    in_turn(|| all_ends("docker"));
}

#[test]
fn jobs_of_a_swarm_end_in_every_way_and_leave_nothing() {
    in_turn(|| {
        if lacks_for("swarm", "python") {
            return;
        }
        let Some(_swarm) = Swarm::init() else { return };
        all_ends("swarm");
    });
}
