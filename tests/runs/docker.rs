//! The docker executor on a real engine, one outcome after the other.

use std::time::{Duration, Instant};

use metascope::model::{ExecutorKind, RunEvent, RunStatus};
use metascope::runner::is_environment_error;
use serde_json::json;

use crate::support::{assert_clean, job, lacks_image, run, runner, sandbox, start};

const DOCKER: ExecutorKind = ExecutorKind::Docker;

#[test]
fn a_contained_task_returns_its_result_and_output() {
    sandbox();
    if lacks_image() {
        return;
    }
    let body = "print('out: é', flush=True)\nprint('err', file=sys.stderr)\nreturn given['x'] + 1";
    let record = run(&runner(), job(DOCKER, body, json!({"x": 1})));
    assert_eq!(record.status, RunStatus::Succeeded, "{record:?}");
    assert_eq!(record.result, Some(json!(2)));
    assert_eq!((record.stdout.as_str(), record.stderr.as_str()), ("out: é\n", "err\n"));
    assert!(record.launch_ms.is_some_and(|launch| launch > 0.0));
}

#[test]
fn a_contained_task_can_do_little_harm() {
    sandbox();
    if lacks_image() {
        return;
    }
    let body = r#"
import socket
def attempt(action):
    try:
        action()
        return "done"
    except OSError as error:
        return type(error).__name__
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
return {
    "uid": os.getuid(),
    "capabilities": int(status["CapEff"], 16) | int(status["CapBnd"], 16),
    "no_new_privileges": status["NoNewPrivs"].strip(),
    "root": attempt(lambda: open("/etc/x", "w")),
    "worker": attempt(lambda: open("/metascope/in/worker.py", "w")),
    "scratch": attempt(lambda: open("/tmp/x", "w")),
    "network": attempt(lambda: socket.create_connection(("1.1.1.1", 80), 2)),
    "secret": os.environ.get("TEST_SECRET_TOKEN"),
    "mounts": [line.split()[1] for line in open("/proc/mounts") if line.startswith("/dev/")],
    "cwd": os.getcwd(),
}
"#;
    let record = run(&runner(), job(DOCKER, body, json!({})));
    let found = record.result.clone().unwrap_or_else(|| panic!("{record:?}"));
    assert_eq!((&found["uid"], &found["capabilities"]), (&json!(65534), &json!(0)));
    assert_eq!(found["no_new_privileges"], "1");
    assert_eq!(found["root"], "OSError");
    assert_eq!(found["worker"], "OSError".replace("OSError", "PermissionError"));
    assert_eq!(found["scratch"], "done");
    assert_ne!(found["network"], "done");
    assert_eq!(found["secret"], json!(null));
}

#[test]
fn contained_failures_and_crashes_are_told_apart() {
    sandbox();
    if lacks_image() {
        return;
    }
    let runner = runner();
    let failed = run(&runner, job(DOCKER, "raise ValueError('no')", json!({})));
    assert_eq!(failed.status, RunStatus::Failed);
    assert_eq!(failed.error.map(|error| error.message), Some("no".into()));

    let crashed = run(&runner, job(DOCKER, "print('before')\nos._exit(3)", json!({})));
    assert_eq!((crashed.status, crashed.stdout.as_str()), (RunStatus::Crashed, "before\n"));
    assert!(crashed.error.is_some_and(|error| error.message.contains("exit code 3")));

    let lacking = run(&runner, job(DOCKER, "import numpy_of_nowhere", json!({})));
    assert!(lacking.error.is_some_and(|error| error.message.contains("--image")));

    let rejected = run(&runner, job(DOCKER, "return 1", json!({"x": []})));
    assert_eq!(rejected.status, RunStatus::Rejected);

    let mut hungry = job(DOCKER, "return len(bytearray(b'1') * (300 << 20))", json!({}));
    hungry.request.limits.memory_bytes = Some(64 << 20);
    let record = run(&runner, hungry);
    assert_eq!(record.status, RunStatus::Crashed, "{record:?}");
    assert!(record.error.is_some_and(|error| error.message.contains("64 MB")));
}

#[test]
fn contained_tasks_are_cancelled_and_timed_out() {
    sandbox();
    if lacks_image() {
        return;
    }
    let runner = runner();
    let body = "import signal; signal.signal(15, signal.SIG_IGN)\nprint('ready')\ntime.sleep(60)";
    let (handle, events) = start(&runner, job(DOCKER, body, json!({})));
    let id = handle.id().clone();
    let waited = Instant::now();
    while !events.lock().unwrap().contains(&RunEvent::Stdout("ready\n".into())) {
        assert!(waited.elapsed() < Duration::from_secs(30), "{:?}", events.lock().unwrap());
        std::thread::sleep(Duration::from_millis(10));
    }
    let asked = Instant::now();
    handle.cancel();
    let record = handle.wait();
    assert_eq!((record.status, record.stdout.as_str()), (RunStatus::Cancelled, "ready\n"));
    assert!(asked.elapsed() < Duration::from_secs(10));
    assert_clean(&id);

    let mut slow = job(DOCKER, "time.sleep(60)", json!({}));
    slow.request.limits.timeout_ms = Some(500);
    assert_eq!(run(&runner, slow).status, RunStatus::TimedOut);
}

#[test]
fn an_image_that_is_nowhere_is_told_with_a_remedy() {
    sandbox();
    if lacks_image() {
        return;
    }
    let mut lost = job(DOCKER, "return 1", json!({}));
    lost.request.limits.image = Some("localhost:1/metascope/nowhere:1".into());
    let record = run(&runner(), lost);
    let error = record.error.expect("an error");
    assert!(is_environment_error(&error) && error.message.contains("image build"), "{error:?}");
}
