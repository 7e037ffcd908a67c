//! Jobs with handwritten workers, and the leak checks.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, OnceLock};

use metascope::model::{
    ExecutorKind, Language, Limits, RunEvent, RunRecord, RunRequest, Task, Worker,
};
use metascope::runner::{Job, RunHandle, Runner};
use serde_json::{Value, json};

use crate::needs::{lacks, skip};

/// State, cache and temp dirs of this test process, away from the user's own.
pub fn sandbox() -> &'static Path {
    static SANDBOX: OnceLock<PathBuf> = OnceLock::new();
    SANDBOX.get_or_init(|| {
        if let Ok(given) = std::env::var("METASCOPE_STATE_DIR")
            && std::env::var_os("METASCOPE_TEST_ROLE").is_some()
        {
            // The workbench of a fault test lives in its parent's sandbox.
            return Path::new(&given).parent().expect("a sandbox").to_path_buf();
        }
        remove_old_sandboxes();
        let base = std::env::temp_dir().join(format!("metascope-runs-{}", std::process::id()));
        for name in ["state", "tmp", "project"] {
            fs::create_dir_all(base.join(name)).expect("a temp dir");
        }
        // SAFETY: called once, by the first line of every test, before any thread of ours starts
        // or reads the environment; `OnceLock` holds the other tests back meanwhile.
        unsafe {
            std::env::set_var("METASCOPE_STATE_DIR", base.join("state"));
            std::env::set_var("TMPDIR", base.join("tmp"));
            std::env::set_var("XDG_CACHE_HOME", base.join("cache"));
            std::env::set_var("TEST_SECRET_TOKEN", "hunter2");
        }
        base
    })
}

/// A test process cannot clean up behind its last test: the next one does, for those that are gone.
fn remove_old_sandboxes() {
    for entry in fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("metascope-runs-"));
        if process.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

pub fn project() -> PathBuf {
    sandbox().join("project")
}

/// A project of one module, `work.py`.
pub fn project_of(name: &str, source: &str) -> PathBuf {
    let root = sandbox().join(name);
    fs::create_dir_all(&root).unwrap();
    fs::write(root.join("work.py"), source).unwrap();
    root
}

/// What a command printed as JSON.
pub fn json_of(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}\n{complaint}"))
}

pub fn runner() -> Runner {
    Runner::open(&project()).expect("a runner")
}

pub fn lacks_python() -> bool {
    lacks("python3", "--version")
}

/// Whether Docker or an image for Python tasks is missing; the image is made when it can be.
pub fn lacks_image() -> bool {
    static LACKS: OnceLock<bool> = OnceLock::new();
    *LACKS.get_or_init(|| {
        if !has_docker() {
            return skip("docker is missing");
        }
        match metascope::runner::image::build(&project(), None, &|_| {}) {
            Ok(_) => false,
            Err(why) => skip(&format!("no worker image can be made: {why}")),
        }
    })
}

/// What stands around a task's body in a handwritten worker: the protocol, as the generated ones
/// follow it.
const FRAME: &str = r#"
import json, os, sys, time, traceback
with open(os.environ["METASCOPE_INPUT"]) as file:
    given = json.load(file)
outcome = {"called_at": time.time()}
def task(given):
@@BODY@@
try:
    outcome.update(status="ok", result=task(given))
except BaseException as error:
    outcome.update(status="error", error={"type": type(error).__name__, "message": str(error),
        "traceback": traceback.format_exc(), "file": "m.py", "line": 1})
out = os.environ["METASCOPE_OUTPUT"]
with open(out + ".tmp", "w") as file:
    json.dump(outcome, file)
os.replace(out + ".tmp", out)
"#;

/// A job whose task has this body; its input is `given`.
pub fn job(executor: ExecutorKind, body: &str, input: Value) -> Job {
    let body: String = body.lines().map(|line| format!("    {line}\n")).collect();
    worker_job(executor, "worker.py", FRAME.replace("@@BODY@@", &body), input)
}

/// A job with this very worker.
pub fn worker_job(executor: ExecutorKind, path: &str, text: String, input: Value) -> Job {
    let id: Arc<str> = "m.task".into();
    Job {
        request: RunRequest {
            task: id.clone(),
            executor,
            input,
            limits: Limits::default(),
            ..RunRequest::default()
        },
        task: Task {
            id: id.clone(),
            name: "task".into(),
            language: Language::Python,
            file: "m.py".into(),
            line: 1,
            doc: None,
            registrar: None,
            is_async: false,
            runnable: true,
            reason: None,
            input_schema: json!({"type": "object", "properties": {"x": {"type": "integer"}}}),
            output_schema: json!({}),
        },
        worker: Worker {
            task: id,
            language: Language::Python,
            files: vec![(path.into(), text)],
            kept: Vec::new(),
            dropped: Vec::new(),
            dependencies: Vec::new(),
            python: None,
            hash: "test".into(),
        },
        root: project(),
    }
}

/// Starts a job and keeps what it tells.
pub fn start(runner: &Runner, job: Job) -> (RunHandle, Arc<Mutex<Vec<RunEvent>>>) {
    let events = Arc::new(Mutex::new(Vec::new()));
    let kept = events.clone();
    let handle = runner.start(job, move |_, event| kept.lock().unwrap().push(event));
    (handle, events)
}

/// Runs a job to its end and checks that nothing is left of it.
pub fn run(runner: &Runner, job: Job) -> RunRecord {
    let (handle, events) = start(runner, job);
    let id = handle.id().clone();
    let record = handle.wait();
    let last = events.lock().unwrap().pop();
    assert!(matches!(last, Some(RunEvent::Finished(finished)) if *finished == record));
    assert!(record.status.is_final());
    assert_eq!(runner.record(&id).as_ref(), Some(&record), "the journal has it");
    assert_clean(&id);
    record
}

/// No process, temp dir or container of the run remains.
pub fn assert_clean(run: &str) {
    assert_eq!(processes_with(run), BTreeSet::new(), "processes of {run}");
    let left: Vec<PathBuf> = files_below(&sandbox().join("tmp"))
        .into_iter()
        .filter(|path| path.to_string_lossy().contains(run))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    if has_docker() {
        assert_eq!(containers_of(run), "", "containers of {run}");
    }
}

/// Processes whose environment or command line names a run's temp dir.
pub fn processes_with(mark: &str) -> BTreeSet<u32> {
    let mentions = |pid: &u32, file: &str| {
        let text = fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        text.windows(mark.len()).any(|window| window == mark.as_bytes())
    };
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let own = std::process::id();
    pids.filter(|pid| *pid != own)
        .filter(|pid| mentions(pid, "environ") || mentions(pid, "cmdline"))
        .collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                pending.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    found
}

pub fn has_docker() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| {
        let found = Command::new("docker").args(["version"]).output();
        found.is_ok_and(|output| output.status.success())
    })
}

/// The engine's containers that carry the run's label.
pub fn containers_of(run: &str) -> String {
    let filter = format!("label=metascope.run={run}");
    let output = Command::new("docker").args(["ps", "-aq", "--filter", &filter]).output();
    String::from_utf8_lossy(&output.expect("docker").stdout).trim().to_string()
}
