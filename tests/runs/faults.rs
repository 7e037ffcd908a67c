//! What a run survives: a killed workbench, an engine that goes away, a full disk.
//!
//! The workbench that is killed is this test program again, told by its environment what to do.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use metascope::model::{ExecutorKind, RunEvent, RunStatus};
use metascope::runner::Runner;
use serde_json::json;

use crate::proxy::Proxy;
use crate::support::{
    containers_of, job, lacks_image, lacks_python, processes_with, project, runner, sandbox,
    worker_job,
};

const ROLE: &str = "METASCOPE_TEST_ROLE";

/// Not a test of its own: the workbench of the tests below.
#[test]
fn workbench() {
    let Ok(role) = std::env::var(ROLE) else { return };
    if role == "soak" {
        return soak();
    }
    let executor = match role.as_str() {
        "docker" => ExecutorKind::Docker,
        _ => ExecutorKind::Thread,
    };
    let root = std::env::var("METASCOPE_TEST_ROOT").expect("a root");
    let runner = Runner::open(Path::new(&root)).expect("a runner");
    let body = "import subprocess\n\
                try: subprocess.Popen(['sleep', '300'], start_new_session=True)\n\
                except OSError: pass\n\
                print('under way', flush=True)\n\
                time.sleep(300)";
    let mut job = job(executor, body, json!({}));
    job.root = root.into();
    let handle = runner.start(job, |id, event| {
        if let RunEvent::Stdout(_) = event {
            println!("\nunder way {id}");
        }
    });
    let record = handle.wait();
    println!("\nrecord {}", serde_json::to_string(&record).expect("JSON"));
}

/// Many short runs; tells how many descriptors were open before and after, and threads alive.
fn soak() {
    let runner = Runner::open(&project()).expect("a runner");
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let one = || {
        let job = job(ExecutorKind::Thread, "return given['x']", json!({"x": 1}));
        let record = runner.start(job, |_, _| {}).wait();
        assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
    };
    one();
    let before = count("fd");
    for _ in 0..60 {
        one();
    }
    println!("\nsoaked {before} {} {}", count("fd"), count("task"));
}

pub struct Workbench {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    run: String,
}

impl Workbench {
    /// Starts one and waits until its task is under way.
    fn start(role: &str, environment: &[(&str, &str)]) -> Self {
        let mut bench = Self::spawn(role, environment);
        bench.run = bench.line_with("under way ");
        bench
    }

    pub fn spawn(role: &str, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "faults::workbench", "--nocapture", "--test-threads=1"])
            .env(ROLE, role)
            .env("METASCOPE_TEST_ROOT", project())
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this program starts");
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines, run: String::new() }
    }

    /// The rest of the first line that starts like this.
    pub fn line_with(&mut self, start: &str) -> String {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the workbench ended early");
        }
        line[start.len()..].trim().to_string()
    }

    pub fn end(mut self) {
        assert!(self.child.wait().unwrap().success());
    }
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(15), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_workbench_leaves_no_process_and_its_run_is_lost() {
    sandbox();
    if lacks_python() {
        return;
    }
    let mut bench = Workbench::start("thread", &[]);
    let (run, pid) = (bench.run.clone(), bench.child.id());
    let owner = format!("METASCOPE_OWNER={pid}-");
    assert!(processes_with(&owner).len() >= 2, "the worker and its daemon");
    bench.child.kill().unwrap();
    bench.child.wait().unwrap();
    eventually("the watchdog ends all workers", || processes_with(&owner).is_empty());
    let temp = sandbox().join("tmp");
    let left = || {
        let roots = std::fs::read_dir(&temp).unwrap().flatten();
        let owners = roots.flat_map(|root| std::fs::read_dir(root.path()).into_iter().flatten());
        let name = format!("{pid}-");
        owners.flatten().any(|dir| dir.file_name().to_string_lossy().starts_with(&name))
    };
    eventually("the watchdog removes the temp dir", || !left());
    let record = runner().record(&run).expect("recorded");
    assert_eq!(record.status, RunStatus::Crashed);
    assert_eq!(record.error.map(|error| error.type_), Some("Lost".into()));
}

#[test]
fn a_workbench_killed_during_a_docker_run_is_cleaned_up_after() {
    sandbox();
    if lacks_image() {
        return;
    }
    let mut bench = Workbench::start("docker", &[]);
    let run = bench.run.clone();
    assert_ne!(containers_of(&run), "");
    bench.child.kill().unwrap();
    bench.child.wait().unwrap();
    assert_ne!(containers_of(&run), "", "nobody is left to remove it");
    let runner = runner();
    assert_eq!(containers_of(&run), "", "the next start removes it");
    let record = runner.record(&run).expect("recorded");
    assert_eq!(record.status, RunStatus::Crashed);
    assert_eq!(record.error.map(|error| error.type_), Some("Lost".into()));
}

#[test]
fn an_engine_that_goes_away_ends_the_run_clearly() {
    sandbox();
    if lacks_image() {
        return;
    }
    let socket = sandbox().join("engine.sock");
    let engine = Proxy::start(&socket);
    let host = format!("unix://{}", socket.display());
    let mut bench = Workbench::start("docker", &[("DOCKER_HOST", &host)]);
    let run = bench.run.clone();
    engine.stop();
    let mut rest = String::new();
    bench.lines.read_to_string(&mut rest).unwrap();
    bench.child.wait().unwrap();
    let line = rest.lines().find_map(|line| line.strip_prefix("record ")).expect("a record");
    let record: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(record["status"], "crashed");
    assert_eq!(record["error"]["type"], "EngineLost", "{record}");
    assert_eq!(record["stdout"], "under way\n");
    assert_ne!(containers_of(&run), "", "it could not be removed");
    let _runner = runner();
    assert_eq!(containers_of(&run), "", "the next start with an engine removes it");
}

#[test]
fn without_an_engine_the_user_is_told_what_to_do() {
    sandbox();
    let output = Command::new(env!("CARGO_BIN_EXE_metascope"))
        .args(["image", "list"])
        .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("/nowhere/docker.sock") && complaint.contains("DOCKER_HOST"));
}

#[test]
fn a_run_goes_on_when_its_temp_dir_fills_with_refuse() {
    sandbox();
    if lacks_python() {
        return;
    }
    let text = "import os\n\
                folder = os.path.dirname(os.environ['METASCOPE_OUTPUT'])\n\
                os.makedirs(folder + '/tmp/a/b')\n\
                open(folder + '/tmp/a/b/c', 'w').write('x')\n\
                os.chmod(folder + '/tmp/a/b', 0o000)\n\
                os.chmod(folder + '/tmp', 0o500)\n\
                open(os.environ['METASCOPE_OUTPUT'], 'w').write('{\"status\": \"ok\", \"result\": 1}')\n";
    let job = worker_job(ExecutorKind::Thread, "worker.py", text.into(), json!({}));
    let record = crate::support::run(&runner(), job);
    assert_eq!(record.result, Some(json!(1)), "{record:?}");
}
